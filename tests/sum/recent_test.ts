import { assertEquals } from "@std/assert";
import { RecentAnswers } from "../../sum/recent.ts";

Deno.test("RecentAnswers identifies a question by peer and content", { permissions: "none" }, () => {
  const recent = new RecentAnswers();
  recent.add("192.0.2.1:5000", "Ada: 42", "Bob: 58");
  assertEquals(recent.find("192.0.2.1:5000", "Ada: 42"), "Bob: 58");
  assertEquals(recent.find("192.0.2.1:5000", "Ada: 43"), undefined);
  assertEquals(recent.find("192.0.2.1:5001", "Ada: 42"), undefined);
});

Deno.test("RecentAnswers drops expired answers", { permissions: "none" }, () => {
  let now = 0;
  const recent = new RecentAnswers({ keep: 100, now: () => now });
  recent.add("a:1", "q", "first");
  now = 100;
  assertEquals(recent.find("a:1", "q"), "first");
  recent.add("b:1", "q", "second");
  now = 101;
  assertEquals(recent.find("a:1", "q"), undefined);
  assertEquals(recent.find("b:1", "q"), "second");
  assertEquals(recent.size, 1);
});

Deno.test("RecentAnswers drops the oldest, and does not remember long questions", { permissions: "none" }, () => {
  const recent = new RecentAnswers({ max: 3 });
  for (let count = 1; count <= 1000; count++) recent.add(`a:${count}`, "q", `${count}`);
  assertEquals(recent.size, 3);
  assertEquals(recent.find("a:997", "q"), undefined);
  assertEquals(["a:998", "a:999", "a:1000"].map((peer) => recent.find(peer, "q")), ["998", "999", "1000"]);
  recent.add("b:1", "x".repeat(60_000), "long");
  assertEquals(recent.find("b:1", "x".repeat(60_000)), undefined);
  assertEquals(recent.size, 3);
});
