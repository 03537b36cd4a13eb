import { assert, assertEquals } from "@std/assert";
import { drawDiagram } from "../../lib/wire/diagram/draw.ts";
import { SAMPLES } from "../lib/wire/diagram/samples.ts";
import type { PictureReport } from "./diagram_browser.ts";
import { needsPrograms } from "./support.ts";

const DRIVER = new URL("./diagram_browser.ts", import.meta.url).pathname;

/** Draws every sample as SVG and as a page, and has Chromium look at them. */
async function reports(folder: string): Promise<PictureReport[]> {
  for (const [name, sample] of Object.entries(SAMPLES)) {
    for (const format of ["svg", "html"] as const) {
      const picture = drawDiagram(sample(), { title: `Sample: ${name} </title><script>`, format });
      await Deno.writeTextFile(`${folder}/${name}.${format}`, picture);
    }
  }
  const { success, stdout, stderr } = await new Deno.Command("sh", {
    args: [
      "-c",
      'exec "$0" run --no-lock --no-config --quiet --allow-all "$1" "$(command -v chromium)" "$2" $3',
      Deno.execPath(),
      DRIVER,
      folder,
      // To look at them oneself: a folder for screenshots.
      Deno.env.get("PLAINWIRE_SCREENSHOTS") ?? "",
    ],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test(
  "Chromium: every picture is well-formed, legible, harmless, and at home in light, dark, print and on a phone",
  await needsPrograms("chromium"),
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "plainwire-test-" });
    try {
      const all = await reports(folder);
      assertEquals(all.length, 2 * Object.keys(SAMPLES).length);
      for (const { file, ...report } of all) {
        const [name, format] = file.split(".");
        assertEquals(report.problems, [], file);
        assertEquals([report.root, report.title], [format, `Sample: ${name} </title><script>`], file);
        assertEquals([report.overlaps, report.outside, report.strange], [[], [], []], file);
        assertEquals(report.grounds, ["rgb(255, 255, 255)", "rgb(13, 17, 23)", "rgb(255, 255, 255)"], file);
        assert(report.contrasts.every((contrast) => contrast >= 4.5), `${file}: contrast ${report.contrasts}`);
        const [width, letters] = report.narrow;
        assert(width <= 360, `${file} is ${width} px wide on a phone`);
        assert(format === "svg" || letters >= 10, `${file}: letters of ${letters} px on a phone`);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
