import { assertEquals } from "@std/assert";
import { MOST_KEPT, Turns } from "../../../chat/turns/turns.ts";

const pure = { permissions: "none" } as const;

Deno.test("Turns alternate, starting with the partner", pure, () => {
  const turns = new Turns();
  assertEquals(turns.ours, false);
  assertEquals(turns.receive("hello"), "now");
  assertEquals(turns.ours, true);
  turns.send("hello yourself");
  assertEquals([turns.ours, turns.sent], [false, "hello yourself"]);
});

Deno.test("Turns queue what the partner sends out of turn, up to a limit (61)", pure, () => {
  const turns = new Turns();
  turns.receive("one");
  for (let count = 0; count < MOST_KEPT; count++) assertEquals(turns.receive(`early ${count}`), "kept");
  assertEquals(turns.receive("too much"), "full");
  assertEquals(turns.next(), null);
  turns.send("answer");
  assertEquals(turns.next(), "early 0");
  assertEquals([turns.ours, turns.next()], [true, null]);
  assertEquals(turns.rest().length, MOST_KEPT - 1);
});

Deno.test("Turns accept an empty line as a message (61)", pure, () => {
  const turns = new Turns();
  assertEquals(turns.receive(""), "now");
});

Deno.test("Turns with repeats detect a repeated message, before and after its answer", pure, () => {
  const turns = new Turns({ repeats: true });
  assertEquals(turns.receive("hello"), "now");
  assertEquals([turns.receive("hello"), turns.doubted], ["repeated", false]);
  assertEquals(turns.receive("other"), "kept");
  turns.send("yes");
  assertEquals(turns.next(), "other");
  turns.send("indeed");
  assertEquals([turns.receive("other"), turns.doubted], ["now", true]);
  turns.send("indeed");
  assertEquals([turns.receive("more"), turns.doubted], ["now", false]);
});

Deno.test("Turns without repeats treat the same text as a new message", pure, () => {
  const turns = new Turns();
  turns.receive("hello");
  assertEquals(turns.receive("hello"), "kept");
});
