import { assertRejects } from "@std/assert";
import { abortable } from "../../lib/within.ts";

Deno.test("abortable() throws at once if the signal has aborted before", { permissions: "none" }, async () => {
  const signal = AbortSignal.abort(new RangeError("given up"));
  await assertRejects(() => abortable(new Promise(() => {}), signal), RangeError, "given up");
  // What it no longer waits for may fail unheard.
  await assertRejects(() => abortable(Promise.reject(new Error("later")), signal), RangeError);
});
