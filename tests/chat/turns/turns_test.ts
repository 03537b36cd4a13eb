import { assertEquals } from "@std/assert";
import { MOST_KEPT, Turns } from "../../../chat/turns/turns.ts";

const pure = { permissions: "none" } as const;

Deno.test("Turns pass from one side to the other, the partner first", pure, () => {
  const turns = new Turns();
  assertEquals(turns.ours, false);
  assertEquals(turns.hear("hello"), "now");
  assertEquals(turns.ours, true);
  turns.say("hello yourself");
  assertEquals([turns.ours, turns.said], [false, "hello yourself"]);
});

Deno.test("Turns keep what the partner says out of turn, and no more than they can (61)", pure, () => {
  const turns = new Turns();
  turns.hear("one");
  for (let count = 0; count < MOST_KEPT; count++) assertEquals(turns.hear(`early ${count}`), "kept");
  assertEquals(turns.hear("too much"), "full");
  assertEquals(turns.next(), null);
  turns.say("answer");
  assertEquals(turns.next(), "early 0");
  assertEquals([turns.ours, turns.next()], [true, null]);
  assertEquals(turns.rest().length, MOST_KEPT - 1);
});

Deno.test("Turns take an empty line for a message too (61)", pure, () => {
  const turns = new Turns();
  assertEquals(turns.hear(""), "now");
});

Deno.test("Turns with repeats know a message that comes again, before and after its answer", pure, () => {
  const turns = new Turns({ repeats: true });
  assertEquals(turns.hear("hello"), "now");
  assertEquals([turns.hear("hello"), turns.doubted], ["repeated", false]);
  assertEquals(turns.hear("other"), "kept");
  turns.say("yes");
  assertEquals(turns.next(), "other");
  turns.say("indeed");
  assertEquals([turns.hear("other"), turns.doubted], ["now", true]);
  turns.say("indeed");
  assertEquals([turns.hear("more"), turns.doubted], ["now", false]);
});

Deno.test("Turns without repeats take the same words for new ones", pure, () => {
  const turns = new Turns();
  turns.hear("hello");
  assertEquals(turns.hear("hello"), "kept");
});
