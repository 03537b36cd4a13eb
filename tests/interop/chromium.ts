/**
 * Headless Chromium, by playwright-core. Only a process of its own imports it, with `--no-lock`: the driver does not belong in the
 * project's lock file.
 *
 * @module
 */

/** The part of playwright-core that is used here. */
export interface Page {
  on(
    event: string,
    listener: (what: { type?(): string; text?(): string; url?(): string; message?: string }) => void,
  ): void;
  readonly keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
  goto(url: string): Promise<unknown>;
  url(): string;
  textContent(selector: string): Promise<string | null>;
  fill(selector: string, text: string): Promise<void>;
  selectOption(selector: string, value: string): Promise<unknown>;
  setInputFiles(selector: string, file: { name: string; mimeType: string; buffer: unknown }): Promise<void>;
  setViewportSize(size: { width: number; height: number }): Promise<void>;
  click(selector: string): Promise<void>;
  waitForLoadState(): Promise<void>;
  waitForEvent(event: "download"): Promise<{ path(): Promise<string>; suggestedFilename(): string }>;
  evaluate<T>(code: string): Promise<T>;
  screenshot(options: { path: string; fullPage: boolean }): Promise<unknown>;
}

/** Chromium's own protocol with a page. */
export interface DevTools {
  send(method: string, parameters: unknown): Promise<unknown>;
}

/** A profile of the browser: its pages share what they store. */
export interface Context {
  newPage(): Promise<Page>;
  newCDPSession(page: Page): Promise<DevTools>;
  close(): Promise<void>;
}

/** The browser. */
export interface Browser {
  newContext(options: unknown): Promise<Context>;
  close(): Promise<void>;
}

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts Chromium with a home of its own: it keeps settings and caches there, whatever its profile. `close` ends it. */
export async function launchChromium(executablePath: string): Promise<{ browser: Browser; close(): Promise<void> }> {
  // Not a literal: the type checker would look for it in the lock file.
  const driver = ["npm:playwright-core", "1.64.1"].join("@");
  const { chromium } = await import(driver);
  const home = await Deno.makeTempDir({ prefix: "plainwire-test-" });
  const env = { ...Deno.env.toObject(), HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home };
  const browser: Browser = await chromium.launch({ executablePath, args: ARGS, env });
  const close = async (): Promise<void> => {
    await browser.close();
    await Deno.remove(home, { recursive: true });
  };
  return { browser, close };
}

/** What goes wrong in a page, as it happens: console messages, errors, failed requests. */
export function problemsOf(page: Page): string[] {
  const problems: string[] = [];
  page.on("console", (message) => problems.push(`console ${message.type?.()}: ${message.text?.()}`));
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  page.on("requestfailed", (request) => problems.push(`failed: ${request.url?.()}`));
  return problems;
}
