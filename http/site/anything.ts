/**
 * `/anything`: a parsed request as JSON in the shape of httpbin.
 *
 * A large answer is made in slices while it is sent: memory holds only the body and one slice, and other clients are served in between.
 *
 * @module
 */
import { type Answer, fieldLine } from "../answer/answer.ts";
import { SANDBOX_FIELDS } from "./echo.ts";
import { collect, type Collected, type Form, formMemory, parseForm } from "../request/form.ts";
import { checkJson, jsonObject, jsonString, jsonUtf8 } from "../answer/json_text.ts";
import type { SiteRequest } from "./resource.ts";
import { Slices } from "./slices.ts";
import { lowerCased } from "../request/syntax.ts";

/** A larger body is returned but not parsed. */
const MAX_PARSED = 1024 * 1024;
/** Up to this body size the answer is made at once and has a Content-Length. */
const SMALL = 16 * 1024;
/** A longer query can have thousands of names, which take as long as a large body. */
const LONG_QUERY = 2 * 1024;
/** The minimum size of a piece of a larger answer, and the memory to make it. */
const PIECE = 16 * 1024;
const MEMORY = 256 * 1024;
/** Bytes at a time: a multiple of three, so that base64 needs no padding in between. */
const STEP = 12 * 1024;

const FIELDS = fieldLine("Content-Type", "application/json") + SANDBOX_FIELDS;

/** A parsed body. */
interface Parts {
  readonly form: Form | null;
  readonly isText: boolean;
  readonly isJson: boolean;
}

/** Answers synchronously if the request is small. */
export function anythingAnswer(request: SiteRequest): Answer | Promise<Answer> {
  if (request.body.length > SMALL || request.target.query.length > LONG_QUERY) return largeAnswer(request);
  const parts = parseBody(request);
  let step = parts.next();
  while (step.done !== true) step = parts.next();
  let text = "";
  for (const piece of jsonOf(request, step.value)) text += piece;
  return { status: 200, fields: FIELDS, body: new TextEncoder().encode(text) };
}

async function largeAnswer(request: SiteRequest): Promise<Answer> {
  request.hold(MEMORY + (mayBeForm(request) ? formMemory(request.body) : 0));
  // Starts watching the client.
  void request.signal;
  const slices = new Slices(() => request.throwIfGone());
  const parts = await slices.run(parseBody(request));
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    const encoder = new TextEncoder();
    let text = "";
    for (const piece of jsonOf(request, parts)) {
      text += piece;
      if (text.length < PIECE) continue;
      yield encoder.encode(text);
      text = "";
      await slices.pause();
    }
    yield encoder.encode(text);
  };
  return { status: 200, fields: FIELDS, body: { length: null, pieces } };
}

/** Parses a body as a form or as text. Yields after every small step. */
function* parseBody(request: SiteRequest): Generator<void, Parts> {
  const { head, body } = request;
  if (mayBeForm(request)) {
    const form = yield* parseForm(head.field("content-type") ?? "", body);
    if (form !== null) return { form, isText: true, isJson: false };
  }
  const isText = yield* isUtf8(body);
  return { form: null, isText, isJson: isText && body.length <= MAX_PARSED && (yield* checkJson(body)) };
}

function mayBeForm({ head, body }: SiteRequest): boolean {
  return body.length <= MAX_PARSED &&
    /^(application\/x-www-form-urlencoded|multipart\/form-data)[ \t]*(;|$)/i.test(head.field("content-type") ?? "");
}

function* isUtf8(body: Uint8Array): Generator<void, boolean> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    for (let at = 0; at < body.length; at += STEP) {
      decoder.decode(body.subarray(at, at + STEP), { stream: at + STEP < body.length });
      yield;
    }
    return true;
  } catch {
    return false;
  }
}

/** The answer in pieces. */
function* jsonOf({ head, target, body, connection }: SiteRequest, { form, isText, isJson }: Parts): Generator<string> {
  const args: Collected = new Map();
  for (const [name, value] of new URLSearchParams(target.query)) collect(args, name, value);
  const type = head.field("content-type") ?? "";
  yield '{\n  "args": ';
  yield* jsonObject(args);
  yield ',\n  "data": ';
  if (form !== null) yield '""';
  else if (isText) yield* jsonUtf8(body);
  else yield* dataUrl(type, body);
  yield ',\n  "files": ';
  yield* jsonObject(form?.files ?? new Map());
  yield ',\n  "form": ';
  yield* jsonObject(form?.fields ?? new Map());
  yield ',\n  "headers": ';
  yield* jsonObject(headersOf(head.fields()));
  yield ',\n  "json": ';
  // The visitor's JSON unchanged: indenting it would turn a thousand brackets into a million spaces.
  yield* isJson ? textIn(body) : ["null"];
  yield ',\n  "method": ';
  yield* jsonString(head.method);
  yield ',\n  "origin": ';
  yield* jsonString(connection.hostname);
  yield ',\n  "url": ';
  const scheme = target.origin?.scheme ?? (connection.session === null ? "http" : "https");
  const authority = target.origin?.authority ?? head.field("host") ?? connection.local;
  const query = target.query === "" ? "" : `?${target.query}`;
  yield* jsonString(`${scheme}://${authority}${target.path}${query}`);
  yield "\n}\n";
}

/** Binary data as a data URL (RFC 2397). */
function* dataUrl(type: string, body: Uint8Array): Generator<string> {
  yield JSON.stringify(`data:${type || "application/octet-stream"};base64,`).slice(0, -1);
  for (let at = 0; at < body.length; at += STEP) yield body.subarray(at, at + STEP).toBase64();
  yield '"';
}

/** Trimmed JSON text in pieces. */
function* textIn(body: Uint8Array): Generator<string> {
  const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 9 && byte <= 13);
  const end = body.findLastIndex((byte) => !isSpace(byte)) + 1;
  const text = body.subarray(body.findIndex((byte) => !isSpace(byte)), end);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  for (let at = 0; at < text.length; at += STEP) yield decoder.decode(text.subarray(at, at + STEP), { stream: true });
}

/** Field names in the spelling of httpbin, values of one name joined (RFC 9110 5.3). */
function headersOf(fields: Iterable<readonly [string, string]>): Map<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of fields) {
    const key = lowerCased(name).replace(/(^|-)[a-z]/g, (letters) => letters.toUpperCase());
    const before = headers.get(key);
    headers.set(key, before === undefined ? value : `${before},${value}`);
  }
  return headers;
}
