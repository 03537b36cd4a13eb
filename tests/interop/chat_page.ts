/**
 * The room's page in Chromium, and a path to its server that can break.
 *
 * @module
 */
import { RemotePage } from "./remote_page.ts";

/** Whether lines are shown: as a text for each, with the name of who is shown as its speaker. */
export const LINES = `[...document.querySelectorAll("#log .line")].map((line) =>
  [line.querySelector(".by")?.textContent, line.querySelector(".text, .help")?.textContent].filter(Boolean).join(": "))`;

/** An expression for what is shown as an element's text. */
export const textOf = (selector: string): string => `document.querySelector(${JSON.stringify(selector)}).textContent`;

/** Whether something is shown as the element's text. */
export const textIs = (selector: string, text: string): string => `${textOf(selector)} === ${JSON.stringify(text)}`;

/** Whether a line with this text is in the log. */
export const showsLine = (text: string): string =>
  `[...document.querySelectorAll("#log .text")].some((line) => line.textContent === ${JSON.stringify(text)})`;

/** How often a line with this text is in the log. */
export const countOf = (text: string): string =>
  `[...document.querySelectorAll("#log .text")].filter((line) => line.textContent === ${JSON.stringify(text)}).length`;

/** Loads the page. On a busy machine the request may come after the greeting, which a silent client gets; then once more. */
export async function load(page: RemotePage, url: string): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      return await page.visit(url);
    } catch (error) {
      if (tries === 5 || !/ERR_INVALID_HTTP_RESPONSE|interrupted by another navigation/.test(String(error))) {
        throw error;
      }
    }
  }
}

/** Loads the page and joins the room under a name. */
export async function join(page: RemotePage, url: string, name: string): Promise<void> {
  await load(page, url);
  await page.fill("#name", name);
  await page.press("Enter");
  await page.until(textIs("#state", "connected"));
  await page.until(textIs("#own-name", name));
}

/** Writes a line in the page. */
export async function say(page: RemotePage, line: string): Promise<void> {
  await page.fill("#input", line);
  await page.press("Enter");
}

/** How a path treats what it is given: it passes it on, keeps it, or does not exist. */
type Way = "open" | "held" | "cut";

/** A path to a server that the test can hold and cut, on an address of its own. */
export class BreakablePath implements AsyncDisposable {
  /** Closes connections that ask for a WebSocket, as some proxies do. */
  breaksWebSockets = false;
  #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  #port: number;
  #way: Way = "open";
  #opened = Promise.withResolvers<void>();
  #connections = new Set<Deno.Conn>();
  #serving: Promise<void>;
  #passing = new Set<Promise<void>>();

  /** @param port The server's, on 127.0.0.1. */
  constructor(port: number) {
    this.#port = port;
    this.#opened.resolve();
    this.#serving = this.#serve();
  }

  /** The page's address on this path. */
  get url(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}/`;
  }

  /** Opens the path, holds what it is given without a sign to anyone, or cuts it. */
  set(way: Way): void {
    this.#way = way;
    if (way === "held") this.#opened = Promise.withResolvers();
    else this.#opened.resolve();
    if (way === "cut") { for (const connection of this.#connections) close(connection); }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.set("cut");
    this.#listener.close();
    await this.#serving;
    await Promise.all(this.#passing);
  }

  async #serve(): Promise<void> {
    for await (const near of this.#listener) {
      this.#connections.add(near);
      if (this.#way === "cut") close(near);
      else this.#passing.add(this.#join(near));
    }
  }

  async #join(near: Deno.Conn): Promise<void> {
    const far = await Deno.connect({ hostname: "127.0.0.1", port: this.#port }).catch(() => null);
    if (far === null) return close(near);
    this.#connections.add(far);
    await Promise.all([this.#pass(near, far), this.#pass(far, near)]);
    for (const connection of [near, far]) {
      close(connection);
      this.#connections.delete(connection);
    }
  }

  async #pass(from: Deno.Conn, to: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (let count; (count = await from.read(buffer)) !== null;) {
        await this.#opened.promise;
        const bytes = buffer.subarray(0, count);
        if (this.breaksWebSockets && /^upgrade: websocket/im.test(new TextDecoder().decode(bytes))) break;
        for (let sent = 0; sent < count;) sent += await to.write(bytes.subarray(sent));
      }
      await to.closeWrite();
    } catch {
      // The path was cut, or an end has gone.
      close(from);
      close(to);
    }
    if (this.breaksWebSockets) close(to);
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
