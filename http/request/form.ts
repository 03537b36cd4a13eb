/**
 * Parses forms in small steps, so that other connections can be served in between. Pure.
 *
 * @module
 */
import { CR, hexDigit, HTAB, LF, lowerCased, SP, textOf } from "./syntax.ts";

/** Memory overhead of a parsed field (bytes): a form of many small fields needs many times its size. */
const FIELD_MEMORY = 128;
/** Memory for the texts of a parsed form, in multiples of its size. */
const TEXT_MEMORY = 8;
/** Bytes per step. */
const STEP = 16 * 1024;
/** The size limit of a part's head (bytes). */
const MAX_PART_HEAD = 4 * 1024;

/** The values by name: one, or several. */
export type Collected = Map<string, string | string[]>;

/** A parsed form. */
export interface Form {
  readonly fields: Collected;
  /** The contents of uploaded files, as text. */
  readonly files: Collected;
}

/** Adds a value under its name. */
export function collect(collected: Collected, name: string, value: string): void {
  const before = collected.get(name);
  if (Array.isArray(before)) before.push(value);
  else collected.set(name, before === undefined ? value : [before, value]);
}

/**
 * Parses the body of a form. Yields after every small step.
 *
 * @param type The media type of the body.
 * @returns `null` if it is not a form or is malformed.
 *
 * @example Usage
 * ```ts
 * import { parseForm } from "./form.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const work = parseForm("application/x-www-form-urlencoded", new TextEncoder().encode("a=1&b=x+y&a=%C3%A9"));
 * let step = work.next();
 * while (!step.done) step = work.next();
 * assertEquals(step.value?.fields, new Map<string, string | string[]>([["a", ["1", "é"]], ["b", "x y"]]));
 * ```
 */
export function parseForm(type: string, body: Uint8Array): Generator<void, Form | null> {
  const [media = ""] = type.split(";", 1);
  if (/^application\/x-www-form-urlencoded[ \t]*$/i.test(media)) return urlencoded(body);
  const boundary = /^multipart\/form-data[ \t]*$/i.test(media) ? parametersOf(type).get("boundary") ?? "" : "";
  return BOUNDARY.test(boundary) ? multipart(body, new TextEncoder().encode(`\r\n--${boundary}`)) : notAForm();
}

/** `boundary` (RFC 2046 5.1.1): letters, digits and a few marks, at most 70 of them, and no space at the end. */
const BOUNDARY = /^[\w'()+,\-./:=? ]{0,69}[\w'()+,\-./:=?]$/;

/** The memory in bytes that a parsed form may need. */
export function formMemory(body: Uint8Array): number {
  let fields = 0;
  for (let at = 0; at < body.length; at++) if (body[at] === AMPERSAND) fields++;
  return body.length * TEXT_MEMORY + fields * FIELD_MEMORY;
}

// deno-lint-ignore require-yield -- there are no steps
function* notAForm(): Generator<void, null> {
  return null;
}

const AMPERSAND = 0x26, EQUALS = 0x3d, PLUS = 0x2b, PERCENT = 0x25, DASH = 0x2d;

/** `application/x-www-form-urlencoded` (URL Standard 5.1). */
function* urlencoded(body: Uint8Array): Generator<void, Form | null> {
  const fields: Collected = new Map();
  for (let at = 0; at < body.length;) {
    const end = indexOr(body, AMPERSAND, at, body.length);
    if (end > at) {
      const equals = indexOr(body.subarray(0, end), EQUALS, at, end);
      const name = yield* decoded(body, at, equals);
      collect(fields, name, equals < end ? yield* decoded(body, equals + 1, end) : "");
    }
    at = end + 1;
    yield;
  }
  return { fields, files: new Map() };
}

function indexOr(bytes: Uint8Array, byte: number, from: number, otherwise: number): number {
  const index = bytes.indexOf(byte, from);
  return index < 0 ? otherwise : index;
}

