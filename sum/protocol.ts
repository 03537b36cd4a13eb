/**
 * The wire format of the number exchange. Pure: text in, values out.
 *
 * A question is `NAME: INTEGER`, or one JSON object `{"name":"…","number":42}`. The answer has the form of the question:
 *
 * ```
 * Ada: 42              {"name":"Ada","number":42}
 *
 * Bob: 58              {"name":"Bob","number":58}           a number from 1 to 100
 * Bob: stopping        {"name":"Bob","stopping":true}       the question's number was not: the server stops
 * Cannot take …        {"error":"Cannot take …"}            refused, with the reason
 * ```
 *
 * A refusal that is not tied to a question (the server is full, the message is endless) is a line. White space around a message, a name
 * and a number is ignored, and so is the byte order mark that Windows shells tend to send.
 *
 * @module
 */
import { ProtocolError } from "../lib/errors.ts";
import { escapeControls } from "../lib/text.ts";
import { readMembers, textOf } from "./json.ts";

/** The valid numbers; any other stops the server. */
export const LOWEST = 1n;
export const HIGHEST = 100n;

/** The maximum number of digits of a peer's integer. */
export const MAX_DIGITS = 10_000;

/** The maximum number of characters of a name. */
export const MAX_NAME = 200;

/** The form of a message. */
export type Form = "line" | "json";

/** What each side sends: its name and its number. */
export interface Offer {
  readonly name: string;
  /** Exact, with any number of digits. */
  readonly number: bigint;
}

/** A server's answer. */
export type Answer =
  | { readonly kind: "number"; readonly offer: Offer }
  | { readonly kind: "stopping"; readonly name: string }
  | { readonly kind: "refused"; readonly reason: string };

/** Detects the form of a message from its start; a JSON array counts as JSON (and is then refused). */
export function formOf(text: string): Form {
  const bare = text.trim();
  return bare.startsWith("{") || (bare.startsWith("[") && bare.endsWith("]")) ? "json" : "line";
}

/**
 * Reads an integer: an optional sign and the digits 0 to 9.
 *
 * @returns The integer, or `null` for anything else (`4.5`, `1e1`, `0x10`, `٤٢`, nothing).
 *
 * @example Usage
 * ```ts
 * import { parseInteger } from "./protocol.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseInteger("-9007199254740993"), -9007199254740993n);
 * assertEquals(parseInteger("1e1"), null);
 * ```
 */
export function parseInteger(text: string): bigint | null {
  const [, sign, digits] = /^([+-]?)([0-9]+)$/.exec(text) ?? [];
  if (digits === undefined) return null;
  return sign === "-" ? -BigInt(digits) : BigInt(digits);
}

/** Whether a number may take part: 1 to 100. */
export function inRange(number: bigint): boolean {
  return number >= LOWEST && number <= HIGHEST;
}

/**
 * Reads a name, without the spaces around it.
 *
 * @throws {SyntaxError} With the reason: it is empty, or longer than {@linkcode MAX_NAME}.
 */
export function readName(text: string): string {
  const name = text.trim();
  if (name === "") throw new SyntaxError("the name is empty");
  const { length } = [...name];
  if (length > MAX_NAME) throw new SyntaxError(`the name has ${length} characters, the limit is ${MAX_NAME}`);
  return name;
}

/**
 * Reads a question in either form.
 *
 * @param text One message, without its newline.
 * @throws {ProtocolError} With the reason, suitable for the client.
 *
 * @example Usage
 * ```ts
 * import { readQuestion } from "./protocol.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(readQuestion("Team 7: Ada: 42"), { name: "Team 7: Ada", number: 42n });
 * assertEquals(readQuestion('{"name":"Ada","number":42}'), { name: "Ada", number: 42n });
 * ```
 */
export function readQuestion(text: string): Offer {
  return withReason("take the question", () => {
    const bare = text.trim();
    return formOf(bare) === "json" ? offerFromJson(readMembers(bare)) : offerFromLine(bare);
  });
}

/**
 * Reads an answer. Strict: it must be valid, and in the form of the question.
 *
 * @param text One message, without its newline.
 * @param asked The form of the question.
 * @param peer Who answered, for the error message.
 * @throws {ProtocolError} With the reason.
 */
export function readAnswer(text: string, asked: Form, peer: string): Answer {
  return withReason(`accept the answer ${quote(text)} from ${peer}`, () => {
    const bare = text.trim();
    const form = formOf(bare);
    const answer = form === "json" ? answerFromJson(readMembers(bare)) : answerFromLine(bare);
    if (form !== asked && answer.kind !== "refused") {
      throw new SyntaxError(
        form === "json" ? "it is JSON, but the question was a line" : "it is a line, but the question was JSON",
      );
    }
    if (answer.kind === "number" && !inRange(answer.offer.number)) {
      throw new SyntaxError(outOfRange(answer.offer.number));
    }
    return answer;
  });
}

