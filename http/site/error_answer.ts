/**
 * Errors as answers: a small page for a browser, one line of text for curl and other programs (RFC 9110 12.5.1). Pure.
 *
 * @module
 */
import {
  type Answer,
  AsciiParts,
  errorFields,
  fieldLine,
  type HttpError,
  reasonPhrase,
  refusalAnswer,
} from "../answer/answer.ts";
import { listOf, textOf, withoutSpace } from "../request/syntax.ts";
import { page, PAGE_LINES, safe } from "./markup.ts";

const VARY = fieldLine("Vary", "Accept");

/** Nothing is at the path. */
export const NOT_FOUND: HttpError = { status: 404, message: "there is nothing at this path" };

/**
 * Answers a request with an error, as a page if its sender prefers one.
 *
 * @param accept The request's `Accept` field; `null` if it has none.
 * @param lines More field lines.
 */
export function errorAnswer(accept: string | null, error: HttpError, lines = ""): Answer {
  const { status, message, hint } = error;
  if (accept === null || !prefersPage(accept)) {
    const { fields, body } = refusalAnswer(hint === undefined ? error : { ...error, message: `${message}; ${hint}` });
    return { status, fields: fields + lines + VARY, body };
  }
  const title = safe(`${status} ${reasonPhrase(status)}`);
  const why = safe(message.startsWith("Cannot ") ? message : `Cannot serve this request: ${message}`);
  const main = `<h1>${title}</h1>\n<p class="lead">${why}.</p>\n<p><a href="/">Back to the start</a></p>`;
  return {
    status,
    fields: PAGE_LINES + errorFields(error) + lines + VARY,
    body: new AsciiParts([page(title, main)]),
  };
}

/**
 * Whether a client would rather have a page than text: browsers name `text/html`, other programs accept anything.
 *
 * @example Usage
 * ```ts
 * import { prefersPage } from "./error_answer.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(prefersPage("text/html,application/xhtml+xml,application/xml;q=0.9,*\u002f*;q=0.8"), true);
 * assertEquals(prefersPage("*\u002f*"), false);
 * ```
 */
export function prefersPage(accept: string): boolean {
  const weights = new Map<string, number>();
  for (const member of listOf(accept)) {
    const [range = "", ...parameters] = member.split(";").map(withoutSpace);
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice("q=".length) ?? "1";
    weights.set(range, Number(weight));
  }
  const html = weights.get("text/html") ?? 0;
  const text = weights.get("text/plain");
  // Of a named type and one that a wildcard matches equally well, the named one is meant.
  return text === undefined ? html > 0 && html >= (weights.get("text/*") ?? weights.get("*/*") ?? 0) : html > text;
}

/**
 * The `Accept` field of a head that was not parsed to its end: a browser sends some characters in a query that must be encoded, or too
 * many cookies, and gets a page for these too. It only chooses the form of the refusal, so it may be lenient.
 */
export function acceptIn(bytes: Uint8Array): string | null {
  return /\r\naccept:([^\r\n]*)\r\n/i.exec(textOf(bytes))?.[1] ?? null;
}
