import { assertEquals, assertStringIncludes } from "@std/assert";
import { newSessionKey } from "../../../../chat/session_lines.ts";
import { Town } from "./town.ts";

const pure = { permissions: "none" } as const;
const [ONE, TWO, THREE] = ["192.0.2.1:23456", "192.0.2.2:23456", "192.0.2.3:23456"];

Deno.test("a member is greeted with those on other servers, and /who lists them all", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  await one.joined("alice");
  const bob = await two.joined("bob");
  assertEquals(await bob.lines(), [
    "* here with you: server-2, server, alice",
    "* you are bob; /help lists what you can type",
  ]);
  await bob.says("/who");
  assertEquals(await bob.lines(), ["* 4 here: server-2, bob, server, alice"]);
});

Deno.test("a server that starts later knows who is there", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  for (let number = 0; number < 450; number++) {
    await one.joined(`member${String.fromCodePoint(0x3042 + number % 80)}${number}`);
  }
  await using two = await town.server(TWO);
  assertEquals(two.others.members.length, 451);
  assertEquals((await two.others.search("MEMBERあ0"))?.server, ONE);
});

Deno.test("a member that joins, changes its name or leaves is known elsewhere at once", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  const names = (): string[] => two.others.members.map(({ name }) => name);
  const alice = await one.joined("alice");
  assertEquals(names(), ["server", "alice"]);
  await alice.says("/nick Zoë");
  assertEquals([names(), (await two.others.search("zoe"))?.name], [["server", "Zoë"], "Zoë"]);
  one.room.leave(alice.member, "quit");
  await alice.says("");
  assertEquals(names(), ["server"]);
});

Deno.test("a list that was missed is asked for", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  await two.reach(false);
  await one.joined("alice");
  assertEquals(two.finds("alice"), null);
  await two.reach(true);
  assertEquals(two.finds("alice")?.server, ONE);
});

Deno.test("a name that nobody has heard of is asked for, but not all the time", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  const bob = await two.joined("bob");
  for (const [name, answer] of [["alice", "sent to alice only"], ["carol", "no such member: carol"]] as const) {
    await two.reach(false, { unnoticed: true });
    await one.joined(name);
    await two.reach(true, { unnoticed: true });
    await bob.says(`/msg ${name} psst`);
    assertEquals((await bob.lines()).at(-1), `* ${answer}`);
  }
});

Deno.test("a name has one holder on all servers, look-alikes included", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  const alice = await one.joined("Marie");
  const eve = two.join();
  for (const name of ["marie", "rnarie", "MARIE", "Marıe"]) {
    await eve.says(`/nick ${name}`);
    assertStringIncludes((await eve.lines()).at(-1) ?? "", `the name ${name} is taken`);
  }
  await alice.says("/nick alice");
  await eve.says("/nick rnarie");
  assertEquals(eve.name, "rnarie");
});

Deno.test(
  "of two servers that want a name at once, one gets it, and nothing stays of the other's try",
  pure,
  async () => {
    for (let round = 0; round < 50; round++) {
      const town = new Town();
      await using one = await town.server(ONE);
      await using two = await town.server(TWO);
      // Each step of each server takes a while by chance; the names share only some of their keys.
      town.names.pause = async () => {
        for (let steps = Math.random() * 6; steps > 0; steps--) await Promise.resolve();
      };
      const [a, b] = [one.join(), two.join()];
      await Promise.all([a.says("/nick ΖΟΕ"), b.says(`/nick ${round % 2 === 0 ? "ζοε" : "zoe"}`)]);
      const winners = [a, b].filter(({ name }) => !name.startsWith("guest-"));
      assertEquals(winners.length, 1, `${a.name} ${b.name}`);
      const loser = a === winners[0] ? b : a;
      const server = a === winners[0] ? one : two;
      server.room.leave(winners[0]!.member, "quit");
      await loser.says("");
      await loser.says("/nick ΖΟΕ");
      assertEquals(loser.name, "ΖΟΕ");
    }
  },
);

Deno.test("two members of one server that want a name at once get it once, too", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  const [a, b] = [one.join(), one.join()];
  await Promise.all([a.says("/nick Zoë"), b.says("/nick zoe")]);
  assertEquals([a.name, b.name.startsWith("guest-")], ["Zoë", true]);
  one.room.leave(a.member, "quit");
  await b.says("/nick zoe");
  assertEquals(b.name, "zoe");
});

Deno.test("a member that leaves while its name is claimed does not keep it", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  const a = one.join();
  const naming = a.says("/nick alice");
  one.room.leave(a.member, "quit");
  await naming;
  const b = await two.joined("alice");
  assertEquals(b.name, "alice");
});

