/** Responses are read however they arrive, and what is wrong with them is found. */
import { assertEquals, assertThrows } from "@std/assert";
import { type Flaw, Unreadable } from "../../../../lab/checks/http/reading.ts";
import { fieldOf, readResponse, type ResponseContext, saysClose } from "../../../../lab/checks/http/response.ts";
import { encodeText } from "../../../../lib/text.ts";

const OK = "HTTP/1.1 200 OK\r\n";
const bytesOf = (text: string): Uint8Array => encodeText(text);

/** A response that is right: what is sent, and what is read. */
const RIGHT: Readonly<Record<string, { text: string; body: string; framing: string; context?: ResponseContext }>> = {
  "by length": { text: `${OK}Content-Length: 3\r\n\r\né!`, body: "é!", framing: "length" },
  "without a reason": { text: "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", body: "", framing: "length" },
  "in chunks": {
    text: `${OK}Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0A\r\n0123456789\r\n0\r\nX: 1\r\n\r\n`,
    body: "abc0123456789",
    framing: "chunked",
  },
  "to the end": { text: `${OK}\r\nrest`, body: "rest", framing: "close", context: { ended: true } },
  "of HEAD": { text: `${OK}Content-Length: 3\r\n\r\n`, body: "", framing: "none", context: { head: true } },
  "204": { text: "HTTP/1.1 204 No Content\r\n\r\n", body: "", framing: "none" },
  "304 with the length of what is not sent": {
    text: "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
    body: "",
    framing: "none",
  },
  "100": { text: "HTTP/1.1 100 Continue\r\n\r\n", body: "", framing: "none" },
};

for (const [name, { text, body, framing, context = {} }] of Object.entries(RIGHT)) {
  Deno.test(`readResponse() reads a response ${name}: whole, and after each byte`, () => {
    const bytes = bytesOf(text);
    const whole = readResponse(bytes, 0, context);
    assertEquals([new TextDecoder().decode(whole?.body), whole?.framing, whole?.flaws], [body, framing, []]);
    assertEquals(whole?.end, bytes.length);
    // Until its last byte it is not complete; what ends with the connection is not before that.
    for (let count = 1; count < bytes.length; count++) {
      assertEquals(readResponse(bytes.subarray(0, count), 0, { ...context, ended: false }), null, `${count} bytes`);
    }
    if (context.ended === true) return;
    const second = readResponse(bytesOf(text + text), bytes.length, context);
    assertEquals([second?.body, second?.end], [whole?.body, 2 * bytes.length]);
  });
}

/** A response with one thing wrong: its flaw, and what is said of it. */
const FLAWED: readonly (readonly [text: string, kind: Flaw["kind"], what: string])[] = [
  ["HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "status line", 'its status line is "HTTP/1.1 200"'],
  ["HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n", "status line", 'its status line is "HTTP/1.1  200 OK"'],
  ["HTTP/1 200 OK\r\nContent-Length: 0\r\n\r\n", "status line", 'its status line is "HTTP/1 200 OK"'],
  ["HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", "line end", 'its line "HTTP/1.1 200 OK" ends with LF alone'],
  [`${OK}Content-Length: 0\r\n\n`, "line end", 'its line "" ends with LF alone'],
  [`${OK}Content-Length: 0\r\nX : 1\r\n\r\n`, "field", '"X : 1" is not a field'],
  [`${OK}Content-Length: 0\r\nX\r\n\r\n`, "field", '"X" is not a field'],
  [`${OK}Content-Length: 0\r\nX: 1\x07\r\n\r\n`, "field", '"X: 1\\u0007" is not a field'],
  [`${OK}Content-Length: 0\r\nX: 1\r\n 2\r\n\r\n`, "field", '" 2" is not a field'],
  [
    `${OK}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    "framing",
    "it has both Content-Length and Transfer-Encoding",
  ],
  [`${OK}Transfer-Encoding: chunked\r\n\r\n0\n\r\n`, "framing", 'its line "0" ends with LF alone'],
  [
    "HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n",
    "framing",
    "a 204 has no body, but this one has a field for its length",
  ],
];

for (const [text, kind, what] of FLAWED) {
  Deno.test(`readResponse() reads on, and tells: ${what}`, () => {
    const response = readResponse(bytesOf(text), 0);
    assertEquals(response?.flaws, [{ kind, what }]);
    assertEquals(response?.end, bytesOf(text).length);
  });
}

/** What is wrong shows when the connection ends. */
const CUT_OFF: readonly (readonly [text: string, what: string])[] = [
  [`${OK}Content-Length: 9\r\n\r\nab`, "its Content-Length is 9, but its body has 2 bytes"],
  [`${OK}Content-Length: 5, 6\r\n\r\nab`, 'its Content-Length is "5, 6"'],
  [`${OK}Transfer-Encoding: gzip\r\n\r\nab`, 'its Transfer-Encoding is "gzip"'],
  [`${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nab`, "its chunked body ends without the last chunk"],
  [`${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n`, "its chunked body ends without the last chunk"],
];

for (const [text, what] of CUT_OFF) {
  Deno.test(`readResponse() tells at the end: ${what}`, () => {
    assertEquals(readResponse(bytesOf(text), 0), null);
    const response = readResponse(bytesOf(text), 0, { ended: true });
    assertEquals([response?.flaws, response?.end], [[{ kind: "framing", what }], bytesOf(text).length]);
  });
}

Deno.test("readResponse() cannot read what is no response", () => {
  for (
    const [text, what] of [
      ["<!doctype html>", "it does not begin with HTTP/"],
      ["HTTP/1.1 fine\r\n\r\n", "its first line is not a status line"],
      [`${OK}Transfer-Encoding: chunked\r\n\r\n-5\r\n`, '"-5" stands where a chunk\'s size should'],
      [`${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n`, "a chunk of 2 bytes is not followed by CR LF"],
    ] as const
  ) {
    assertThrows(() => readResponse(bytesOf(text), 0), Unreadable, what);
  }
  assertThrows(
    () => readResponse(bytesOf("HTTP/1.1 200 OK\r\nX: "), 0, { ended: true }),
    Unreadable,
    "within its head",
  );
  const long = `${OK}${`X: ${"x".repeat(1000)}\r\n`.repeat(300)}`;
  assertThrows(() => readResponse(bytesOf(long), 0), Unreadable, "longer than 256 KiB");
});

Deno.test("fieldOf() joins fields of one name, whatever its case; saysClose() knows each way to say it", () => {
  const read = (lines: string, version = "1.1", ended = false): ReturnType<typeof readResponse> =>
    readResponse(bytesOf(`HTTP/${version} 200 OK\r\n${lines}\r\n`), 0, { ended });
  const two = read("Content-Length: 0\r\nVIA: a\r\nVia: b\r\n");
  assertEquals(two && [fieldOf(two, "via"), fieldOf(two, "x")], ["a, b", null]);
  const closes = (lines: string, version?: string, ended?: boolean): boolean | null => {
    const response = read(lines, version, ended);
    return response && saysClose(response);
  };
  assertEquals(closes("Content-Length: 0\r\n"), false);
  assertEquals(closes("Content-Length: 0\r\nConnection: x, Close\r\n"), true);
  assertEquals(closes("Content-Length: 0\r\n", "1.0"), true);
  assertEquals(closes("Content-Length: 0\r\nConnection: keep-alive\r\n", "1.0"), false);
  assertEquals(closes("", "1.1", true), true);
});
