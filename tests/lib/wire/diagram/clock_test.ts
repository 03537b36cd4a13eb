import { assert, assertEquals } from "@std/assert";
import type { WireEvent } from "../../../../lib/wire/event.ts";
import { diagramOf } from "../../../../lib/wire/diagram/build.ts";
import { ends, SAMPLES } from "./samples.ts";
import { diagram, told } from "./told.ts";

const late = (events: readonly WireEvent[], by: number): WireEvent[] =>
  events.map((event) => ({ ...event, at: event.at + by }));

/** A request that takes 1 ms each way, answered after 2 ms; the server's clock is off by some milliseconds. */
function exchange(off: number): WireEvent[][] {
  const [client, server] = ends("udp");
  client.send(0, "ask").receive(4, "answer");
  server.receive(1, "ask").send(3, "answer");
  return [client.events, late(server.events, off)];
}

Deno.test("clocks that contradict nothing stay as they are", () => {
  assertEquals(told(exchange(0.5)), ['0.00 > 1.50 datagram 3 B "ask"', '4.00 < 3.50 datagram 6 B "answer"']);
  assertEquals(diagram(exchange(0.5)).notes, []);
});

Deno.test("of contradicting clocks, the middle of what is possible is taken", () => {
  for (const off of [-86_400_000, -50, 50, 3_600_000]) {
    assertEquals(
      told(exchange(off)),
      ['0.00 > 1.00 datagram 3 B "ask"', '4.00 < 3.00 datagram 6 B "answer"'],
      `${off}`,
    );
  }
  assert(/the server is about 50 ms slow/.test(diagram(exchange(-50)).notes[0] ?? ""));
  assert(/the server is about 60 min fast/.test(diagram(exchange(3_600_000)).notes[0] ?? ""));
});

Deno.test("if only one way tells, the least correction is taken", () => {
  const [client, server] = ends("udp");
  client.send(0, "a").send(10, "b");
  server.receive(1, "a").receive(13, "b");
  assertEquals(told([client.events, late(server.events, -5)]), [
    '0.00 > 0.00 datagram 1 B "a"',
    '10.00 > 12.00 datagram 1 B "b"',
  ]);
});

Deno.test("duplicates and losses of equal datagrams do not mislead the clocks", () => {
  const [client, server] = ends("udp");
  client.send(0, "x").send(100, "x");
  server.receive(1, "x").receive(2, "x");
  assertEquals(diagram([client.events, server.events]).notes, []);
});

Deno.test("three processes are brought to the clock of the first", () => {
  const [one, server] = ends("tcp");
  const other = ends("tcp", { hostname: "127.0.0.1", port: 40009 }, undefined, 2);
  one.call(1, "connect", { duration: 1 });
  server.call(2, "accept");
  one.write(10, "a").read(14, "b");
  server.read(11, "a").write(13, "b");
  other[0].call(21, "connect", { duration: 1 }).write(30, "c").read(34, "d");
  other[1].call(22, "accept").read(31, "c").write(33, "d");
  const lines = told([one.events, late([...server.events, ...other[1].events], 1000), late(other[0].events, -2000)]);
  assertEquals(lines.filter((line) => line.includes("data")), [
    '10.00 > 11.00 data 1 B "a"',
    '14.00 < 13.00 data 1 B "b"',
    '30.00 > 31.00 data 1 B "c"',
    '34.00 < 33.00 data 1 B "d"',
  ]);
});

Deno.test("no arrow goes back in time, whatever the clocks", () => {
  for (const [name, sample] of Object.entries(SAMPLES)) {
    for (const off of [-7000, -0.1, 0.2, 900]) {
      const [first = [], second] = sample();
      const sides = second === undefined ? [first] : [first, late(second, off)];
      for (const step of diagramOf(sides, { title: name }).sections.flatMap(({ steps }) => steps)) {
        if (step.type === "note" || step.leaves === null) continue;
        assert((step.arrives?.at ?? Infinity) >= step.leaves.at, `${name} ${off}`);
        if (step.last !== undefined) assert(step.last.at >= step.leaves.at, `${name} ${off}`);
      }
    }
  }
});
