/** Chat servers that share a room over a real broker, with clients of plain TCP. */
import { assertEquals, assertMatch } from "@std/assert";
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
        let [killed, back] = [0, 0];
        for (let line = 0; line < 200; line++) {
          for (const speaker of speakers) await speaker.says(String(line));
          if (line === 100) {
            killed = performance.now();
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
        console.log(signal, "down", back - killed, "caught up", performance.now() - back);
        const [first, ...others] = readers.map(({ said }) => said);
        assertEquals(first?.length, 600);
        for (const other of others) assertEquals(other, first);
        for (const index of [0, 1, 2]) {
          const own = first?.filter((line) => line.startsWith(`speaker${index}:`));
          assertEquals(own, Array.from({ length: 200 }, (_, line) => `speaker${index}: ${line}`));
        }
        for (const reader of readers) {
          await reader.sees(/^\* the other servers of this room are out of reach/m);
          assertMatch(reader.text, /^\* the other servers of this room are back; \d+ lines waited and follow now$/m);
        }
      } finally {
        for (const guest of [...speakers, ...readers]) await guest[Symbol.asyncDispose]();
        for (const server of servers) await server[Symbol.asyncDispose]();
      }
    },
  );
}
