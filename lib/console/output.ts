/**
 * Standard output that never blocks a server and never shows a raw exception.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { Exit, Failure, isDisconnect, stateOf } from "../errors.ts";
import { decodeText, encodeText, escapeControls, plural, streamDecoder } from "../text.ts";
import { endsInsideCharacter } from "../utf8.ts";
import { type TerminalSize, wrapLine, wrapText } from "./width.ts";

/** What an output needs from a stream; `Deno.stdout` and `Deno.stderr` fit. */
export interface Sink {
  write(bytes: Uint8Array): Promise<number>;
  /** The same for whole lines that are not to be broken to the width of a terminal: they are already, or are there to be copied. */
  writeLines?(bytes: Uint8Array): Promise<number>;
}

/** A sink whose output can be redirected while it is in use. */
export class Route implements Sink {
  #to: Sink;

  /** @param to The destination until {@linkcode Route.redirect} changes it. */
  constructor(to: Sink) {
    this.#to = to;
  }

  /** Sends what is written from now on to another sink. */
  redirect(to: Sink): void {
    this.#to = to;
  }

  /** Passes the bytes on. */
  write(bytes: Uint8Array): Promise<number> {
    return this.#to.write(bytes);
  }

  /** Passes whole lines on. */
  writeLines(bytes: Uint8Array): Promise<number> {
    return this.#to.writeLines?.(bytes) ?? this.#to.write(bytes);
  }
}

/** The reader of standard output has closed the pipe (`| head -1`): this ends the run and is not a failure. */
export class OutputClosed extends Error {
  override name = "OutputClosed";
}

/** The retry interval for a full non-blocking pipe (ms). */
const RETRY = 10;

/**
 * Writes all bytes. `write(2)` may write fewer than requested, or none (EAGAIN) if another program has made the same pipe or terminal
 * non-blocking.
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

/** Options of a line output. */
export interface LineOutputOptions {
  /** The maximum number of buffered characters (4 Mi). */
  readonly limit?: number;
  /** Called once, when the reader has closed the pipe or writing fails. */
  readonly onClosed?: (error: unknown) => void;
  /** Formats the line that reports how many lines were dropped. */
  readonly droppedLine?: (count: number) => string;
  /** The width of the terminal; 0 = not a terminal. */
  readonly columns?: () => number;
  /** Its height. */
  readonly rows?: () => number;
}

/** Clears the row that the cursor is in (ECMA-48 8.3.41). */
const CLEAR_ROW = "\r\x1b[K";

/**
 * Writes the lines of a log. {@linkcode LineOutput.line} never waits: lines are buffered while a write is pending and go out with the
 * next one, so a busy server makes few system calls. If the log is not being read, lines beyond the limit are dropped and counted.
 *
 * On a terminal it can show a status line below the log. Whatever is printed takes the place of that line, which is then drawn again
 * underneath.
 */
export class LineOutput implements Sink {
  #sink: Sink;
  /** The sink, for whole lines. */
  #lines: Sink;
  #limit: number;
  #onClosed: (error: unknown) => void;
  #droppedLine: (count: number) => string;
  /** Where it is said that lines were dropped; `null` = here. */
  #reports: LineOutput | null = null;
  #columns: () => number;
  #rows: () => number;
  #waiting = "";
  /** Whether data waits too, which may end within a line. */
  #hasData = false;
  #dropped = 0;
  #writing: Promise<void> | null = null;
  #closed = false;
  /** The status line that is wanted, and the one on the terminal. */
  #status = "";
  #drawn = "";
  /** Whether what was written ends with a newline. */
  #atLineStart = true;

  /** @param sink The destination; this object is its only writer. */
  constructor(sink: Sink, options: LineOutputOptions = {}) {
    this.#sink = sink;
    this.#lines = { write: (bytes) => sink.writeLines?.(bytes) ?? sink.write(bytes) };
    this.#columns = options.columns ?? (() => 0);
    this.#rows = options.rows ?? (() => 0);
    this.#limit = options.limit ?? 4 * 1024 * 1024;
    this.#onClosed = options.onClosed ?? (() => {});
    this.#droppedLine = options.droppedLine ?? ((count) => `[!] ${droppedWarning(count)}`);
  }

