/** Chat servers that share a room over a real broker, with clients of plain TCP. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { delay } from "@std/async/delay";
import { needsPrograms } from "../support.ts";
import { Guest, serve } from "./servers.ts";
import { Broker } from "./support.ts";

const NATS = await needsPrograms("nats-server");

Deno.test(
  "two servers are one room: lines, joining and leaving, and history for a server that comes later",
  NATS,
  async () => {
    await using broker = await Broker.start();
    await using north = await serve(broker.url);
    await using south = await serve(broker.url);
    await using alice = await Guest.join(north, "alice");
    await using bob = await Guest.join(south, "bob");
    await alice.sees(/^\* bob joined$/m);
    await alice.says("hello", "/me waves");
    await bob.sees(/^alice: hello\n~ alice waves$/m);
    await bob.says("/nick robert", "hi");
    await alice.sees(/^\* bob is now robert\nrobert: hi$/m);
    await bob.says("/quit");
    await alice.sees(/^\* robert left \(quit\)$/m);
    await using east = await serve(broker.url);
    await using carol = await Guest.join(east, "carol");
    await carol.sees(/^alice: hello\n~ alice waves\nrobert: hi$/m);
  },
);

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  Deno.test(
    `600 lines of three servers through a broker that gets ${signal} reach every client once and in order`,
    NATS,
    async () => {
      await using broker = await Broker.start();
      const servers = await Promise.all([serve(broker.url), serve(broker.url), serve(broker.url)]);
      const speakers = await Promise.all(servers.map((server, index) => Guest.join(server, `speaker${index}`)));
      const readers = await Promise.all(servers.map((server, index) => Guest.join(server, `reader${index}`)));
      try {
        let down: Promise<unknown> = Promise.resolve();
        let back = 0;
        for (let line = 0; line < 200; line++) {
          for (const speaker of speakers) await speaker.says(String(line));
          if (line === 100) {
            down = broker.signal(signal).then(() => delay(1500)).then(() => broker.start()).then(() =>
              back = performance.now()
            );
          }
          await delay(2);
        }
        await down;
        for (const reader of readers) {
          for (const index of [0, 1, 2]) await reader.sees(new RegExp(`^speaker${index}: 199$`, "m"));
        }
        assert(performance.now() - back < 5000, `caught up ${performance.now() - back} ms after the broker was back`);
        const [first, ...others] = readers.map(({ said }) => said);
        assertEquals(first?.length, 600);
        for (const other of others) assertEquals(other, first);
        for (const index of [0, 1, 2]) {
          const own = first?.filter((line) => line.startsWith(`speaker${index}:`));
          assertEquals(own, Array.from({ length: 200 }, (_, line) => `speaker${index}: ${line}`));
        }
        for (const reader of readers) {
          await reader.sees(/^\* the other servers of this room are out of reach/m);
          assertMatch(
            reader.text,
            /^\* the other servers of this room are back; what waited follows now: \d+ lines?$/m,
          );
        }
      } finally {
        for (const guest of [...speakers, ...readers]) await guest[Symbol.asyncDispose]();
        for (const server of servers) await server[Symbol.asyncDispose]();
      }
    },
  );
}

Deno.test("a server that is killed and started again has the history, and goes on with the numbers", NATS, async () => {
  await using broker = await Broker.start();
  await using north = await serve(broker.url);
  await using alice = await Guest.join(north, "alice");
  {
    await using south = await serve(broker.url);
    await using bob = await Guest.join(south, "bob");
    await bob.says("before");
    await alice.sees(/^bob: before$/m);
    await south.script.stop("SIGKILL");
  }
  await alice.says("meanwhile");
  await using again = await serve(broker.url);
  await using carol = await Guest.connect(again);
  await carol.says("/session AAAAAAAAAAAAAAAAAAAAAA", "/nick carol", "/line 1 after");
  const [, epoch, start] = await carol.sees(/^= (\S+) (\d+)$/m);
  // alice and bob joined, two lines.
  assertEquals(start, "4");
  assertMatch(carol.text, /^bob: before\nalice: meanwhile$/m);
  await carol.sees(/^\+1 6$/m);
  await alice.sees(/^carol: after$/m);
  // The numbers are the same on the other server: carol's client goes on there.
  await using moved = await Guest.connect(north);
  await moved.says(`/session BBBBBBBBBBBBBBBBBBBBBB ${epoch}-4`);
  await moved.sees(new RegExp(`^= ${epoch} 4\n#5 \\* carol joined\n#6 carol: after$`, "m"));
});

Deno.test("a line that a client sends again, on another server, is said once", NATS, async () => {
  await using broker = await Broker.start();
  await using north = await serve(broker.url);
  await using south = await serve(broker.url);
  await using witness = await Guest.join(south, "witness");
  const line = ["/session AAAAAAAAAAAAAAAAAAAAAA", "/nick alice", "/line 1 only once"];
  await using alice = await Guest.connect(north);
  await alice.says(...line);
  const [receipt] = await alice.sees(/^\+1 \d+$/m);
  await using moved = await Guest.connect(south);
  await moved.says(...line, "/line 2 the end");
  await moved.sees(/^\+2 \d+$/m);
  assertMatch(moved.text, new RegExp(`^\\${receipt}$`, "m"));
  await witness.sees(/the end$/m);
  assertEquals(witness.text.match(/only once/g)?.length, 1);
});

Deno.test("a server that stands still for some seconds catches up in order", NATS, async () => {
  await using broker = await Broker.start();
  await using north = await serve(broker.url);
  await using slow = await serve(broker.url);
  await using alice = await Guest.join(north, "alice");
  await using bob = await Guest.join(slow, "bob");
  await alice.sees(/^\* bob joined$/m);
  slow.script.signal("SIGSTOP");
  for (let line = 0; line < 900; line++) await alice.says(String(line));
  await using carol = await Guest.join(north, "carol");
  await carol.sees(/^alice: 899$/m);
  // The broker takes the connection down meanwhile.
  await delay(7000);
  slow.script.signal("SIGCONT");
  await bob.sees(/^alice: 899$/m);
  assertEquals(bob.said, Array.from({ length: 900 }, (_, line) => `alice: ${line}`));
});

Deno.test(
  "while lines wait, speakers wait from 1,000 on; nothing is lost; and a server can be stopped",
  NATS,
  async () => {
    await using broker = await Broker.start();
    await using north = await serve(broker.url);
    await using south = await serve(broker.url);
    await using alice = await Guest.join(north, "alice");
    await using bob = await Guest.join(south, "bob");
    await alice.sees(/^\* bob joined$/m);
    await broker.signal("SIGKILL");
    await alice.sees(/^\* the other servers of this room are out of reach/m);
    await using late = await Guest.connect(north);
    await late.sees(/^\* the other servers of this room are out of reach/m);
    const lines = Array.from({ length: 1500 }, (_, line) => String(line));
    await alice.says(...lines);
    await alice.sees(/^\* 1000 lines wait; what you write now is not read until they are delivered$/m);
    await broker.start();
    await bob.sees(/^alice: 1499$/m);
    assertEquals(bob.said, lines.map((line) => `alice: ${line}`));
    await broker.signal("SIGKILL");
    await alice.sees(/out of reach[^]*out of reach/);
    await alice.says(...lines);
    await alice.sees(/1000 lines wait;[^]*1000 lines wait;/);
    const { code, stderr } = await deadline(north.script.stop(), 15_000);
    assertEquals(code, 0);
    assertMatch(stderr, /^\[!\] 1002 lines of this server did not reach the others$/m);
  },
);
