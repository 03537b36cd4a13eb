/**
 * Lines to read, from whatever is at the other end of standard input; here, from a pipe or a file.
 *
 * @module
 */
import { ProtocolError } from "../errors.ts";
import { type Sink, writeAll } from "./output.ts";
import { ByteReader, type ByteSource } from "../reader.ts";
import { decodeText } from "../text.ts";

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
  /** Throws away the lines that were typed and not read, and the one that is being typed; tells how many. */
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
  readonly onTypeAhead?: (line: string) => boolean;
  /** The most bytes of a line where there is no terminal (64 KiB). */
  readonly maxLine?: number;
}

/** How many lines may be typed ahead; what is beyond is dropped. */
const MAX_TYPE_AHEAD = 10_000;

/** Hands each line to whoever waits for it, and keeps those that come early. */
export class LineQueue {
  /** The lines for which nobody has asked yet. */
  readonly lines: string[] = [];
  #ended = false;
  #wake: (() => void) | null = null;

  /** Whether somebody waits. */
  get hasReader(): boolean {
    return this.#wake !== null;
  }

  /** Adds a line. */
  push(line: string): void {
    if (this.lines.length < MAX_TYPE_AHEAD) this.lines.push(line);
    this.#rouse();
  }

  /** Says that no more will come. */
  end(): void {
    this.#ended = true;
    this.#rouse();
  }

  /** Waits for the next line; `null` is the end. One call at a time. */
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
