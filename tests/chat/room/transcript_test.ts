import { assert, assertEquals } from "@std/assert";
import { type NumberedLine, Transcript } from "../../../chat/room/transcript.ts";

function texts(lines: readonly NumberedLine[]): string[] {
  return lines.map(({ line }) => line);
}

/** The last lines, of any length. */
function last(transcript: Transcript, lines: number): string[] {
  return texts(transcript.last({ lines, size: Infinity }));
}

const pure = { permissions: "none" } as const;

Deno.test("Transcript.last() returns what members said, oldest first", pure, () => {
  const transcript = new Transcript();
  assertEquals(last(transcript, 3), []);
  transcript.add("* alice joined", 0, 0);
  for (const word of ["one", "two", "three"]) transcript.add(`alice: ${word}`, 0, 0);
  transcript.add("* bob joined", 0, 0);
  assertEquals(last(transcript, 2), ["alice: two", "alice: three"]);
  assertEquals(last(transcript, 0), []);
  assertEquals(last(transcript, 9).length, 3);
});

Deno.test("Transcript.last() skips any number of notices", pure, () => {
  const transcript = new Transcript();
  for (let count = 0; count < 1000; count++) transcript.add(`alice: ${count}`, 0, 0);
  assertEquals(last(transcript, 1000).length, 1000);
  assertEquals([last(transcript, 600)[0], last(transcript, 600).at(-1)], ["alice: 400", "alice: 999"]);
  for (let count = 0; count < 999; count++) transcript.add(`* ${count} joined`, 0, 0);
  assertEquals(last(transcript, 2), ["alice: 998", "alice: 999"]);
});

Deno.test("Transcript.last() respects the size limit", pure, () => {
  const transcript = new Transcript();
  for (const letter of "abcd") transcript.add(letter.repeat(1000), 0, 0);
  assertEquals(texts(transcript.last({ lines: 9, size: 2500 })), ["c".repeat(1000), "d".repeat(1000)]);
  assertEquals(transcript.last({ lines: 9, size: 999 }), []);
});

Deno.test("Transcript is bounded in characters too", pure, () => {
  const transcript = new Transcript();
  for (let count = 0; count < 3000; count++) transcript.add(`${count}:${"x".repeat(4000)}`, 0, 0);
  assert(transcript.text().length < 5_000_000, String(transcript.text().length));
  assertEquals(last(transcript, 1)[0]?.slice(0, 5), "2999:");
});

Deno.test("Transcript.text() has each line with its own time", pure, () => {
  const transcript = new Transcript();
  for (let count = 0; count < 600; count++) transcript.add(`alice: ${count}`, count * 1000, count);
  const lines = transcript.text().split("\n");
  assertEquals([lines.length, lines[0], lines[599], lines[600]], [
    601,
    "1970-01-01T00:00:00.000Z alice: 0",
    "1970-01-01T00:09:59.000Z alice: 599",
    "",
  ]);
  assertEquals(new Transcript().text(), "");
});

Deno.test("Transcript drops the oldest lines: memory is bounded", pure, () => {
  const transcript = new Transcript();
  for (let count = 0; count < 50_000; count++) transcript.add(`a: ${count}`, 0, 0);
  const lines = transcript.text().trimEnd().split("\n");
  assert(lines.length >= 10_000 && lines.length < 10_500, String(lines.length));
  assertEquals(lines.at(-1), "1970-01-01T00:00:00.000Z a: 49999");
});

Deno.test(
  "Transcript.since() returns the lines after a number, notices too, and says whether they are all",
  pure,
  () => {
    const transcript = new Transcript();
    assertEquals(transcript.since(0, 999), { lines: [], complete: true });
    for (let number = 1; number <= 600; number++) transcript.add(`* ${number} joined`, 0, number * 2);
    assertEquals(transcript.since(1196, 999), {
      lines: [{ number: 1198, line: "* 599 joined" }, { number: 1200, line: "* 600 joined" }],
      complete: true,
    });
    assertEquals(transcript.since(1200, 999), { lines: [], complete: true });
    assertEquals(transcript.since(0, Infinity).lines.length, 600);
    assertEquals(transcript.since(1, Infinity).complete, true);
    // The newest are those that fit.
    assertEquals(transcript.since(0, 30), {
      lines: [{ number: 1198, line: "* 599 joined" }, { number: 1200, line: "* 600 joined" }],
      complete: false,
    });
  },
);

Deno.test("Transcript.since() says that lines are gone", pure, () => {
  const transcript = new Transcript();
  for (let number = 1; number <= 11_000; number++) transcript.add("alice: hello", 0, number);
  const { lines, complete } = transcript.since(500, Infinity);
  assertEquals([complete, lines.length < 11_000, lines.at(-1)?.number], [false, true, 11_000]);
  assertEquals(transcript.since((lines[0]?.number ?? 0) - 1, Infinity).complete, true);
});
