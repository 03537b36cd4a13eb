/**
 * The checks of udp.
 *
 * @module
 */
import type { Protocol } from "../protocol.ts";

/** Nothing is checked yet. */
export const protocol: Protocol<null> = {
  transport: "udp",
  checks: [],
  dialectOf: () => Promise.resolve(null),
  alive: () => Promise.resolve(),
};
