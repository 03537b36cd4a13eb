/** How late lab:check was itself. Beside other tests of one process that cannot be told: their work counts as its own. */
import { assert } from "@std/assert";
import { LATE, OwnDelay } from "../../../lab/checks/own_delay.ts";

Deno.test("OwnDelay counts the time in which this program was kept from running", () => {
  using delay = new OwnDelay();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * LATE);
  assert(delay.worst >= LATE, `${delay.worst} ms`);
});

Deno.test("OwnDelay does not count what this program works itself", () => {
  using delay = new OwnDelay();
  for (const until = performance.now() + 2 * LATE; performance.now() < until;);
  assert(delay.worst < LATE, `${delay.worst} ms`);
});
