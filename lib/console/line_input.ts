/**
 * Line input, and its implementation for a pipe or a file.
 *
 * @module
 */
import { ProtocolError, TooLongError } from "../errors.ts";
import { type Sink, writeAll } from "./output.ts";
import { ByteReader, type ByteSource } from "../reader.ts";
import { decodeText } from "../text.ts";

/** Lines typed by a user or sent by a program, and a sink for output that does not disturb the line being typed. */
export interface LineInput extends Sink, Disposable {
  /** Whether the input is a terminal. */
  readonly interactive: boolean;
  /** Whether the input has ended, and every line is read. */
  readonly ended: boolean;
  /**
   * Waits for the next line, without its line end; `null` is the end (end of file, Ctrl-D, {@linkcode LineInput.close}).
   * One call at a time.
   *
   * @param signal Aborts the wait with its reason; no line is lost.
   */
  read(signal?: AbortSignal): Promise<string | null>;
  /** Changes the prompt. */
  prompt(text: string): void;
  /** Discards the unread lines and the line being typed; returns how many. */
  discard(): number;
  /** Releases the terminal. A pending read returns `null`. */
  close(): void;
}

/** Options of an input line. */
export interface InputOptions {
  /** The prompt ("> "). */
  readonly prompt?: string;
  /** Tab completion: returns the candidates for the last part of the line, and that part. */
  readonly complete?: (typed: string) => [string[], string];
  /** Ctrl-C. */
  readonly onInterrupt?: () => void;
  /** Ctrl-D, or the terminal was closed. */
  readonly onEnd?: () => void;
  /** A line was entered while no read is pending; `true` consumes it, otherwise it is kept for the next read. */
  readonly onTypeAhead?: (line: string) => boolean;
  /** The most bytes in a line if the input is not a terminal (64 KiB). */
  readonly maxLine?: number;
  /** A longer line was left out; without this it is an error, and the last that is read. */
  readonly onTooLong?: (error: TooLongError) => void;
}

const LF = 10;
/** How many lines of type-ahead are kept; further lines are dropped. */
const MAX_TYPE_AHEAD = 10_000;

/** Passes lines to the pending read, and queues type-ahead. */
export class LineQueue {
  /** The unread lines. */
  readonly lines: string[] = [];
  #ended = false;
  #wake: (() => void) | null = null;

  /** Whether a read is pending. */
  get hasReader(): boolean {
    return this.#wake !== null;
  }

  /** Whether the input has ended, and no line is left. */
  get ended(): boolean {
    return this.#ended && this.lines.length === 0;
  }

  /** Adds a line. */
  push(line: string): void {
    if (this.lines.length < MAX_TYPE_AHEAD) this.lines.push(line);
    this.#notify();
  }

  /** Marks the end of input. */
  end(): void {
    this.#ended = true;
    this.#notify();
  }

  /** Waits for the next line; `null` is the end. One call at a time. */
  async next(signal?: AbortSignal): Promise<string | null> {
    signal?.addEventListener("abort", this.#notify);
    try {
      for (;;) {
        signal?.throwIfAborted();
        const line = this.lines.shift();
        if (line !== undefined) return line;
        if (this.#ended) return null;
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      signal?.removeEventListener("abort", this.#notify);
    }
  }

  #notify = (): void => {
    this.#wake?.();
    this.#wake = null;
  };
}

/** Lines from a pipe or a file. A line that is too long is an error; output is written unchanged. */
export class PlainInput implements LineInput {
  readonly interactive = false;
  #source: ByteSource;
  #reader: ByteReader;
  #sink: Sink;
  #max: number;
  #onTooLong: InputOptions["onTooLong"];
  #queue = new LineQueue();
  /** The pending read; it outlives a call that its signal has aborted. */
  #pending: Promise<void> | null = null;
  #problem: unknown = null;
  #closed = false;

  constructor(source: ByteSource, sink: Sink, options: InputOptions = {}) {
    this.#source = source;
    this.#reader = new ByteReader(source);
    this.#sink = sink;
    this.#max = options.maxLine ?? 64 * 1024;
    this.#onTooLong = options.onTooLong;
  }

  get ended(): boolean {
    return this.#queue.ended;
  }

  /** @throws {ProtocolError} The line is longer than the limit, and nobody asked to leave it out. */
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
      const bytes = await this.#nextLine();
      if (bytes === null) this.#queue.end();
      else this.#queue.push(decodeText(bytes));
    } catch (error) {
      if (error instanceof ProtocolError) this.#problem = error;
      this.#queue.end();
    } finally {
      this.#pending = null;
    }
  }

  async #nextLine(): Promise<Uint8Array | null> {
    for (;;) {
      try {
        return await this.#reader.readLine(this.#max);
      } catch (error) {
        if (this.#onTooLong === undefined || !(error instanceof TooLongError)) throw error;
        this.#onTooLong(error);
        await this.#skipLine();
      }
    }
  }

  /** Drops what comes up to the next line end. */
  async #skipLine(): Promise<void> {
    for (let bytes; (bytes = await this.#reader.read()) !== null;) {
      const end = bytes.indexOf(LF);
      if (end < 0) continue;
      this.#reader = new ByteReader(after(bytes.slice(end + 1), this.#source));
      return;
    }
  }
}

/** A source that gives some bytes before its own. */
function after(first: Uint8Array, source: ByteSource): ByteSource {
  return {
    read(into) {
      if (first.length === 0) return source.read(into);
      const count = Math.min(first.length, into.length);
      into.set(first.subarray(0, count));
      first = first.subarray(count);
      return Promise.resolve(count);
    },
  };
}
