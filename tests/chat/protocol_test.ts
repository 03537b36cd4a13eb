import { assert, assertEquals, assertNotMatch } from "@std/assert";
import {
  actionLine,
  chatLine,
  fitsLine,
  isFarewell,
  isNotice,
  learnFrom,
  MAX_LINE,
  noticeLine,
  parseLine,
  privateLine,
  splitWord,
  youAre,
} from "../../chat/protocol.ts";

const pure = { permissions: "none" } as const;

Deno.test("parseLine() tells text from commands", pure, () => {
  assertEquals(parseLine("hello"), { kind: "say", text: "hello" });
  assertEquals(parseLine("  indented "), { kind: "say", text: "  indented" });
  assertEquals(parseLine("/who"), { kind: "command", name: "who", rest: "" });
  assertEquals(parseLine(" /NICK  Bob  "), { kind: "command", name: "nick", rest: "Bob" });
  assertEquals(parseLine("/msg bob  two  words"), { kind: "command", name: "msg", rest: "bob  two  words" });
  assertEquals(parseLine("//etc/passwd"), { kind: "say", text: "/etc/passwd" });
  assertEquals(parseLine("/"), { kind: "command", name: "", rest: "" });
  assertEquals(parseLine(""), { kind: "nothing" });
  assertEquals(parseLine(" \t "), { kind: "nothing" });
  assertEquals(parseLine("/me a\u2028b"), { kind: "command", name: "me", rest: "a\u2028b" });
});

Deno.test("isFarewell() accepts exit and /quit in any case, with spaces around them (C6)", pure, () => {
  for (const line of ["exit", "EXIT", "  Exit \t", "/quit", "/QUIT ", "exit\r"]) assert(isFarewell(line), line);
  for (const line of ["exit the room", "please exit", "exit.", "quit", "/quit now", "ex it", ""]) {
    assert(!isFarewell(line), line);
  }
  assertEquals(parseLine(" EXIT "), { kind: "command", name: "quit", rest: "" });
});

Deno.test("no member's line looks like a notice, another member's line or a prompt (C2)", pure, () => {
  const texts = [
    "* bob left (quit)",
    "\n* bob left (quit)",
    "\r* bob left",
    "bob: hi",
    "\x1b[2K\r* x",
    "\u2028* x",
    "~ bob waves",
    "> ",
  ];
  for (const text of texts) {
    for (const line of [chatLine("alice", text), actionLine("alice", text), privateLine("alice", text)]) {
      assert(!isNotice(line), line);
      assertEquals(learnFrom(line), { own: null, here: ["alice"], gone: [] }, line);
      assertNotMatch(line, /[\p{Cc}\u2028\u2029\u202a-\u202e]/u);
    }
  }
});

Deno.test("control and bidirectional-override characters arrive escaped (S7, 64)", pure, () => {
  assertEquals(chatLine("eve", "\x1b[31mred\x07\0"), "eve: ␛[31mred\\x07␀");
  assertEquals(chatLine("eve", "user\u202enimda"), "eve: user\\u202enimda");
  assertEquals(noticeLine("a\nb"), "* a\\nb");
});

Deno.test("a tab in what a member writes stays; in a notice it is escaped", pure, () => {
  assertEquals(chatLine("bob", "\tif x:\ty\x0b"), "bob: \tif x:\ty\\x0b");
  assertEquals(actionLine("bob", "\twaves"), "~ bob \twaves");
  assertEquals(privateLine("bob", "a\tb"), "bob (to you): a\tb");
  assertEquals(noticeLine("a\tb"), "* a\\tb");
});

Deno.test("splitWord() splits off the first word", pure, () => {
  assertEquals(splitWord("bob hello there"), { word: "bob", text: "hello there" });
  assertEquals(splitWord("bob"), { word: "bob", text: "" });
  assertEquals(splitWord(""), { word: "", text: "" });
});

Deno.test("learnFrom() reads names from the room's lines", pure, () => {
  const nothing = { own: null, here: [], gone: [] };
  assertEquals(learnFrom(noticeLine(youAre("guest-1"))), { ...nothing, own: "guest-1" });
  assertEquals(learnFrom("* alice joined"), { ...nothing, here: ["alice"] });
  assertEquals(learnFrom("* alice left (too slow)"), { ...nothing, gone: ["alice"] });
  assertEquals(learnFrom("* guest-1 is now alice"), { ...nothing, here: ["alice"], gone: ["guest-1"] });
  assertEquals(learnFrom("* 2 here: server, alice"), { ...nothing, here: ["server", "alice"] });
  assertEquals(learnFrom("* here with you: a, b, and 7 more (/who)"), { ...nothing, here: ["a", "b"] });
  assertEquals(learnFrom("alice: hi: there"), { ...nothing, here: ["alice"] });
  assertEquals(learnFrom("alice (to you): psst"), { ...nothing, here: ["alice"] });
  assertEquals(learnFrom("~ alice waves"), { ...nothing, here: ["alice"] });
  for (const line of ["", "Goodbye! Closing connection.", "* the server is shutting down", "no colon here"]) {
    assertEquals(learnFrom(line), nothing);
  }
});

Deno.test("fitsLine() counts bytes", pure, () => {
  assert(fitsLine("x".repeat(MAX_LINE - 1)));
  assert(!fitsLine("x".repeat(MAX_LINE)));
  assert(fitsLine("é".repeat(MAX_LINE / 2 - 1)));
  assert(!fitsLine("漢".repeat(MAX_LINE / 2)));
});

/** Names from a malicious server that would control or confuse a terminal. */
const NO_NAMES = [
  "\x1b]0;PWNED\x07\x1b[31mx",
  "\x1b]52;c;cm0gLXJm\x07",
  "a\u202eb",
  "a\u200bb",
  "\u0600".repeat(75),
  "x\x9b2J",
  "a".repeat(25),
  "аlice",
];

Deno.test("learnFrom() ignores names that a room would refuse", pure, () => {
  const nothing = { own: null, here: [], gone: [] };
  for (const name of NO_NAMES) {
    assertEquals(learnFrom(`* you are ${name}; /help lists what you can type`), nothing, name);
    assertEquals(learnFrom(`* ${name} joined`), nothing, name);
    assertEquals(learnFrom(`* ${name} left (quit)`), nothing, name);
    assertEquals(learnFrom(`~ ${name} waves`), nothing, name);
    assertEquals(learnFrom(`${name} (to you): psst`), nothing, name);
    assertEquals(learnFrom(`* bob is now ${name}`), { ...nothing, gone: ["bob"] }, name);
    assertEquals(learnFrom(`* 3 here: bob, ${name}, carol`), { ...nothing, here: ["bob", "carol"] }, name);
  }
});