Deno.test(
  "a name in a certificate is claimed on all servers, and the member keeps a guest's name if it is taken",
  pure,
  async () => {
    const town = new Town();
    await using one = await town.server(ONE);
    await using two = await town.server(TWO);
    await one.joined("bob_smith");
    const [bob, ann] = [two.join("192.0.2.7", "sha256:b"), two.join("192.0.2.7", "sha256:a")];
    assertEquals(await two.room.certify(bob.member, "Bob Smith"), "the name Bob_Smith is taken");
    assertEquals(await two.room.certify(ann.member, "ann"), null);
    assertEquals([bob.name.startsWith("guest-"), ann.name, one.finds("ann")?.server], [true, "ann", TWO]);
  },
);

Deno.test("a name stays its member's though the broker has forgotten it", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  const alice = await one.joined("alice");
  for (const server of [one, two]) await server.reach(false);
  await town.time.pass(20_000);
  assertEquals(town.names.size, 0);
  await two.reach(true);
  const eve = two.join();
  await eve.says("/nick alice");
  await one.reach(true);
  await town.time.pass(4000);
  assertEquals([alice.name, eve.name.startsWith("guest-"), town.names.size], ["alice", true, 3]);
});

Deno.test("operators that choose no name get numbers; nobody else can have such a name", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  await using three = await town.server(THREE);
  assertEquals([one, two, three].map(({ operator }) => operator.name), ["server", "server-2", "server-3"]);
  const eve = one.join();
  await eve.says("/nick server-4");
  assertStringIncludes((await eve.lines()).at(-1) ?? "", "is reserved");
});

Deno.test("guests have different numbers on all servers, and wait for none", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  const names = new Set<string>();
  for (let number = 0; number < 230; number++) {
    for (const server of [one, two]) names.add(server.join().name);
    await one.joined("alice").then(({ member }) => one.room.leave(member, "quit"));
  }
  assertEquals(names.size, 460);
  assertEquals([...names].filter((name) => !/^guest-\d{1,3}$/.test(name)), []);
});

Deno.test("while the broker is gone members join, and use the names that this server has", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  const key = newSessionKey();
  await one.joined("alice", { key });
  await one.reach(false);
  const guests = [one, two].flatMap((server) => Array.from({ length: 300 }, () => server.join().name));
  assertEquals(new Set(guests).size, 600);
  const bob = one.join();
  await bob.says("/nick bob");
  const why = "names cannot be changed now: the room's other servers cannot be reached";
  assertStringIncludes((await bob.lines()).at(-1) ?? "", why);
  const back = one.join();
  await back.says(`/session ${key}`);
  await back.says("/line n1 /nick Alice");
  assertEquals([back.name, (await back.lines()).at(-1)], ["Alice", "+n1 0"]);
  await one.reach(true);
  await bob.says("/nick bob");
  assertEquals([bob.name, two.finds("bob")?.name], ["bob", "bob"]);
});

Deno.test("/msg reaches a member on another server", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  const [alice, bob] = [await one.joined("alice"), await two.joined("bob")];
  await bob.lines();
  await alice.lines();
  await alice.says("/msg BOB * look: \u001b[31m");
  assertEquals(await bob.lines(), ["alice (to you): * look: \\x1b[31m".replace("\\x1b", "␛")]);
  assertEquals((await alice.lines()).at(-1), "* sent to bob only");
});

Deno.test("/msg says so if the other server does not confirm it, or its member is away", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  const [alice, key] = [await one.joined("alice", { key: newSessionKey() }), newSessionKey()];
  const bob = await two.joined("bob", { key });
  two.room.leave(bob.member, "reset");
  await alice.says("/line a1 /msg bob hello");
  assertEquals((await alice.lines()).at(-1), "-a1 bob has lost its connection: that was not sent");
  await two.reach(false);
  const sent = alice.says("/line a2 /msg bob hello");
  await town.time.pass(2000);
  await sent;
  assertEquals((await alice.lines()).at(-1), `-a2 ${TWO} did not confirm it: that may not have been sent`);
});

Deno.test("a session goes on on another server, with its name, and nobody is told", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  const key = newSessionKey();
  for (const name of ["alice", null]) {
    const before = one.join();
    await before.says(`/session ${key}`);
    if (name !== null) await before.says(`/nick ${name}`);
    one.room.introduce(before.member);
    const said = town.said.length;
    const after = two.join();
    const guest = after.name;
    await after.says(`/session ${key}`);
    assertEquals([after.name, before.member.gone, before.dropped], [name ?? before.name, true, true]);
    two.room.introduce(after.member);
    assertEquals(town.names.size, name === null ? 2 : 3);
    assertEquals(town.said.slice(said), []);
    assertEquals([two.finds(after.name), one.finds(after.name)?.server], [null, TWO]);
    assertEquals(one.finds(guest), null);
    // And back again, before its old server has refreshed anything.
    const again = one.join();
    await again.says(`/session ${key}`);
    assertEquals([again.name, after.member.gone], [after.name, true]);
    one.room.leave(again.member, "quit");
    await again.says("");
    assertEquals(two.finds(again.name), null);
  }
});

Deno.test("a session that begins after its member has a name takes it along at once", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  const key = newSessionKey();
  const before = await one.joined("alice");
  await before.says(`/session ${key}`);
  await one.die();
  const after = two.join();
  await after.says(`/session ${key}`);
  assertEquals(after.name, "alice");
});

