import { assertEquals } from "@std/assert";
import { Peers } from "../../../../chat/shared/others/peers.ts";

const pure = { permissions: "none" } as const;
const one = { from: "1".repeat(22), at: "192.0.2.1:23456" };
const two = { from: "2".repeat(22), at: "192.0.2.2:23456" };
const person = (name: string, session: string | null = null): { name: string; session: string | null } => ({
  name,
  session,
});

/** A server that is known with a list of its own. */
function known(...members: string[]): Peers {
  const peers = new Peers();
  peers.takePage({ ...one, version: 3, page: 0, pages: 1, members: members.map((name) => person(name)) });
  return peers;
}

function names(peers: Peers): string[] {
  return peers.members.map(({ name }) => name);
}

Deno.test("Peers asks for a list when a change was missed, whatever its length, but once a tick", pure, () => {
  const peers = known("alice");
  assertEquals(peers.learn({ ...one, version: 3, kind: "beat", count: 1 }), false);
  assertEquals(peers.learn({ ...one, version: 4, kind: "beat", count: 1 }), true);
  assertEquals(peers.learn({ ...one, version: 4, kind: "beat", count: 1 }), false);
  peers.tick();
  assertEquals(peers.learn({ ...one, version: 4, kind: "beat", count: 1 }), true);
  peers.takePage({ ...one, version: 4, page: 0, pages: 1, members: [person("zoe")] });
  peers.tick();
  assertEquals([peers.learn({ ...one, version: 4, kind: "beat", count: 1 }), names(peers)], [false, ["zoe"]]);
  // Somebody else's list has taken one away.
  assertEquals(peers.learn({ ...one, version: 4, kind: "beat", count: 2 }), true);
});

Deno.test("Peers takes changes in their order only", pure, () => {
  const peers = known("alice");
  assertEquals(peers.learn({ ...one, version: 4, kind: "change", add: [person("bob")], drop: ["alice"] }), false);
  assertEquals(names(peers), ["bob"]);
  assertEquals(peers.learn({ ...one, version: 6, kind: "change", add: [person("carol")], drop: [] }), true);
  assertEquals(names(peers), ["bob"]);
});

Deno.test("Peers takes a list when all its pages are there, in any order, and forgets who is not in it", pure, () => {
  const peers = known("alice", "bob");
  assertEquals(peers.takePage({ ...one, version: 9, page: 1, pages: 2, members: [person("bob")] }), false);
  assertEquals(names(peers), ["alice", "bob"]);
  assertEquals(peers.takePage({ ...one, version: 9, page: 0, pages: 2, members: [person("zoe")] }), true);
  assertEquals([names(peers).toSorted(), peers.find("alice")], [["bob", "zoe"], null]);
});

Deno.test("Peers: a session, and a name, is where it was heard of last", pure, () => {
  const peers = known();
  peers.takePage({ ...two, version: 1, page: 0, pages: 1, members: [] });
  peers.learn({ ...one, version: 4, kind: "change", add: [person("guest-1", "s"), person("zoe")], drop: [] });
  peers.learn({ ...two, version: 2, kind: "change", add: [person("alice", "s"), person("Zoë")], drop: [] });
  assertEquals(peers.members.map(({ name, server }) => `${name} ${server}`), [`alice ${two.at}`, `Zoë ${two.at}`]);
  assertEquals([peers.ofSession("s")?.name, peers.find("ZOE")?.name], ["alice", "Zoë"]);
});

Deno.test("Peers: a server that is not heard for ten ticks is gone with its members", pure, () => {
  const peers = known("alice");
  for (let tick = 0; tick < 10; tick++) assertEquals(peers.tick(), []);
  peers.learn({ ...one, version: 3, kind: "beat", count: 1 });
  for (let tick = 0; tick < 10; tick++) assertEquals(peers.tick(), []);
  const [gone] = peers.tick();
  assertEquals([gone?.at, [...gone?.members.keys() ?? []], peers.find("alice")], [one.at, ["alice"], null]);
});
