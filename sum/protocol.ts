/**
 * The number exchange as it goes over the wire. Pure: text in, values out.
 *
 * A question is `NAME: INTEGER`, or one JSON object `{"name":"…","number":42}`. The answer has the form of the question:
 *
 * ```
 * Ada: 42              {"name":"Ada","number":42}
 *
 * Bob: 58              {"name":"Bob","number":58}           a number from 1 to 100
 * Bob: stopping        {"name":"Bob","stopping":true}       the question's number was none: the server ends
 * Cannot take …        {"error":"Cannot take …"}            refused, with the reason
 * ```
 *
 * What belongs to no question (a server that is full, a message without end) is refused as a line. White space around a message, a
 * name and a number does not belong to them, nor does the byte order mark that Windows shells like to send.
 *
 * @module
 */
import { ProtocolError } from "../lib/errors.ts";
import { escapeControls } from "../lib/text.ts";
import { readMembers, textOf } from "./json.ts";

/** The numbers that are added; any other stops the server. */
export const LOWEST = 1n;
export const HIGHEST = 100n;

/** The most digits of a peer's integer. */
export const MAX_DIGITS = 10_000;

/** The most characters of a name. */
export const MAX_NAME = 200;

/** How a message is written. */
export type Form = "line" | "json";

/** What each side tells the other: who it is, and its number. */
export interface Offer {
  readonly name: string;
  /** Exact, however many digits it has. */
  readonly number: bigint;
}

/** What a server can say. */
export type Answer =
  | { readonly kind: "number"; readonly offer: Offer }
  | { readonly kind: "stopping"; readonly name: string }
  | { readonly kind: "refused"; readonly reason: string };

/** Tells the form of a message by how it begins; a JSON array counts as JSON (and is refused as such). */
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

/** Tells whether a number is one of those that are added. */
export function inRange(number: bigint): boolean {
  return number >= LOWEST && number <= HIGHEST;
}

/**
 * Reads a name; spaces around it do not belong to it.
 *
 * @throws {SyntaxError} With the reason: it is empty, or longer than {@linkcode MAX_NAME}.
 */
export function readName(text: string): string {
  const name = text.trim();
  if (name === "") throw new SyntaxError("the name is empty");
  const { length } = [...name];
  if (length > MAX_NAME) throw new SyntaxError(`the name has ${length} characters, ${MAX_NAME} at most are allowed`);
  return name;
}

/**
 * Reads a question of either form.
 *
 * @param text One message, without its newline.
 * @throws {ProtocolError} With the reason, fit to be told to the client.
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
  return reading("take the question", () => {
    const bare = text.trim();
    return formOf(bare) === "json" ? offerIn(readMembers(bare)) : offerOf(bare);
  });
}

/**
 * Reads an answer. Strict: what is no answer of the protocol, in the form of the question, is none.
 *
 * @param text One message, without its newline.
 * @param asked The form of the question.
 * @param peer Who answered, for the error's text.
 * @throws {ProtocolError} With the reason.
 */
export function readAnswer(text: string, asked: Form, peer: string): Answer {
  return reading(`accept the answer ${quote(text)} from ${peer}`, () => {
    const bare = text.trim();
    const form = formOf(bare);
    const answer = form === "json" ? answerIn(readMembers(bare)) : answerOf(bare);
    if (form !== asked && answer.kind !== "refused") {
      throw new SyntaxError(
        form === "json" ? "it is JSON, the question was a line" : "it is a line, the question was JSON",
      );
    }
    if (answer.kind === "number" && !inRange(answer.offer.number)) {
      throw new SyntaxError(outside(answer.offer.number));
    }
    return answer;
  });
}

/**
 * Tells whether a text is an answer that ends an exchange: a refusal, or the word of a server that stops. Over UDP nobody answers that,
 * or two servers could refuse each other for ever.
 */
