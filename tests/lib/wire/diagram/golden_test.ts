/**
 * Compares the pictures of the samples with files that a person has looked at. After a change that is meant, draw them again and look:
 *
 * ```sh
 * deno test --allow-read --allow-write tests/lib/wire/diagram/golden_test.ts -- --update
 * ```
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { drawDiagram } from "../../../../lib/wire/diagram/draw.ts";
import { STYLE } from "../../../../lib/wire/diagram/style.ts";
import { SAMPLES } from "./samples.ts";

/** The style sheet has a file of its own: a browser finds it, and a change of colours changes one file. */
const LINK = '<?xml-stylesheet type="text/css" href="style.css"?>\n';
const GOLDEN = new URL("golden/", import.meta.url);
const UPDATE = Deno.args.includes("--update");
/** They would be long, and show no more than the others. */
const LEFT_OUT = ["many", "flood"];

async function compare(file: string, picture: string): Promise<void> {
  const url = new URL(file, GOLDEN);
  if (UPDATE) await Deno.writeTextFile(url, picture);
  assertEquals(
    picture,
    await Deno.readTextFile(url),
    `${file} has changed: run this test with --update, and look at it`,
  );
}

const STYLED = `<style>${STYLE}\n</style>\n`;

Deno.test("the style sheet of the pictures is as it was", () => compare("style.css", `${STYLE}\n`));

for (const [name, sample] of Object.entries(SAMPLES)) {
  if (LEFT_OUT.includes(name)) continue;
  Deno.test(`the picture of ${name} is as it was`, async () => {
    const picture = drawDiagram(sample(), { title: `Sample: ${name}` });
    assertStringIncludes(picture, STYLED);
    await compare(`${name}.svg`, LINK + picture.replace(STYLED, ""));
  });
}

Deno.test("the page of boundaries is as it was", async () => {
  const page = drawDiagram(SAMPLES.boundaries?.() ?? [], { title: "Sample: boundaries", format: "html" });
  await compare("boundaries.html", page);
});
