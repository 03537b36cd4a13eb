import { assert, assertEquals } from "@std/assert";
import { dump, dumpSpace, splitAfter } from "../../../../lib/wire/trace/hexdump.ts";
import { decodeText, encodeText } from "../../../../lib/text.ts";

const permissions = "none";

function rows(bytes: Uint8Array, offset = 0, pending = 0): string[] {
  const into = new Uint8Array(dumpSpace(bytes.length));
  const length = dump(bytes, into, { offset, pending });
  assert(length <= into.length, `${length} bytes for ${bytes.length}`);
  return decodeText(into.subarray(0, length)).split("\n").slice(0, -1);
}

/** The text of each row. */
function texts(bytes: Uint8Array, pending = 0): string {
  return rows(bytes, 0, pending).map((row) => row.slice(row.indexOf("|") + 1, -1)).join("");
}

Deno.test("dump() shows sixteen bytes a row in hex and as text, under their offset", { permissions }, () => {
  assertEquals(rows(encodeText("Hello from client!\n"), 0x1f0), [
    "  000001f0  48 65 6c 6c 6f 20 66 72  6f 6d 20 63 6c 69 65 6e  |Hello from clien|",
    "  00000200  74 21 0a                                          |t!␊|",
  ]);
  assertEquals(rows(new Uint8Array()), []);
});

Deno.test("dump() shows every control by its picture, and never as it is", { permissions }, () => {
  assertEquals(texts(encodeText("a\r\n\0\t\x1b\x7f")), "a␍␊␀␉␛␡");
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  assert(!/[\p{Cc}\p{Cf}]/u.test(texts(all)));
  assertEquals([...texts(all)].length, 256);
});

Deno.test("dump() gives a character the place of its first byte, and marks what is no UTF-8", { permissions }, () => {
  assertEquals(texts(encodeText("Grüße €😀")), "Grü·ß·e €··😀···");
  // Overlong, a surrogate, beyond U+10FFFF, a lone continuation, an invalid lead.
  for (const broken of [[0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x80], [0xff]]) {
    assertEquals(texts(Uint8Array.from([0x61, ...broken, 0x62])), `a${"�".repeat(broken.length)}b`);
  }
  // A mark that combines and an override of direction would change what stands around them.
  assertEquals(texts(encodeText("e\u0301\u202e")), "e·····");
});

Deno.test("dump() marks a character that is split between two reads, at every index", { permissions }, () => {
  for (const character of ["ü", "€", "😀"]) {
    const bytes = encodeText(character);
    for (let at = 1; at < bytes.length; at++) {
      const [first, second] = [bytes.slice(0, at), bytes.slice(at)];
      assertEquals(splitAfter(first), bytes.length - at);
      assertEquals(texts(first), "‥".repeat(at));
      assertEquals(texts(second, splitAfter(first)), "‥".repeat(bytes.length - at));
      assertEquals(texts(second), "�".repeat(bytes.length - at));
    }
    assertEquals(splitAfter(bytes), 0);
  }
  assertEquals([splitAfter(new Uint8Array()), splitAfter(Uint8Array.of(0x80)), splitAfter(Uint8Array.of(0xff))], [
    0,
    0,
    0,
  ]);
});
