/**
 * Where a beginner whose server fails a check of HTTP finds the remedy.
 *
 * @module
 */
import type { Remedy } from "../check.ts";

/** Each names a line by words that occur on no other line of its file. */
export const REMEDIES = {
  wholeHead: {
    why:
      "One read is not one request: TCP delivers a head in as many pieces as it likes, or two requests in one. Keep " +
      "what has come, and answer when the empty line is there.",
    file: "http/serve/connection.ts",
    line: "const head = this.#parser.parse(inbox.bytes, inbox.at)",
  },
  manyOnOne: {
    why: "A connection carries one request after another. Answer them in a loop, in their order, or say " +
      "Connection: close and close after the first.",
    file: "http/serve/connection.ts",
    line: "for (let stays = true; stays;)",
  },
  wholeBody: {
    why: "A body may come in pieces, and behind it comes the next request. Count what you have read, and read until " +
      "there is as much as Content-Length says.",
    file: "http/request/body.ts",
    line: "end = Math.min(bytes.length, from + this.#left)",
  },
  chunks: {
    why:
      "A client that does not know the length beforehand sends chunks, each with its size before it. Decode them, or " +
      "the body looks like requests to you.",
    file: "http/request/chunked.ts",
    line: 'size === 0 ? "trailer" : "data"',
  },
  chunkSize: {
    why: "Number functions accept more than hexadecimal digits: signs, 0x, spaces. Where two programs read another " +
      "size, the rest of the body becomes a request to one of them.",
    file: "http/request/chunked.ts",
    line: "const SIZE_LINE = new RegExp",
  },
  length: {
    why: "Content-Length is digits, once. parseInt and its like take +5, 5abc or a huge number for something, and " +
      "another program on the way takes it for something else: so an attacker hides a request in a body.",
    file: "http/request/framing.ts",
    line: "a Content-Length that is not all digits",
  },
  coding: {
    why:
      "Only one field may say where the body ends, and only codings that you can undo. If in doubt, answer 400 and " +
      "close.",
    file: "http/request/framing.ts",
    line: "Content-Length together with Transfer-Encoding (RFC 9112 6.1)",
  },
  fieldLine: {
    why: "A server that does not look at the lines of the head, or looks at them with a generous split, accepts what " +
      "other programs read differently. Check each line against the grammar, and answer 400.",
    file: "http/request/head_parser.ts",
    line: "throw malformed(nameProblem(",
  },
  lineEnd: {
    why: "Lines of HTTP end with CR LF. A library that also breaks them at CR or LF alone finds fields where others " +
      "find none.",
    file: "http/request/head_parser.ts",
    line: "control character in a field value",
  },
  host: {
    why:
      "Host says which of a server's sites is meant. Without it, or with two, nobody knows, so HTTP/1.1 demands a 400.",
    file: "http/request/framing.ts",
    line: "no Host field (RFC 9112 3.2)",
  },
  hostValue: {
    why:
      "What stands in Host ends up in links and in decisions. Accept a name or an address with an optional port, and " +
      "nothing else.",
    file: "http/request/framing.ts",
    line: "a Host that is not a name or address",
  },
  requestLine: {
    why:
      "The first line has three parts, and each has its grammar. Who answers without looking at it answers nonsense " +
      "too.",
    file: "http/request/request_line.ts",
    line: "throw malformed(notAMethod(",
  },
  version: {
    why:
      "The version is the last part of the request line. Compare the number before the dot; the one after it only says " +
      "how much newer the client is.",
    file: "http/request/head_parser.ts",
    line: "this server supports HTTP/1.1 and HTTP/1.0",
  },
  target: {
    why: "Clients of a proxy write the whole URL into the request line. Take it apart, and serve the path in it.",
    file: "http/request/target.ts",
    line: "const [, secure, authority, rest]",
  },
  emptyLine: {
    why: "Some clients send an empty line after a body. Skip it where a request line is due.",
    file: "http/request/head_parser.ts",
    line: "const first = this.#skipEmptyLines(bytes, start)",
  },
  limits: {
    why: "A line without an end fills the memory. Give each line and each head a limit, and refuse what exceeds it.",
    file: "http/request/head_parser.ts",
    line: "if (line > this.#limits.maxLine) throw",
  },
  head: {
    why: "HEAD asks for the fields that GET would get, without the body. Look at the method before you send the body.",
    file: "http/serve/connection.ts",
    line: 'const headOnly = head.method === "HEAD"',
  },
  method: {
    why:
      "Look at the method: what you do not know is 501, what a page does not allow is 405 with a list of what it does.",
    file: "http/site/routes.ts",
    line: "an unsupported method",
  },
  missing: {
    why:
      "Look at the path: the client asked for something, and gets something else without a word. Where nothing is, " +
      "answer 404.",
    file: "http/site/error_answer.ts",
    line: "there is nothing at this path",
  },
  date: {
    why: "Caches reckon the age of an answer from its Date, in the format of Date.prototype.toUTCString().",
    file: "http/answer/answer.ts",
    line: 'return fieldLine("Date"',
  },
  contentType: {
    why: "Without Content-Type, a browser guesses what it got, and shows text that somebody uploaded as a page.",
    file: "http/answer/answer.ts",
    line: 'fieldLine("Content-Type"',
  },
  contentLength: {
    why:
      "Content-Length counts bytes. The length of a string counts characters, and é is one character, but two bytes: " +
      "encode first, then count.",
    file: "http/answer/answer.ts",
    line: "`${body.length}\\r\\n`",
  },
  writeHead: {
    why: "Each line of a head ends with \\r\\n, and an empty line ends the head.",
    file: "http/answer/answer.ts",
    line: "HTTP/1.1 ${status} ${reasonPhrase(status)}",
  },
  close: {
    why: "The client waits for the end of the stream, or for the answer to its next request. Do what the answer says.",
    file: "http/request/framing.ts",
    line: 'options.includes("close")',
  },
  http10: {
    why: "A client of HTTP/1.0 finds the end of the body by the end of the connection, and knows no chunks.",
    file: "http/serve/connection.ts",
    line: "const keepAlive = switches || (wanted",
  },
  expect: {
    why: "With Expect: 100-continue the client holds its body back until you answer. Say 100 Continue, or refuse.",
    file: "http/serve/connection.ts",
    line: "if (framing.expectsContinue && inbox.left === 0)",
  },
  halfClose: {
    why: "The end of the stream says that the client has nothing more to send. It still wants its answer.",
    file: "http/serve/connection.ts",
    line: "the connection ended within the head",
  },
  unread: {
    why:
      "To close with input unread resets the connection, and the answer on its way is lost. Read what was sent, then " +
      "close.",
    file: "http/serve/connection.ts",
    line: "if (this.#wantsLinger) await this.#connection.finish()",
  },
  concurrent: {
    why: "While it waits for one client, it serves nobody else. Start to serve each connection, and accept the next.",
    file: "lib/stream/accept.ts",
    line: "take(socket);",
  },
  survive: {
    why:
      "A client that leaves makes a read or a write fail. That ends its connection, not the server: catch the error " +
      "where the connection is served.",
    file: "lib/stream/server.ts",
    line: "this.#endWith(client, error)",
  },
  path: {
    why:
      "A path is the client's text. Decode it once, resolve it, and compare the result with the folder before you open " +
      "anything.",
    file: "http/site/inside.ts",
    line: "if (real !== root && !real.startsWith(",
  },
  injection: {
    why:
      "Who decodes a target and writes it into a field lets the client write fields. Refuse CR and LF in what you send.",
    file: "http/answer/answer.ts",
    line: "if (!/^[\\w-]+$/.test(name)",
  },
} satisfies Record<string, Remedy>;
