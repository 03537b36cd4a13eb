import { assert, assertEquals } from "@std/assert";
import { addressRange, type Ban, banId, Bans } from "../../../chat/room/bans.ts";

const pure = { permissions: "none" } as const;
const eve = { address: "192.0.2.7", fingerprint: null };

Deno.test("Bans.find() matches the banned address until the ban expires, and no other", pure, () => {
  const bans = new Bans();
  bans.add({ kind: "ban", id: banId(eve), name: "eve", until: 100 }, 0);
  assertEquals(bans.find("ban", eve, 99)?.name, "eve");
  assertEquals(bans.find("ban", eve, 100), null);
  assertEquals(bans.find("mute", eve, 0), null);
  assertEquals(bans.find("ban", { ...eve, address: "192.0.2.8" }, 0), null);
  bans.add({ kind: "ban", id: banId(eve), name: "eve", until: 300 }, 0);
  assertEquals(bans.list(0).length, 1);
  assertEquals(bans.find("ban", eve, 200)?.until, 300);
});

Deno.test("Bans.find() matches the certificate if one was presented, not others at the address", pure, () => {
  const bans = new Bans();
  const [ada, bob] = [{ ...eve, fingerprint: "sha256:ada" }, { ...eve, fingerprint: "sha256:bob" }];
  bans.add({ kind: "ban", id: banId(ada), name: "Ada", until: 100 }, 0);
  assertEquals(bans.find("ban", { ...ada, address: "203.0.113.1" }, 0)?.name, "Ada");
  assertEquals([bans.find("ban", bob, 0), bans.find("ban", eve, 0)], [null, null]);
  bans.add({ kind: "ban", id: "192.0.2.7", name: null, until: 100 }, 0);
  assertEquals(bans.find("ban", bob, 0)?.id, "192.0.2.7");
});

Deno.test("addressRange() takes the /64 of an IPv6 address: a client chooses the rest itself", pure, () => {
  assertEquals(addressRange("2001:db8:1:2:aaaa::1"), addressRange("2001:DB8:1:2:bbbb::2%eth0"));
  assert(addressRange("2001:db8:1:2::1") !== addressRange("2001:db8:1:3::1"));
  assertEquals([addressRange("::ffff:192.0.2.7"), addressRange("::1"), addressRange("eve"), addressRange("")], [
    "192.0.2.7",
    "0:0:0:0::/64",
    null,
    null,
  ]);
});

Deno.test("Bans.lift() removes entries by address and by name", pure, () => {
  const bans = new Bans();
  const add = (id: string, name: string | null): unknown => bans.add({ kind: "ban", id, name, until: 100 }, 0);
  add("192.0.2.7", "eve");
  add("192.0.2.8", "mallory");
  add("192.0.2.9", null);
  bans.add({ kind: "mute", id: "192.0.2.7", name: "eve", until: 100 }, 0);
  assertEquals(bans.lift("ban", null, (name) => name === "eve").map(({ id }) => id), ["192.0.2.7"]);
  assertEquals(bans.lift("ban", "192.0.2.9").length, 1);
  assertEquals(bans.lift("ban", "192.0.2.1").length, 0);
  assertEquals(bans.list(0).map(({ kind, name }) => [kind, name]), [["ban", "mallory"], ["mute", "eve"]]);
});

Deno.test("Bans keeps a thousand entries, and drops the one that expires first", pure, () => {
  const bans = new Bans();
  const add = (id: number, until: number, now: number): unknown =>
    bans.add({ kind: "ban", id: `${id}`, name: null, until }, now);
  for (let id = 0; id < 1000; id++) add(id, 1000 + id, 0);
  add(2000, 5000, 0);
  assertEquals([bans.list(0).length, bans.list(0)[0]?.id], [1000, "1"]);
  // Expired entries are dropped first.
  add(2001, 5000, 1500);
  assertEquals(bans.list(0).length, 501);
});

Deno.test("Bans: a shorter entry for the same client does not shorten the one in force", pure, () => {
  const bans = new Bans();
  const entry = (name: string, until: number): Ban => ({ kind: "ban", id: "192.0.2.7", name, until });
  bans.add(entry("eve", 600_000), 0);
  assertEquals(bans.add(entry("bob", 60_000), 0).name, "eve");
  assertEquals(bans.list(100_000).map(({ until }) => until), [600_000]);
  assertEquals(bans.add(entry("bob", 700_000), 0).name, "bob");
});
