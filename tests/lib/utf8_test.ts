import { assertEquals } from "@std/assert";
import { encodeText } from "../../lib/text.ts";
import { endsInsideCharacter, sequenceLength } from "../../lib/utf8.ts";

const permissions = "none";

Deno.test("sequenceLength() follows RFC 3629, and agrees with the platform's decoder", { permissions }, () => {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const valid = (bytes: Uint8Array): boolean => {
    try {
      return decoder.decode(bytes) !== "";
    } catch {
      return false;
    }
  };
  for (let lead = 0x80; lead < 0x100; lead++) {
    for (let second = 0; second < 0x100; second++) {
      for (const rest of [[], [0x80], [0x80, 0xbf]]) {
        const bytes = Uint8Array.from([lead, second, ...rest]);
        const whole = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        if (bytes.length === whole) assertEquals(sequenceLength(bytes, 0) === whole, valid(bytes), bytes.join());
      }
    }
  }
});

Deno.test("endsInsideCharacter() is true only at a cut inside a character", { permissions }, () => {
  for (const character of ["é", "漢", "😀", "\u{10ffff}"]) {
    const bytes = encodeText(`a${character}`);
    for (let length = 0; length <= bytes.length; length++) {
      const inside = length > 1 && length < bytes.length;
      assertEquals(endsInsideCharacter(bytes.subarray(0, length)), inside, `${character}, ${length} bytes`);
    }
  }
});

Deno.test("endsInsideCharacter() is false after bytes that no further byte can complete", { permissions }, () => {
  for (
    const bytes of [
      [0x80],
      [0x80, 0x80, 0x80, 0x80],
      [0xc0],
      [0xc1],
      [0xf5],
      [0xff],
      [0xc3, 0xa9, 0xa9],
      [0xe6, 0xff],
      [0xf0, 0xc0],
      [0xf0, 0x80, 0x80, 0x80, 0x80],
      // The second byte makes them overlong, a surrogate, and more than U+10FFFF.
      [0xe0, 0x80],
      [0xed, 0xa0],
      [0xf4, 0x90],
    ]
  ) {
    assertEquals(endsInsideCharacter(Uint8Array.from(bytes)), false, String(bytes));
  }
});
