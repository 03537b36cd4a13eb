/**
 * One JSON object, read so that nothing is lost on the way. Pure.
 *
 * `JSON.parse` alone is no strict reader of a protocol: it takes the last of two equal keys without a word and rounds a number that a
 * double cannot hold. So it only checks the grammar here; the members are read from the text itself.
 *
 * @module
 */

/** How deep objects and arrays may lie in each other. */
const MAX_DEPTH = 32;

/** How much of a peer's key an error quotes. */
const MAX_KEY = 60;

/** The tokens of JSON (RFC 8259 2). Only for text that `JSON.parse` has taken: on other text it could skip what it does not know. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/**
 * Reads the members of one object.
 *
 * @param text One JSON object. Members that nobody asks for may be there.
 * @returns Each key with its value as it stands in the text: a string with its quotes, a number with all its digits; of an object or
 * an array only the bracket that opens it.
 * @throws {SyntaxError} With the reason: no JSON, no object, a key that is there twice (RFC 8259 4 calls what then happens
 * unpredictable), nested too deep.
 *
 * @example Usage
 * ```ts
 * import { readMembers } from "./json.ts";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(readMembers(`{"number": 9007199254740993}`).get("number"), "9007199254740993");
 * assertThrows(() => readMembers(`{"number":1,"number":2}`), SyntaxError, `the key "number" is there twice`);
 * ```
 */
export function readMembers(text: string): Map<string, string> {
  try {
    // Without a reviver the platform parses with a stack of its own: depth cannot overflow ours.
    JSON.parse(text);
  } catch {
    throw new SyntaxError("it is no JSON in one line (keys and texts stand in double quotes)");
  }
  const tokens = text.match(TOKEN) ?? [];
  if (tokens[0] !== "{") throw new SyntaxError(`it is JSON, but no object such as {"name":"Ada","number":42}`);
  const members = new Map<string, string>();
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    if (depth > MAX_DEPTH) throw new SyntaxError(`it is nested more than ${MAX_DEPTH} deep`);
    // In valid JSON a colon outside strings stands between a key and its value, nowhere else.
    if (depth !== 1 || token !== ":") continue;
    // Two spellings of one key ("a", "\u0061") are one key.
    const key: string = JSON.parse(tokens[index - 1] ?? "");
    if (members.has(key)) throw new SyntaxError(`the key ${JSON.stringify(key.slice(0, MAX_KEY))} is there twice`);
    members.set(key, tokens[index + 1] ?? "");
  }
  return members;
}

/** The text that a member's value is, or `null` when it is none. */
export function textOf(value: string): string | null {
  return value.startsWith('"') ? JSON.parse(value) : null;
}
