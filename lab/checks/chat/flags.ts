/**
 * The flags that describe a server of chat.
 *
 * @module
 */

/** They are given with `lab:check chat` only. */
export const chatFlags = {};
