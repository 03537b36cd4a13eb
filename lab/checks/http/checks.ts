/**
 * The checks of http.
 *
 * @module
 */
import type { Protocol } from "../protocol.ts";

/** Nothing is checked yet. */
export const protocol: Protocol<null> = {
  transport: "tcp",
  checks: [],
  dialectOf: () => Promise.resolve(null),
  alive: () => Promise.resolve(),
};
