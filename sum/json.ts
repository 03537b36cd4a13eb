/**
 * Reads one JSON object without losing anything. Pure.
 *
 * `JSON.parse` alone is not strict enough for a protocol: of duplicate keys it silently takes the last, and it rounds numbers that a
 * double cannot represent. So it only checks the grammar here; the members are read from the text itself.
 *
 * @module
 */

/** The maximum nesting depth of objects and arrays. */
const MAX_DEPTH = 32;

/** The maximum length of a peer's key quoted in an error. */
const MAX_KEY = 60;

/** The tokens of JSON (RFC 8259 2). Only for text that `JSON.parse` has accepted: in other text it would skip unknown characters. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/**
 * Reads the members of one object.
 *
 * @param text One JSON object. It may have extra members.
 * @returns Each key with its value as written: a string with its quotes, a number with all its digits; of an object or an array only
 * the opening bracket.
 * @throws {SyntaxError} With the reason: not JSON, not an object, a duplicate key (unpredictable, says RFC 8259 4), or nested too deep.
 *
 * @example Usage
 * ```ts
 * import { readMembers } from "./json.ts";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(readMembers(`{"number": 9007199254740993}`).get("number"), "9007199254740993");
 * assertThrows(() => readMembers(`{"number":1,"number":2}`), SyntaxError, `the key "number" appears twice`);
 * ```
 */
export function readMembers(text: string): Map<string, string> {
  try {
    // Without a reviver, the runtime parses on a stack of its own: deep nesting cannot overflow ours.
    JSON.parse(text);
  } catch {
    throw new SyntaxError("it is not valid JSON on one line (keys and strings need double quotes)");
  }
  const tokens = text.match(TOKEN) ?? [];
  if (tokens[0] !== "{") throw new SyntaxError(`it is JSON, but not an object such as {"name":"Ada","number":42}`);
  const members = new Map<string, string>();
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    if (depth > MAX_DEPTH) throw new SyntaxError(`it is nested more than ${MAX_DEPTH} deep`);
    // In valid JSON a colon outside strings only occurs between a key and its value.
    if (depth !== 1 || token !== ":") continue;
    // Different spellings of a key ("a", "\u0061") are the same key.
    const key: string = JSON.parse(tokens[index - 1] ?? "");
    if (members.has(key)) throw new SyntaxError(`the key ${JSON.stringify(key.slice(0, MAX_KEY))} appears twice`);
    members.set(key, tokens[index + 1] ?? "");
  }
  return members;
}

/** A member's value as a string; `null` if it is not one. */
export function textOf(value: string): string | null {
  return value.startsWith('"') ? JSON.parse(value) : null;
}
