// deno-lint-ignore-file no-control-regex
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { PassThrough, Writable } from "node:stream";
import { ProtocolError } from "../../../lib/errors.ts";
import { type InputOptions, PlainInput } from "../../../lib/console/line_input.ts";
import { Terminal } from "../../../lib/console/terminal.ts";
import { encodeText } from "../../../lib/text.ts";
import { charWidth, wrapText } from "../../../lib/console/width.ts";
import { FakeSink, FedSource } from "../fakes.ts";

// readline moves no cursor where the tests themselves run in a dumb terminal.
Deno.env.set("TERM", "xterm");

/** A screen that interprets the input line's output: text, carriage return, cursor up, down and to a column, clear below. */
class Screen extends Writable {
  rows: string[][] = [[]];
  #row = 0;
  #column = 0;
  #changed = Promise.withResolvers<void>();

  constructor(readonly columns: number) {
    super();
  }

  override _write(bytes: Uint8Array, _encoding: string, done: () => void): void {
    for (const [part] of new TextDecoder().decode(bytes).matchAll(/\x1b\[(\d*)([A-Z])|\r|\n|[^]/gu)) this.#take(part);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    done();
  }

  /** The rows as text, without trailing empty ones. */
  get lines(): string[] {
    return this.rows.map((row) => row.join("").trimEnd()).join("\n").trimEnd().split("\n");
  }

  async shows(...lines: string[]): Promise<void> {
    const limit = AbortSignal.timeout(5000);
    while (this.lines.join("\n") !== lines.join("\n")) {
      const late = new Promise((resolve) => limit.addEventListener("abort", resolve));
      await Promise.race([this.#changed.promise, late]);
      if (limit.aborted) return assertEquals(this.lines, lines);
    }
  }

  #take(part: string): void {
    const [, count = "", action] = /^\x1b\[(\d*)([A-Z])$/.exec(part) ?? [];
    const by = Number(count || 1);
    if (part === "\r") this.#column = 0;
    else if (part === "\n") this.#down();
    else if (action === "A") this.#row -= by;
    else if (action === "B") this.#row += by;
    else if (action === "C") this.#column += by;
    else if (action === "D") this.#column -= by;
    else if (action === "G") this.#column = by - 1;
    else if (action === "J" || action === "K") this.#clear(action === "J");
    else this.#put(part);
    assert(this.#row >= 0 && this.#column >= 0, "the cursor left the screen");
  }

  #down(): void {
    this.#row++;
    this.#column = 0;
    while (this.rows.length <= this.#row) this.rows.push([]);
  }

  #clear(below: boolean): void {
    this.rows[this.#row]?.splice(this.#column);
    if (below) this.rows.length = this.#row + 1;
  }

  #put(char: string): void {
    const width = charWidth(char);
    if (this.#column + width > this.columns) this.#down();
    const row = this.rows[this.#row] ?? [];
    while (row.length < this.#column) row.push(" ");
    row[this.#column++] = char;
    // The second column of a wide character belongs to it.
    if (width === 2) row[this.#column++] = "";
  }
}

interface Setup extends Disposable {
  terminal: Terminal;
  screen: Screen;
  stdin: PassThrough;
  type: (keys: string) => void;
}

function setUp(options: InputOptions = {}, columns = 20): Setup {
  const stdin = new PassThrough();
  const screen = new Screen(columns);
  const terminal = new Terminal(options, { stdin: stdin as unknown as NodeJS.ReadableStream, stdout: screen });
  return {
    terminal,
    screen,
    stdin,
    type: (keys) => stdin.write(keys),
    [Symbol.dispose]: () => {
      terminal.close();
      stdin.destroy();
    },
  };
}

const UP = "\x1b[A";
const LEFT = "\x1b[D";

Deno.test("Terminal.read() returns lines as they are entered, including type-ahead, then null", async () => {
  using it = setUp();
  it.type("one\rtwo\r");
  assertEquals(await it.terminal.read(), "one");
  assertEquals(await it.terminal.read(), "two");
  const third = it.terminal.read();
  it.type("thr");
  it.type("ee\r");
  assertEquals(await third, "three");
  it.type("\x04");
  assertEquals(await it.terminal.read(), null);
});

Deno.test("Terminal.write() prints above the line being typed and does not disturb it", async () => {
  using it = setUp();
  it.type("half a li");
  await it.screen.shows("> half a li");
  await it.terminal.write(encodeText("alice: hello\nbob: hi\n"));
  await it.screen.shows("alice: hello", "bob: hi", "> half a li");
  it.type("ne\r");
  assertEquals(await it.terminal.read(), "half a line");
});

Deno.test("Terminal.write() redraws a line that wraps over several rows, wherever the cursor is", async () => {
  using it = setUp({}, 10);
  it.type("a line of many rows, wrapped");
  await it.screen.shows("> a line o", "f many row", "s, wrapped");
  await it.terminal.write(encodeText("one\n"));
  await it.screen.shows("one", "> a line o", "f many row", "s, wrapped");
  it.type(LEFT.repeat(15));
  await it.terminal.write(encodeText("two\n"));
  await it.screen.shows("one", "two", "> a line o", "f many row", "s, wrapped");
  it.type(LEFT.repeat(40));
  await it.terminal.write(encodeText("three\n"));
  await it.screen.shows("one", "two", "three", "> a line o", "f many row", "s, wrapped");
  it.type("\r");
  assertEquals(await it.terminal.read(), "a line of many rows, wrapped");
});

Deno.test("Terminal leaves no copy of a line behind whose wide characters wrap", async () => {
  using it = setUp({}, 11);
  for (const char of "ab漢漢漢漢漢漢") it.type(char);
  await it.screen.shows("> ab漢漢漢", "漢漢漢");
  it.type("\x1b[H");
  it.type("X");
  await it.screen.shows("> Xab漢漢漢", "漢漢漢");
  await it.terminal.write(encodeText("one\n"));
  await it.screen.shows("one", "> Xab漢漢漢", "漢漢漢");
  it.type("\x1b[F");
  it.type("\x7f");
  await it.screen.shows("one", "> Xab漢漢漢", "漢漢");
  it.type("\r");
  assertEquals(await it.terminal.read(), "Xab漢漢漢漢漢");
});

Deno.test("Terminal.close() releases the streams", () => {
  const it = setUp();
  it.terminal.close();
  assertEquals([it.stdin.listenerCount("keypress"), it.screen.listenerCount("resize")], [0, 0]);
  it.stdin.destroy();
});

Deno.test("Terminal.write() keeps an incomplete line until its end arrives, and wraps long ones with an indent (C2)", async () => {
  using it = setUp();
  await it.terminal.write(encodeText("no newline"));
  await it.terminal.write(encodeText(" yet\nx"));
  await it.screen.shows("no newline yet", ">");
  await it.terminal.write(encodeText(`: ${" ".repeat(17)}* bob left\n`));
  await it.screen.shows("no newline yet", "x:", "  * bob left", ">");
});

Deno.test("Terminal.write() prints a line that does not end, and keeps nothing of it", async () => {
  using it = setUp({}, 1000);
  await it.terminal.write(encodeText("x".repeat(4000)));
  await it.screen.shows(">");
  await it.terminal.write(encodeText("😀".repeat(100)));
  await it.screen.shows(...wrapText(`${"x".repeat(4000)}${"😀".repeat(100)}`, 1000).split("\n"), ">");
});

Deno.test("Terminal.write() accepts a character split over two writes", async () => {
  using it = setUp();
  const bytes = encodeText("é漢😀\n");
  for (const byte of bytes) await it.terminal.write(Uint8Array.of(byte));
  await it.screen.shows("é漢😀", ">");
});

Deno.test("Terminal recalls history with the arrow keys, and edits in the middle of a line", async () => {
  using it = setUp();
  it.type("first\rsecond\r");
  it.type(`${UP}${UP}${LEFT}X\r`);
  assertEquals([await it.terminal.read(), await it.terminal.read()], ["first", "second"]);
  assertEquals(await it.terminal.read(), "firsXt");
});

Deno.test("Terminal completes with Tab", async () => {
  using it = setUp({ complete: (typed) => [["alice: "].filter((name) => name.startsWith(typed)), typed] });
  it.type("al");
  it.type("\t");
  await it.screen.shows("> alice:");
  it.type("hi\r");
  assertEquals(await it.terminal.read(), "alice: hi");
});

Deno.test("Terminal takes a paste of 200 lines line by line", async () => {
  using it = setUp();
  it.type(Array.from({ length: 200 }, (_, index) => `line ${index}\n`).join(""));
  for (let index = 0; index < 200; index++) assertEquals(await it.terminal.read(), `line ${index}`);
});

Deno.test("Terminal.read() with a signal aborts the wait and loses no line", async () => {
  using it = setUp();
  const stop = new AbortController();
  const waiting = it.terminal.read(stop.signal);
  stop.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
  it.type("kept\r");
  assertEquals(await it.terminal.read(), "kept");
});

Deno.test("Terminal reports type-ahead, and discards it on request", async () => {
  const early: string[] = [];
  using it = setUp({
    onTypeAhead: (line) => {
      early.push(line);
      return line === "taken";
    },
  });
  it.type("kept\rtaken\r");
  await it.screen.shows("> kept", "> taken", ">");
  assertEquals(early, ["kept", "taken"]);
  assertEquals(it.terminal.discard(), 1);
  const next = it.terminal.read();
  it.type("waited for\r");
  assertEquals([await next, early.length], ["waited for", 2]);
});

Deno.test("Terminal discards the line being typed too; the up arrow recalls it", async () => {
  using it = setUp();
  it.type("half a li");
  await it.screen.shows("> half a li");
  assertEquals(it.terminal.discard(), 1);
  await it.screen.shows(">");
  assertEquals(it.terminal.discard(), 0);
  it.type("\x1b[A");
  await it.screen.shows("> half a li");
  const next = it.terminal.read();
  it.type("ne\r");
  assertEquals(await next, "half a line");
  // A recalled and edited line is a new history entry.
  it.type("\x1b[A too");
  await it.screen.shows("> half a line", "> half a line too");
  assertEquals(it.terminal.discard(), 1);
  it.type("\x1b[A");
  await it.screen.shows("> half a line", "> half a line too");
  it.terminal.close();
  assertEquals(it.terminal.discard(), 0);
});

Deno.test("Terminal reports Ctrl-C and Ctrl-D", async () => {
  const calls: string[] = [];
  using it = setUp({ onInterrupt: () => calls.push("interrupt"), onEnd: () => calls.push("end") });
  it.type("\x03");
  it.type("\x04");
  assertEquals(await it.terminal.read(), null);
  assertEquals(calls, ["interrupt", "end"]);
});

Deno.test("Terminal treats a closed terminal as the end (P2)", async () => {
  for (const side of ["stdin", "stdout"] as const) {
    let ended = false;
    using it = setUp({ onEnd: () => ended = true });
    const line = it.terminal.read();
    (side === "stdin" ? it.stdin : it.screen).destroy(new Error("read EIO"));
    assertEquals([await line, ended], [null, true]);
    await it.terminal.write(encodeText("nobody reads this\n"));
  }
});

Deno.test("Terminal.prompt() changes the prompt and keeps what was typed", async () => {
  using it = setUp();
  it.type("hel");
  await it.screen.shows("> hel");
  it.terminal.prompt("alice: ");
  await it.screen.shows("alice: hel");
});

Deno.test("Terminal.writeLines() leaves a long line whole, and in order with what write() breaks", async () => {
  using it = setUp({}, 10);
  await Promise.all([
    it.terminal.write(encodeText("one two three\nbeg")),
    it.terminal.writeLines(encodeText("[+]   type this\n")),
    it.terminal.write(encodeText("un\n")),
  ]);
  // The screen itself breaks the second line: in the middle, without an indent.
  await it.screen.shows("one two", "  three", "[+]   type", " this", "begun", ">");
});

Deno.test("Terminal prints what waits when Ctrl-D arrives before it", async () => {
  using it = setUp();
  const written = it.terminal.write(encodeText("last words\n"));
  it.type("\x04");
  assertEquals(await it.terminal.read(), null);
  await written;
  await it.screen.shows("last words");
});

Deno.test("Terminal.close() clears the input line; later writes go straight through", async () => {
  using it = setUp({}, 10);
  await it.terminal.write(encodeText("last words\nwithout end"));
  it.type("typed over several rows");
  await it.screen.shows("last words", "> typed ov", "er several", " rows");
  const waiting = it.terminal.read();
  it.terminal.close();
  it.terminal.close();
  assertEquals(await waiting, null);
  await it.screen.shows("last words", "without en", "d");
  await it.terminal.write(encodeText("\ndone"));
  await it.screen.shows("last words", "without en", "d", "done");
});

Deno.test("Terminal prints the text that waits when Ctrl-D ends the input", async () => {
  using it = setUp();
  await it.screen.shows(">");
  const writing = it.terminal.write(encodeText("last words\n"));
  it.type("\x04");
  assertEquals(await it.terminal.read(), null);
  await writing;
  await it.screen.shows("last words");
});

Deno.test("PlainInput.read() returns lines, including an unterminated last one, then null (36, 73)", async () => {
  const source = new FedSource();
  using input = new PlainInput(source, new FakeSink());
  source.feed("one\r\ntw");
  assertEquals(await input.read(), "one");
  source.feed("o");
  source.end();
  assertEquals(await input.read(), "two");
  assertEquals([await input.read(), await input.read()], [null, null]);
});

Deno.test("PlainInput.read() does not read ahead", async () => {
  const source = new FedSource();
  using input = new PlainInput(source, new FakeSink());
  source.feed("one\n");
  assertEquals(await input.read(), "one");
  assertEquals([source.reads, source.isReading], [1, false]);
});

Deno.test("PlainInput.read() with a signal aborts the wait and loses no line", async () => {
  const source = new FedSource();
  using input = new PlainInput(source, new FakeSink());
  const stop = new AbortController();
  const waiting = input.read(stop.signal);
  stop.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
  const next = input.read();
  source.feed("kept\n");
  assertEquals([await next, source.reads], ["kept", 1]);
});

Deno.test("PlainInput.read() refuses a line above the limit (S6, 35)", async () => {
  const source = new FedSource();
  using input = new PlainInput(source, new FakeSink(), { maxLine: 10 });
  source.feed("x".repeat(100));
  await assertRejects(() => input.read(), ProtocolError, "longer than 10 bytes");
});

Deno.test("PlainInput.read() leaves out a line above the limit if it is told where to say so, and goes on", async () => {
  const source = new FedSource();
  let left = 0;
  using input = new PlainInput(source, new FakeSink(), { maxLine: 10, onTooLong: () => left++ });
  const first = input.read();
  for (const text of ["one\n", "x".repeat(100), "x".repeat(10_000), "yy\ntwo\nth", "ree\n", "z".repeat(11)]) {
    source.feed(text);
  }
  source.end();
  assertEquals([await first, await input.read(), await input.read(), await input.read()], [
    "one",
    "two",
    "three",
    null,
  ]);
  assertEquals(left, 2);
});

Deno.test("PlainInput treats a failed input as ended (P2)", async () => {
  const source = new FedSource();
  using input = new PlainInput(source, new FakeSink());
  const line = input.read();
  source.fail(new Deno.errors.BadResource("Bad resource ID"));
  assertEquals(await line, null);
});

Deno.test("PlainInput.close() ends a pending read, although the underlying read cannot be cancelled", async () => {
  const source = new FedSource();
  using input = new PlainInput(source, new FakeSink());
  const line = input.read();
  input.close();
  assertEquals(await line, null);
  source.end();
});

Deno.test("PlainInput.write() writes through", async () => {
  const sink = new FakeSink();
  sink.maxWrite = 3;
  using input = new PlainInput(new FedSource(), sink);
  assertEquals(await input.write(encodeText("hello\n")), 6);
  assertMatch(sink.text, /^hello\n$/);
});
