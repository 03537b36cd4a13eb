import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Failure } from "../../../lib/errors.ts";
import { DataOutput, LineOutput, OutputClosed, Route, writeAll } from "../../../lib/console/output.ts";
import { encodeText } from "../../../lib/text.ts";
import { everyWay } from "../../support/chunks.ts";
import { FakeSink } from "../fakes.ts";

const permissions = "none";

Deno.test("writeAll() continues after short writes (S13)", { permissions }, async () => {
  const sink = new FakeSink();
  sink.maxWrite = 3;
  await writeAll(sink, encodeText("0123456789"));
  assertEquals(sink.writes, ["012", "345", "678", "9"]);
  await writeAll(sink, new Uint8Array());
  assertEquals(sink.text, "0123456789");
});

Deno.test("LineOutput writes the lines of one turn at once", { permissions }, async () => {
  const sink = new FakeSink();
  const out = new LineOutput(sink);
  out.line("one");
  out.line("two");
  await out.flush();
  out.line("three");
  await out.flush();
  assertEquals(sink.writes, ["one\ntwo\n", "three\n"]);
});

Deno.test("LineOutput buffers lines while a write is pending, and never waits", { permissions }, async () => {
  const sink = new FakeSink();
  const out = new LineOutput(sink);
  sink.hold();
  out.line("0");
  await Promise.resolve();
  for (let line = 1; line < 100; line++) out.line(String(line));
  sink.release();
  await out.flush();
  assertEquals(sink.writes.length, 2);
  assertEquals(sink.text, Array.from({ length: 100 }, (_, line) => `${line}\n`).join(""));
});

Deno.test("LineOutput bounds its buffer and counts dropped lines (S11)", { permissions }, async () => {
  const sink = new FakeSink();
  const out = new LineOutput(sink, { limit: 10 });
  sink.hold();
  out.line("under way");
  await Promise.resolve();
  for (let line = 0; line < 1000; line++) out.line(`line ${line}`);
  sink.release();
  await out.flush();
  assertEquals(
    sink.text,
    "under way\nline 0\nline 1\n[!] 998 log lines dropped: they came faster than the log is read\n",
  );
  out.line("goes on");
  await out.flush();
  assertEquals(sink.writes.at(-1), "goes on\n");
});

Deno.test(
  "LineOutput reports once that its reader has closed the pipe, and is silent from then on (P3)",
  { permissions },
  async () => {
    const sink = new FakeSink();
    const closed: unknown[] = [];
    const out = new LineOutput(sink, { onClosed: (error) => closed.push(error) });
    sink.error = new Deno.errors.BrokenPipe();
    out.line("one");
    await out.flush();
    out.line("two");
    await out.flush();
    assertEquals([closed, sink.writes.length], [[sink.error], 0]);
    const unasked = new LineOutput(sink);
    unasked.line("nobody asked to be told");
    await unasked.flush();
  },
);

Deno.test(
  "LineOutput.wrapped() indents continuation rows on a terminal",
  { permissions },
  async () => {
    const forged = `[*] Received: ${"a".repeat(52)}[+] Done: nothing happened`;
    const wrapped = `[*] Received: ${"a".repeat(20)}\n  ${"a".repeat(32)}\n  [+] Done: nothing happened`;
    for (const [columns, text] of [[0, forged], [34, wrapped]] as const) {
      const sink = new FakeSink();
      const out = new LineOutput(sink, { columns: () => columns });
      out.wrapped(forged);
      out.line(forged);
      await out.flush();
      assertEquals(sink.text, `${text}\n${forged}\n`);
    }
  },
);

Deno.test(
  "LineOutput.status() is one row of a terminal, below every line, and leaves nothing behind",
  { permissions },
  async () => {
    const sink = new FakeSink();
    const out = new LineOutput(sink, { columns: () => 10 });
    out.status("1 of 3, wait");
    await out.flush();
    out.line("a line");
    await out.flush();
    out.status("2 of 3");
    out.line("another");
    await out.flush();
    out.status("");
    await out.flush();
    out.status("");
    await out.flush();
    assertEquals(sink.writes, [
      "1 of 3,",
      "\r\x1b[Ka line\n1 of 3,",
      "\r\x1b[Kanother\n2 of 3",
      "\r\x1b[K",
    ]);
    const pipe = new FakeSink();
    const piped = new LineOutput(pipe);
    piped.status("1 of 3");
    await piped.flush();
    assertEquals(pipe.writes, []);
  },
);

