import { assert, assertEquals, assertThrows } from "@std/assert";
import { ByteReader } from "../../lib/reader.ts";
import { decodeText, encodeText } from "../../lib/text.ts";
import { sourceOf } from "../support/chunks.ts";

const permissions = "none";

/** Puts text where a read of the socket would have. */
function fill(buffer: Uint8Array | null, text: string): number {
  assert(buffer !== null);
  buffer.set(encodeText(text));
  return text.length;
}

Deno.test("lend() and took() are a read by the source's owner", { permissions }, () => {
  const reader = new ByteReader(sourceOf([]));
  for (const text of ["one", "two\nthree"]) {
    assertEquals(decodeText(reader.took(fill(reader.lend(), text)) ?? new Uint8Array()), text);
  }
  assertEquals([reader.received, reader.buffered], [12, 0]);
  reader.lend();
  assertEquals(reader.took(null), null);
  assertEquals([reader.lend(), reader.take()], [null, null]);
});

Deno.test("lend() grows the buffer when a read has filled it", { permissions }, () => {
  const reader = new ByteReader(sourceOf([]));
  const first = reader.lend();
  assert(first !== null);
  reader.took(first.length);
  assert((reader.lend()?.length ?? 0) > first.length);
});

Deno.test("lend() lends nothing when there is something to take, or a read is under way", { permissions }, async () => {
  const reader = new ByteReader(sourceOf([encodeText("a\nb\n")]));
  const ready = reader.ready();
  assertEquals(reader.lend(), null);
  await ready;
  assertEquals(reader.lend(), null);
  assertEquals(decodeText(reader.take() ?? new Uint8Array()), "a\nb\n");
  assert(reader.lend() !== null);
  assertThrows(() => reader.ready(), Error, "another read is under way");
  assertEquals(reader.lend(), null);
});

Deno.test("failed() stays, as any error of the source does", { permissions }, () => {
  const reader = new ByteReader(sourceOf([]));
  reader.lend();
  reader.failed(new Error("reset"));
  assertEquals(reader.lend(), null);
  assertThrows(() => reader.take(), Error, "reset");
});
