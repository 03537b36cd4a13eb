import { assert, assertEquals } from "@std/assert";
import { AutoReplyDetector, isAutomaticReply } from "../../../chat/turns/udp_reflex.ts";

/** The verdict for each round: we send a message, and `after` ms later the peer does. */
function rounds(
  ...messages: readonly { readonly said: string; readonly after: number; readonly text: string }[]
): boolean[] {
  const detector = new AutoReplyDetector();
  let now = 0;
  return messages.map(({ said, after, text }) => {
    now += 5000;
    detector.sent(said, now);
    return detector.received(text, now + after);
  });
}

Deno.test(
  "AutoReplyDetector detects an echo at the second answer that comes back at once",
  { permissions: "none" },
  () => {
    const echo = ["a", "b"].map((text) => ({ said: text, after: 1, text }));
    assertEquals(rounds(...echo), [false, true]);
  },
);

Deno.test(
  "AutoReplyDetector detects a server at its third repetition of the same message",
  { permissions: "none" },
  () => {
    const fixed = ["a", "b", "c", "d"].map((said) => ({ said, after: 1, text: "fixed" }));
    assertEquals(rounds(...fixed), [false, false, false, true]);
  },
);

Deno.test(
  "AutoReplyDetector accepts a peer that is slow or sends something new",
  { permissions: "none" },
  () => {
    assert(!rounds(...["a", "b", "c", "d"].map((text) => ({ said: text, after: 30, text }))).includes(true));
    assert(!rounds(...["a", "b", "c", "d"].map((said) => ({ said, after: 0, text: `${said}!` }))).includes(true));
    const mixed = [
      { said: "a", after: 1, text: "a" },
      { said: "b", after: 1, text: "new" },
      { said: "c", after: 1, text: "c" },
    ];
    assertEquals(rounds(...mixed), [false, false, false]);
  },
);

Deno.test(
  "AutoReplyDetector checks only the first message after an answer: a client may retry any number of times",
  {
    permissions: "none",
  },
  () => {
    const detector = new AutoReplyDetector();
    for (let now = 0; now < 100; now++) assert(!detector.received("are you there?", now));
    detector.sent("yes", 100);
    // One that crossed the answer, and those sent before the answer arrived.
    for (let now = 101; now < 110; now++) assert(!detector.received("are you there?", now));
  },
);

Deno.test("AutoReplyDetector accepts an exit from both sides at once", { permissions: "none" }, () => {
  assertEquals(rounds(...["exit", "exit", "exit"].map((text) => ({ said: text, after: 0, text }))), [
    false,
    false,
    false,
  ]);
});

Deno.test("isAutomaticReply() knows our servers' automatic messages", { permissions: "none" }, () => {
  for (
    const text of [
      "Hello from server!",
      "Goodbye! Closing session.",
      "Cannot take the question: it is empty",
      '{"error":"Cannot take the question: not a JSON object"}',
    ]
  ) assert(isAutomaticReply(text), text);
  for (const text of ["", "hello", "Hello from server", "Cannot hear you", "Bob: 58"]) {
    assert(!isAutomaticReply(text), text);
  }
});
