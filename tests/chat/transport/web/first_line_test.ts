import { assertEquals } from "@std/assert";
import { FirstLine, MAX_FIRST_LINE, type Spoken } from "../../../../chat/transport/web/first_line.ts";
import { everyWay } from "../../../support/chunks.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Takes pieces until it is decided. */
function told(pieces: readonly Uint8Array[]): Spoken | null {
  const line = new FirstLine();
  for (const piece of pieces) {
    const spoken = line.push(piece);
    if (spoken !== null) return spoken;
  }
  return null;
}

const HTTP = [
  "GET / HTTP/1.1\r\n",
  "GET / HTTP/1.0\r\n",
  "POST /say?session=x HTTP/1.1\r\n",
  "OPTIONS * HTTP/1.1\r\n",
  "M-SEARCH * HTTP/1.1\r\n",
  "GET http://127.0.0.1/ HTTP/1.1\r\n",
  "GET / HTTP/1.1\n",
  // What browsers send, although RFC 3986 does not allow it (URL Standard, query percent-encode set).
  "POST /?{}|^`\\ HTTP/1.1\r\n",
  "GET /# HTTP/1.1\n",
  'GET /"<é> HTTP/1.1\r\n',
];
const CHAT = [
  ..."GET\n|GET /\n|get / http/1.1\n|GET  / HTTP/1.1\n| GET / HTTP/1.1\n|GET / HTTP/1.1 \n|GET / HTTP/2.0\n".split("|"),
  ...[
    "GET / HTTP/1.2\n",
    "GET / HTTP/1.10\n",
    "GET a b HTTP/1.1\n",
    "GET /\t HTTP/1.1\n",
    "GET /\x7f HTTP/1.1\n",
    "GET / HTTP/1.1\r\r\n",
  ],
  ...["/nick alice\n", "hello\n", "\n", "\r\n\r\nGET / HTTP/1.1\r\n", "é / HTTP/1.1\n", "\x16\x03\x01"],
  `${"A".repeat(33)} / HTTP/1.1\n`,
];

Deno.test("a whole request line is HTTP, however it is split; anything else is chat", () => {
  for (const [spoken, lines] of [["http", HTTP], ["chat", CHAT]] as const) {
    for (const line of lines) {
      for (const { name, pieces } of everyWay(encode(line))) assertEquals(told(pieces), spoken, `${line} ${name}`);
    }
  }
});

Deno.test("a line is open as long as it may become a request", () => {
  for (const line of HTTP) {
    const bytes = encode(line);
    for (let end = 0; end < bytes.length; end++) assertEquals(told([bytes.subarray(0, end)]), null);
  }
});

Deno.test("telnet's first byte decides: commands that look like a request do not come through as one", () => {
  assertEquals(told([Uint8Array.of(255, 251, 31), encode("GET / HTTP/1.1\r\n")]), "chat");
});

Deno.test("a first line is a request up to its limit, and a chat line beyond it", () => {
  const rest = "GET / HTTP/1.1\r\n".length;
  const target = (length: number): Uint8Array => encode(`GET /${"a".repeat(length - rest)} HTTP/1.1\r\n`);
  assertEquals(
    MAX_FIRST_LINE >= 65_536,
    true,
    "--max-message allows no longer line of chat: one is refused, with all after it",
  );
  assertEquals(told([target(MAX_FIRST_LINE)]), "http");
  assertEquals(told([target(MAX_FIRST_LINE + 2)]), "chat");
});
