import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../lib/errors.ts";
import { parseFlags } from "../../../lib/script/flags.ts";
import { wireFlags } from "../../../lib/script/wire_flags.ts";

const permissions = { read: true, env: true } as const;

Deno.test("--trace takes a file or none, and does not mistake the address for one", { permissions }, () => {
  const trace = (...args: string[]): unknown => parseFlags(wireFlags, args).values.trace;
  assertEquals([trace(), trace("--trace"), trace("--trace=/tmp/a"), trace("--trace", "/tmp/a")], [
    ...[undefined, "", "/tmp/a", "/tmp/a"],
  ]);
  for (const text of ["127.0.0.1", "::1", "9000", "localhost:9000", ":9000"]) {
    assertThrows(() => trace("--trace", text), UsageError, "it reads like an address; put it before the flag");
  }
});

Deno.test("--inspect takes a port or none: then any free one", { permissions }, () => {
  const inspect = (...args: string[]): unknown => parseFlags(wireFlags, args).values.inspect;
  assertEquals([inspect(), inspect("--inspect"), inspect("--inspect", "4000")], [undefined, 0, 4000]);
});