function* decoded(body: Uint8Array, from: number, to: number): Generator<void, string> {
  const piece = body.subarray(from, to);
  if (!piece.includes(PERCENT) && !piece.includes(PLUS)) return textOf(piece);
  const bytes = new Uint8Array(piece.length);
  let length = 0;
  for (let at = 0; at < piece.length; at++) {
    const byte = piece[at] as number;
    const high = byte === PERCENT ? hexDigit(piece[at + 1]) : -1;
    const low = high >= 0 ? hexDigit(piece[at + 2]) : -1;
    if (low >= 0) {
      bytes[length++] = high * 16 + low;
      at += 2;
    } else {
      bytes[length++] = byte === PLUS ? SP : byte;
    }
    if (length % STEP === 0) yield;
  }
  return textOf(bytes, 0, length);
}

/** The first byte after a delimiter: two dashes, or white space and a line end. Before any other byte it is not a delimiter. */
const AFTER_DELIMITER = [DASH, SP, HTAB, CR];

/** `multipart/form-data` (RFC 7578, RFC 2046 5.1.1). */
function* multipart(body: Uint8Array, delimiter: Uint8Array): Generator<void, Form | null> {
  const form: Form = { fields: new Map(), files: new Map() };
  // The first delimiter may be at the very start, without a line end before it.
  let at = startsWith(body, 0, delimiter.subarray(2)) ? delimiter.length - 2 : yield* find(body, delimiter, 0);
  while (at >= 0) {
    if (body[at] === DASH && body[at + 1] === DASH) return form;
    while (body[at] === SP || body[at] === HTAB) at++;
    if (body[at] !== CR || body[at + 1] !== LF) return null;
    const head = partHead(body, at + 2);
    const next = head === null ? -1 : yield* find(body, delimiter, head.end - 2);
    if (head === null || next < 0) return null;
    const content = textOf(body, head.end, Math.max(head.end, next - delimiter.length));
    collect(head.isFile ? form.files : form.fields, head.name, content);
    at = next;
    yield;
  }
  return null;
}

/** Where the next delimiter from `from` on ends; -1 if there is none. */
function* find(body: Uint8Array, delimiter: Uint8Array, from: number): Generator<void, number> {
  let steps = 0;
  for (let at = body.indexOf(CR, from); at >= 0; at = body.indexOf(CR, at + 1)) {
    const end = at + delimiter.length;
    if (startsWith(body, at, delimiter) && AFTER_DELIMITER.includes(body[end] ?? 0)) return end;
    if (++steps % 1024 === 0) yield;
  }
  return -1;
}

function startsWith(body: Uint8Array, at: number, start: Uint8Array): boolean {
  if (at + start.length > body.length) return false;
  for (let index = 0; index < start.length; index++) {
    if (body[at + index] !== start[index]) return false;
  }
  return true;
}

/** Parses the head of a part: its field name, whether it is a file, and where its content begins. */
function partHead(body: Uint8Array, from: number): { name: string; isFile: boolean; end: number } | null {
  let disposition: string | null = null;
  for (let at = from; at - from < MAX_PART_HEAD;) {
    const end = body.indexOf(LF, at);
    if (end < 0 || end === at || body[end - 1] !== CR) return null;
    if (end - at === 1) {
      const parameters = parametersOf(disposition ?? "");
      const name = parameters.get("name");
      return name === undefined ? null : { name, isFile: parameters.has("filename"), end: end + 1 };
    }
    const line = textOf(body, at, Math.min(end - 1, at + MAX_PART_HEAD));
    if (/^content-disposition[ \t]*:[ \t]*form-data[ \t]*(;|$)/i.test(line)) disposition ??= line;
    at = end + 1;
  }
  return null;
}

/** The parameters of a field as browsers write them: quoted, with `%22` for a quote. */
function parametersOf(line: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (
    const [, name = "", quoted, plain = ""] of line.matchAll(/;[ \t]*([\w*-]+)=(?:"((?:[^"\\]|\\.)*)"|([^ \t;"]*))/g)
  ) {
    const value = (quoted ?? plain).replace(/\\(["\\])/g, "$1").replace(
      /%(22|0[ad])/gi,
      (code) => decodeURIComponent(code),
    );
    parameters.set(lowerCased(name), value);
  }
  return parameters;
}
