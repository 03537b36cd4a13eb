import { assert, assertEquals } from "@std/assert";
import { charWidth, textWidth, wrapLine } from "../../../lib/console/width.ts";

const pure = { permissions: "none" } as const;

Deno.test("charWidth() distinguishes wide, narrow and zero-width characters", pure, () => {
  for (const char of ["a", "é", "ß", "Ж", "ا", "…", "│", "ﬁ"]) assertEquals(charWidth(char), 1, char);
  for (const char of ["漢", "あ", "한", "😀", "Ａ", "、", "𠀀"]) assertEquals(charWidth(char), 2, char);
  for (const char of ["\u0308", "\u200d", "\u0e31"]) assertEquals(charWidth(char), 0, JSON.stringify(char));
  assertEquals(textWidth("a漢e\u0308"), 4);
});

Deno.test(
  "charWidth() counts one where terminals differ: visible format characters, newer combining marks",
  pure,
  () => {
    const shown = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}";
    for (const char of `${shown}\u0897\u0ece\u{10d69}\u{113bb}\u{13440}\u{1e5ee}`) {
      assertEquals(charWidth(char), 1, char.codePointAt(0)?.toString(16));
    }
    assertEquals(["क्", "ที่", "שָ", "한", "が"].map((text) => textWidth(text.normalize("NFD"))), [1, 1, 1, 2, 2]);
  },
);

Deno.test("wrapLine() keeps a line that fits, and breaks a longer one with an indent", pure, () => {
  assertEquals(wrapLine("short", 10), ["short"]);
  assertEquals(wrapLine("x".repeat(10), 10), ["x".repeat(10)]);
  assertEquals(wrapLine("x".repeat(25), 10), ["x".repeat(10), "  xxxxxxxx", "  xxxxxxx"]);
  assertEquals(wrapLine("eve: 漢字漢字漢字", 10), ["eve: 漢字", "  漢字漢字"]);
});

Deno.test("wrapLine() breaks after a space if there is one", pure, () => {
  assertEquals(wrapLine("alice: one two three", 12), ["alice: one", "  two three"]);
});

Deno.test("wrapLine() keeps the rows of an indented line indented, coloured or not", pure, () => {
  assertEquals(wrapLine("    Why: one two three", 17), ["    Why: one two", "    three"]);
  assertEquals(wrapLine("\x1b[2m    Why: one two three\x1b[22m", 17)[1], "    three\x1b[22m");
});

Deno.test("no part of a long line starts a row: it cannot pass for a line of its own (C2)", pure, () => {
  const forged = `eve: ${" ".repeat(15)}* alice left (quit)`;
  const unseen = `eve: ${"\u0600".repeat(75)}* the server restarts; log in again`;
  assertEquals(wrapLine(unseen, 80)[1]?.startsWith("  "), true);
  for (let columns = 4; columns < 60; columns++) {
    const [first = "", ...others] = wrapLine(forged, columns);
    assertEquals(first.startsWith("eve:"), true);
    for (const row of others) assertEquals(/^( {2}|$)/.test(row), true, JSON.stringify([columns, row]));
  }
});

Deno.test("wrapLine() makes spaces of tabs, up to the next of a terminal's stops", pure, () => {
  assertEquals(wrapLine("\tif x:\ty", 80), ["        if x:   y"]);
  assertEquals(wrapLine("12345678\t漢\te\u0308\tz", 80), ["12345678        漢      e\u0308       z"]);
  assertEquals(wrapLine("\x1b[32m[+]\x1b[39m\tx", 80), ["\x1b[32m[+]\x1b[39m     x"]);
  assertEquals(wrapLine("a\tb", 0), ["a       b"]);
});

Deno.test("no tab lets a row of a long line pass for a line of its own (C2)", pure, () => {
  for (let columns = 4; columns < 60; columns++) {
    for (let tabs = 0; tabs < 10; tabs++) {
      const [first = "", ...others] = wrapLine(`eve: ${"\t".repeat(tabs)}* alice left (quit)`, columns);
      assertEquals(first.startsWith("eve:"), true);
      for (const row of [first, ...others]) assert(!row.includes("\t") && textWidth(row) <= columns);
      for (const row of others) assertEquals(/^( {2}|$)/.test(row), true, JSON.stringify([columns, row]));
    }
  }
});

Deno.test("wrapLine() looks at each character of a word without end a few times, not once for each row", pure, () => {
  const started = performance.now();
  wrapLine("x".repeat(2 ** 20), 80);
  // 0.1 s, or else 7 s.
  assert(performance.now() - started < 2000);
});

Deno.test("wrapLine() keeps a fingerprint whole if it fits into a row, for copying", pure, () => {
  const pin = `sha256:${"0123456789abcdef".repeat(4)}`;
  assertEquals(wrapLine(`\x1b[32m[+]\x1b[39m The server's key is ${pin} today`, 80), [
    "\x1b[32m[+]\x1b[39m The server's key is",
    `  ${pin} today`,
  ]);
  assertEquals(wrapLine(`key ${pin}`, 40), [`key ${pin.slice(0, 36)}`, `  ${pin.slice(36)}`]);
});

Deno.test("wrapLine() neither counts nor splits colours", pure, () => {
  const green = "\x1b[32m[+]\x1b[39m";
  assertEquals(wrapLine(`${green} ab`, 6), [`${green} ab`]);
  assertEquals(wrapLine(`${green}abcdefg`, 6), [`${green}abc`, "  defg"]);
});

Deno.test("wrapLine() leaves a line alone for a terminal that is very narrow or has no width", pure, () => {
  assertEquals(wrapLine("x".repeat(25), 0), ["x".repeat(25)]);
  assertEquals(wrapLine("漢字", 3), ["漢字"]);
});
