import { assertEquals } from "@std/assert";
import { decodeText, encodeText } from "../../lib/text.ts";
import { CrlfFilter, outgoing } from "../../tcp/line_ends.ts";
import { everyWay } from "../support/chunks.ts";

const permissions = "none";

Deno.test("CrlfFilter gives every LF its CR, and none a second one, however the stream is cut", { permissions }, () => {
  for (const { name, pieces } of everyWay(encodeText("a\nb\r\n\n\r\rc\n"))) {
    const filter = new CrlfFilter();
    const text = pieces.map((piece) => decodeText(filter.filter(piece))).join("");
    assertEquals(text, "a\r\nb\r\n\r\n\r\rc\r\n", name);
  }
});

Deno.test("outgoing() ends a message and each typed line alike", { permissions }, () => {
  const [yes, no] = [true, false];
  assertEquals(outgoing("a\nb", { crlf: no, noNewline: no }), { message: "a\nb\n", lineEnd: "\n" });
  assertEquals(outgoing("a\nb\r\n", { crlf: yes, noNewline: no }), { message: "a\r\nb\r\n\r\n", lineEnd: "\r\n" });
  assertEquals(outgoing("a\nb", { crlf: no, noNewline: yes }), { message: "a\nb", lineEnd: "" });
});
