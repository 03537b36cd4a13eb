/**
 * Checks of requests whose end is uncertain: the shapes of request smuggling (RFC 9112 6.3, 11.2).
 *
 * @module
 */
import { ask, type HttpTrial, isResponse } from "./answers.ts";
import { CLOSE, postText, requestText } from "./dialect.ts";
import { expectNothingBehind, expectRefused, type HttpCheck } from "./expect.ts";
import { REMEDIES } from "./remedies.ts";

const CHUNKED = "Transfer-Encoding: chunked";
const CLOSES = { closes: true } as const;

/** A Content-Length that the server must refuse with 400, and close. */
function badLength(name: string, ...lengths: readonly string[]): HttpCheck {
  return {
    name,
    title: lengths.map((length) => length === "" ? "an empty Content-Length" : `Content-Length: ${length}`).join(
      " and ",
    ),
    expects: "refuses it with 400, and closes",
    source: "RFC 9112 6.3",
    level: "MUST",
    mistake: 20,
    remedy: REMEDIES.length,
    run: (trial) =>
      expectRefused(trial, bodyText(trial, lengths.map((length) => `Content-Length: ${length}`), "plain"), CLOSES),
  };
}

/** Chunks that are malformed: nobody knows where the body ends. */
function badChunks(name: string, title: string, body: string, remedy = REMEDIES.chunkSize): HttpCheck {
  return {
    name,
    title,
    expects: "refuses it with 400, or closes",
    source: "RFC 9112 7.1, 2.2",
    level: "SHOULD",
    mistake: 20,
    remedy,
    run: (trial) => expectNothingBehind(trial, bodyText(trial, [CHUNKED], body)),
  };
}

/** Codings that the server must, or should, refuse. */
function badCoding(name: string, coding: string, level: "MUST" | "SHOULD", source: string): HttpCheck {
  return {
    name,
    title: `Transfer-Encoding: ${coding}`,
    // Where chunked is the last coding, the end of the body is known.
    expects: level === "MUST" ? "refuses it, and closes" : "refuses it with 501",
    source,
    level,
    remedy: REMEDIES.coding,
    run: (trial) =>
      expectRefused(trial, bodyText(trial, [`Transfer-Encoding: ${coding}`], "0\r\n\r\n"), {
        closes: level === "MUST",
      }),
  };
}

/** A request with a body: POST where that is known to be taken; else GET, whose body counts as well (RFC 9112 6). */
function bodyText(trial: HttpTrial, fields: readonly string[], body: string): string {
  const parts = { fields: ["Content-Type: text/plain", ...fields], body };
  return trial.dialect.post === null ? requestText(trial, parts) : postText(trial, parts);
}

/** The checks of ambiguous requests. */
export const AMBIGUOUS: readonly HttpCheck[] = [
  {
    name: "length-and-chunked",
    title: "Content-Length together with Transfer-Encoding",
    expects: "refuses it, or reads the chunks; and closes",
    source: "RFC 9112 6.1",
    level: "MUST",
    remedy: REMEDIES.coding,
    run: (trial) => expectNothingBehind(trial, bodyText(trial, ["Content-Length: 6", CHUNKED], "0\r\n\r\n")),
  },
  badLength("two-lengths", "5", "6"),
  badLength("length-plus", "+5"),
  badLength("length-minus", "-5"),
  badLength("length-hex", "0x5"),
  badLength("length-and-words", "5 bytes"),
  badLength("length-empty", ""),
  {
    name: "length-overflow",
    title: "Content-Length: 18446744073709551621, which is 5 to who counts in 64 bits",
    expects: "refuses it, or waits for the body",
    source: "RFC 9110 8.6",
    level: "MUST",
    mistake: 20,
    remedy: REMEDIES.length,
    run: (trial) => expectOverflowNoticed(trial, bodyText(trial, ["Content-Length: 18446744073709551621"], "plain")),
  },
  badCoding("chunked-not-last", "chunked, gzip", "MUST", "RFC 9112 6.3"),
  badCoding("coding-lookalike", "xchunked", "MUST", "RFC 9112 6.3"),
  badCoding("unknown-coding", "plainwire, chunked", "SHOULD", "RFC 9112 6.1"),
  {
    name: "chunked-http-1.0",
    title: "Transfer-Encoding in HTTP/1.0, which does not have it, with Connection: keep-alive",
    expects: "refuses it, or answers and closes",
    source: "RFC 9112 6.1",
    level: "MUST",
    remedy: REMEDIES.coding,
    async run(trial: HttpTrial) {
      const fields = ["Connection: keep-alive", CHUNKED];
      const answers = await ask(trial, requestText(trial, { version: "HTTP/1.0", fields, body: "0\r\n\r\n" }));
      const answer = await answers.tryNext();
      if (!isResponse(answer)) return trial.expect(answer.how !== "silent", answer.what);
      trial.expect(await answers.closed(), `it was answered with ${answer.status}, and the connection stays open`);
    },
  },
  badChunks("chunk-size-word", "a chunk size that is no number: zz", "zz\r\nplain\r\n0\r\n\r\n"),
  badChunks("chunk-size-sign", "a chunk size with a sign: +5", "+5\r\nplain\r\n0\r\n\r\n"),
  badChunks("chunk-size-0x", "a chunk size with 0x before it: 0x5", "0x5\r\nplain\r\n0\r\n\r\n"),
  badChunks("chunk-size-minus", "a chunk size below zero: -5", "-5\r\nplain\r\n0\r\n\r\n"),
  badChunks("chunk-too-long", "a chunk that is longer than its size", "3\r\nplain\r\n0\r\n\r\n", REMEDIES.chunks),
  {
    name: "chunk-size-overflow",
    title: "a chunk size of 10000000000000005, which is 5 to who counts in 64 bits",
    expects: "refuses it, or waits for the chunk",
    source: "RFC 9112 7.1",
    level: "MUST",
    mistake: 20,
    remedy: REMEDIES.chunkSize,
    run: (trial) => expectOverflowNoticed(trial, bodyText(trial, [CHUNKED], "10000000000000005\r\nplain\r\n0\r\n\r\n")),
  },
];

/** Nothing behind the request is taken for another one: it may be refused, answered, waited for, or the connection closed. */
async function expectOverflowNoticed(trial: HttpTrial, request: string): Promise<void> {
  const answers = await ask(trial, request + requestText(trial, { fields: [CLOSE] }));
  const answer = await answers.tryNext("GET", trial.patience / 4);
  if (!isResponse(answer) || answer.status >= 400) return;
  const next = await answers.tryNext("GET", trial.patience / 4);
  if (!isResponse(next)) return;
  trial.fail(`it was answered with ${answer.status}, and what follows was taken for another request`);
}
