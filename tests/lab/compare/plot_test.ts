import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { drawPlot } from "../../../lab/compare/plot.ts";
import type { Recorded, Transport } from "../../../lab/compare/record.ts";
import { plotOf } from "../../../lab/compare/report.ts";
import { chance } from "../../support/chance.ts";
import { isWellFormed, oddIn } from "../../support/markup.ts";
import { numbers, recorded, SAMPLES } from "./samples.ts";

/** A run in which anything happens. */
function anything(transport: Transport, next: (below: number) => number): Recorded {
  const stream = { count: 1 + next(60), interval: [0, 0.5, 10, 900][next(4)] ?? 0, size: 100 };
  const arrivals = numbers(stream.count).flatMap((number) =>
    numbers(next(3)).map(() => ({ number, at: (number - 1) * stream.interval + next(50_000) / 100 }))
  );
  const sorted = arrivals.toSorted((one, other) => transport === "udp" ? one.at - other.at : one.number - other.number);
  return recorded(transport, { stream, arrivals: sorted, lost: numbers(next(stream.count)), sent: stream.count });
}

const PICTURES = new Map(Object.entries(SAMPLES).map(([name, sample]) => [name, drawPlot(plotOf(sample))]));
for (let seed = 0; seed < 40; seed++) {
  const next = chance(seed);
  const tcp = anything("tcp", next);
  const udp = { ...anything("udp", next), stream: tcp.stream };
  const arrivals = udp.arrivals.filter(({ number }) => number <= tcp.stream.count);
  PICTURES.set(
    `seed ${seed}`,
    drawPlot({ tcp, udp: { ...udp, arrivals, sent: tcp.sent }, title: "Any", notes: ["Some words."] }),
  );
}

Deno.test("drawPlot() draws any records as well-formed XML without numbers that are none", () => {
  for (const [name, svg] of PICTURES) {
    assert(isWellFormed(svg), name);
    assertEquals([svg.isWellFormed(), oddIn(svg)], [true, undefined], name);
  }
});

/** A text's box, by what a letter takes on average in a wide font. */
function boxesIn(svg: string) {
  const texts = svg.matchAll(/<text(?: class="([^"]*)")? x="([\d.]+)" y="([\d.]+)"(?: text-anchor="(\w+)")?>([^<]*)</g);
  return Array.from(texts, ([, kind = "", x, y, anchor = "start", words = ""]) => {
    const size = kind.includes("title") ? 17 : kind.includes("small") ? 11 : 12;
    const width = words.length * size * 0.54;
    const left = Number(x) - (anchor === "middle" ? width / 2 : anchor === "end" ? width : 0);
    return { words, left, right: left + width, top: Number(y) - size * 0.8, bottom: Number(y) + size * 0.2 };
  });
}

Deno.test("no two texts of a plot overlap, and none leaves the picture", () => {
  for (const [name, svg] of PICTURES) {
    const boxes = boxesIn(svg);
    const height = Number(/viewBox="0 0 860 ([\d.]+)"/.exec(svg)?.[1]);
    for (const [index, box] of boxes.entries()) {
      assert(
        box.left >= 0 && box.right <= 860 && box.bottom <= height,
        `${name}: ${box.words} at ${box.left}-${box.right}`,
      );
      const over = boxes.slice(index + 1).find((other) =>
        other.left < box.right && box.left < other.right && other.top < box.bottom && box.top < other.bottom
      );
      assertEquals(over?.words, undefined, `${name}: ${box.words}`);
    }
  }
});

Deno.test("the legend of a plot lies above its data", () => {
  for (const [name, svg] of PICTURES) {
    const [legend = "", area = ""] = svg.split("</g>");
    const lowest = Math.max(...Array.from(legend.matchAll(/ y="([\d.]+)"/g), ([, y]) => Number(y)));
    const highest = Math.min(...Array.from(area.matchAll(/M[\d.]+,([\d.]+)/g), ([, y]) => Number(y)));
    assert(lowest < highest, `${name}: ${lowest} ${highest}`);
  }
});

/** How many marks of a kind there are, the legend's sample not counted. */
function marks(svg: string, className: string): number {
  const [, area = ""] = svg.split("</g>");
  return area.match(new RegExp(`<path class="${className}" d="([^"]*)"`))?.[1]?.match(/M/g)?.length ?? 0;
}

Deno.test("a plot has a mark for each message: arrived, sent again, lost, twice, out of order", () => {
  const svg = PICTURES.get("loss") ?? "";
  const counts = ["dots tcp", "mark tcp hollow", "udp full", "mark bad", "mark udp", "mark udp hollow"]
    .map((kind) => marks(svg, kind));
  assertEquals(counts, [36, 4, 35, 4, 1, 1]);
});

Deno.test("a plot of nothing has a cross for everything, and one message has its place", () => {
  const nothing = PICTURES.get("nothing") ?? "";
  assertEquals([marks(nothing, "mark bad"), marks(nothing, "mark tcp"), marks(nothing, "dots tcp")], [40, 40, 0]);
  const one = PICTURES.get("one") ?? "";
  assertEquals([marks(one, "mark bad"), marks(one, "dots tcp")], [1, 1]);
});

Deno.test("drawPlot() escapes whatever it is told", () => {
  const title = `</title><script>alert("1")</script> & \u202e\x1b`;
  const svg = drawPlot({ tcp: recorded("tcp"), udp: recorded("udp"), title, notes: [title] });
  assert(isWellFormed(svg));
  assertEquals([/<script/.test(svg), oddIn(svg)], [false, undefined]);
  assertStringIncludes(svg, "&lt;/title&gt;&lt;script&gt;");
});

Deno.test("drawPlot() needs no more than a moment, and no more than a megabyte, for the longest stream", () => {
  const stream = { count: 10_000, interval: 1, size: 100 };
  const svg = drawPlot({
    tcp: recorded("tcp", { stream }),
    udp: recorded("udp", { stream }),
    title: "Long",
    notes: [],
  });
  assert(svg.length < 1_500_000, `${svg.length}`);
});

Deno.test("drawPlot() breaks a title that is wider than the picture", () => {
  const [tcp, udp] = [recorded("tcp"), recorded("udp")];
  const title = Array.from({ length: 12 }, (_, index) => `fault ${index + 1} of many`).join(", ");
  const lines = drawPlot({ tcp, udp, title, notes: [] }).match(/<text class="title".*?<\/text>/g) ?? [];
  assertEquals(lines.length, 3);
  assertEquals(lines.join(" ").includes("fault 12 of many"), true);
});
