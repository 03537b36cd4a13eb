/**
 * A page in headless Chromium that a test works with step by step. The browser's driver runs in a process of its own (see `chromium.ts`),
 * which takes a command a line on standard input and answers each with a line.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { type Context, type DevTools, launchChromium, type Page, problemsOf } from "./chromium.ts";

/** How long anything in the page may take (ms). */
const LIMIT = 10_000;

/** What a page is told to do. */
type Command = readonly [action: keyof typeof ACTIONS | "tab" | "devtools" | "problems", ...args: string[]];

/** A page in a browser; disposing of it ends the browser. */
export class RemotePage implements AsyncDisposable {
  #process: Deno.ChildProcess;
  #input: WritableStreamDefaultWriter<Uint8Array>;
  #lines: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor() {
    const file = new URL("./remote_page.ts", import.meta.url).pathname;
    const run = 'exec "$0" run --no-lock --no-config --quiet --allow-all "$1" "$(command -v chromium)"';
    const args = ["-c", run, Deno.execPath(), file];
    this.#process = new Deno.Command("sh", { args, stdin: "piped", stdout: "piped" }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#lines = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Loads a page. */
  async visit(url: string): Promise<void> {
    await this.#do("visit", url);
  }

  /** Clicks an element. */
  async click(selector: string): Promise<void> {
    await this.#do("click", selector);
  }

  /** Types a text into a field, in place of what is there. */
  async fill(selector: string, text: string): Promise<void> {
    await this.#do("fill", selector, text);
  }

  /** Chooses an option. */
  async choose(selector: string, value: string): Promise<void> {
    await this.#do("choose", selector, value);
  }

  /** Presses a key. */
  async press(key: string): Promise<void> {
    await this.#do("press", key);
  }

  /** Types a text where the focus is, key by key. */
  async type(text: string): Promise<void> {
    await this.#do("type", text);
  }

  /** Goes to a tab of the browser, the first of which is 0; the next one is opened when it is first gone to. */
  async tab(number: number): Promise<void> {
    await this.#do("tab", String(number));
  }

  /** Sends a command of Chromium's own protocol to this tab. */
  async devTools<T>(method: string, parameters: unknown = {}): Promise<T> {
    return await this.#do("devtools", method, JSON.stringify(parameters)) as T;
  }

  /** Sets the size of the window. */
  async resize(width: number, height: number): Promise<void> {
    await this.#do("resize", String(width), String(height));
  }

  /** The value of an expression in the page. */
  async value<T>(expression: string): Promise<T> {
    return await this.#do("value", expression) as T;
  }

  /** Waits until an expression is true in the page. */
  async until(expression: string): Promise<void> {
    await this.#do("until", expression);
  }

  /** Clicks a link that is a download; returns the file's name, and its bytes. */
  async download(selector: string): Promise<[name: string, bytes: Uint8Array]> {
    const [name, base64] = await this.#do("download", selector) as [string, string];
    return [name, Uint8Array.fromBase64(base64)];
  }

  /** Console messages, errors and failed requests so far. */
  async problems(): Promise<string[]> {
    return await this.#do("problems") as string[];
  }

  /** Saves a picture of the page, for a person to look at. */
  async picture(path: string): Promise<void> {
    await this.#do("picture", path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#lines.cancel();
    await this.#process.status;
  }

  async #do(...command: Command): Promise<unknown> {
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify(command)}\n`));
    while (!this.#text.includes("\n")) {
      const { done, value } = await this.#lines.read();
      if (done) throw new Error("The browser's driver has ended");
      this.#text += value;
    }
    const end = this.#text.indexOf("\n");
    const { value, error } = JSON.parse(this.#text.slice(0, end));
    this.#text = this.#text.slice(end + 1);
    if (error !== undefined) throw new Error(`${command.join(" ")}: ${error}`);
    return value;
  }
}

/** What each command does in the driver's process. */
const ACTIONS = {
  visit: (page: Page, url: string) => page.goto(url).then(() => {}),
  click: (page: Page, selector: string) => page.click(selector),
  fill: (page: Page, selector: string, text: string) => page.fill(selector, text),
  choose: (page: Page, selector: string, value: string) => page.selectOption(selector, value),
  press: (page: Page, key: string) => page.keyboard.press(key),
  type: (page: Page, text: string) => page.keyboard.type(text),
  resize: (page: Page, width: string, height: string) =>
    page.setViewportSize({ width: Number(width), height: Number(height) }),
  value: (page: Page, expression: string) => page.evaluate(expression),
  // The driver's own way of waiting evaluates a string in the page, which a strict policy of the page forbids.
  until: async (page: Page, expression: string) => {
    for (const late = AbortSignal.timeout(LIMIT); !await page.evaluate<boolean>(expression); await delay(30)) {
      if (late.aborted) throw new Error(`not in ${LIMIT} ms`);
    }
  },
  download: async (page: Page, selector: string) => {
    const started = page.waitForEvent("download");
    await page.click(selector);
    const download = await started;
    return [download.suggestedFilename(), (await Deno.readFile(await download.path())).toBase64()];
  },
  picture: (page: Page, path: string) => page.screenshot({ path, fullPage: false }).then(() => {}),
};

/** A page with what went wrong in it. */
interface Tab {
  readonly page: Page;
  readonly problems: readonly string[];
  readonly devTools: DevTools;
}

/** The tabs of a browser. */
class Tabs {
  #context: Context;
  #tabs: Tab[] = [];
  #at = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Does one command. */
  async answerTo(line: string): Promise<{ value?: unknown }> {
    const [action, ...args] = JSON.parse(line) as Command;
    const [first = "", second = ""] = args;
    if (action === "tab") this.#at = Number(first);
    const { page, problems, devTools } = this.#tabs[this.#at] ??= await this.#open();
    if (action === "tab") return {};
    if (action === "problems") return { value: problems };
    if (action === "devtools") return { value: await devTools.send(first, JSON.parse(second)) };
    const run: (page: Page, ...args: string[]) => Promise<unknown> = ACTIONS[action];
    return { value: await run(page, ...args) };
  }

  async #open(): Promise<Tab> {
    const page = await this.#context.newPage();
    return { page, problems: problemsOf(page), devTools: await this.#context.newCDPSession(page) };
  }
}

/** Does the commands on standard input; returns the exit code. */
export async function main([executablePath = ""]: string[]): Promise<number> {
  const { browser, close } = await launchChromium(executablePath);
  try {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      acceptDownloads: true,
      ignoreHTTPSErrors: true,
    });
    const tabs = new Tabs(context);
    let text = "";
    for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
      const lines = (text + chunk).split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        const answer = await tabs.answerTo(line).catch((error) => ({ error: String(error) }));
        await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(answer)}\n`));
      }
    }
    return 0;
  } finally {
    await close();
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
