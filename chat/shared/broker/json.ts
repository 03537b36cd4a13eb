/**
 * JSON from the broker, and what may be in it. Pure.
 *
 * Anyone who may publish to the room's subjects can put anything there.
 *
 * @module
 */
import { checkName } from "../../names.ts";

/** The longest text (UTF-16 code units): that of the longest line that a server may be told to take. */
export const MAX_TEXT = 65_536;
/** What a server calls itself: `host:port`, or another word. */
const SERVER = /^[!-~]{1,280}$/;
/** What a message takes besides its text (bytes). A byte of the text takes six at most: `\u0001`. */
const FRAME = 1024;

/** The most bytes that a message takes if its text takes so many on a member's line. */
export function encodedSize(text: number): number {
  return 6 * text + FRAME;
}

/** The JSON object in a message; `null` if there is none. */
export function objectIn(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : null;
  } catch {
    return null;
  }
}

/** Whether it can be shown: control characters are escaped where it is, half a surrogate pair could not even be encoded. */
export function isText(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= MAX_TEXT && value.isWellFormed();
}

/** Whether it is a name in the one form that rooms give to members. */
export function isName(value: unknown): value is string {
  if (typeof value !== "string" || value.length > 100) return false;
  const checked = checkName(value);
  return "name" in checked && checked.name === value;
}

/** Whether it is what a server may call itself. */
export function isServer(value: unknown): value is string {
  return typeof value === "string" && SERVER.test(value);
}