Deno.test("a server that cannot reach the others takes no member over", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  const key = newSessionKey();
  const before = one.join();
  await before.says(`/session ${key}`);
  await two.reach(false);
  const after = two.join();
  await after.says(`/session ${key}`);
  assertEquals([after.name === before.name, before.member.gone], [false, false]);
});

Deno.test("a session that comes while the others cannot be reached gets its name when they can be", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  const key = newSessionKey();
  const before = one.join();
  await before.says(`/session ${key}`);
  await before.says("/nick alice");
  one.room.introduce(before.member);
  await two.reach(false);
  const after = two.join();
  const guest = after.name;
  await after.says(`/session ${key}`);
  await after.says("hello");
  assertEquals(after.name, guest);
  await two.reach(true);
  assertEquals([after.name, before.member.gone], ["alice", true]);
  assertEquals(town.said.slice(-1), [`${guest} is now alice`]);
  await town.time.pass(3000);
  assertEquals([one.finds("alice")?.server, one.finds(guest)], [TWO, null]);
});

Deno.test("a session with another certificate does not get the name", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  const key = newSessionKey();
  const alice = await one.joined("alice", { key });
  const eve = two.join("192.0.2.66", "sha256:eve");
  await eve.says(`/session ${key}`);
  await eve.says("/nick alice");
  assertEquals([eve.name.startsWith("guest-"), alice.member.gone], [true, false]);
});

Deno.test(
  "when a server is gone, its members have left: said once, and not of those that came back",
  pure,
  async () => {
    const town = new Town();
    const one = await town.server(ONE);
    await using two = await town.server(TWO);
    await using three = await town.server(THREE);
    const key = newSessionKey();
    await one.joined("alice", { key });
    await one.joined("bob");
    const before = town.said.length;
    await one.die();
    const alice = two.join();
    await alice.says(`/session ${key}`);
    assertEquals([alice.name, three.finds("alice")?.server], ["alice", TWO]);
    await town.time.pass(8000);
    assertEquals(town.said.slice(before), []);
    await town.time.pass(4000);
    assertEquals(town.said.slice(before), ["server left (server gone)", "bob left (server gone)"]);
    assertEquals(three.others.members.map(({ name }) => name), ["server-2", "alice"]);
    // The names are free.
    const bob = await three.joined("bob");
    assertEquals(bob.name, "bob");
  },
);

Deno.test("a server long out of reach says who is there, but for names that others have now", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  await one.joined("alice");
  const bob = await one.joined("bob");
  await one.reach(false);
  await town.time.pass(13_000);
  await two.joined("bob");
  await using three = await town.server(THREE);
  assertEquals(three.operator.name, "server");
  const before = town.said.length;
  await one.reach(true);
  await town.time.pass(6000);
  assertEquals(town.said.slice(before).toSorted(), ["alice joined", "guest-3 joined", "server-3 joined"]);
  assertEquals([bob.name, one.operator.name, one.warnings.length], ["guest-3", "server-3", 2]);
  assertEquals(two.finds("alice")?.server, ONE);
  assertEquals(three.finds("bob")?.server, TWO);
});

Deno.test("nobody is gone while this server cannot hear", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  await one.joined("alice");
  await two.reach(false);
  await town.time.pass(60_000);
  await two.reach(true);
  await town.time.pass(5000);
  assertEquals(town.said.filter((line) => line.startsWith("alice left")), []);
  assertEquals(two.finds("alice")?.server, ONE);
});

Deno.test("a member that was taken over while its server could not hear is not there twice", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  for (const name of ["alice", null]) {
    const key = newSessionKey();
    const before = one.join();
    await before.says(`/session ${key}`);
    if (name !== null) await before.says(`/nick ${name}`);
    await one.reach(false);
    const after = two.join();
    await after.says(`/session ${key}`);
    assertEquals([after.name, before.member.gone], [before.name, false]);
    await one.reach(true);
    await town.time.pass(6000);
    assertEquals([before.member.gone, after.member.gone, one.finds(after.name)?.server], [true, false, TWO]);
  }
});

Deno.test("a server that stops says who has left; a session may go on elsewhere for a while", pure, async () => {
  const town = new Town();
  const one = await town.server(ONE);
  await using two = await town.server(TWO);
  const [key, lost] = [newSessionKey(), newSessionKey()];
  await one.joined("alice", { key });
  await one.joined("bob");
  await one.joined("carol", { key: lost });
  const before = town.said.length;
  one.room.close("the server is shutting down");
  await town.time.pass(0);
  assertEquals(town.said.slice(before), ["bob left (server stopped)"]);
  await one.die();
  const alice = two.join();
  await alice.says(`/session ${key}`);
  const bob = await two.joined("bob");
  assertEquals([alice.name, bob.name, two.others.members.map(({ name }) => name)], ["alice", "bob", ["carol"]]);
  await town.time.pass(12_000);
  assertEquals(town.said.slice(before + 1), ["bob joined", "carol left (server gone)"]);
});
