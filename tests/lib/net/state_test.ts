import { assertEquals } from "@std/assert";
import { stateAt } from "../../../lib/net/state.ts";

const permissions = "none";

Deno.test("stateAt() names the interface that a link-local address needs, and nothing else", { permissions }, () => {
  const unknown = new Error("failed to lookup address information: Name or service not known");
  assertEquals(stateAt("fe80::1%a%b", unknown), { code: 3, state: "this machine has no interface a%b" });
  assertEquals(stateAt("example.test", unknown), { code: 3, state: "no such name" });
  const refused = new Deno.errors.ConnectionRefused();
  assertEquals(stateAt("fe80::1%eth0", refused), { code: 4, state: "connection refused" });
});
