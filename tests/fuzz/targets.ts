/**
 * All targets.
 *
 * @module
 */
import type { Target } from "./engine/target.ts";
import { http } from "./targets/http.ts";
import { websocket } from "./targets/websocket.ts";
import { utf8 } from "./targets/utf8.ts";

/** In the order in which they are run: the slowest first. */
export const TARGETS: readonly Target[] = [http, websocket, utf8];

/** The target of a name; there must be one. */
export function targetNamed(name: string): Target {
  const found = TARGETS.find((target) => target.name === name);
  if (found === undefined) throw new Error(`no such target: ${name}`);
  return found;
}
