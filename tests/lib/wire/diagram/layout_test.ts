import { assert, assertEquals, assertGreater } from "@std/assert";
import { NARROW, type Page, type Plan, planOf, WIDE } from "../../../../lib/wire/diagram/layout.ts";
import { labelsOf, overlapsIn } from "./labels.ts";
import { ends, SAMPLES, Script, SERVER, silent } from "./samples.ts";
import { diagram } from "./told.ts";

const REMARKS = "70,000 B · of 123.5 MB · waited 500 ms";
const PAGES = { WIDE, NARROW };

function plans(page: Page): [name: string, plan: Plan][] {
  return Object.entries(SAMPLES).flatMap(([name, sample]) =>
    diagram(sample()).sections.map((section): [string, Plan] => [name, planOf(section, page)])
  );
}

Deno.test("no two labels overlap, and none leaves the page", () => {
  for (const [width, page] of Object.entries(PAGES)) {
    for (const [name, plan] of plans(page)) {
      assertEquals(overlapsIn(plan, page), [], `${width} ${name}`);
      const outside = labelsOf(plan, page).filter(({ x: [left, right] }) => left < 0 || right > page.width);
      assertEquals(outside, [], `${width} ${name}`);
    }
  }
});

Deno.test("the end of a wait and what follows at once have room for their times", () => {
  const [client] = ends("tcp");
  client.write(0, "long", 300).read(300.001, "at once");
  const labels = labelsOf(planOf(diagram([client.events]).sections[0] ?? never(), WIDE), WIDE);
  const times = labels.filter(({ what }) => what === "300.0 ms").map(({ y }) => y);
  assertEquals(times.length, 2);
  assert((times[0]?.[1] ?? 0) <= (times[1]?.[0] ?? 0));
});

Deno.test("time only runs down the page", () => {
  for (const [name, sample] of Object.entries(SAMPLES)) {
    for (const section of diagram(sample()).sections) {
      const heights = new Map<number, number[]>();
      for (const step of planOf(section, WIDE).steps) {
        if (step.type === "note") continue;
        const { arrow: { leaves, arrives, last }, y } = step;
        for (
          const [moment, height] of [[leaves, y.leaves], [arrives, y.arrives], [last ?? null, y.last ?? 0]] as const
        ) {
          if (moment !== null) heights.set(moment.at, [...(heights.get(moment.at) ?? []), height]);
        }
      }
      const inTime = [...heights].sort(([a], [b]) => a - b).map(([, list]) => list);
      inTime.slice(1).forEach((list, index) => {
        assert(Math.min(...list) >= Math.max(...inTime[index] ?? []), name);
      });
    }
  }
});

Deno.test("a longer gap is longer on the page, by its logarithm", () => {
  const heights = [1, 10, 100, 900].map((gap) => {
    const script = new Script("tcp", SERVER, SERVER).read(0, "a").read(gap, "b");
    const { times } = planOf(diagram([script.events]).sections[0] ?? never(), WIDE);
    return (times[1]?.y ?? 0) - (times[0]?.y ?? 0);
  });
  heights.slice(1).forEach((height, index) => assertGreater(height, heights[index] ?? 0));
  assert((heights.at(-1) ?? 0) < 4 * (heights[0] ?? 0));
});

Deno.test("silence is cut out and named", () => {
  const { silences, height } = planOf(diagram(silent()).sections[0] ?? never(), WIDE);
  assertEquals(silences.map(({ text }) => text), ["12.0 s of silence"]);
  assert(height < 500);
});

Deno.test("content gives way to size and remarks", () => {
  const [client] = ends("tcp");
  client.call(500, "write", { bytes: new Uint8Array(70_000).fill(0x61), duration: 500, offered: 123_456_789 });
  for (const page of [WIDE, NARROW]) {
    const [step] = planOf(diagram([client.events]).sections[0] ?? never(), page).steps;
    assert(step?.type === "arrow");
    const words = step.labels[0]?.parts.map(({ text }) => text).join("  ") ?? "";
    assertEquals(words, page === WIDE ? `${"a".repeat(20)}…  ${REMARKS}` : `${REMARKS.slice(0, 29)}…`);
  }
});

function never(): never {
  throw new Error("No section");
}
