/**
 * Reads the responses of the server under test: strict enough to find a wrong one, and able to read on in spite of it. Pure.
 *
 * @module
 */
import { readChunks } from "./chunks.ts";
import { type Flaw, type Reading, readLine, Unreadable } from "./reading.ts";

/** A final or interim response (RFC 9112 4). */
export interface Response {
  /** `1.1` */
  readonly version: string;
  readonly status: number;
  /** Names as they were sent, values without the white space around them. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** How the end of the body is told: `none` if there cannot be one. */
  readonly framing: "none" | "length" | "chunked" | "close";
  readonly body: Uint8Array;
  /** What is wrong with it. */
  readonly flaws: readonly Flaw[];
  /** Where the bytes after it begin. */
  readonly end: number;
}

/** What cannot be told from the bytes of a response. */
export interface ResponseContext {
  /** Whether it answers HEAD: then it has no body. */
  readonly head?: boolean;
  /** Whether no more bytes will come. */
  readonly ended?: boolean;
}

/** `HTTP-version SP status-code SP [ reason-phrase ]`. */
const STATUS_LINE = /^HTTP\/\d\.\d [1-5]\d\d [\t -~\x80-\xff]*$/;
/** What can still be understood. */
const READABLE = /^HTTP\/(\d+(?:\.\d+)?)[ \t]+(\d{3})(?!\d)/;
/** `token ":" OWS field-value OWS`. */
const FIELD = /^([!#$%&'*+\-.^_`|~\dA-Za-z]+):[ \t]*((?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)[ \t]*$/;
/** A longer head is not read. */
const MAX_HEAD = 256 * 1024;

/**
 * Reads a response.
 *
 * @param at Where it begins.
 * @returns `null` if it is not complete.
 * @throws {Unreadable} It is not a response of HTTP/1.x, or one whose end cannot be found.
 *
 * @example Usage
 * ```ts
 * import { readResponse } from "./response.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
 * assertEquals(readResponse(bytes, 0)?.status, 200);
 * assertEquals(readResponse(bytes.subarray(0, -1), 0), null);
 * ```
 */
export function readResponse(bytes: Uint8Array, at: number, context: ResponseContext = {}): Response | null {
  const reading: Reading = { bytes, at, flaws: [], ended: context.ended ?? false };
  const head = readHead(reading);
  if (head === null) return null;
  const body = readBody(reading, head, context.head ?? false);
  return body === null ? null : { ...head, ...body, flaws: reading.flaws, end: reading.at };
}

/** The value of a field, the values of several joined by commas (RFC 9110 5.3); `null` if there is none. */
export function fieldOf({ fields }: Pick<Response, "fields">, name: string): string | null {
  const values = fields.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value);
  return values.length === 0 ? null : values.join(", ");
}

/** Whether the server says that it closes the connection, in one of the ways there are (RFC 9112 9.3). */
export function saysClose(response: Response): boolean {
  const options = (fieldOf(response, "connection") ?? "").toLowerCase().split(",").map((option) => option.trim());
  if (options.includes("close") || response.framing === "close") return true;
  return response.version === "1.0" && !options.includes("keep-alive");
}

type Head = Pick<Response, "version" | "status" | "fields">;

function readHead(reading: Reading): Head | null {
  const start = reading.at;
  const begin = new TextDecoder().decode(reading.bytes.subarray(start, start + 5));
  if (!"HTTP/".startsWith(begin)) throw new Unreadable("it does not begin with HTTP/");
  const lines: string[] = [];
  for (let line; (line = readLine(reading, "line end")) !== "";) {
    if (reading.at - start > MAX_HEAD) throw new Unreadable("its head is longer than 256 KiB");
    if (line === null) {
      if (!reading.ended) return null;
      throw new Unreadable("it ends within its head");
    }
    lines.push(line);
  }
  const [first = "", ...rest] = lines;
  const [, version, status] = READABLE.exec(first) ?? [];
  if (version === undefined || status === undefined) throw new Unreadable("its first line is not a status line");
  if (!STATUS_LINE.test(first)) {
    reading.flaws.push({ kind: "status line", what: `its status line is ${JSON.stringify(first)}` });
  }
  return { version, status: Number(status), fields: rest.flatMap((line) => readField(reading, line)) };
}

function readField(reading: Reading, line: string): [string, string][] {
  const [, name, value] = FIELD.exec(line) ?? [];
  if (name !== undefined && value !== undefined) return [[name, value]];
  reading.flaws.push({ kind: "field", what: `${JSON.stringify(line)} is not a field` });
  const colon = line.indexOf(":");
  return colon < 0 ? [] : [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]];
}

/** The body by the rules of RFC 9112 6.3. */
function readBody(reading: Reading, head: Head, isHead: boolean): Pick<Response, "framing" | "body"> | null {
  const { status } = head;
  const length = fieldOf(head, "content-length");
  const coding = fieldOf(head, "transfer-encoding");
  const flaw = (what: string): void => void reading.flaws.push({ kind: "framing", what });
  if (length !== null && coding !== null) flaw("it has both Content-Length and Transfer-Encoding");
  if (status < 200 || status === 204) {
    if (length !== null || coding !== null) flaw(`a ${status} has no body, but this one has a field for its length`);
  }
  if (isHead || status < 200 || status === 204 || status === 304) return { framing: "none", body: new Uint8Array() };
  if (coding !== null && /(?:^|,)\s*chunked$/i.test(coding)) {
    const body = readChunks(reading);
    return body === null ? null : { framing: "chunked", body };
  }
  if (coding !== null) flaw(`its Transfer-Encoding is ${JSON.stringify(coding)}`);
  else if (length !== null && /^\d{1,15}$/.test(length)) return readLength(reading, Number(length));
  else if (length !== null) flaw(`its Content-Length is ${JSON.stringify(length)}`);
  if (!reading.ended) return null;
  const body = reading.bytes.subarray(reading.at);
  reading.at = reading.bytes.length;
  return { framing: "close", body };
}

function readLength(reading: Reading, length: number): Pick<Response, "framing" | "body"> | null {
  const body = reading.bytes.subarray(reading.at, reading.at + length);
  if (body.length < length) {
    if (!reading.ended) return null;
    const what = `its Content-Length is ${length}, but its body has ${body.length} bytes`;
    reading.flaws.push({ kind: "framing", what });
  }
  reading.at += body.length;
  return { framing: "length", body };
}
