/**
 * Compares the pictures of the samples with files that a person has looked at. After a change that is meant, draw them again and look:
 *
 * ```sh
 * deno test --allow-read --allow-write tests/lib/wire/diagram/golden_test.ts -- --update
 * ```
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { drawDiagram } from "../../../../lib/wire/diagram/draw.ts";
import { SAMPLES } from "./samples.ts";

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

for (const [name, sample] of Object.entries(SAMPLES)) {
  if (LEFT_OUT.includes(name)) continue;
  Deno.test(`the picture of ${name} is as it was`, async () => {
    await compare(`${name}.svg`, drawDiagram(sample(), { title: `Sample: ${name}` }));
  });
}

Deno.test("the page of boundaries is as it was", async () => {
  const page = drawDiagram(SAMPLES.boundaries?.() ?? [], { title: "Sample: boundaries", format: "html" });
  await compare("boundaries.html", page);
});
