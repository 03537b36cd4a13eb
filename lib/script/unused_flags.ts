/**
 * Flags that would do nothing. They are misuse: their user expects something of them.
 *
 * @module
 */
import { UsageError } from "../errors.ts";
import { flagName } from "./flags.ts";

/** The flags that were given, by their keys. */
export type Given = ReadonlySet<PropertyKey>;

/**
 * Refuses flags that need another one.
 *
 * @param given The flags that were given.
 * @param needed The flag that they need.
 * @param flags Their keys.
 * @throws {UsageError} One of them was given without it.
 */
export function refuseWithout(given: Given, needed: string, ...flags: readonly string[]): void {
  const unused = flags.find((flag) => given.has(flag));
  if (given.has(needed) || unused === undefined) return;
  throw new UsageError(`Cannot use ${flagName(unused)} without ${flagName(needed)}`);
}

/**
 * Refuses flags that another one leaves nothing to do.
 *
 * @param given The flags that were given.
 * @param flag The other one.
 * @param flags Their keys.
 * @throws {UsageError} One of them was given with it.
 */
export function refuseWith(given: Given, flag: string, ...flags: readonly string[]): void {
  const unused = flags.find((other) => given.has(other));
  if (!given.has(flag) || unused === undefined) return;
  throw new UsageError(`Cannot use ${flagName(flag)} and ${flagName(unused)} together: choose one`);
}
