/** Reads that a run may lack the permission for. */
import { assertEquals, assertThrows } from "@std/assert";
import { ifPermitted } from "../../lib/permission.ts";

Deno.test("ifPermitted() returns nothing without the permission, and passes on every other error", {
  permissions: "none",
}, () => {
  assertEquals(ifPermitted(() => Deno.env.get("HOME")), undefined);
  assertEquals(ifPermitted(() => 42), 42);
  assertThrows(() => ifPermitted(() => new URL("")), TypeError);
});