/**
 * Whether a text is an answer that ends an exchange: a refusal, or the notice of a server that is stopping. Over UDP it must not be
 * answered, or two servers could refuse each other forever.
 */
export function endsExchange(text: string): boolean {
  try {
    const bare = text.trim();
    return (formOf(bare) === "json" ? answerFromJson(readMembers(bare)) : answerFromLine(bare)).kind !== "number";
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Writes a question, or an answer with a number. */
export function writeOffer({ name, number }: Offer, form: Form): string {
  return form === "line" ? `${name}: ${number}` : `{"name":${JSON.stringify(name)},"number":${number}}`;
}

/** Writes the answer of a server that is stopping. */
export function writeStopping(name: string, form: Form): string {
  return form === "line" ? `${name}: stopping` : JSON.stringify({ name, stopping: true });
}

/** Writes a refusal; the reason starts with "Cannot". */
export function writeRefusal(reason: string, form: Form): string {
  return form === "line" ? reason : JSON.stringify({ error: reason });
}

/** The reason why a number is invalid; a long number is shortened. */
export function outOfRange(number: bigint): string {
  const digits = String(number);
  const shown = digits.length > 30 ? `${digits.slice(0, 12)}… (${digits.replace("-", "").length} digits)` : digits;
  return `${shown} is not between ${LOWEST} and ${HIGHEST}`;
}

/** Text from the peer for a message of ours: at most `most` characters. */
export function shorten(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most).toWellFormed()}…` : text;
}

/** Quotes the start of a text from the peer in a message of ours, escaped, on one line. */
export function quote(text: string): string {
  return `"${escapeControls(shorten(text, 60))}"`;
}

/** Turns a {@linkcode SyntaxError} into a sentence about the failed action. */
function withReason<T>(action: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ProtocolError(`Cannot ${action}: ${error.message}`);
  }
}

/** Splits a line at its last colon, so that a name may contain colons. */
function splitLine(line: string): { before: string; after: string } {
  if (line === "") throw new SyntaxError("it is empty");
  if (line.includes("\n")) throw new SyntaxError("it is more than one line");
  const colon = line.lastIndexOf(":");
  if (colon < 0) throw new SyntaxError("it has no colon; a line is NAME: INTEGER");
  return { before: line.slice(0, colon), after: line.slice(colon + 1).trim() };
}

/** {@linkcode parseInteger} for text from a peer: parsing takes quadratic time in the digits, and blocks the event loop. */
function integerOf(text: string): bigint | null {
  if (text.length > MAX_DIGITS) throw new SyntaxError(`the integer has more than ${MAX_DIGITS} digits`);
  return parseInteger(text);
}

function offerFromLine(line: string): Offer {
  const { before, after } = splitLine(line);
  if (after === "") throw new SyntaxError("the integer after the last colon is missing");
  const number = integerOf(after);
  if (number === null) throw new SyntaxError(`${quote(after)} is not an integer`);
  return { name: readName(before), number };
}

function answerFromLine(line: string): Answer {
  const { before, after } = splitLine(line);
  if (after === "stopping") return { kind: "stopping", name: readName(before) };
  // A server's name may start with "Cannot", but no refusal ends in a colon and an integer.
  if (line.startsWith("Cannot ") && !/^[+-]?[0-9]+$/.test(after)) return { kind: "refused", reason: line };
  return { kind: "number", offer: offerFromLine(line) };
}

function offerFromJson(members: ReadonlyMap<string, string>): Offer {
  const number = integerOf(valueOf(members, "number"));
  if (number === null) throw new SyntaxError(`the value of "number" is not an integer`);
  return { name: nameFromJson(members), number };
}

function answerFromJson(members: ReadonlyMap<string, string>): Answer {
  const reason = textOf(members.get("error") ?? "");
  if (reason !== null) return { kind: "refused", reason };
  if (members.get("stopping") === "true") return { kind: "stopping", name: nameFromJson(members) };
  return { kind: "number", offer: offerFromJson(members) };
}

function nameFromJson(members: ReadonlyMap<string, string>): string {
  const name = textOf(valueOf(members, "name"));
  if (name === null) throw new SyntaxError(`the value of "name" is not a string`);
  return readName(name);
}

function valueOf(members: ReadonlyMap<string, string>, key: string): string {
  const value = members.get(key);
  if (value === undefined) throw new SyntaxError(`the key "${key}" is missing`);
  return value;
}
