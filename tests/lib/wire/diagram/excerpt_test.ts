import { assert, assertEquals } from "@std/assert";
import {
  columnsOf,
  excerpt,
  markup,
  oneLine,
  shortened,
  shortenedInside,
} from "../../../../lib/wire/diagram/excerpt.ts";
import { HOSTILE, utf8 } from "./samples.ts";

const whole = (text: string): string => excerpt(utf8(text), utf8(text).length);

Deno.test("excerpt() shows line ends and NUL, and escapes other controls", () => {
  assertEquals(whole("a\r\nb\nc\rd\te\0f"), "a␍⏎b⏎c␍d⇥e␀f");
  assertEquals(whole("a long text with a bell\x07"), "a long text with a bell\\x07");
  assertEquals(whole("\u202etxt.exe, which is longer"), "\\u202etxt.exe, which is longer");
  assertEquals(whole(""), "");
});

Deno.test("excerpt() shows bytes that are no text as hex", () => {
  assertEquals(excerpt(Uint8Array.of(0x16, 3, 1, 2, 0), 5), "16 03 01 02 00");
  assertEquals(excerpt(new Uint8Array(96).fill(0xff), 200), "ff ff ff ff ff ff ff ff ff ff ff ff …");
});

Deno.test("excerpt() never cuts a character in two", () => {
  for (let cut = 1; cut < 20; cut++) {
    const text = excerpt(utf8("Grüße, 漢字 🌞 und mehr").subarray(0, cut), 30);
    assert(!text.includes("\ufffd"), `${cut}: ${text}`);
    assert(text.endsWith("…"));
  }
  assertEquals(excerpt(Uint8Array.of(0x47, 0x72, 0xc3), 3), "47 72 c3", "the message itself ends inside one");
});

Deno.test("oneLine() leaves nothing that could act on its surroundings", () => {
  // deno-lint-ignore no-control-regex
  const acting = /[\0-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/;
  for (const text of [...HOSTILE, "\ud800", "a\udc00b", "\ufffe\uffff"]) {
    const line = oneLine(text);
    assert(line.isWellFormed() && !acting.test(line), JSON.stringify(line));
  }
  assertEquals(oneLine(`Z${"\u0324".repeat(50)}algo`), "Z\u0324\u0324algo", "a pile of marks is cut down");
});

Deno.test("markup() escapes what SVG and HTML would interpret", () => {
  assertEquals(markup(`</text><script>"'&]]>`), "&lt;/text&gt;&lt;script&gt;&quot;&#39;&amp;]]&gt;");
});

Deno.test("shortened() fits a text into its columns, wide characters and named controls counted", () => {
  assertEquals(shortened("Hello", 5), "Hello");
  assertEquals(shortened("Hello!", 5), "Hell…");
  assertEquals(shortened("漢字漢字", 5), "漢字…");
  assertEquals(shortened("a␍⏎b", 5), "a␍⏎b");
  assertEquals(shortened("Hello", 0), "");
  for (const text of HOSTILE.map(oneLine)) {
    for (let columns = 1; columns < 30; columns++) assert(columnsOf(shortened(text, columns)) <= columns);
  }
});

Deno.test("shortenedInside() keeps both ends", () => {
  assertEquals(shortenedInside("[2001:db8::1]:443", 40), "[2001:db8::1]:443");
  assertEquals(shortenedInside("[2001:db8:85a3:8d3:1319:8a2e:370:7348]:65535", 20), "[2001:db8:8…8]:65535");
});