export function isLastWord(text: string): boolean {
  try {
    const bare = text.trim();
    return (formOf(bare) === "json" ? answerIn(readMembers(bare)) : answerOf(bare)).kind !== "number";
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Writes a question, or an answer with a number. */
export function writeOffer({ name, number }: Offer, form: Form): string {
  return form === "line" ? `${name}: ${number}` : `{"name":${JSON.stringify(name)},"number":${number}}`;
}

/** Writes the answer of a server that stops. */
export function writeStopping(name: string, form: Form): string {
  return form === "line" ? `${name}: stopping` : JSON.stringify({ name, stopping: true });
}

/** Writes the answer of a server that refuses; the reason starts with "Cannot". */
export function writeRefusal(reason: string, form: Form): string {
  return form === "line" ? reason : JSON.stringify({ error: reason });
}

/** Says of a number that it is not allowed; a long one is cut. */
export function outside(number: bigint): string {
  const digits = String(number);
  const shown = digits.length > 30 ? `${digits.slice(0, 12)}… (${digits.replace("-", "").length} digits)` : digits;
  return `${shown} is not from ${LOWEST} to ${HIGHEST}`;
}

/** Text of the peer within a sentence of ours: cut after `most` characters, on one line, harmless. */
export function quote(text: string, most = 60): string {
  const cut = text.length > most ? `${text.slice(0, most).toWellFormed()}…` : text;
  return `"${escapeControls(cut)}"`;
}

/** Puts the reason why something cannot be read into a sentence. */
function reading<T>(action: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ProtocolError(`Cannot ${action}: ${error.message}`);
  }
}

/** Cuts a line at its last colon, so that a name may have colons. */
function partsOf(line: string): { before: string; after: string } {
  if (line === "") throw new SyntaxError("it is empty");
  if (line.includes("\n")) throw new SyntaxError("it is more than one line");
  const colon = line.lastIndexOf(":");
  if (colon < 0) throw new SyntaxError("it has no colon; a line is NAME: INTEGER");
  return { before: line.slice(0, colon), after: line.slice(colon + 1).trim() };
}

/** As {@linkcode parseInteger}, for a peer's text: reading digits takes the square of their number, and everybody waits meanwhile. */
function integerOf(text: string): bigint | null {
  if (text.length > MAX_DIGITS) throw new SyntaxError(`the integer has more than ${MAX_DIGITS} digits`);
  return parseInteger(text);
}

function offerOf(line: string): Offer {
  const { before, after } = partsOf(line);
  if (after === "") throw new SyntaxError("the integer after the last colon is missing");
  const number = integerOf(after);
  if (number === null) throw new SyntaxError(`${quote(after)} is no integer`);
  return { name: readName(before), number };
}

function answerOf(line: string): Answer {
  const { before, after } = partsOf(line);
  if (after === "stopping") return { kind: "stopping", name: readName(before) };
  // No refusal ends in a colon and an integer; the name of a server may well begin with "Cannot".
  if (line.startsWith("Cannot ") && !/^[+-]?[0-9]+$/.test(after)) return { kind: "refused", reason: line };
  return { kind: "number", offer: offerOf(line) };
}

function offerIn(members: ReadonlyMap<string, string>): Offer {
  const number = integerOf(valueOf(members, "number"));
  if (number === null) throw new SyntaxError(`the value of "number" is no integer`);
  return { name: nameIn(members), number };
}

function answerIn(members: ReadonlyMap<string, string>): Answer {
  const reason = textOf(members.get("error") ?? "");
  if (reason !== null) return { kind: "refused", reason };
  if (members.get("stopping") === "true") return { kind: "stopping", name: nameIn(members) };
  return { kind: "number", offer: offerIn(members) };
}

function nameIn(members: ReadonlyMap<string, string>): string {
  const name = textOf(valueOf(members, "name"));
  if (name === null) throw new SyntaxError(`the value of "name" is no text`);
  return readName(name);
}

function valueOf(members: ReadonlyMap<string, string>, key: string): string {
  const value = members.get(key);
  if (value === undefined) throw new SyntaxError(`the key "${key}" is missing`);
  return value;
}
