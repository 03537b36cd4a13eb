/**
 * What a new member gets first. Pure.
 *
 * @module
 */
import { plural } from "../../lib/text.ts";
import { noticeLine } from "../protocol.ts";
import type { NumberedLine } from "./transcript.ts";

/** The last lines of a room, with a notice that says so. */
export function greeting(history: readonly NumberedLine[]): string[] {
  if (history.length === 0) return [];
  return [noticeLine(`the last ${plural(history.length, "line")}:`), ...history.map(({ line }) => line)];
}
