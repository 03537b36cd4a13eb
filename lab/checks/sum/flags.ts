/**
 * The flags that describe a server of sum.
 *
 * @module
 */

/** They are given with `lab:check sum` only. */
export const sumFlags = {};
