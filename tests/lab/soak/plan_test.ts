/** How a run is divided, and how faulty clients are drawn. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { DATAGRAM_KINDS } from "../../../lab/soak/faulty/datagrams.ts";
import { drawClient, type FaultyClient, type Kind, LONGEST } from "../../../lab/soak/faulty/fault.ts";
import { streamKinds } from "../../../lab/soak/faulty/streams.ts";
import { partsOf } from "../../../lab/soak/plan.ts";
import { flagsOf, SERVERS } from "../../../lab/soak/servers.ts";

Deno.test("a run is good clients alone, rounds of idle and faulty ones, and good clients alone again", () => {
  const kinds = (ms: number): string => partsOf(ms).map(({ kind, round }) => `${kind}${round || ""}`).join(" ");
  assertEquals(kinds(6000), "warm-up rest idle1 faults1 cool-down settle");
  assertEquals(kinds(300_000), "warm-up rest idle1 faults1 idle2 faults2 cool-down settle");
  const alone = partsOf(60_000, false);
  assertEquals(alone.map(({ kind }) => kind), ["warm-up", "rest", "faults", "cool-down", "settle"]);
  assertEquals(alone.reduce((sum, { time }) => sum + time, 0), 60_000, "no idle connections, but as long");
  for (const ms of [6000, 18_000, 120_000, 3_600_000]) {
    const sum = partsOf(ms).reduce((sum, { time }) => sum + time, 0);
    assert(Math.abs(sum - ms) <= partsOf(ms).length, `${ms} ms became ${sum}`);
    assert(partsOf(ms).every(({ time }) => time >= 0));
  }
});

const ALL: readonly (readonly [flow: number, kinds: readonly Kind[]])[] = SERVERS.map((spec, flow) => [
  flow,
  spec.transport === "udp" ? DATAGRAM_KINDS : streamKinds(spec.dialect),
]);

function draw(seed: number, flow: number, number: number): FaultyClient {
  const spec = SERVERS[flow];
  assert(spec);
  return drawClient({ seed, flow, number, dialect: spec.dialect, kinds: ALL[flow]?.[1] ?? [] });
}

Deno.test("the same seed draws the same faulty clients for each server, another seed others", () => {
  for (const [flow] of ALL) {
    const plan = (seed: number): FaultyClient[] => Array.from({ length: 20 }, (_, number) => draw(seed, flow, number));
    assertEquals(plan(7), plan(7));
    assertNotEquals(plan(7), plan(8));
  }
  assertNotEquals(draw(7, 0, 1), draw(7, 1, 1), "servers have different ones");
});

Deno.test("every kind of fault comes to be drawn, and none waits longer than it may", () => {
  for (const [flow, kinds] of new Map(ALL.map(([flow, kinds]) => [kinds.length, [flow, kinds] as const])).values()) {
    const drawn = Array.from({ length: 400 }, (_, number) => draw(1, flow, number));
    assertEquals(new Set(drawn.map(({ name }) => name)), new Set(kinds.map(({ name }) => name)));
    for (const { name, steps } of drawn) {
      const waits = steps.reduce((sum, step) => sum + ("time" in step ? step.time : 0), 0);
      assert(waits < LONGEST, `${name} waits ${waits} ms`);
    }
    assert(drawn.some(({ network }) => network.resetAfter !== Infinity), "some networks break");
  }
});

Deno.test("every server has a name of its own, and those that forward come with the port of another", () => {
  assertEquals(new Set(SERVERS.map(({ name }) => name)).size, SERVERS.length);
  const ports = new Map(SERVERS.map(({ name }, index) => [name, 1000 + index]));
  for (const spec of SERVERS) assert(!flagsOf(spec, ports).join(" ").includes("{"), spec.name);
});
