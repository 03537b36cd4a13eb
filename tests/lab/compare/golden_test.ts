/**
 * Compares the reports and pictures of the samples with files that a person has looked at. After a change that is meant, make them again
 * and look:
 *
 * ```sh
 * deno test --allow-read --allow-write tests/lab/compare/golden_test.ts -- --update
 * ```
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { proseOf } from "../../../lib/console/prose.ts";
import { drawPlot } from "../../../lab/compare/plot.ts";
import { STYLE } from "../../../lab/plot_style.ts";
import { headline, plotOf, summaryOf } from "../../../lab/compare/report.ts";
import { SAMPLES } from "./samples.ts";

/** The style sheet has a file of its own: a browser finds it, and a change of colours changes one file. */
const LINK = '<?xml-stylesheet type="text/css" href="style.css"?>\n';
const STYLED = `<style>${STYLE}\n</style>\n`;
const GOLDEN = new URL("golden/", import.meta.url);
const UPDATE = Deno.args.includes("--update");

async function compare(file: string, made: string): Promise<void> {
  const url = new URL(file, GOLDEN);
  if (UPDATE) await Deno.writeTextFile(url, made);
  assertEquals(made, await Deno.readTextFile(url), `${file} has changed: run this test with --update, and look at it`);
}

Deno.test("the style sheet of the plots is as it was", () => compare("style.css", `${STYLE}\n`));

for (const [name, sample] of Object.entries(SAMPLES)) {
  Deno.test(`the picture of ${name} is as it was`, async () => {
    const picture = drawPlot(plotOf(sample));
    assertStringIncludes(picture, STYLED);
    await compare(`${name}.svg`, LINK + picture.replace(STYLED, ""));
  });

  Deno.test(`the table of ${name} and its reading are as they were`, async () => {
    const lines = proseOf(summaryOf(sample), { role: "client", quiet: false });
    await compare(`${name}.txt`, `${headline(sample.tcp.stream, sample)}\n${lines}\n`);
  });
}
