/** The parts of the explainer: scanner of messages, content, sequences, sums. */
import { assertEquals } from "@std/assert";
import { encodeText } from "../../../../lib/text.ts";
import { examine } from "../../../../lib/wire/explain/content.ts";
import { MessageScanner } from "../../../../lib/wire/explain/message_scanner.ts";
import { Pace, Tally } from "../../../../lib/wire/explain/pace.ts";
import { Sequence } from "../../../../lib/wire/explain/sequence.ts";
import { inWords, later, size } from "../../../../lib/wire/explain/words.ts";
import { everyWay } from "../../../support/chunks.ts";

const permissions = "none";

/** How many messages end in some bytes, what the stream is taken for, and what is left open. */
function scan(pieces: readonly Uint8Array[]): { ended: number; kind: string; open: number } {
  const scanner = new MessageScanner([]);
  let ended = 0;
  pieces.forEach((piece, at) => {
    scanner.push(piece, at);
    ended += scanner.ended;
  });
  return { ended, kind: scanner.kind, open: scanner.open };
}

Deno.test("MessageScanner finds the same messages however they are cut", { permissions }, () => {
  for (
    const [text, expected] of [
      ["one\ntwo\r\n\nfour", { ended: 3, kind: "lines", open: 4 }],
      ["GET / HTTP/1.1\r\n\r\nGET /b HTTP/1.1\nA: b\n\nHEAD", { ended: 2, kind: "http", open: 4 }],
      ["PUT / HTTP/1.1\r\ncontent-length:3\r\n\r\na\nb", { ended: 1, kind: "http", open: 0 }],
      ["POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\n\r\n0\r\n\r\nGET", {
        ended: 1,
        kind: "http",
        open: 3,
      }],
      ["\r\nGET / HTTP/1.1\r\n\r\n", { ended: 2, kind: "http", open: 0 }],
      ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", {
        ended: 2,
        kind: "http",
        open: 0,
      }],
      ["HTTP/1.1 200 OK\r\nA: b\r\n\r\nto the end\n", { ended: 0, kind: "opaque", open: 0 }],
      ["HELLO there\n", { ended: 1, kind: "lines", open: 0 }],
      ["GETTING on\n", { ended: 1, kind: "lines", open: 0 }],
    ] as const
  ) {
    for (const { name, pieces } of everyWay(encodeText(text))) assertEquals(scan(pieces), expected, `${name}: ${text}`);
  }
});

Deno.test("MessageScanner counts the pieces of the first message that ends", { permissions }, () => {
  const scanner = new MessageScanner([]);
  for (const [at, piece] of ["ab", "cd", "e\nf\n"].entries()) scanner.push(encodeText(piece), at * 10);
  const { ended, pieces, length, pause, parts } = scanner;
  assertEquals({ ended, pieces, length, pause, parts }, { ended: 2, pieces: 3, length: 6, pause: 10, parts: [2, 2] });
});

Deno.test("MessageScanner takes an endless line, head or chunk size in bounded memory", { permissions }, () => {
  const scanner = new MessageScanner([]);
  const piece = encodeText("GET / HTTP/1.1\r\nX: ".padEnd(65_536, "x"));
  for (let index = 0; index < 1000; index++) scanner.push(index === 0 ? piece : piece.fill(120), index);
  assertEquals([scanner.kind, scanner.open], ["http", 65_536_000]);
});

Deno.test("examine() finds nothing in ordinary text", { permissions }, () => {
  for (
    const text of ["Hello\n", "Grüße, 漢字 😀\r\n", "tab\there\n", "Ada: 42\n", '{"name":"Ada","number":42}\n', "a"]
  ) {
    assertEquals(examine(encodeText(text)), [], text);
  }
});

Deno.test("examine() knows telnet's negotiation, also with a subnegotiation", { permissions }, () => {
  const bytes = Uint8Array.of(255, 251, 31, 255, 250, 31, 0, 80, 0, 24, 255, 240);
  assertEquals(examine(bytes).map((finding) => "topic" in finding && finding.topic), ["telnet"]);
});

Deno.test("Sequence ignores what has no numbers, and begins again after a jump", { permissions }, () => {
  const sequence = new Sequence();
  const take = (text: string) => sequence.take(encodeText(text));
  for (const text of ["", "hello", "hello"]) assertEquals(take(text), []);
  for (const number of [1, 2, 3, 4, 100_000, 100_001]) assertEquals(take(`n ${number}`), []);
  assertEquals(take("n 100003"), [{ found: "gap", missing: [100_002, 100_002] }]);
});

Deno.test("Pace lets few through, and none in a flood until it calms", { permissions }, () => {
  const pace = new Pace(3);
  const told = (from: number, to: number, step: number): number => {
    let count = 0;
    for (let at = from; at < to; at += step) if (pace.take(at)) count++;
    return count;
  };
  assertEquals([told(0, 1000, 100), told(1000, 3000, 100), told(5000, 6000, 500)], [3, 0, 2]);
});

Deno.test("Tally sums up calls in words", { permissions }, () => {
  const tally = new Tally();
  for (let read = 0; read < 640; read++) tally.add(read, "read", 65_536);
  tally.add(640, "writing", 10);
  tally.waited(120);
  tally.mistake(1);
  assertEquals([tally.due(999), tally.due(1000), tally.empty], [false, true, false]);
  assertEquals(
    tally.take(1000),
    "640 reads (42 MB), 1 write (10 bytes) in 1.0 s; the longest write waited 120 ms; mistake 1, 1 more time",
  );
  assertEquals(tally.empty, true);
});

Deno.test("numbers, sizes, times and errors in words", { permissions }, () => {
  assertEquals([size(1), size(9999), size(10_000), size(42_000_000), size(3.2e9)], [
    "1 byte",
    "9,999 bytes",
    "10 kB",
    "42 MB",
    "3.2 GB",
  ]);
  assertEquals([later(0.42), later(-5)], ["0.42 ms later", "0.00 ms later"]);
  assertEquals([inWords("ECONNRESET"), inWords("Odd")], [
    "the peer has reset the connection (RST) (ECONNRESET)",
    "Odd",
  ]);
});
