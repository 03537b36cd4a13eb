/**
 * Opens pictures in headless Chromium and prints what it finds as JSON. It runs as a separate process with `--no-lock`, as
 * `browser.ts` does.
 *
 * ```sh
 * deno run --no-lock --no-config --allow-all tests/interop/diagram_browser.ts CHROMIUM FOLDER [FOLDER-FOR-SCREENSHOTS]
 * ```
 *
 * @module
 */

/** The part of playwright-core that is used here. */
interface Page {
  on(
    event: string,
    listener: (what: { text?(): string; url?(): string; message?: string | (() => string) }) => void,
  ): void;
  goto(url: string): Promise<unknown>;
  setViewportSize(size: { width: number; height: number }): Promise<void>;
  emulateMedia(options: { media?: string; colorScheme?: string }): Promise<void>;
  evaluate<T>(code: string): Promise<T>;
  screenshot(options: { path: string; fullPage: boolean }): Promise<unknown>;
}

interface Browser {
  newContext(options: unknown): Promise<{ newPage(): Promise<Page>; close(): Promise<void> }>;
  close(): Promise<void>;
}

/** What the browser found in one picture. */
export interface PictureReport {
  readonly file: string;
  /** The root element; `html` with a message about the error if an SVG is not well-formed. */
  readonly root: string;
  readonly title: string;
  /** Pairs of texts that overlap. */
  readonly overlaps: readonly string[];
  /** Texts that leave the picture. */
  readonly outside: readonly string[];
  /** Scripts, frames, event attributes, and whatever else does not belong into a picture. */
  readonly strange: readonly string[];
  /** Console messages, errors, dialogs, and requests besides the picture itself. */
  readonly problems: readonly string[];
  /** The colours of the ground in a light window, in a dark one, and when a dark one is printed. */
  readonly grounds: readonly string[];
  /** The contrast of the weakest text with the ground, in a light window and in a dark one (WCAG 2.2, 1.4.3). */
  readonly contrasts: readonly number[];
  /** In a window of 360: how wide the page is, and the height of its smallest letters (px). */
  readonly narrow: readonly [width: number, letters: number];
}

const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];

/** Runs in the page: the visible texts' rectangles, compared. */
const MEASURE = `(() => {
  const svg = [...document.querySelectorAll("svg[role=img]")].find((one) => one.getBoundingClientRect().width > 0);
  const ground = svg.querySelector(".paper");
  const area = ground.getBoundingClientRect();
  const texts = [...svg.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
  const outside = texts.filter(([, r]) => r.left < area.left || r.right > area.right + .5 || r.bottom > area.bottom)
    .map(([text]) => text);
  const overlaps = [];
  // The font's line is higher than its letters.
  const [over, under] = [.16, .12];
  texts.forEach(([one, a], index) => texts.slice(index + 1).forEach(([two, b]) => {
    const [top, bottom] = [(r) => r.top + over * r.height, (r) => r.bottom - under * r.height];
    const apart = a.right <= b.left || b.right <= a.left || bottom(a) <= top(b) || bottom(b) <= top(a);
    if (!apart) overlaps.push(one + " / " + two);
  }));
  const strange = [...document.querySelectorAll("*")].filter((element) =>
    /^(script|iframe|object|embed|foreignobject|image|img|a|use|animate|set|link|form|base)$/i.test(element.localName) ||
    [...element.attributes].some(({ name, value }) => /^on|href|^src/i.test(name) || /javascript:/i.test(value))
  ).map((element) => element.outerHTML.slice(0, 200));
  const scale = area.width / svg.viewBox.baseVal.width;
  const sizes = [...svg.querySelectorAll("text, tspan:not(.control)")].map((text) => parseFloat(getComputedStyle(text).fontSize) * scale);
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
      .map((part) => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const paper = light(getComputedStyle(ground).fill);
  const contrasts = [...svg.querySelectorAll("text, tspan")].map((text) => light(getComputedStyle(text).fill))
    .map((ink) => (Math.max(ink, paper) + .05) / (Math.min(ink, paper) + .05));
  return {
    root: document.documentElement.localName,
    title: (document.querySelector("title") ?? {}).textContent ?? "",
    overlaps, outside, strange,
    ground: getComputedStyle(ground).fill,
    contrast: Math.min(...contrasts),
    width: document.documentElement.scrollWidth,
    letters: Math.min(...sizes),
  };
})()`;

interface Measured extends Pick<PictureReport, "root" | "title" | "overlaps" | "outside" | "strange"> {
  readonly ground: string;
  readonly contrast: number;
  readonly width: number;
  readonly letters: number;
}

async function look(browser: Browser, folder: string, file: string, shots: string | undefined): Promise<PictureReport> {
  const problems: string[] = [];
  const url = new URL(`file://${folder}/${file}`).href;
  const views: Measured[] = [];
  const context = await browser.newContext({ viewport: { width: 800, height: 900 } });
  const page = await context.newPage();
  page.on("console", (message) => problems.push(`console: ${message.text?.()}`));
  page.on(
    "dialog",
    (dialog) => problems.push(`dialog: ${typeof dialog.message === "function" ? dialog.message() : ""}`),
  );
  page.on("pageerror", ({ message }) => problems.push(`error: ${message}`));
  page.on("request", (request) => request.url?.() === url || problems.push(`request: ${request.url?.()}`));
  await page.goto(url);
  const broken = await page.evaluate<string>(`document.querySelector("parsererror")?.textContent ?? ""`);
  if (broken !== "") problems.push(`not well-formed: ${broken}`);
  for (const [name, width, colorScheme, media] of broken === "" ? VIEWS : []) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ media, colorScheme });
    views.push(await page.evaluate<Measured>(MEASURE));
    // The driver cannot photograph an SVG that is no part of a page.
    if (shots !== undefined && file.endsWith(".html")) {
      await page.screenshot({ path: `${shots}/${file}-${name}.png`, fullPage: true });
    }
  }
  await context.close();
  const [light, dark, printed, phone] = views;
  return {
    file,
    root: light?.root ?? "",
    title: light?.title ?? "",
    overlaps: [...light?.overlaps ?? [], ...phone?.overlaps ?? []],
    outside: [...light?.outside ?? [], ...phone?.outside ?? []],
    strange: light?.strange ?? [],
    problems,
    grounds: [light, dark, printed].map((view) => view?.ground ?? ""),
    contrasts: [light, dark].map((view) => view?.contrast ?? 0),
    narrow: [phone?.width ?? 0, phone?.letters ?? 0],
  };
}

const VIEWS = [
  ["light", 800, "light", "screen"],
  ["dark", 800, "dark", "screen"],
  ["print", 800, "dark", "print"],
  ["phone", 360, "light", "screen"],
] as const;

/** Looks at every picture in the folder; returns the exit code. */
export async function main([executablePath = "", folder = "", shots]: string[]): Promise<number> {
  // Not a literal: the type checker would look for it in the lock file.
  const driver = ["npm:playwright-core", "1.64.1"].join("@");
  const { chromium } = await import(driver);
  // Chromium keeps settings and caches in its home, whatever its profile.
  const home = await Deno.makeTempDir({ prefix: "plainwire-test-" });
  const env = { ...Deno.env.toObject(), HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home };
  const browser: Browser = await chromium.launch({ executablePath, args: ARGS, env });
  try {
    const reports: PictureReport[] = [];
    for (const { name } of [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1)) {
      if (/\.(svg|html)$/.test(name)) reports.push(await look(browser, folder, name, shots));
    }
    await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(reports)}\n`));
    return 0;
  } finally {
    await browser.close();
    await Deno.remove(home, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
