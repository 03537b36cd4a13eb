/**
 * Visits a page with headless Chromium and prints a report as JSON. It runs as a separate process with `--no-lock`: only one test uses
 * the driver, which does not belong in the project's lock file.
 *
 * ```sh
 * deno run --no-lock --no-config --allow-all tests/interop/browser.ts URL CHROMIUM [FOLDER-FOR-SCREENSHOTS]
 * ```
 *
 * @module
 */
import { launchChromium, problemsOf } from "./chromium.ts";

/** What the browser found. */
export interface PageReport {
  readonly title: string;
  readonly heading: string | null;
  readonly text: string;
  readonly agent: string;
  /** Console messages, page errors, failed requests. */
  readonly problems: readonly string[];
  /** The URL of every request. */
  readonly requests: readonly string[];
  /** The text of each form's response. */
  readonly echo: string;
  readonly anything: string;
  readonly file: string;
  /** `/cookie` after the form has set one, and the page's text then. */
  readonly cookie: string;
  readonly remembered: string;
  /** Whether the browser would send a value that no cookie can have. */
  readonly sendsBadValue: boolean;
  /** The heading and the link of the page for a path where nothing is. */
  readonly missing: readonly (string | null)[];
  /** The width of the page in a narrow window, and of that window (px). */
  readonly narrow: readonly [page: number, window: number];
}

const VIEWS = [["wide", 1100], ["phone", 360]] as const;

async function visit(url: string, executablePath: string, folder: string | undefined): Promise<PageReport> {
  const { browser, ...launched } = await launchChromium(executablePath);
  try {
    const requests: string[] = [];
    const context = await browser.newContext({ viewport: { width: 1100, height: 800 } });
    const page = await context.newPage();
    const problems = problemsOf(page);
    page.on("request", (request) => requests.push(request.url?.() ?? ""));
    await page.goto(url);
    const contents = {
      title: await page.evaluate<string>("document.title"),
      heading: await page.textContent("h1"),
      text: await page.evaluate<string>("document.body.innerText"),
      agent: await page.evaluate<string>("navigator.userAgent"),
    };
    const submit = async (button: string): Promise<string> => {
      await page.click(button);
      await page.waitForLoadState();
      const text = await page.textContent("body");
      await page.goto(url);
      return text ?? "";
    };
    await page.fill("#message", "Grüße & <b>more</b>");
    const echo = await submit("text=Send to /echo");
    await page.fill("#message", "Grüße & <b>more</b>");
    const anything = await submit("text=Send to /anything");
    const buffer = (await import("node:buffer")).Buffer.from("file content");
    await page.setInputFiles("#file", { name: "note.txt", mimeType: "text/plain", buffer });
    const file = await submit("text=Send the file");
    await page.fill("#colour", "two words");
    const sendsBadValue = await page.evaluate<boolean>("document.querySelector('#colour').checkValidity()");
    await page.fill("#colour", "blue");
    const cookie = await submit("text=Set the cookie");
    const remembered = await page.evaluate<string>("document.body.innerText");
    await context.close();
    // The browser reports the status on the console, which is no problem of the page.
    const lost = await (await browser.newContext({})).newPage();
    await lost.goto(`${url}nowhere`);
    const missing = [await lost.textContent("h1"), await lost.evaluate<string>("document.links[0].href")];
    let narrow: [number, number] = [0, 0];
    for (const [name, width] of VIEWS) {
      for (const colorScheme of ["light", "dark"]) {
        const view = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
        const there = await view.newPage();
        await there.goto(url);
        narrow = [await there.evaluate<number>("document.documentElement.scrollWidth"), width];
        if (folder !== undefined) {
          await there.screenshot({ path: `${folder}/${name}-${colorScheme}.png`, fullPage: true });
        }
        await view.close();
      }
    }
    return {
      ...contents,
      problems,
      requests,
      echo,
      anything,
      file,
      cookie,
      remembered,
      sendsBadValue,
      missing,
      narrow,
    };
  } finally {
    await launched.close();
  }
}

/** Visits the page and prints the report; returns the exit code. */
export async function main([url = "", chromium = "", folder]: string[]): Promise<number> {
  const report = JSON.stringify(await visit(url, chromium, folder));
  await Deno.stdout.write(new TextEncoder().encode(`${report}\n`));
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
