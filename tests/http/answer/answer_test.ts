import { answerBytes } from "../../../http/serve/refusals.ts";
import { decodeText } from "../../../lib/text.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  type Answer,
  AsciiParts,
  dateLine,
  fieldLine,
  reasonPhrase,
  refusalAnswer,
  textAnswer,
  writeBody,
  writeHead,
} from "../../../http/answer/answer.ts";
import { AnswerBytes } from "../../../http/answer/bytes.ts";
import { Refusal } from "../../../http/request/refusal.ts";
import { textOf } from "../../../http/request/syntax.ts";

const permissions = "none";
const DATE = "Sun, 06 Nov 1994 08:49:37 GMT";

function head(answer: Answer, minor: 0 | 1 = 1, keepAlive = true): string {
  const outbox = new AnswerBytes();
  writeHead(outbox, answer, { minor, keepAlive, date: `Date: ${DATE}\r\n` });
  return textOf(outbox.take());
}

Deno.test("dateLine() has the preferred format (9110 5.6.7)", { permissions }, () => {
  assertEquals(dateLine(Date.UTC(1994, 10, 6, 8, 49, 37)), `Date: ${DATE}\r\n`);
});

Deno.test("writeHead() writes status, date, length and Connection", { permissions }, () => {
  const answer = textAnswer(200, "hello\n");
  const common = `HTTP/1.1 200 OK\r\nDate: ${DATE}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 6\r\n`;
  assertEquals(head(answer), `${common}\r\n`);
  assertEquals(head(answer, 1, false), `${common}Connection: close\r\n\r\n`);
  assertEquals(head(answer, 0, true), `${common}Connection: keep-alive\r\n\r\n`);
  assertEquals(head(answer, 0, false), `${common}Connection: close\r\n\r\n`);
});

Deno.test(
  "writeHead() sends Content-Length only with a known length, and chunks only to HTTP/1.1 (9112 6.1)",
  { permissions },
  () => {
    const body = { length: null, pieces: (): AsyncIterable<Uint8Array> => new ReadableStream() };
    assertStringIncludes(head({ status: 200, fields: "", body }), "Transfer-Encoding: chunked\r\n");
    assertEquals(
      head({ status: 200, fields: "", body }, 0, false),
      `HTTP/1.1 200 OK\r\nDate: ${DATE}\r\nConnection: close\r\n\r\n`,
    );
    assertEquals(
      head({ status: 204, fields: "", body: new Uint8Array(0) }),
      `HTTP/1.1 204 No Content\r\nDate: ${DATE}\r\n\r\n`,
    );
    assertEquals(head({ status: 304, fields: "", body }), `HTTP/1.1 304 Not Modified\r\nDate: ${DATE}\r\n\r\n`);
  },
);

Deno.test("fieldLine() refuses characters that could end a line (29)", { permissions }, () => {
  assertEquals(fieldLine("Location", "/a?b=c"), "Location: /a?b=c\r\n");
  for (const value of ["a\r\nSet-Cookie: x", "a\nb", "a\rb", "a\0", "\x7f", "é", "漢"]) {
    assertThrows(() => fieldLine("Location", value), TypeError, "Cannot send the field Location");
  }
  for (const name of ["", "a b", "a:", "a\r\n"]) assertThrows(() => fieldLine(name, "x"), TypeError);
});

Deno.test("writeBody() refuses text that would be longer on the wire than announced", { permissions }, () => {
  const outbox = new AnswerBytes();
  assertThrows(() => writeBody(outbox, textAnswer(200, "漢").body), TypeError);
  writeBody(outbox, new AsciiParts(["a", Uint8Array.of(98), "c"]));
  writeBody(outbox, Uint8Array.of(33));
  assertEquals(textOf(outbox.take()), "abc!");
});

Deno.test("refusalAnswer() gives the reason and the allowed methods", { permissions }, () => {
  const { status, fields, body } = refusalAnswer(new Refusal(405, "not here", { allow: ["GET", "HEAD"] }));
  assertEquals([status, decodeText(body)], [405, "405 Method Not Allowed: not here\n"]);
  assertStringIncludes(fields as string, "Allow: GET, HEAD\r\n");
});

Deno.test("9110 16.2.3: reasonPhrase() knows every registered status", { permissions }, () => {
  // https://www.iana.org/assignments/http-status-codes, without those that it calls unused.
  const registered = [
    ...[200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307, 308],
    ...[400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417],
    ...[421, 422, 423, 424, 425, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511],
  ];
  assertEquals(registered.filter((status) => reasonPhrase(status) === "Unknown"), []);
  assertEquals([reasonPhrase(418), reasonPhrase(508), reasonPhrase(599)], [
    "I'm a teapot",
    "Loop Detected",
    "Unknown",
  ]);
});

Deno.test(
  "a refusal that quotes a peer's text is sent as UTF-8 with control characters escaped",
  { permissions },
  () => {
    const issuer = "CN=\x1b]0;Grüße\x07\r\nX: 1\u202e";
    const bytes = answerBytes(new Refusal(403, `Cannot serve you: this server does not trust ${issuer}`));
    const text = decodeText(bytes);
    const [, body = ""] = text.split("\r\n\r\n");
    assertEquals(
      body,
      "403 Forbidden: Cannot serve you: this server does not trust CN=␛]0;Grüße\\x07\\r\\nX: 1\\u202e\n",
    );
    assertStringIncludes(text, `\r\nContent-Length: ${new TextEncoder().encode(body).length}\r\n`);
    assertStringIncludes(
      decodeText(answerBytes(new Refusal(503, "full", { retryAfter: 5 }))),
      "\r\nRetry-After: 5\r\n",
    );
  },
);
