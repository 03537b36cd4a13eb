import { assert, assertEquals } from "@std/assert";
import { isServersWord, Reflexes } from "../../../chat/turns/udp_reflex.ts";

/** What becomes of each round: we say something, and so much later (ms) the other side does. */
function rounds(
  ...heard: readonly { readonly said: string; readonly after: number; readonly text: string }[]
): boolean[] {
  const reflexes = new Reflexes();
  let now = 0;
  return heard.map(({ said, after, text }) => {
    now += 5000;
    reflexes.said(said, now);
    return reflexes.heard(text, now + after);
  });
}

Deno.test(
  "Reflexes knows an echo by the second of our answers that comes back at once",
  { permissions: "none" },
  () => {
    const echo = ["a", "b"].map((text) => ({ said: text, after: 1, text }));
    assertEquals(rounds(...echo), [false, true]);
  },
);

Deno.test("Reflexes knows a server by its third answer with the same words", { permissions: "none" }, () => {
  const fixed = ["a", "b", "c", "d"].map((said) => ({ said, after: 1, text: "fixed" }));
  assertEquals(rounds(...fixed), [false, false, false, true]);
});

Deno.test("Reflexes takes for a person who is slow, or has something new to say", { permissions: "none" }, () => {
  assert(!rounds(...["a", "b", "c", "d"].map((text) => ({ said: text, after: 30, text }))).includes(true));
  assert(!rounds(...["a", "b", "c", "d"].map((said) => ({ said, after: 0, text: `${said}!` }))).includes(true));
  const mixed = [
    { said: "a", after: 1, text: "a" },
    { said: "b", after: 1, text: "new" },
    { said: "c", after: 1, text: "c" },
  ];
  assertEquals(rounds(...mixed), [false, false, false]);
});

Deno.test("Reflexes looks only at what comes first after an answer: a client may ask again any number of times", {
  permissions: "none",
}, () => {
  const reflexes = new Reflexes();
  for (let now = 0; now < 100; now++) assert(!reflexes.heard("are you there?", now));
  reflexes.said("yes", 100);
  // One that crossed the answer, and what was sent before that came.
  for (let now = 101; now < 110; now++) assert(!reflexes.heard("are you there?", now));
});

Deno.test("Reflexes lets both sides say exit at once", { permissions: "none" }, () => {
  assertEquals(rounds(...["exit", "exit", "exit"].map((text) => ({ said: text, after: 0, text }))), [
    false,
    false,
    false,
  ]);
});

Deno.test("isServersWord() knows what our servers say by themselves", { permissions: "none" }, () => {
  for (
    const text of [
      "Hello from server!",
      "Goodbye! Closing session.",
      "Cannot take the question: it is empty",
      '{"error":"Cannot take the question: it is no JSON object"}',
    ]
  ) assert(isServersWord(text), text);
  for (const text of ["", "hello", "Hello from server", "Cannot hear you", "Bob: 58"]) {
    assert(!isServersWord(text), text);
  }
});
