import { assertEquals, assertThrows } from "@std/assert";
import { AnswerBytes, ascii } from "../../../http/answer/bytes.ts";
import { textOf } from "../../../http/request/syntax.ts";

const permissions = "none";

Deno.test("AnswerBytes gathers text and bytes of any size, and is empty after take()", { permissions }, () => {
  const outbox = new AnswerBytes();
  outbox.text("head ");
  outbox.text(ascii("abc"));
  outbox.bytes(Uint8Array.of(33));
  assertEquals([outbox.length, textOf(outbox.take()), outbox.length], [9, "head abc!", 0]);
  for (const length of [1, 63, 64, 65, 8000, 30_000, 8000]) {
    outbox.text("x".repeat(length));
    assertEquals(textOf(outbox.take()), "x".repeat(length));
  }
  // The same length again, with other bytes.
  outbox.text("y".repeat(8000));
  assertEquals(textOf(outbox.take()), "y".repeat(8000));
});

Deno.test("AnswerBytes is full at a limit, and not reusable after it has grown large", { permissions }, () => {
  const outbox = new AnswerBytes();
  outbox.bytes(new Uint8Array(30_000));
  assertEquals(outbox.full, false);
  outbox.bytes(new Uint8Array(40_000));
  assertEquals([outbox.full, outbox.reusable], [true, true]);
  assertEquals(outbox.take().length, 70_000);
  outbox.bytes(new Uint8Array(500_000));
  assertEquals(outbox.reusable, false);
});

Deno.test("AnswerBytes refuses text that is not ASCII, short or long, and keeps its contents", { permissions }, () => {
  const outbox = new AnswerBytes();
  outbox.text("a");
  for (const text of ["naïve", "漢", `${"x".repeat(100)}é`, `é${"x".repeat(100)}`]) {
    assertThrows(() => outbox.text(text), TypeError, "Cannot send the text: it is not ASCII");
  }
  outbox.text("b");
  assertEquals(textOf(outbox.take()), "ab");
});
