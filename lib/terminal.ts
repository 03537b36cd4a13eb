/**
 * An input line that incoming text never breaks, and its plain counterpart where there is no terminal.
 *
 * @module
 */
import process from "node:process";
import { createInterface, type Interface } from "node:readline";
import { ProtocolError } from "./errors.ts";
import { type Sink, writeAll } from "./output.ts";
import { ByteReader, type ByteSource } from "./reader.ts";
import { decodeText, streamDecoder } from "./text.ts";
import { wrapLine } from "./width.ts";

/** Lines from a person or a program, and a place to print that leaves what is being typed alone. */
export interface LineInput extends Sink, Disposable {
  /** Whether a person types at a terminal. */
  readonly interactive: boolean;
  /**
   * Waits for the next line, without its line end; `null` is the end (end of the file, Ctrl-D, {@linkcode LineInput.close}).
   * One call at a time.
   *
   * @param signal Ends the wait with its reason; no line is lost by that.
   */
  read(signal?: AbortSignal): Promise<string | null>;
  /** Changes the words before the input. */
  prompt(text: string): void;
  /** Throws away the lines that were typed and not read; tells how many. */
  discard(): number;
  /** Gives the terminal back. What waits says `null`. */
  close(): void;
}

/** How an input line behaves. */
export interface InputOptions {
  /** The words before the input ("> "). */
  readonly prompt?: string;
  /** What the Tab key makes of what was typed: the possible continuations of its last part, and that part. */
  readonly complete?: (typed: string) => [string[], string];
  /** Ctrl-C. */
  readonly onInterrupt?: () => void;
  /** Ctrl-D, or a terminal that went away. */
  readonly onEnd?: () => void;
  /** A line was entered while nobody waits for one; `true` takes it, otherwise it is kept for the next read. */
  readonly onEarly?: (line: string) => boolean;
  /** The most bytes of a line where there is no terminal (64 KiB). */
  readonly maxLine?: number;
}

/** Opens standard input: as a terminal's input line where both input and output are one, else as plain lines. */
export function openInput(options: InputOptions = {}): LineInput {
  if (Deno.stdin.isTerminal() && Deno.stdout.isTerminal()) return new Terminal(options);
  return new PlainInput(Deno.stdin, Deno.stdout, options);
}

/** The streams of a terminal; `process` has them. */
export interface TerminalStreams {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream & { readonly columns?: number };
}

/** How many lines may be typed ahead; what is beyond is dropped. */
const MOST_AHEAD = 10_000;

/** Hands each line to whoever waits for it, and keeps those that come early. */
class LineQueue {
  readonly lines: string[] = [];
  #ended = false;
  #wake: (() => void) | null = null;

  /** Whether somebody waits. */
  get wanted(): boolean {
    return this.#wake !== null;
  }

  push(line: string): void {
    if (this.lines.length < MOST_AHEAD) this.lines.push(line);
    this.#rouse();
  }

  end(): void {
    this.#ended = true;
    this.#rouse();
  }

  async next(signal?: AbortSignal): Promise<string | null> {
    signal?.addEventListener("abort", this.#rouse);
    try {
      for (;;) {
        signal?.throwIfAborted();
        const line = this.lines.shift();
        if (line !== undefined) return line;
        if (this.#ended) return null;
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      signal?.removeEventListener("abort", this.#rouse);
    }
  }

  #rouse = (): void => {
    this.#wake?.();
    this.#wake = null;
  };
}

/**
 * A terminal's input line: editing, history with the arrows, completion with Tab, by the platform's `node:readline`. Text that is
 * printed through {@linkcode Terminal.write} appears above it.
 */
export class Terminal implements LineInput {
  readonly interactive = true;
  #readline: Interface;
  #output: TerminalStreams["stdout"];
  #queue = new LineQueue();
  #decoder = streamDecoder();
  /** Text to be printed: complete lines, then the beginning of one. */
  #waiting = "";
  #scheduled: ReturnType<typeof setImmediate> | null = null;
  #closed = false;

  constructor(options: InputOptions, streams: TerminalStreams = process) {
    const { prompt = "> ", complete, onInterrupt = () => {}, onEnd = () => {}, onEarly = () => false } = options;
    this.#output = streams.stdout;
    this.#readline = createInterface({
      input: streams.stdin,
      output: streams.stdout,
      terminal: true,
      prompt,
      ...(complete === undefined ? {} : { completer: complete }),
    });
    this.#readline.on("line", (line) => {
      if (this.#queue.wanted || !onEarly(line)) this.#queue.push(line);
      if (!this.#closed) this.#readline.prompt();
    });
    this.#readline.on("SIGINT", onInterrupt);
    this.#readline.on("close", () => {
      if (!this.#closed) onEnd();
      this.close();
    });
    this.#readline.prompt();
  }

