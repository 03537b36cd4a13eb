/**
 * The flags that describe a server of udp.
 *
 * @module
 */

/** They are given with `lab:check udp` only. */
export const udpFlags = {};
