import { assertEquals } from "@std/assert";
import { smallBuffer } from "../../lib/small_buffer.ts";

const permissions = "none";

Deno.test("small buffers of any sizes are zero, and no two share a byte", { permissions }, () => {
  const sizes = Array.from({ length: 200 }, (_, index) => [256, 1, 1024, 100, 0, 4096][index % 6] as number);
  const buffers = sizes.map(smallBuffer);
  assertEquals(buffers.map(({ length }) => length), sizes);
  for (const [index, buffer] of buffers.entries()) {
    assertEquals(buffer.every((byte) => byte === 0), true, `buffer ${index}`);
    buffer.fill(index + 1);
  }
  for (const [index, buffer] of buffers.entries()) assertEquals(buffer.every((byte) => byte === index + 1), true);
});
