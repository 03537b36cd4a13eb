import { assert, assertEquals } from "@std/assert";
import {
  counted,
  decodeText,
  encodeText,
  escapeControls,
  escapeJson,
  hexPairs,
  listed,
  plural,
  printableText,
  streamDecoder,
  thousands,
} from "../../lib/text.ts";
import { everyWay } from "../support/chunks.ts";

const permissions = "none";

Deno.test("escapeControls() escapes every C0 and C1 control and DEL (S7)", { permissions }, () => {
  assertEquals(escapeControls("\0\x1b\t\n\r"), "␀␛\\t\\n\\r");
  assertEquals(escapeControls("\x07\x7f\x9b"), "\\x07\\x7f\\x9b");
  for (let code = 0; code < 0xa0; code++) {
    if (code >= 0x20 && code < 0x7f) continue;
    const shown = escapeControls(String.fromCharCode(code));
    assert(/^[\x20-\x7e␀␛]+$/.test(shown), `U+${code.toString(16)} became ${JSON.stringify(shown)}`);
  }
});

Deno.test("escapeControls() escapes characters that reorder or split a line (S7)", { permissions }, () => {
  for (const mark of "\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\ufeff") {
    const code = mark.charCodeAt(0).toString(16).padStart(4, "0");
    assertEquals(escapeControls(`a${mark}b`), `a\\u${code}b`);
    assertEquals(escapeControls(mark, { lines: true }), `\\u${code}`);
  }
});

Deno.test("escapeControls() leaves other text unchanged", { permissions }, () => {
  const text = "Grüße, 漢字 😀 👩‍👩‍👧 עברית ~ \u00a0 �";
  assertEquals(escapeControls(text), text);
});

Deno.test("escapeControls() with tabs keeps the tab only", { permissions }, () => {
  assertEquals(escapeControls("a\tb\nc\rd\x1be\0\x85\u2028", { tabs: true }), "a\tb\\nc\\rd␛e␀\\x85\\u2028");
});

Deno.test("escapeControls() with lines keeps newline and tab only", { permissions }, () => {
  assertEquals(escapeControls("a\tb\nc\rd\x1be\0", { lines: true }), "a\tb\nc\\rd␛e␀");
});

Deno.test(
  "decodeText() replaces each maximal invalid sequence by one U+FFFD and keeps a byte order mark (S3, row 38, 39)",
  {
    permissions,
  },
  () => {
    assertEquals(decodeText(encodeText("é漢😀")), "é漢😀");
    assertEquals(decodeText(Uint8Array.of(0x61, 0xf0, 0x9f, 0x98, 0x62)), "a\ufffdb");
    assertEquals(decodeText(Uint8Array.of(0xc0, 0x80)), "\ufffd\ufffd", "overlong");
    assertEquals(decodeText(Uint8Array.of(0xed, 0xa0, 0x80)), "\ufffd\ufffd\ufffd", "surrogate");
    assertEquals(decodeText(Uint8Array.of(0xff, 0xfb, 0x01)), "\ufffd\ufffd\x01", "telnet bytes");
    assertEquals(decodeText(encodeText("\ufeffa")), "\ufeffa");
  },
);

Deno.test("streamDecoder() returns whole characters wherever they are split (S3)", { permissions }, () => {
  const text = "\ufeffé漢😀\ufeff end";
  for (const { name, pieces } of everyWay(encodeText(text))) {
    const decoder = streamDecoder();
    const shown = pieces.map((piece) => decoder.decode(piece, { stream: true }));
    assertEquals(shown.join("") + decoder.decode(), text, name);
    assert(!shown.some((part) => part.includes("\ufffd")), name);
  }
});

Deno.test("hexPairs() and thousands() part what is hard to count", { permissions }, () => {
  assertEquals(hexPairs(new Uint8Array()), "");
  assertEquals(hexPairs(Uint8Array.of(0, 255, 16)), "00 ff 10");
  assertEquals([thousands(1234567), thousands(12n), thousands(-1234)], ["1,234,567", "12", "-1,234"]);
  assertEquals([counted(1, "byte"), counted(1024, "byte")], ["1 byte", "1,024 bytes"]);
});

Deno.test("plural() inflects the noun", { permissions }, () => {
  assertEquals([0, 1, 2].map((count) => plural(count, "byte")), ["0 bytes", "1 byte", "2 bytes"]);
});

Deno.test("escapeJson() preserves the JSON value and leaves nothing raw (S7)", { permissions }, () => {
  const text = "\x7f\x9b31m\u202e\u2028\ufeff é😀";
  const line = escapeJson(JSON.stringify({ text }));
  assertEquals(line, '{"text":"\\u007f\\u009b31m\\u202e\\u2028\\ufeff é😀"}');
  assertEquals(JSON.parse(line).text, text);
});

Deno.test("listed() joins words as a sentence does", { permissions }, () => {
  assertEquals([[], ["a"], ["a", "b"], ["a", "b", "c"]].map((words) => listed(words)), [
    "",
    "a",
    "a and b",
    "a, b and c",
  ]);
  assertEquals(listed(["tcp", "udp"], "or"), "tcp or udp");
});

Deno.test("printableText() leaves nothing that XML 1.0 or YAML cannot hold", { permissions }, () => {
  assertEquals(printableText("a\x1b\ud800\ufffe\uffffb\n"), "a␛\ufffd\ufffd\ufffdb\\n");
  assertEquals(printableText("a\nb", { lines: true }), "a\nb");
});
