/**
 * An input line that incoming text never disturbs.
 *
 * @module
 */
import process from "node:process";
import { createInterface, type Interface } from "node:readline";
import { type InputOptions, type LineInput, LineQueue, PlainInput } from "./line_input.ts";
import { decodeText, streamDecoder } from "../text.ts";
import { wrapText } from "./width.ts";

/** Opens standard input: an input line if both input and output are a terminal, otherwise plain lines. */
export function openInput(options: InputOptions = {}): LineInput {
  if (Deno.stdin.isTerminal() && Deno.stdout.isTerminal()) return new Terminal(options);
  return new PlainInput(Deno.stdin, Deno.stdout, options);
}

/** The most of a line (UTF-16 units) that is kept until its end arrives; a longer one is printed at once. */
const MAX_BEGUN = 4096;

/** The streams of a terminal, such as those of `process`. */
export interface TerminalStreams {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream & { readonly columns?: number };
}

/**
 * A terminal's input line, based on `node:readline`: editing, history with the arrow keys, completion with Tab. Text written with
 * {@linkcode Terminal.write} appears above it.
 */
export class Terminal implements LineInput {
  readonly interactive = true;
  #readline: Interface;
  #input: TerminalStreams["stdin"];
  #output: TerminalStreams["stdout"];
  #queue = new LineQueue();
  #decoder = streamDecoder();
  /** Lines to print, each with its line end. */
  #waiting = "";
  /** The beginning of the next line. */
  #begun = "";
  /** Resolves once the text collected in this turn of the event loop is printed. */
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
    streams.stdin.on("keypress", this.#syncRows);
    // Must run before readline's own listener, which redraws.
    streams.stdout.prependListener("resize", this.#syncRows);
    this.#readline.on("SIGINT", onInterrupt);
    // Ignore Ctrl-Z: under `deno task`, suspending the chat would leave the terminal without a foreground program.
    this.#readline.on("SIGTSTP", () => {});
    // A closed terminal is an end, which SIGHUP reports, not a failure.
    for (const part of [streams.stdin, streams.stdout, this.#readline]) part.on("error", () => this.#readline.close());
    this.#readline.on("close", () => {
      if (!this.#closed) onEnd();
      this.close();
    });
    this.#readline.prompt();
  }

  get ended(): boolean {
    return this.#queue.ended;
  }

  read(signal?: AbortSignal): Promise<string | null> {
    return this.#queue.next(signal);
  }

  prompt(text: string): void {
    if (this.#closed || text === this.#readline.getPrompt()) return;
    this.#readline.setPrompt(text);
    this.#readline.prompt(true);
  }

  /** The line being typed is added to the history: the up arrow recalls it. */
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
   * Prints text above the input line, batched per turn of the event loop; an incomplete line is kept until its end arrives, unless it is
   * long. Long lines are broken so that their continuation cannot pass for another line. Waits until the terminal has accepted the text.
   */
  async write(bytes: Uint8Array): Promise<number> {
    const text = this.#begun + this.#decoder.decode(bytes, { stream: true });
    const whole = text.lastIndexOf("\n") + 1;
    const isLong = text.length - whole > MAX_BEGUN;
    const lines = this.#closed ? text : isLong ? `${text}\n` : text.slice(0, whole);
    this.#begun = text.slice(lines.length);
    await this.#show(this.#closed ? lines : wrapText(lines, this.#output.columns ?? 0));
    return bytes.length;
  }

  /** The same for lines that stay whole: the terminal itself breaks what is too long, and it can be copied in one piece. */
  async writeLines(bytes: Uint8Array): Promise<number> {
    await this.#show(decodeText(bytes));
    return bytes.length;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#input.removeListener("keypress", this.#syncRows);
    this.#output.removeListener("resize", this.#syncRows);
    // Not by `#print`: after Ctrl-D readline is closed already, and cannot prompt.
    this.#output.write(this.#clearInput() + this.#waiting + this.#begun);
    this.#waiting = this.#begun = "";
    this.#readline.close();
    this.#queue.end();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Tells readline how many rows are above the cursor. It counts them only when it redraws, which it does not do when a wide character
   * wraps, and would then leave a copy of the line behind.
   */
  #syncRows = (): void => {
    (this.#readline as { prevRows?: number }).prevRows = this.#readline.getCursorPos().rows;
  };

  async #show(lines: string): Promise<void> {
    if (this.#closed) return await new Promise((resolve) => this.#output.write(lines, () => resolve()));
    this.#waiting += lines;
    this.#printing ??= new Promise((resolve) => setImmediate(() => this.#print(resolve)));
    await this.#printing;
  }

  /** Prints the lines. */
  #print(done: () => void): void {
    this.#printing = null;
    const lines = this.#waiting;
    if (this.#closed || lines === "") return done();
    this.#waiting = "";
    // readline redraws from the first row of its line, `above` rows up: make room for those rows again.
    const above = this.#readline.getCursorPos().rows;
    this.#output.write(`${this.#clearInput()}${lines}${"\n".repeat(above)}`, () => done());
    this.#readline.prompt(true);
  }

  /** Clears all rows of the input line and moves the cursor to the start of the first. */
  #clearInput(): string {
    const above = this.#readline.getCursorPos().rows;
    return `\r${above > 0 ? `\x1b[${above}A` : ""}\x1b[J`;
  }
}