Deno.test(
  "LineOutput.write() takes its turn between lines, and no status line breaks into data",
  { permissions },
  async () => {
    const sink = new FakeSink();
    const out = new LineOutput(sink, { columns: () => 80 });
    const data = new DataOutput(out, { terminal: true });
    out.status("wait");
    out.line("before");
    await data.write(encodeText("half a l"));
    out.status("wait more");
    await out.flush();
    await data.write(encodeText("ine"));
    await data.end();
    assertEquals(sink.text, "before\nhalf a line\nwait more");
  },
);

Deno.test("LineOutput.flush() without lines completes at once", { permissions }, async () => {
  await new LineOutput(new FakeSink()).flush();
});

/** What a terminal shows of a message received in these chunks. */
async function shown(...pieces: (string | Uint8Array)[]): Promise<string> {
  const sink = new FakeSink();
  const output = new DataOutput(sink, { terminal: true });
  for (const piece of pieces) await output.write(typeof piece === "string" ? encodeText(piece) : piece);
  await output.end();
  return sink.text;
}

Deno.test("Route.redirect() sends later writes to another sink", { permissions }, async () => {
  const [screen, line] = [new FakeSink(), new FakeSink()];
  const route = new Route(screen);
  const out = new LineOutput(route);
  out.line("before");
  await out.flush();
  route.redirect(line);
  out.line("after");
  await out.flush();
  assertEquals([screen.text, line.text], ["before\n", "after\n"]);
});

Deno.test("DataOutput writes into a pipe byte for byte and nothing else", { permissions }, async () => {
  const sink = new FakeSink();
  sink.maxWrite = 2;
  const output = new DataOutput(sink, { terminal: false });
  const bytes = Uint8Array.of(0, 0x1b, 0xff, 0xc3, 13, 10, 0xe2, 0x80, 0xae);
  await output.write(bytes);
  await output.write(new Uint8Array());
  await output.end();
  assertEquals(sink.bytes, bytes);
});

Deno.test("DataOutput.pause() ends a line that stops, but never inside a character", { permissions }, async () => {
  const sink = new FakeSink();
  const output = new DataOutput(sink, { terminal: true });
  for (const byte of encodeText("login: 😀")) {
    await output.write(Uint8Array.of(byte));
    if (byte >= 0x80) await output.pause();
  }
  await output.pause();
  assertEquals(sink.text, "login: 😀\n");
});

Deno.test("DataOutput adds a missing final newline on a terminal", { permissions }, async () => {
  assertEquals(await shown("reply"), "reply\n");
  assertEquals(await shown("reply\n"), "reply\n");
  assertEquals(await shown("re", "ply\r\n"), "reply\n");
  assertEquals(await shown("reply\n", ""), "reply\n");
  assertEquals(await shown(), "");
});

Deno.test("DataOutput adds it to each message", { permissions }, async () => {
  const sink = new FakeSink();
  const output = new DataOutput(sink, { terminal: true });
  for (const message of ["one", "two\n", "three"]) {
    await output.write(encodeText(message));
    await output.end();
  }
  assertEquals(sink.text, "one\ntwo\nthree\n");
});

Deno.test("DataOutput escapes controls on a terminal (S7)", { permissions }, async () => {
  assertEquals(await shown("\x1b[2J\0\x07\ta\u202eb\n"), "␛[2J␀\\x07\ta\\u202eb\n");
  assertEquals(await shown("a\rb\n"), "a\\rb\n");
});

Deno.test("DataOutput shows the same wherever the bytes are split (S3, S5)", { permissions }, async () => {
  const bytes = encodeText("é漢😀\r\nold\rmac\r\r\n\n\x1bend\r");
  for (const { name, pieces } of everyWay(bytes)) {
    assertEquals(await shown(...pieces), "é漢😀\nold\\rmac\\r\n\n␛end\\r\n", name);
  }
});

Deno.test("DataOutput shows a character that was cut off as U+FFFD (S3)", { permissions }, async () => {
  assertEquals(await shown(Uint8Array.of(0x61, 0xe6, 0xbc)), "a\ufffd\n");
  assertEquals(await shown(Uint8Array.of(0xc3), Uint8Array.of(0x28)), "\ufffd(\n");
});

Deno.test("DataOutput distinguishes a closed pipe from a full disk (P3)", { permissions }, async () => {
  for (const terminal of [true, false]) {
    const sink = new FakeSink();
    const output = new DataOutput(sink, { terminal });
    sink.error = new Deno.errors.BrokenPipe();
    assertEquals((await assertRejects(() => output.write(encodeText("x")), OutputClosed)).cause, sink.error);
    sink.error = new Error("No space left on device (os error 28)");
    const failure = await assertRejects(() => output.write(encodeText("x")), Failure);
    assertEquals(failure.code, 1);
    assertStringIncludes(failure.message, "Cannot write to standard output: No space left on device");
  }
});
