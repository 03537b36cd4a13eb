import { assert, assertEquals } from "@std/assert";
import { encodeText, escapeControls } from "../../../../lib/text.ts";
import { excerptOf, looksLikeText } from "../../../../lib/wire/explain/excerpt.ts";

const permissions = "none";
const shown = (text: string): string => excerptOf(encodeText(text));

Deno.test("an excerpt marks line ends, NUL bytes and runs", { permissions }, () => {
  assertEquals(shown("GET / HTTP/1.1\r\n"), "“GET / HTTP/1.1␍⏎”");
  assertEquals(shown("a\nb\rc\r\n"), "“a⏎b␍c␍⏎”");
  assertEquals(shown("ping\0\0"), "“ping␀␀”");
  assertEquals(shown(`ping${"\0".repeat(1020)}`), "“ping⟨1,020 × ␀⟩”");
  assertEquals(shown(`${"-".repeat(45)}\n`), "“⟨45 × -⟩⏎”");
  assertEquals(shown("hm..."), "“hm...”");
  assertEquals(shown(""), "“”");
});

Deno.test("an excerpt shows a head as text, whatever the body is", { permissions }, () => {
  const head = encodeText("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\nConnection: keep-alive\r\n\r\n");
  const body = Uint8Array.from({ length: 3000 }, (_, index) => 128 + index * 7 % 128);
  assertEquals(excerptOf(new Uint8Array([...head, ...body])), "“HTTP/1.1 200 OK␍⏎Content-Length: 3000␍⏎C…”");
  assertEquals(excerptOf(body).startsWith("80 87 8e"), true);
});

Deno.test("an excerpt shows what is no UTF-8, and what the end cuts", { permissions }, () => {
  assertEquals(excerptOf(Uint8Array.of(0x63, 0x61, 0x66, 0xe9, 0x0a)), "“caf⟨e9⟩⏎”");
  assertEquals(excerptOf(Uint8Array.of(0x61, 0xe2, 0x82)), "“a⟨e2 82…⟩”");
  assertEquals(excerptOf(Uint8Array.of(0xc3)), "“⟨c3…⟩”");
  assertEquals(
    excerptOf(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49)),
    "89 50 4e 47 0d 0a 1a 0a 00 00 00 0d …",
  );
});

Deno.test("an excerpt is short, and safe to print", { permissions }, () => {
  assertEquals(shown("x y ".repeat(1000)), `“${"x y ".repeat(10)}…”`);
  assertEquals(shown("漢".repeat(100)).length, 43);
  assertEquals(shown("\x1b[31m\x07\u202ehi"), "“␛[31m\\x07\\u202ehi”");
  for (let seed = 0; seed < 2000; seed++) {
    const bytes = Uint8Array.from(
      { length: seed % 97 },
      (_, index) => (seed * 7919 + index * index * 31 + index * seed) & 255,
    );
    const text = excerptOf(bytes);
    assert(text.length < 90, text);
    assertEquals(escapeControls(text), text);
  }
});

Deno.test("looksLikeText() tells text from other bytes", { permissions }, () => {
  for (const text of ["", "a", "Grüße\r\n", "\x1b[1mbold\x1b[0m", "ping\0\0\0\0\0\0", "漢字\n", "caf\xe9"]) {
    assert(looksLikeText(encodeText(text)), text);
  }
  assert(looksLikeText(Uint8Array.of(0xc3)), "half a character");
  assert(!looksLikeText(Uint8Array.of(0, 0, 1, 44)));
  assert(!looksLikeText(new Uint8Array(8)));
  assert(!looksLikeText(Uint8Array.from({ length: 200 }, (_, index) => (index * 97) & 255)));
});
