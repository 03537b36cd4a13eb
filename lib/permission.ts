/**
 * What a run may lack the permission for.
 *
 * @module
 */

/**
 * The result of a read, or `undefined` if this run has no permission for it.
 *
 * @example Usage
 * ```ts
 * import { ifPermitted } from "./permission.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(ifPermitted(() => "read"), "read");
 * ```
 */
export function ifPermitted<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}
