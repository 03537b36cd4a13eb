import { assertEquals, assertStrictEquals } from "@std/assert";
import { epochIn, Framing, lineEvents, textFrames } from "../../../../chat/transport/web/framed.ts";
import { decodeText, encodeText } from "../../../../lib/text.ts";

Deno.test("a chunk is framed once for all members, and again for another numbering", () => {
  let made = 0;
  const framing = new Framing((lines, epoch) => {
    made++;
    return lineEvents(lines, epoch);
  });
  const lines = encodeText("#7 alice: hi\n");
  assertStrictEquals(framing.of(lines, "a"), framing.of(lines, "a"));
  assertEquals(made, 1);
  assertEquals(decodeText(framing.of(lines, "b")), "id: b-7\ndata: #7 alice: hi\n\n");
});

Deno.test("a frame's length has the form that fits: 125, 126, 65,535 and 65,536 bytes", () => {
  for (const [length, head] of [[0, 2], [125, 2], [126, 4], [65_535, 4], [65_536, 10]] as const) {
    const frames = textFrames(encodeText(`${"é".repeat(length / 2)}${"x".repeat(length % 2)}\n`));
    assertEquals([frames.length, frames[0]], [head + length, 0x81]);
  }
});

Deno.test("a numbering is found wherever it stands among lines, and in nothing that somebody said", () => {
  assertEquals(epochIn(encodeText("* hello\n= q5T0 6\n* more\n")), "q5T0");
  assertEquals(epochIn(encodeText("= q5T0 6\n")), "q5T0");
  assertEquals(epochIn(encodeText("alice: = q5T0 6\n=\n= \n")), null);
});

Deno.test("only numbered lines have an id, and only when the numbering is known", () => {
  const lines = encodeText("#7 alice: #8 x\n+a1 7\n#x no number\n");
  assertEquals(
    decodeText(lineEvents(lines, "e")),
    "id: e-7\ndata: #7 alice: #8 x\n\ndata: +a1 7\n\ndata: #x no number\n\n",
  );
  assertEquals(decodeText(lineEvents(lines, null)).includes("id:"), false);
});
