import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { UsageError } from "../../../../lib/errors.ts";
import { diagramFormat, drawDiagram } from "../../../../lib/wire/diagram/draw.ts";
import { many, SAMPLES } from "./samples.ts";

Deno.test("drawDiagram() draws each sample as SVG and as a page", () => {
  for (const [name, sample] of Object.entries(SAMPLES)) {
    const svg = drawDiagram(sample(), { title: name });
    assertMatch(svg, /^<svg [^]*<\/svg>\n$/);
    // deno-lint-ignore no-control-regex
    assert(!/[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/.test(svg), name);
    assert(svg.isWellFormed(), name);
    assert(!/<script|<b>|<i>|NaN|undefined|Infinity/.test(svg), name);
    assertMatch(drawDiagram(sample(), { title: name, format: "html" }), /^<!doctype html>/);
  }
});

Deno.test("drawDiagram() draws a run in which nothing passed", () => {
  assertMatch(drawDiagram([[]], { title: "Nothing" }), /Nothing passed\./);
  assertMatch(drawDiagram([], { title: "Nothing" }), /Nothing passed\./);
});

Deno.test("drawDiagram() draws 5,000 events in a moment, and says what it leaves out", () => {
  const started = performance.now();
  const svg = drawDiagram(many(1000), { title: "Many" });
  assert(performance.now() - started < 2000);
  assertMatch(svg, /Not drawn: 960 more connections/);
});

Deno.test("diagramFormat() takes .svg and .html only", () => {
  assertEquals([diagramFormat("a/b.SVG"), diagramFormat("b.html")], ["svg", "html"]);
  assertThrows(() => diagramFormat("a.png"), UsageError, "Cannot draw a.png: its name must end in .svg or .html");
});
