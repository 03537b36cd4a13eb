/**
 * The flags that describe a server of http.
 *
 * @module
 */

/** They are given with `lab:check http` only. */
export const httpFlags = {};
