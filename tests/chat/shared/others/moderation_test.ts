import { assertEquals } from "@std/assert";
import { newSessionKey } from "../../../../chat/session_lines.ts";
import { Town } from "./town.ts";

const pure = { permissions: "none" } as const;
const [ONE, TWO, THREE] = ["192.0.2.1:23456", "192.0.2.2:23456", "192.0.2.3:23456"];
const eve = { address: "192.0.2.66", fingerprint: null };

Deno.test(
  "/kick reaches a member of another server; all servers know of the ban before it is disconnected",
  pure,
  async () => {
    const town = new Town();
    await using one = await town.server(ONE);
    await using two = await town.server(TWO);
    await using three = await town.server(THREE);
    const member = await two.joined("eve", { key: newSessionKey(), address: eve.address });
    let known: unknown[] = [];
    const send = two.room.expel.bind(two.room);
    two.room.expel = (...args) => {
      known = [one, two, three].map(({ bans }) => bans.find("ban", eve, town.time.now())?.name);
      send(...args);
    };
    await member.lines();
    assertEquals(await one.orders("/kick EVE 5"), [
      `eve (on ${TWO}) was kicked out: 192.0.2.66 is banned for 5 minutes`,
    ]);
    assertEquals(known, ["eve", "eve", "eve"]);
    assertEquals([member.member.gone, await member.lines()], [true, [
      "Cannot serve you: the operator has kicked you out for 5 minutes",
    ]]);
    assertEquals(town.said.at(-1), "eve left (kicked)");
  },
);

Deno.test(
  "/kick of a member here bans it everywhere, and names the servers that did not confirm it",
  pure,
  async () => {
    const town = new Town();
    await using one = await town.server(ONE);
    await using two = await town.server(TWO);
    await using three = await town.server(THREE);
    await one.joined("eve", { address: eve.address });
    await three.reach(false);
    assertEquals(await one.orders("/kick eve"), [
      `eve was kicked out: 192.0.2.66 is banned for 1 minute; not confirmed by ${THREE}`,
    ]);
    assertEquals(two.bans.find("ban", eve, town.time.now())?.name, "eve");
    await three.reach(true);
    assertEquals(three.bans.find("ban", eve, town.time.now())?.name, "eve");
  },
);

Deno.test("/ban ADDRESS disconnects those from there on every server", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  const [bob, ann] = [
    await two.joined("bob", { address: "192.0.2.66" }),
    await two.joined("ann", { address: "192.0.2.8" }),
  ];
  assertEquals(await one.orders("/ban 192.0.2.66 10"), ["192.0.2.66 is banned for 10 minutes"]);
  assertEquals([bob.member.gone, ann.member.gone], [true, false]);
});

Deno.test("/mute, /unmute and /unban reach every server, whatever the member is called now", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  await using three = await town.server(THREE);
  const member = await two.joined("eve", { address: eve.address });
  assertEquals(await one.orders("/mute eve 5"), [`eve (on ${TWO}) is muted for 5 minutes`]);
  assertEquals(three.bans.find("mute", eve, town.time.now())?.name, "eve");
  await member.says("hello");
  assertEquals((await member.lines()).at(-1), "* you are muted: that was not sent");
  two.room.rename(member.member, "eva");
  await town.time.pass(0);
  assertEquals(await one.orders("/unmute eva"), ["eve (192.0.2.66) is no longer muted"]);
  assertEquals([one, two, three].map(({ bans }) => bans.list(town.time.now()).length), [0, 0, 0]);
  assertEquals(member.member.muted, false);
  await one.orders("/ban eva");
  assertEquals(await three.orders("/unban 192.0.2.66"), ["eva (192.0.2.66) is no longer banned"]);
  assertEquals([one, two, three].map(({ bans }) => bans.list(town.time.now()).length), [0, 0, 0]);
  assertEquals(await three.orders("/unban eva"), ["eva is not banned; /bans lists all bans"]);
});

Deno.test("a server that starts later knows the bans, with the time left", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await one.joined("eve", { address: eve.address });
  await one.orders("/ban eve 10");
  await town.time.pass(4 * 60_000);
  await using two = await town.server(TWO);
  await town.time.pass(0);
  assertEquals(await two.orders("/bans"), ["banned: eve (192.0.2.66), 6 minutes left"]);
});

Deno.test("a ban that was lifted while a server was out of reach does not come back with it", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  await one.joined("eve", { address: eve.address });
  await one.orders("/ban eve");
  await one.reach(false);
  assertEquals(await one.orders("/unban eve"), [`eve (192.0.2.66) is no longer banned; not confirmed by ${TWO}`]);
  await one.reach(true);
  await town.time.pass(0);
  assertEquals([one, two].map(({ bans }) => bans.list(town.time.now()).length), [0, 0]);
});

Deno.test("a server that was out of reach hears what was ordered, with the time that is left", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  await one.orders("/ban 192.0.2.7");
  await two.reach(false);
  await one.orders("/unban 192.0.2.7");
  await town.time.pass(5000);
  await two.reach(true);
  assertEquals(await two.orders("/bans"), ["no bans or mutes"]);
  await one.reach(false);
  await one.orders("/ban 192.0.2.7 10");
  await one.orders("/ban 192.0.2.8 1");
  await town.time.pass(4 * 60_000);
  await one.reach(true);
  assertEquals(await two.orders("/bans"), ["banned: 192.0.2.7, 6 minutes left"]);
});

Deno.test("of two bans of a client that were ordered apart, the longer one counts", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  for (const server of [one, two]) await server.reach(false);
  await one.orders("/ban 192.0.2.66 1");
  await two.orders("/ban 192.0.2.66 60");
  for (const server of [one, two]) await server.reach(true);
  for (const server of [one, two]) {
    assertEquals(await server.orders("/bans"), ["banned: 192.0.2.66, 60 minutes left"]);
  }
});

Deno.test("the operator is told what cannot be done elsewhere", pure, async () => {
  const town = new Town();
  await using one = await town.server(ONE);
  await using two = await town.server(TWO);
  await two.joined("eve");
  assertEquals(await one.orders("/kick nobody"), ["no such member: nobody"]);
  assertEquals(await one.orders("/kick server-2"), [`server-2 (on ${TWO}) is the operator there, and stays`]);
  assertEquals(await one.orders("/kick eve x"), ["cannot use x: it must be a number of minutes from 1 to 44640"]);
  await two.reach(false);
  const order = one.orders("/kick eve");
  await town.time.pass(4000);
  assertEquals(await order, [`eve may still be here: ${TWO} did not confirm it`]);
});