  read(signal?: AbortSignal): Promise<string | null> {
    return this.#queue.next(signal);
  }

  prompt(text: string): void {
    if (this.#closed || text === this.#readline.getPrompt()) return;
    this.#readline.setPrompt(text);
    this.#readline.prompt(true);
  }

  discard(): number {
    return this.#queue.lines.splice(0).length;
  }

  /** Prints text above the input line; the beginning of a line waits for the rest of it. All of a turn of the event loop at once. */
  write(bytes: Uint8Array): Promise<number> {
    const text = this.#decoder.decode(bytes, { stream: true });
    const { length } = bytes;
    // Nothing is in the way any more, and the process may end as soon as this is written.
    if (this.#closed) return new Promise((resolve) => this.#output.write(text, () => resolve(length)));
    this.#waiting += text;
    this.#scheduled ??= setImmediate(() => this.#flush());
    return Promise.resolve(length);
  }

  close(): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    this.#output.write(this.#wipe() + this.#waiting);
    this.#readline.close();
    this.#queue.end();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #flush(): void {
    if (this.#scheduled !== null) clearImmediate(this.#scheduled);
    this.#scheduled = null;
    const end = this.#waiting.lastIndexOf("\n") + 1;
    if (end === 0) return;
    const columns = this.#output.columns ?? 0;
    const rows = this.#waiting.slice(0, end - 1).split("\n").flatMap((line) => wrapLine(line, columns));
    this.#waiting = this.#waiting.slice(end);
    // The editor redraws from the first row of its line, so many rows above the cursor: give it those rows anew.
    const above = this.#readline.getCursorPos().rows;
    this.#output.write(`${this.#wipe()}${rows.join("\n")}\n${"\n".repeat(above)}`);
    this.#readline.prompt(true);
  }

  /** Clears every row of the input line and leaves the cursor at the beginning of the first. */
  #wipe(): string {
    const above = this.#readline.getCursorPos().rows;
    return `\r${above > 0 ? `\x1b[${above}A` : ""}\x1b[J`;
  }
}

/** Lines of a pipe or a file. A line that is too long is an error; whatever is printed goes straight through. */
export class PlainInput implements LineInput {
  readonly interactive = false;
  #reader: ByteReader;
  #sink: Sink;
  #max: number;
  #queue = new LineQueue();
  /** The read under way; it outlives a call that its signal has ended. */
  #pending: Promise<void> | null = null;
  #problem: unknown = null;
  #closed = false;

  constructor(source: ByteSource, sink: Sink, options: InputOptions = {}) {
    this.#reader = new ByteReader(source);
    this.#sink = sink;
    this.#max = options.maxLine ?? 64 * 1024;
  }

  /** @throws {ProtocolError} The line is longer than the limit. */
  async read(signal?: AbortSignal): Promise<string | null> {
    if (!this.#closed && this.#queue.lines.length === 0) this.#pending ??= this.#fetch();
    const line = await this.#queue.next(signal);
    if (line === null && this.#problem !== null) throw this.#problem;
    return line;
  }

  prompt(): void {}

  discard(): number {
    return 0;
  }

  async write(bytes: Uint8Array): Promise<number> {
    await writeAll(this.#sink, bytes);
    return bytes.length;
  }

  close(): void {
    this.#closed = true;
    this.#queue.end();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Reads one line into the queue; never rejects. */
  async #fetch(): Promise<void> {
    try {
      const bytes = await this.#reader.readLine(this.#max);
      if (bytes === null) this.#queue.end();
      else this.#queue.push(decodeText(bytes));
    } catch (error) {
      if (error instanceof ProtocolError) this.#problem = error;
      this.#queue.end();
    } finally {
      this.#pending = null;
    }
  }
}
