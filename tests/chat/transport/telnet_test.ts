import { assert, assertEquals, assertThrows } from "@std/assert";
import { MAX_SUBNEGOTIATION, TelnetError, TelnetFilter } from "../../../chat/transport/telnet.ts";
import { everyWay } from "../../support/chunks.ts";

const pure = { permissions: "none" } as const;
const text = (value: string): number[] => [...new TextEncoder().encode(value)];

/** What the filter leaves of consecutive chunks. */
function stripped(pieces: readonly Uint8Array[]): number[] {
  const filter = new TelnetFilter();
  return pieces.flatMap((piece) => {
    const bytes = piece.slice();
    return [...bytes.subarray(0, filter.strip(bytes))];
  });
}

const CASES: [string, number[], number[]][] = [
  ["no telnet at all", text("héllo 漢\n"), text("héllo 漢\n")],
  ["a negotiation before the text", [255, 251, 31, 255, 253, 1, ...text("hi\n")], text("hi\n")],
  ["an option that is a newline elsewhere", [255, 251, 10, ...text("hi\n")], text("hi\n")],
  ["commands of two bytes", [...text("h"), 255, 241, ...text("i"), 255, 249], text("hi")],
  [
    "a window size with newlines and a doubled 255",
    [255, 250, 31, 0, 10, 255, 255, 10, 255, 240, ...text("x")],
    text("x"),
  ],
  ["255 written as telnet data", [97, 255, 255, 98], [97, 255, 98]],
  ["a stray 255 before text", [255, 97, 98], [97, 98]],
  ["Ctrl-C of a telnet client", [255, 244, 255, 253, 6, ...text("x\n")], text("x\n")],
];

for (const [name, bytes, kept] of CASES) {
  Deno.test(`TelnetFilter drops commands and keeps text, however the stream is chunked: ${name} (C5, 40)`, pure, () => {
    for (const way of everyWay(Uint8Array.from(bytes))) assertEquals(stripped(way.pieces), kept, way.name);
  });
}

Deno.test(
  "TelnetFilter answers DO with WONT, WILL with DONT, and nothing else, however the stream is chunked",
  pure,
  () => {
    const requests = [255, 244, 255, 253, 6, ...text("x\n"), 255, 251, 31, 255, 252, 1, 255, 254, 3, 255, 253, 255];
    for (const way of everyWay(Uint8Array.from(requests))) {
      const filter = new TelnetFilter();
      const answers = way.pieces.flatMap((piece) => {
        filter.strip(piece.slice());
        return [...filter.takeAnswers()];
      });
      assertEquals(answers, [255, 252, 6, 255, 254, 31, 255, 252, 255], way.name);
      assertEquals(filter.takeAnswers().length, 0);
    }
  },
);

Deno.test("TelnetFilter refuses an endless subnegotiation, however the stream is chunked (C5)", pure, () => {
  for (const size of [1, 100, 65536]) {
    const filter = new TelnetFilter();
    assertEquals(filter.strip(Uint8Array.of(255, 250, 24)), 0);
    let passed = 0;
    const error = assertThrows(() => {
      for (; passed < 65536; passed += size) assertEquals(filter.strip(new Uint8Array(size).fill(65)), 0);
    }, TelnetError);
    assertEquals(error.message, "Cannot accept the telnet subnegotiation: it is longer than 1024 bytes");
    assert(passed <= MAX_SUBNEGOTIATION);
  }
});

Deno.test(
  "TelnetFilter accepts any number of subnegotiations, and counts doubled 255s in full",
  pure,
  () => {
    const filter = new TelnetFilter();
    const one = Uint8Array.of(255, 250, 31, ...new Array(1000).fill(1), 255, 240);
    for (let count = 0; count < 100; count++) assertEquals(filter.strip(one.slice()), 0);
    filter.strip(Uint8Array.of(255, 250));
    assertThrows(() => filter.strip(new Uint8Array(1026).fill(255)), TelnetError);
  },
);
