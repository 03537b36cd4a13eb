import { assert, assertEquals } from "@std/assert";
import { Transcript } from "../../chat/transcript.ts";

const pure = { permissions: "none" } as const;

Deno.test("Transcript.last() gives what people said, oldest first", pure, () => {
  const transcript = new Transcript();
  assertEquals(transcript.last(3), []);
  transcript.add({ line: "* alice joined", at: 0, spoken: false });
  for (const word of ["one", "two", "three"]) transcript.add({ line: `alice: ${word}`, at: 0, spoken: true });
  transcript.add({ line: "* bob joined", at: 0, spoken: false });
  assertEquals(transcript.last(2), ["alice: two", "alice: three"]);
  assertEquals(transcript.last(0), []);
  assertEquals(transcript.last(9).length, 3);
});

Deno.test("Transcript forgets the oldest: memory is bounded", pure, () => {
  const transcript = new Transcript();
  for (let count = 0; count < 50_000; count++) transcript.add({ line: `a: ${count}`, at: 0, spoken: true });
  const lines = transcript.text().trimEnd().split("\n");
  assert(lines.length >= 10_000 && lines.length < 20_000, String(lines.length));
  assertEquals(lines.at(-1), "1970-01-01T00:00:00.000Z a: 49999");
});
