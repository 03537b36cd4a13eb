/**
 * Helpers for the chat tests: a typing user, a client that reads lines, and a room.
 *
 * @module
 */
import { proseOf } from "../../lib/console/prose.ts";
import { connect as connectNode } from "node:net";
import type { User } from "../../chat/input.ts";
import { type RoomServerOptions, serveRoom } from "../../chat/transport/serve_room.ts";
import type { ServeTotals } from "../../lib/totals.ts";
import type { LineInput } from "../../lib/console/line_input.ts";
import { RawClient, RecordedEvents } from "../support/sockets.ts";

/** An input line that a test types into. */
export class TypedInput implements LineInput {
  interactive = false;
  /** The prompts set so far. */
  readonly prompts: string[] = [];
  closed = false;
  #lines: (string | null)[] = [];
  #wake = Promise.withResolvers<void>();
  /** The script's handler for an early line, as passed to `openInput`. */
  onTypeAhead: (line: string) => boolean = () => false;
  #reading = false;

  type(...lines: string[]): void {
    for (const line of lines) if (this.#reading || !this.interactive || !this.onTypeAhead(line)) this.#lines.push(line);
    this.#rouse();
  }

  end(): void {
    this.#lines.push(null);
    this.#rouse();
  }

  get ended(): boolean {
    return this.closed && this.#lines.length === 0;
  }

  async read(signal?: AbortSignal): Promise<string | null> {
    const aborted = Promise.withResolvers<void>();
    const abort = (): void => aborted.resolve();
    signal?.addEventListener("abort", abort);
    this.#reading = true;
    try {
      for (;;) {
        signal?.throwIfAborted();
        const line = this.#lines.shift();
        if (line !== undefined) return line;
        if (this.closed) return null;
        await Promise.race([this.#wake.promise, aborted.promise]);
      }
    } finally {
      this.#reading = false;
      signal?.removeEventListener("abort", abort);
    }
  }

  prompt(text: string): void {
    this.prompts.push(text);
  }

  discard(): number {
    return this.interactive ? this.#lines.splice(0).length : 0;
  }

  write(bytes: Uint8Array): Promise<number> {
    return Promise.resolve(bytes.length);
  }

  close(): void {
    this.closed = true;
    this.#rouse();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #rouse(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }
}

/** A user played by a test; `stop` aborts `stopping`. */
export class TestUser implements User {
  readonly input = new TypedInput();
  readonly stopping = new AbortController();
  readonly open: User["open"] = (options) => {
    this.input.onTypeAhead = options.onTypeAhead ?? this.input.onTypeAhead;
    this.input.prompts.push(options.prompt ?? "");
    return this.input;
  };
  readonly stop = (): void => this.stopping.abort();
}

/** A client that reads lines, with a limit of 5 s for each. */
export class LineClient implements Disposable {
  readonly raw: RawClient;
  #decoder = new TextDecoder();
  #text = "";

  constructor(raw: RawClient) {
    this.raw = raw;
  }

  static async connect(port: number): Promise<LineClient> {
    return new LineClient(await RawClient.connect(port));
  }

  async say(...lines: string[]): Promise<void> {
    await this.raw.send(lines.map((line) => `${line}\n`).join(""));
  }

  /** The next line, or the rest at the end; `null` if there is none. */
  async line(): Promise<string | null> {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      const bytes = await this.raw.read();
      if (bytes === null) {
        const rest = this.#text;
        this.#text = "";
        return rest === "" ? null : rest;
      }
      this.#text += this.#decoder.decode(bytes, { stream: true });
    }
  }

  /** The lines up to and including the first that matches. */
  async until(pattern: RegExp): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.line();
      if (line === null) throw new Error(`The stream ended before ${pattern}: ${JSON.stringify(lines)}`);
      lines.push(line);
      if (pattern.test(line)) return lines;
    }
  }

  /** All lines up to the end. */
  async rest(): Promise<string[]> {
    const lines: string[] = [];
    for (let line; (line = await this.line()) !== null;) lines.push(line);
    return lines;
  }

  [Symbol.dispose](): void {
    this.raw.close();
  }
}

/** Joins under a name, sends part of a line, and resets once the server has answered. */
export function joinAndReset(port: number, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connectNode(port, "127.0.0.1", () => socket.write(`/nick ${name}\nhalf a mess`));
    let text = "";
    socket.on("data", (bytes: Uint8Array) => {
      text += new TextDecoder().decode(bytes);
      if (text.includes(`you are ${name};`)) socket.resetAndDestroy();
    });
    socket.on("close", () => resolve());
    socket.on("error", reject);
  });
}

/** A room in this process on a free port. */
export class TestRoomServer implements AsyncDisposable {
  readonly events = new RecordedEvents();
  readonly user = new TestUser();
  readonly saved: { path: string; text: string }[] = [];
  readonly port: number;
  readonly serving: Promise<ServeTotals>;

  constructor(options: Partial<RoomServerOptions> = {}) {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = listener.addr.port;
    this.serving = serveRoom(listener, {
      events: this.events,
      signal: this.user.stopping.signal,
      history: 20,
      rate: 0,
      idle: 0,
      maxMessage: 4096,
      operator: {
        ...this.user,
        name: "server",
        save: (path, text) => {
          if (path === "taken") return Promise.reject(new Deno.errors.AlreadyExists("File exists (os error 17)"));
          this.saved.push({ path, text });
          return Promise.resolve();
        },
      },
      ...options,
    });
  }

  /** A client that has joined under a name and was announced. */
  async join(name: string): Promise<LineClient> {
    const client = await LineClient.connect(this.port);
    await client.say(`/nick ${name}`);
    await client.until(new RegExp(`you are ${name};`));
    return client;
  }

  /** The next log line (prose) that matches. */
  async log(pattern: RegExp): Promise<string> {
    for (;;) {
      for (const event of this.events.all) {
        const text = "prose" in event
          ? proseOf(event, { role: "server", quiet: false })
          : "message" in event
          ? event.message
          : "";
        if (pattern.test(text)) return text;
      }
      await this.events.change;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.user.stop();
    await this.serving;
  }
}
