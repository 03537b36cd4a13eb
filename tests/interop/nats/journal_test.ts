/** The journal of a shared room over a real broker: each line once, in one order, whatever happens to the broker. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { needsPrograms } from "../support.ts";
import { ROOM, Server } from "./journals.ts";
import { Broker } from "./support.ts";

const NATS = await needsPrograms("nats-server");

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  Deno.test(
    `600 lines through a broker that gets ${signal} in the middle arrive once and in order on three servers`,
    NATS,
    async () => {
      await using broker = await Broker.start();
      await using a = await Server.join(broker, "a");
      await using b = await Server.join(broker, "b");
      await using c = await Server.join(broker, "c");
      let down: Promise<unknown> = Promise.resolve();
      for (let line = 0; line < 200; line++) {
        for (const server of [a, b, c]) server.say(String(line));
        if (line === 100) down = broker.signal(signal).then(() => delay(500)).then(() => broker.start());
        await delay(2);
      }
      await down;
      for (const server of [a, b, c]) await server.has(600);

      assertEquals(b.lines, a.lines);
      assertEquals(c.lines, a.lines);
      assertEquals([b.numbers, c.numbers], [a.numbers, a.numbers]);
      for (const name of ["a", "b", "c"]) {
        const said = a.lines.filter((line) => line.startsWith(`${name}: `));
        assertEquals(said, Array.from({ length: 200 }, (_, line) => `${name}: ${line}`));
      }
    },
  );
}

Deno.test("eight servers that make the room's stream at the same instant share it", NATS, async () => {
  await using broker = await Broker.start();
  const servers = await Promise.all(Array.from({ length: 8 }, (_, index) => Server.join(broker, `s${index}`)));
  for (const server of servers) server.say("here");
  for (const server of servers) await server.has(8);
  for (const server of servers) {
    assertEquals([server.lines, server.journal.epoch], [servers[0]?.lines, servers[0]?.journal.epoch]);
    await server[Symbol.asyncDispose]();
  }
});

Deno.test("a line that comes again, on another server, is said once and confirmed with its number", NATS, async () => {
  await using broker = await Broker.start();
  await using a = await Server.join(broker, "a");
  await using b = await Server.join(broker, "b");
  a.say("first", "KEY.1");
  await b.has(1);
  b.say("first", "KEY.1");
  b.say("second", "KEY.2");
  await a.has(2);
  assertEquals([a.lines, b.lines, b.confirmed], [["a: first", "b: second"], ["a: first", "b: second"], [[1, "KEY.1"]]]);
  // At the same instant neither has seen the other's.
  a.say("third", "KEY.3");
  b.say("third", "KEY.3");
  a.say("end");
  await a.has(4);
  await b.has(4);
  assertEquals([a.lines, a.numbers], [b.lines, b.numbers]);
  const confirmed = a.lines[2] === "a: third" ? b.confirmed : a.confirmed;
  assertEquals(confirmed.at(-1), [3, "KEY.3"]);
});

Deno.test("what is no entry of a server is passed over", NATS, async () => {
  await using broker = await Broker.start();
  await using a = await Server.join(broker, "a");
  const client = await connect({ servers: broker.address });
  const stream = jetstream(client);
  const entry = { v: 1, server: "x:1", kind: "said", name: "eve", text: "hello" };
  const wrong = [
    "",
    "{",
    "null",
    "[]",
    { ...entry, v: 2 },
    { ...entry, name: "*" },
    { ...entry, name: "eve: x" },
    { ...entry, text: 1 },
    { ...entry, text: "x".repeat(70_000) },
    { ...entry, kind: "notice" },
    { ...entry, kind: "left", why: "(quit)\n* root joined" },
    { ...entry, server: "\x1b[2J" },
  ].map((each) => typeof each === "string" ? each : JSON.stringify(each));
  for (const [index, text] of wrong.entries()) await stream.publish(ROOM.line, text, { msgID: `wrong${index}` });
  await stream.publish(ROOM.line, JSON.stringify(entry));
  await stream.publish(ROOM.line, JSON.stringify({ ...entry, text: "a\u0000\n* eve left (quit)", more: 1 }), {
    msgID: "right",
  });
  await client.close();
  await a.has(1);
  a.say("hello");
  await a.has(2);
  assertEquals(a.lines, ["eve: a\u0000\n* eve left (quit)", "a: hello"]);
});

Deno.test(
  "a stream that is purged goes on; one that is deleted is made anew, with another epoch that all agree on",
  NATS,
  async () => {
    await using broker = await Broker.start();
    await using a = await Server.join(broker, "a");
    await using b = await Server.join(broker, "b");
    for (let line = 0; line < 5; line++) a.say(String(line));
    await b.has(5);
    const client = await connect({ servers: broker.address });
    const { streams } = await jetstreamManager(client);
    await streams.purge(ROOM.stream);
    b.say("after the purge");
    await a.has(6);
    assertEquals([a.numbers, a.restarts], [[1, 2, 3, 4, 5, 6], 0]);
    const { epoch } = a.journal;
    await streams.delete(ROOM.stream);
    await client.close();
    b.say("after the end");
    await a.has(7);
    await b.has(7);
    a.say("and on");
    await a.has(8);
    await b.has(8);
    assertEquals([a.lines, a.restarts, b.restarts, a.numbers], [b.lines, 1, 1, [1, 2]]);
    assertNotEquals(a.journal.epoch, epoch);
    assertEquals(a.journal.epoch, b.journal.epoch);
  },
);

Deno.test("a store that is restored from a backup: nothing new is lost, nothing old comes again", NATS, async () => {
  await using broker = await Broker.start();
  await using a = await Server.join(broker, "a");
  await using b = await Server.join(broker, "b");
  for (let line = 0; line < 5; line++) a.say(String(line));
  await b.has(5);
  await broker.signal("SIGTERM");
  await copy(`${broker.folder}/store`, `${broker.folder}/backup`);
  await broker.start();
  for (let line = 5; line < 10; line++) b.say(String(line));
  await a.has(10);
  await b.has(10);
  await broker.signal("SIGKILL");
  await Deno.remove(`${broker.folder}/store`, { recursive: true });
  await Deno.rename(`${broker.folder}/backup`, `${broker.folder}/store`);
  a.say("10");
  await broker.start();
  b.say("11");
  for (const server of [a, b]) await server.has(12);
  assertEquals(a.lines, b.lines);
  assertEquals([a.restarts, b.restarts], [1, 1]);
  assertEquals(a.lines.length, new Set(a.lines).size);
});

async function copy(from: string, to: string): Promise<void> {
  const { success } = await new Deno.Command("cp", { args: ["-r", from, to] }).output();
  assert(success);
}
