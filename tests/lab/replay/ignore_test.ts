import { assertEquals, assertThrows } from "@std/assert";
import { ignorePatterns, mask } from "../../../lab/replay/ignore.ts";
import { UsageError } from "../../../lib/errors.ts";
import { encodeText } from "../../../lib/text.ts";

const pure = { permissions: "none" } as const;

/** The symbols as text, `#` for an ignored part. */
function masked(text: string, ...patterns: string[]): string {
  return Array.from(
    mask(encodeText(text), ignorePatterns(patterns)).symbols,
    (code) => code > 255 ? "#" : String.fromCharCode(code),
  ).join("");
}

Deno.test("mask() makes each match one symbol; ^ and $ are the ends of a line, CR LF too", pure, () => {
  assertEquals(masked("a: 1\r\nDate: x\r\nb: 2", "^Date: .*$"), "a: 1\r\n#\r\nb: 2");
  assertEquals(masked("id=1&id=22", "(?<=id=)\\d+"), "id=#&id=#");
});

Deno.test("mask() joins matches that overlap or touch, and takes an empty match for none", pure, () => {
  assertEquals(masked("abcdef", "bc", "cd", "e"), "a#f");
  assertEquals(masked("abc", "x*"), "abc");
  assertEquals(masked("", ".*"), "");
});

Deno.test(
  "mask() matches bytes: a character beyond ASCII is its UTF-8 bytes, and broken UTF-8 is no trouble",
  pure,
  () => {
    assertEquals(masked("Grüße!", "üß"), "Gr#e!");
    const { symbols } = mask(Uint8Array.of(0xff, 0x80, 0x31), ignorePatterns(["\\d"]));
    assertEquals(Array.from(symbols), [0xff, 0x80, 256]);
  },
);

Deno.test("mask() finds the place of each symbol among the bytes", pure, () => {
  const { offsetOf, ignored, endsIgnored } = mask(encodeText("a123b45"), ignorePatterns(["\\d+"]));
  assertEquals([0, 1, 2, 3, 4].map(offsetOf), [0, 1, 4, 5, 7]);
  assertEquals([ignored, endsIgnored], [2, true]);
});

Deno.test("mask() takes bytes by the megabyte", pure, () => {
  const bytes = new Uint8Array(3_000_000).fill(0x41);
  bytes[2_999_999] = 0x31;
  assertEquals(mask(bytes, ignorePatterns(["\\d"])).symbols.at(-1), 256);
});

Deno.test("ignorePatterns() says what is no regular expression", pure, () => {
  assertThrows(
    () => ignorePatterns(["ok", "(open"]),
    UsageError,
    'Cannot use --ignore "(open": it is no regular expression (unterminated group)',
  );
});
