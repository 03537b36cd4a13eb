import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { resolveHost, resolveWithin } from "../../../lib/net/resolve.ts";
import { Failure, TimedOutError } from "../../../lib/errors.ts";

Deno.test(
  "resolveHost() resolves an address to itself, and a wildcard to loopback",
  { permissions: "none" },
  async () => {
    const same = ["127.0.0.1", "::1", "fe80::1%eth0", "192.0.2.1"];
    for (const address of same) assertEquals(await resolveHost(address), [address]);
    assertEquals([await resolveHost("0.0.0.0"), await resolveHost("::")], [["127.0.0.1"], ["::1"]]);
  },
);

Deno.test("resolveHost() returns each address of a name once", async () => {
  const addresses = await resolveHost("localhost");
  assert(addresses.length > 0 && new Set(addresses).size === addresses.length);
  assert(addresses.every((address) => address === "127.0.0.1" || address === "::1"), addresses.join());
});

Deno.test("resolveHost() fails with code 3 for a name that does not exist (S14)", async () => {
  const failure = await assertRejects(() => resolveHost("nosuch.invalid"), Failure);
  assertEquals(failure.code, 3);
  assertMatch(
    failure.message,
    /^Cannot resolve nosuch\.invalid: no (such name; check the spelling|name server answers)/,
  );
});

Deno.test("resolveHost() names the missing permission (P5)", { permissions: "none" }, async () => {
  const failure = await assertRejects(() => resolveHost("example.com"), Failure);
  assertStringIncludes(
    failure.message,
    "Cannot resolve example.com: Deno has no permission for this name; add --allow-net",
  );
});

Deno.test("resolveWithin() keeps to its time limit and its signal, whatever the name server does", async () => {
  const resolve = (): Promise<string[]> => new Promise(() => {});
  const endpoint = { hostname: "slow.invalid", port: 1 };
  const late = await assertRejects(() => resolveWithin(endpoint, { resolve, timeout: 20 }), TimedOutError);
  assertEquals(late.message, "Cannot resolve slow.invalid: no answer from a name server within 0.02 s");
  const controller = new AbortController();
  const stopped = resolveWithin(endpoint, { resolve, signal: controller.signal });
  controller.abort(new Error("stopped"));
  await assertRejects(() => stopped, Error, "stopped");
});
