/**
 * What a server of the number exchange has answered. Pure.
 *
 * @module
 */
import { escapeControls } from "../../../lib/text.ts";

/** How the stream has ended: by FIN, by a reset, or not yet. */
type End = "end" | "reset" | null;

/** An answer: a number with its name, other words, or none, with how the stream has ended. */
export type Answer =
  | { readonly kind: "number"; readonly name: string; readonly number: bigint; readonly json: boolean }
  | { readonly kind: "words"; readonly text: string }
  | { readonly kind: "none"; readonly end: End };

/** How much of an answer is quoted (characters). */
const QUOTED = 80;
/** More digits than any answer has. */
const MOST_DIGITS = 30;

/**
 * Reads the first line of an answer.
 *
 * @example Usage
 * ```ts
 * import { readAnswer } from "./answer.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(readAnswer("Bob: 58\n", null), { kind: "number", name: "Bob", number: 58n, json: false });
 * assertEquals(readAnswer("", "end"), { kind: "none", end: "end" });
 * ```
 */
export function readAnswer(text: string, end: End): Answer {
  if (text === "") return { kind: "none", end };
  const [line = ""] = text.split("\n", 1);
  const [, name, digits] = /^\s*(.*):\s*([+-]?[0-9]+)\s*$/.exec(line) ?? [];
  if (name !== undefined && digits !== undefined && digits.length <= MOST_DIGITS) {
    return { kind: "number", name, number: BigInt(digits), json: false };
  }
  return offerIn(line) ?? { kind: "words", text: line };
}

/** What a server did, for the end of "Instead, …". */
export function describe(answer: Answer): string {
  if (answer.kind === "number") {
    return `it answered ${answer.name === "" ? "" : `${quote(answer.name)} and `}${answer.number}`;
  }
  if (answer.kind === "words") return `it answered ${quote(answer.text)}`;
  if (answer.end === null) return "it answered nothing";
  return answer.end === "end" ? "it closed without an answer" : "it reset the connection";
}

/** The start of a server's text, escaped. */
export function quote(text: string): string {
  const short = text.length > QUOTED ? `${text.slice(0, QUOTED).toWellFormed()}…` : text;
  return `"${escapeControls(short)}"`;
}

/** A number in a JSON object. */
function offerIn(line: string): Answer | null {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null || !("number" in value)) return null;
    const { number } = value;
    if (!Number.isSafeInteger(number)) return null;
    const name = "name" in value ? String(value.name) : "";
    return { kind: "number", name, number: BigInt(Number(number)), json: true };
  } catch {
    return null;
  }
}
