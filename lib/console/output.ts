/**
 * Standard output that never holds up a server and never shows a raw exception.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { Exit, Failure, isDisconnect, stateOf } from "../errors.ts";
import { encodeText, escapeControls, plural, streamDecoder } from "../text.ts";
import { wrapText } from "./width.ts";

/** What an output needs of a stream; `Deno.stdout` and `Deno.stderr` fit. */
export interface Sink {
  write(bytes: Uint8Array): Promise<number>;
}

/** A sink that can be led elsewhere while it is in use. */
export class Route implements Sink {
  #to: Sink;

  /** @param to Where the bytes go until {@linkcode Route.redirect} says otherwise. */
  constructor(to: Sink) {
    this.#to = to;
  }

  /** Leads what is written from now on to another sink. */
  redirect(to: Sink): void {
    this.#to = to;
  }

  /** Passes the bytes on. */
  write(bytes: Uint8Array): Promise<number> {
    return this.#to.write(bytes);
  }
}

/** The reader of standard output has left (`| head -1`): an end of the run, not a failure. */
export class OutputClosed extends Error {
  override name = "OutputClosed";
}

/** How long to wait where a full pipe does not wait by itself (ms). */
const RETRY = 10;

/**
 * Writes all of the bytes; `write(2)` may take fewer than it was given, and none where another program has made the same pipe or
 * terminal non-blocking (EAGAIN).
 */
export async function writeAll(sink: Sink, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += await sink.write(offset === 0 ? bytes : bytes.subarray(offset));
    } catch (error) {
      if (!(error instanceof Error && error.name === "WouldBlock")) throw error;
      await delay(RETRY);
    }
  }
}

/** How the lines of a log are written. */
export interface LineOutputOptions {
  /** How many characters may wait (4 Mi). */
  readonly limit?: number;
  /** Called once, when the reader has left or the lines cannot be written any more. */
  readonly onClosed?: (error: unknown) => void;
  /** Makes the line that says how many were dropped. */
  readonly droppedLine?: (count: number) => string;
  /** The width of the terminal; 0 = there is none. */
  readonly columns?: () => number;
}

/**
 * Lines of a log. {@linkcode LineOutput.line} never waits: lines gather while one write is under way and leave in the next one,
 * so that a busy server makes few system calls. A log that nobody reads is bounded: beyond the limit lines are dropped and counted.
 */
export class LineOutput {
  #sink: Sink;
  #limit: number;
  #onClosed: (error: unknown) => void;
  #droppedLine: (count: number) => string;
  #columns: () => number;
  #waiting = "";
  #lost = 0;
  #writing: Promise<void> | null = null;
  #closed = false;

  /** @param sink Where the lines go; this object is its only writer. */
  constructor(sink: Sink, options: LineOutputOptions = {}) {
    this.#sink = sink;
    this.#columns = options.columns ?? (() => 0);
    this.#limit = options.limit ?? 4 * 1024 * 1024;
    this.#onClosed = options.onClosed ?? (() => {});
    this.#droppedLine = options.droppedLine ?? ((count) => `[!] ${droppedWarning(count)}`);
  }

  /** Adds lines as {@linkcode LineOutput.line} does. On a terminal, what goes on in a further row cannot be taken for a line of its own. */
  wrapped(text: string): void {
    const columns = this.#columns();
    this.line(columns === 0 ? text : wrapText(text, columns));
  }

  /** Adds a line; its newline is supplied. */
  line(text: string): void {
    if (this.#closed) return;
    if (this.#waiting.length > this.#limit) {
      this.#lost++;
      return;
    }
    this.#waiting += `${text}\n`;
    this.#writing ??= this.#drain();
  }

  /** Waits until everything so far is written (or the reader has left). */
  async flush(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
  }

  async #drain(): Promise<void> {
    // Yield once: the lines of this turn of the event loop leave together.
    await Promise.resolve();
    try {
      while (this.#waiting !== "") {
        const text = this.#waiting + (this.#lost > 0 ? `${this.#droppedLine(this.#lost)}\n` : "");
        this.#waiting = "";
        this.#lost = 0;
        await writeAll(this.#sink, encodeText(text));
      }
    } catch (error) {
      // Whatever ails the log (EPIPE, a full disk), the log is not the place to say it.
      this.#closed = true;
      this.#onClosed(error);
    } finally {
      this.#writing = null;
    }
  }
}

/** Says that lines of the log were dropped. */
export function droppedWarning(count: number): string {
  return `${plural(count, "log line")} dropped: nobody reads the log`;
}

/**
 * A client's received data on standard output: untouched into a pipe or a file; on a terminal decoded, with controls escaped and a
 * missing last newline supplied.
 */
export class DataOutput {
  #sink: Sink;
  #decoder: TextDecoder | null;
  /** A carriage return at the end of a write: with the next one it may turn out to be half a line end. */
  #heldReturn = "";
  #atLineStart = true;

  constructor(sink: Sink, options: { terminal: boolean }) {
    this.#sink = sink;
    this.#decoder = options.terminal ? streamDecoder() : null;
  }

  /**
   * Writes received bytes, waiting until the reader takes them.
   *
   * @throws {OutputClosed} The reader has left.
   * @throws {Failure} They cannot be written: the disk is full, say.
   */
  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    if (this.#decoder === null) return await this.#put(bytes);
    const text = this.#heldReturn + this.#decoder.decode(bytes, { stream: true });
    this.#heldReturn = text.endsWith("\r") ? "\r" : "";
    await this.#show(text.slice(0, text.length - this.#heldReturn.length));
  }

  /** Ends one message: on a terminal the next thing starts on a line of its own. */
  async end(): Promise<void> {
    if (this.#decoder === null) return;
    const text = this.#heldReturn + this.#decoder.decode();
    this.#heldReturn = "";
    await this.#show(text);
    if (!this.#atLineStart) await this.#show("\n");
  }

  async #show(text: string): Promise<void> {
    if (text === "") return;
    this.#atLineStart = text.endsWith("\n");
    await this.#put(encodeText(escapeControls(text.replaceAll("\r\n", "\n"), { lines: true })));
  }

  async #put(bytes: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#sink, bytes);
    } catch (error) {
      const cause = { cause: error };
      if (isDisconnect(error)) throw new OutputClosed("Cannot write to standard output: its reader has left", cause);
      throw new Failure(Exit.failed, `Cannot write to standard output: ${stateOf(error).state}`, cause);
    }
  }
}
