/**
 * The answers of a room to HTTP requests, each the last on its connection. Pure.
 *
 * @module
 */
import {
  type Answer,
  dateLine,
  fieldLine,
  type HttpError,
  isBodiless,
  refusalAnswer,
  writeHead,
} from "../../../http/answer/answer.ts";
import { AnswerBytes, ascii } from "../../../http/answer/bytes.ts";
import { encodeText } from "../../../lib/text.ts";

/** An answer that is complete in memory. */
export type WholeAnswer = Answer & { readonly body: Uint8Array };

/** Nothing of this server is for other sites, and nothing is to be kept: the room is what it is now. */
const GUARDS = fieldLine("Cache-Control", "no-store") + fieldLine("X-Content-Type-Options", "nosniff") +
  fieldLine("Referrer-Policy", "no-referrer") + fieldLine("Cross-Origin-Resource-Policy", "same-origin");
const NOTHING = new Uint8Array(0);

/** An answer without a body. */
export function emptyAnswer(status: number): WholeAnswer {
  return { status, fields: GUARDS, body: NOTHING };
}

/** An error, as one line of text. */
export function errorText(error: HttpError): WholeAnswer {
  const { status, fields, body } = refusalAnswer(error);
  return { status, fields: `${fields}${GUARDS}`, body };
}

/** A page that may do what its policy allows (CSP 3). */
export function pageAnswer({ html, policy }: { readonly html: string; readonly policy: string }): WholeAnswer {
  const fields = fieldLine("Content-Type", "text/html; charset=utf-8") + fieldLine("Content-Security-Policy", policy);
  return { status: 200, fields: fields + GUARDS, body: encodeText(html) };
}

/** The head of an event stream, which ends when the connection does. A proxy must not collect it (nginx: `X-Accel-Buffering`). */
export function eventStreamHead(now: number): Uint8Array {
  const fields = fieldLine("Content-Type", "text/event-stream; charset=utf-8") + fieldLine("X-Accel-Buffering", "no");
  return written({ status: 200, fields: fields + GUARDS, body: { length: null } }, now).take();
}

/** An answer as the bytes to send; without its body for HEAD. */
export function answerBytes({ status, fields, body }: WholeAnswer, now: number, { headOnly = false } = {}): Uint8Array {
  const bytes = written({ status, fields, body }, now);
  if (!headOnly && !isBodiless(status)) bytes.bytes(body);
  return bytes.take();
}

/** To HTTP/1.0 as the client's version, so that a body of unknown length ends with the connection instead of in chunks. */
function written(
  { status, fields, body }: Pick<WholeAnswer, "status" | "fields"> & {
    readonly body: { readonly length: number | null };
  },
  now: number,
): AnswerBytes {
  const bytes = new AnswerBytes();
  writeHead(bytes, { status, fields, body }, {
    minor: body.length === null ? 0 : 1,
    keepAlive: false,
    date: ascii(dateLine(now)),
  });
  return bytes;
}
