import { assert, assertEquals, assertThrows } from "@std/assert";
import { LineFramer } from "../../../chat/transport/lines.ts";
import { ProtocolError, TooLongError } from "../../../lib/errors.ts";
import { encodeText } from "../../../lib/text.ts";
import { everyWay } from "../../support/chunks.ts";

const pure = { permissions: "none" } as const;

function framed(pieces: readonly Uint8Array[], max = 100): string[] {
  const framer = new LineFramer(max);
  const lines = pieces.flatMap((piece) => [...framer.push(piece)]);
  const rest = framer.rest();
  return rest === null ? lines : [...lines, rest];
}

const CASES: [string, string | Uint8Array, string[]][] = [
  ["two lines and a half", "one\ntwo\nthr", ["one", "two", "thr"]],
  ["LF, CR LF, a lone CR", "a\r\nb\nc\rd\n\r\n", ["a", "b", "c\rd", ""]],
  ["empty lines", "\n\na\n\n", ["", "", "a", ""]],
  ["characters of two, three and four bytes", "é漢😀\n😀漢é", ["é漢😀", "😀漢é"]],
  ["bad UTF-8, cut off by a newline", Uint8Array.of(0xe2, 0x82, 10, 0xff, 0x41, 10, 0xf0, 0x9f), [
    "\ufffd",
    "\ufffdA",
    "\ufffd",
  ]],
  ["NUL and a byte order mark", "a\0b\n\ufeffc\n", ["a\0b", "\ufeffc"]],
];

for (const [name, input, lines] of CASES) {
  Deno.test(
    `LineFramer splits a stream into lines, however it was chunked: ${name} (S1, S2, S3, S5, 37, 38, 39)`,
    pure,
    () => {
      const bytes = typeof input === "string" ? encodeText(input) : input;
      for (const way of everyWay(bytes)) assertEquals(framed(way.pieces), lines, way.name);
    },
  );
}

Deno.test("LineFramer measures each line with its line end, as it came, however it was chunked", pure, () => {
  for (const [name, input] of CASES) {
    const bytes = typeof input === "string" ? encodeText(input) : input;
    const ends = [...bytes.keys()].filter((index) => bytes[index] === 10).map((index) => index + 1);
    if (ends.at(-1) !== bytes.length) ends.push(bytes.length);
    const expected = ends.map((end, index) => end - (ends[index - 1] ?? 0));
    for (const way of everyWay(bytes)) {
      const framer = new LineFramer(100, { measures: true });
      const lengths: number[] = [];
      for (const piece of way.pieces) for (const _ of framer.push(piece)) lengths.push(framer.length);
      if (framer.rest() !== null) lengths.push(framer.length);
      assertEquals(lengths, expected, `${name}, ${way.name}`);
    }
  }
});

Deno.test("LineFramer.push() refuses a line beyond the limit, and returns those before it (S6, 35)", pure, () => {
  for (const way of everyWay(encodeText(`one\n${"x".repeat(11)}\nthree\n`))) {
    const lines: string[] = [];
    const framer = new LineFramer(10);
    assertThrows(
      () => {
        for (const piece of way.pieces) for (const line of framer.push(piece)) lines.push(line);
      },
      ProtocolError,
      "longer than 10 bytes",
    );
    assertEquals(lines, ["one"], way.name);
  }
  assertEquals(framed([encodeText(`${"x".repeat(10)}\n`)], 10), ["x".repeat(10)]);
  assertThrows(() => framed([encodeText("漢漢漢漢\n")], 11), ProtocolError);
});

Deno.test("LineFramer counts a line as it is passed on, whether it was ended or not", pure, () => {
  // Each of these bytes is passed on as U+FFFD, which takes three.
  const odd = new Uint8Array(4).fill(0xff);
  assertEquals(framed([odd], 12), ["\ufffd".repeat(4)]);
  assertThrows(() => framed([odd], 11), ProtocolError);
  assertThrows(() => framed([Uint8Array.of(...odd, 10)], 11), ProtocolError);
});

Deno.test("LineFramer.push() refuses an endless line before it has grown large", pure, () => {
  const framer = new LineFramer(1000);
  const piece = new Uint8Array(400);
  assertThrows(() => {
    for (let count = 0; count < 4; count++) assertEquals([...framer.push(piece)], []);
  }, ProtocolError);
});

Deno.test(
  "LineFramer.mayEnd: a pause ends bare text, but not inside a character, nor after the sender has used a newline (S4)",
  pure,
  () => {
    const framer = new LineFramer(100);
    assert(!framer.mayEnd);
    assertEquals([...framer.push(Uint8Array.of(0x61, 0xc3))], []);
    assert(!framer.mayEnd);
    assertEquals([...framer.push(Uint8Array.of(0xa9))], []);
    assert(framer.mayEnd);
    assertEquals([framer.rest(), framer.mayEnd, framer.rest()], ["aé", false, null]);
    assertEquals([...framer.push(encodeText("line\nbegun"))], ["line"]);
    assert(!framer.mayEnd);
  },
);

Deno.test("LineFramer splits a long read slice by slice, without cutting a line", pure, () => {
  const lines = [...Array.from({ length: 3000 }, (_, index) => `é${index}`), "x".repeat(9000), "", "last"];
  const framer = new LineFramer(10_000);
  assertEquals([...framer.push(encodeText("be")), ...framer.push(encodeText(`${lines.join("\r\n")}\nrest`))], [
    `be${lines[0]}`,
    ...lines.slice(1),
  ]);
  assertEquals([framer.begun, framer.rest(), framer.begun], [4, "rest", 0]);
});

Deno.test("LineFramer produces the lines of a long read lazily", pure, () => {
  const bytes = encodeText("line\n".repeat(10_000));
  const lines = new LineFramer(80).push(bytes);
  assertEquals(lines.next().value, "line");
  bytes.fill(0x2e, bytes.length - 5, bytes.length - 1);
  assertEquals([...lines].at(-1), "....");
});

Deno.test("LineFramer does not count the id of a session's line", pure, () => {
  const text = "x".repeat(80);
  const line = `/line ${"i".repeat(32)} ${text}`;
  const framer = new LineFramer(80);
  assertEquals([...framer.push(encodeText(`${line}\n`))], [line]);
  for (const longer of [`${line}x`, `${text}x`, `/lime a1 ${text}`]) {
    assertThrows(() => [...new LineFramer(80).push(encodeText(`${longer}\n`))], TooLongError);
    assertThrows(() => {
      const framer = new LineFramer(80);
      [...framer.push(encodeText(longer))];
      framer.rest();
    }, TooLongError);
  }
});
