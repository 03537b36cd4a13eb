/**
 * Answers that show a request to its sender. Pure.
 *
 * @module
 */
import { type Answer, fieldLine } from "../answer/answer.ts";
import type { SiteRequest } from "./resource.ts";

/** For answers that show the visitor's request, perhaps with cookies and passwords: no cache may keep it for others (RFC 9111 5.2.2.5). */
export const NO_STORE = fieldLine("Cache-Control", "no-store");

/** For echoed content: a browser must neither run it nor guess another type. */
export const SANDBOX_FIELDS = NO_STORE + fieldLine("X-Content-Type-Options", "nosniff") +
  fieldLine("Content-Security-Policy", "sandbox; default-src 'none'");
/** The same for text. */
export const SANDBOXED_TEXT = fieldLine("Content-Type", "text/plain; charset=utf-8") + SANDBOX_FIELDS;

/** Up to this size, head and body are copied into one buffer. */
const SMALL = 16 * 1024;

const TOKEN = "[!#$%&'*+\\-.^_`|~\\w]+";
const PARAMETER = `${TOKEN}=(?:${TOKEN}|"(?:[ !#-\\[\\]-~]|\\\\[ -~])*")`;
/** A media type with parameters (RFC 9110 8.3.1), in visible ASCII and spaces, as a field must be to be sent. */
const MEDIA_TYPE = new RegExp(`^${TOKEN}/${TOKEN}(?: *;(?: *${PARAMETER})?)*$`);
/** The codings of a body (RFC 9110 8.4). */
const CODINGS = new RegExp(`^${TOKEN}(?: *, *${TOKEN})*$`);

/** `POST /`: the body under its own media type and codings, if they are well formed. */
export function bodyAnswer({ head, body }: SiteRequest): Answer {
  const type = head.field("content-type") ?? "";
  const codings = head.field("content-encoding") ?? "";
  const own = MEDIA_TYPE.test(type) ? type : "application/octet-stream";
  // Without it a client would take compressed bytes for what they were before.
  const coded = CODINGS.test(codings) ? fieldLine("Content-Encoding", codings) : "";
  return { status: 200, fields: fieldLine("Content-Type", own) + coded + SANDBOX_FIELDS, body };
}

/** `/echo`: the request as it was received, as text. A large body is not copied. */
export function requestAnswer({ head, body }: SiteRequest): Answer {
  const { raw } = head;
  const length = raw.length + body.length;
  if (length > SMALL) {
    return {
      status: 200,
      fields: SANDBOXED_TEXT,
      body: { length, pieces: () => inPieces(raw, body) },
    };
  }
  const bytes = new Uint8Array(length);
  bytes.set(raw);
  bytes.set(body, raw.length);
  return { status: 200, fields: SANDBOXED_TEXT, body: bytes };
}

async function* inPieces(...pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}
