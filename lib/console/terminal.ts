/**
 * An input line that incoming text never breaks.
 *
 * @module
 */
import process from "node:process";
import { createInterface, type Interface } from "node:readline";
import { type InputOptions, type LineInput, LineQueue, PlainInput } from "./line_input.ts";
import { streamDecoder } from "../text.ts";
import { wrapText } from "./width.ts";

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

/**
 * A terminal's input line: editing, history with the arrows, completion with Tab, by the platform's `node:readline`. Text that is
 * printed through {@linkcode Terminal.write} appears above it.
 */
export class Terminal implements LineInput {
  readonly interactive = true;
  #readline: Interface;
  #input: TerminalStreams["stdin"];
  #output: TerminalStreams["stdout"];
  #queue = new LineQueue();
  #decoder = streamDecoder();
  /** Text to be printed: complete lines, then the beginning of one. */
  #waiting = "";
  /** Resolves when what gathers in this turn of the event loop is on the screen. */
  #printing: Promise<void> | null = null;
  #closed = false;

  constructor(options: InputOptions, streams: TerminalStreams = process) {
    const { prompt = "> ", complete, onInterrupt = () => {}, onEnd = () => {}, onTypeAhead = () => false } = options;
    this.#input = streams.stdin;
    this.#output = streams.stdout;
    this.#readline = createInterface({
      input: streams.stdin,
      output: streams.stdout,
      terminal: true,
      prompt,
      ...(complete === undefined ? {} : { completer: complete }),
    });
    this.#readline.on("line", (line) => {
      if (this.#queue.hasReader || !onTypeAhead(line)) this.#queue.push(line);
      if (!this.#closed) this.#readline.prompt();
    });
    streams.stdin.on("keypress", this.#recount);
    // Before the editor, which redraws then.
    streams.stdout.prependListener("resize", this.#recount);
    this.#readline.on("SIGINT", onInterrupt);
    // Ctrl-Z is not for us: a stopped chat under `deno task` leaves its terminal to nobody.
    this.#readline.on("SIGTSTP", () => {});
    // The terminal has gone away: an end, of which the signal SIGHUP tells, and not a failure.
    for (const part of [streams.stdin, streams.stdout, this.#readline]) part.on("error", () => this.#readline.close());
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

  /** The line being typed joins the history: the up arrow brings it back. */
  discard(): number {
    const typing = this.#closed ? "" : this.#readline.line;
    if (typing !== "") {
      const editor = this.#readline as { history?: string[]; historyIndex?: number };
      editor.history?.unshift(typing);
      editor.historyIndex = -1;
      this.#readline.write(null, { ctrl: true, name: "e" });
      this.#readline.write(null, { ctrl: true, name: "u" });
    }
    return this.#queue.lines.splice(0).length + (typing === "" ? 0 : 1);
  }

  /**
   * Prints text above the input line, all of a turn of the event loop at once; the beginning of a line waits for the rest of it.
   * Waits until the terminal has taken it.
   */
  async write(bytes: Uint8Array): Promise<number> {
    const text = this.#decoder.decode(bytes, { stream: true });
    if (this.#closed) {
      await new Promise<void>((resolve) => this.#output.write(text, () => resolve()));
      return bytes.length;
    }
    this.#waiting += text;
    this.#printing ??= new Promise<void>((resolve) => setImmediate(() => this.#print(resolve)));
    await this.#printing;
    return bytes.length;
  }

  close(): void {
    if (this.#closed) return;
    this.#print(() => {});
    this.#closed = true;
    this.#input.removeListener("keypress", this.#recount);
    this.#output.removeListener("resize", this.#recount);
    this.#output.write(this.#wipe() + this.#waiting);
    this.#readline.close();
    this.#queue.end();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Tells the editor how many rows are above the cursor. It counts them when it redraws, which it does not do when a wide character
   * goes over the edge, and then leaves a copy of the line behind.
   */
  #recount = (): void => {
    (this.#readline as { prevRows?: number }).prevRows = this.#readline.getCursorPos().rows;
  };

  /** Prints the lines that wait. */
  #print(done: () => void): void {
    this.#printing = null;
    const end = this.#closed ? 0 : this.#waiting.lastIndexOf("\n") + 1;
    if (end === 0) return done();
    const columns = this.#output.columns ?? 0;
    const rows = wrapText(this.#waiting.slice(0, end - 1), columns);
    this.#waiting = this.#waiting.slice(end);
    // The editor redraws from the first row of its line, so many rows above the cursor: give it those rows anew.
    const above = this.#readline.getCursorPos().rows;
    this.#output.write(`${this.#wipe()}${rows}\n${"\n".repeat(above)}`, () => done());
    this.#readline.prompt(true);
  }

  /** Clears every row of the input line and leaves the cursor at the beginning of the first. */
  #wipe(): string {
    const above = this.#readline.getCursorPos().rows;
    return `\r${above > 0 ? `\x1b[${above}A` : ""}\x1b[J`;
  }
}