  /** The size of the terminal now; zeros if it is none. */
  get size(): TerminalSize {
    return { columns: this.#columns(), rows: this.#rows() };
  }

  /** As {@linkcode LineOutput.line}, but on a terminal, continuation rows are indented and cannot pass for lines of their own. */
  wrapped(text: string): void {
    const columns = this.#columns();
    this.line(columns === 0 ? text : wrapText(text, columns));
  }

  /** Adds a line; appends the newline. */
  line(text: string): void {
    if (this.#closed) return;
    if (this.#waiting.length > this.#limit) {
      this.#dropped++;
      return;
    }
    this.#waiting += `${text}\n`;
    this.#writing ??= this.#drain();
  }

  /** Writes a terminal's data in turn with the lines, which it would otherwise race, and waits until it is written. */
  async write(bytes: Uint8Array): Promise<number> {
    if (this.#closed) return bytes.length;
    this.#waiting += decodeText(bytes);
    this.#hasData = true;
    this.#writing ??= this.#drain();
    await this.flush();
    return bytes.length;
  }

  /** Reports dropped lines to another output, so that nothing but the lines themselves is printed here. */
  reportTo(other: LineOutput): void {
    this.#reports = other;
  }

  /** Shows a status line until the next call; "" removes it. It takes one row of a terminal, and is not shown elsewhere. */
  status(text: string): void {
    const columns = this.#columns();
    if (this.#closed || columns === 0) return;
    // A text in the last column would leave the cursor in the next row.
    this.#status = wrapLine(text, columns - 1)[0] ?? "";
    this.#writing ??= this.#drain();
  }

  /** Waits until everything so far is written (or the reader has closed the pipe). */
  async flush(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
  }

  async #drain(): Promise<void> {
    // Yield once, so that all lines of this turn of the event loop go out together.
    await Promise.resolve();
    try {
      while (this.#waiting !== "" || this.#statusNow !== this.#drawn) {
        const report = this.#dropped > 0 ? this.#droppedLine(this.#dropped) : "";
        if (report !== "") this.#reports?.line(report);
        const text = this.#waiting + (report === "" || this.#reports !== null ? "" : `${report}\n`);
        const sink = this.#hasData ? this.#sink : this.#lines;
        this.#waiting = "";
        this.#hasData = false;
        this.#dropped = 0;
        await writeAll(sink, encodeText(this.#withStatus(text)));
      }
    } catch (error) {
      // A failure of the log itself (EPIPE, a full disk) cannot be logged.
      this.#closed = true;
      this.#onClosed(error);
    } finally {
      this.#writing = null;
    }
  }

  /** The status line to draw now: none below data that stops in the middle of a row. */
  get #statusNow(): string {
    return this.#atLineStart ? this.#status : "";
  }

  /** Text in the place of the status line, and that line below it. */
  #withStatus(text: string): string {
    const clear = this.#drawn === "" ? "" : CLEAR_ROW;
    if (text !== "") this.#atLineStart = text.endsWith("\n");
    this.#drawn = this.#statusNow;
    return `${clear}${text}${this.#drawn}`;
  }
}

/** The warning that log lines were dropped. */
export function droppedWarning(count: number): string {
  return `${plural(count, "log line")} dropped: they came faster than the log is read`;
}

/**
 * A client's received data on standard output. A pipe or a file gets the raw bytes; a terminal gets decoded text with controls escaped
 * and a missing final newline added.
 */
export class DataOutput {
  /** Whether it is a terminal. */
  readonly terminal: boolean;
  #sink: Sink;
  #decoder: TextDecoder | null;
  /** The last bytes, on a terminal: as many as a character can have. */
  #tail = new Uint8Array();
  /** A carriage return at the end of a write: an LF at the start of the next one would make it a line end. */
  #pendingCr = "";
  #atLineStart = true;

  constructor(sink: Sink, options: { terminal: boolean }) {
    this.#sink = sink;
    this.terminal = options.terminal;
    this.#decoder = options.terminal ? streamDecoder() : null;
  }

  /**
   * Writes received bytes, waiting until the reader accepts them.
   *
   * @throws {OutputClosed} The reader has closed the pipe.
   * @throws {Failure} Writing failed, for example because the disk is full.
   */
  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    if (this.#decoder === null) return await this.#write(bytes);
    this.#tail = Uint8Array.of(...this.#tail, ...bytes.subarray(-4)).subarray(-4);
    const text = this.#pendingCr + this.#decoder.decode(bytes, { stream: true });
    this.#pendingCr = text.endsWith("\r") ? "\r" : "";
    await this.#show(text.slice(0, text.length - this.#pendingCr.length));
  }

  /** Ends a message: on a terminal, the next output starts on a new line. */
  async end(): Promise<void> {
    if (this.#decoder === null) return;
    const text = this.#pendingCr + this.#decoder.decode();
    this.#pendingCr = "";
    await this.#show(text);
    if (!this.#atLineStart) await this.#show("\n");
  }

  /** After a pause: ends what has arrived as a message, unless it stops inside a character. */
  async pause(): Promise<void> {
    if (!endsInsideCharacter(this.#tail)) await this.end();
  }

  async #show(text: string): Promise<void> {
    if (text === "") return;
    this.#atLineStart = text.endsWith("\n");
    await this.#write(encodeText(escapeControls(text.replaceAll("\r\n", "\n"), { lines: true })));
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#sink, bytes);
    } catch (error) {
      const cause = { cause: error };
      if (isDisconnect(error)) throw new OutputClosed("Cannot write to standard output: its reader has left", cause);
      throw new Failure(Exit.failed, `Cannot write to standard output: ${stateOf(error).state}`, cause);
    }
  }
}
