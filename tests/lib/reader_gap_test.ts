import { assertEquals, assertRejects } from "@std/assert";
import { ProtocolError } from "../../lib/errors.ts";
import { ByteReader, type MessageRules } from "../../lib/reader.ts";
import { decodeText, encodeText } from "../../lib/text.ts";
import { FedSource } from "./fakes.ts";

const permissions = "none";
const GAP: MessageRules = { max: 1000, gap: 5 };
/** A gap longer than any test. */
const NO_GAP: MessageRules = { max: 1000, gap: 60_000 };

function setUp(): { source: FedSource; next: (rules?: MessageRules) => Promise<string | null> } {
  const source = new FedSource();
  const reader = new ByteReader(source);
  const next = async (rules: MessageRules = GAP): Promise<string | null> => {
    const bytes = await reader.readMessage(rules);
    return bytes === null ? null : decodeText(bytes);
  };
  return { source, next };
}

Deno.test("a pause ends a bare message (S4)", { permissions }, async () => {
  const { source, next } = setUp();
  source.feed("bare text");
  assertEquals(await next(), "bare text");
});

Deno.test(
  "a pause before the first byte does not end a message",
  { permissions },
  async () => {
    const { source, next } = setUp();
    const message = next();
    await new Promise((resolve) => setTimeout(resolve, 15));
    source.feed("late\n");
    assertEquals(await message, "late");
  },
);

Deno.test("chunks that arrive within the gap are one message", { permissions }, async () => {
  const { source, next } = setUp();
  const message = next(NO_GAP);
  for (const byte of "parts\n") {
    await source.readPending();
    source.feed(byte);
  }
  assertEquals(await message, "parts");
});

Deno.test(
  "after a pause the read stays pending: its bytes are neither lost nor duplicated",
  { permissions },
  async () => {
    const { source, next } = setUp();
    source.feed("one");
    assertEquals(await next(), "one");
    assertEquals([source.reads, source.isReading], [2, true]);
    const second = next();
    source.feed("two\nthr");
    assertEquals(await second, "two");
    source.feed("ee\nfour");
    source.end();
    assertEquals([await next(NO_GAP), await next(NO_GAP), await next()], ["three", "four", null]);
  },
);

Deno.test("bytes that arrive between two calls are kept for the second", { permissions }, async () => {
  const { source, next } = setUp();
  source.feed("one");
  assertEquals(await next(), "one");
  source.feed("two\nthree\n");
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals([await next(NO_GAP), await next(NO_GAP)], ["two", "three"]);
});

Deno.test("a message stays unchanged while the next read is pending", { permissions }, async () => {
  const source = new FedSource();
  const reader = new ByteReader(source);
  source.feed("x".repeat(4000));
  const bytes = await reader.readMessage({ max: 5000, gap: 5 }) ?? new Uint8Array();
  source.feed("y".repeat(96));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(decodeText(bytes), "x".repeat(4000));
  assertEquals((await reader.read())?.length, 96);
});

Deno.test("a pause after a message that fills the buffer leaves room for the next read", { permissions }, async () => {
  const { source, next } = setUp();
  const rules = { max: 10_000, gap: 5 };
  source.feed("x".repeat(4096));
  assertEquals(await next(rules), "x".repeat(4096));
  source.feed("y".repeat(5000));
  source.feed("\n");
  assertEquals(await next(rules), "y".repeat(5000));
});

Deno.test(
  "a pause inside a character does not end a message while its rest keeps arriving (S3)",
  { permissions },
  async () => {
    const { source, next } = setUp();
    const message = next({ max: 10, gap: 2 });
    for (const byte of encodeText("😀")) {
      await source.readPending();
      source.feed(Uint8Array.of(byte));
      await new Promise((resolve) => setTimeout(resolve, 12));
    }
    assertEquals(await message, "😀");
  },
);

Deno.test("an incomplete character ends the message after ten gaps", { permissions }, async () => {
  const { source, next } = setUp();
  source.feed(Uint8Array.of(0x61, 0xf0, 0x9f));
  assertEquals(await next({ max: 10, gap: 2 }), "a\ufffd");
});

Deno.test("the end of the stream inside a message, and right after a pause", { permissions }, async () => {
  const { source, next } = setUp();
  source.feed("one");
  assertEquals(await next(), "one");
  source.end();
  assertEquals([await next(), await next()], [null, null]);
});

Deno.test("a pause after max bytes ends a message, after max + 1 bytes refuses it", { permissions }, async () => {
  const taken = setUp();
  taken.source.feed("12345");
  assertEquals(await taken.next({ max: 5, gap: 5 }), "12345");
  const refused = setUp();
  refused.source.feed("123456");
  await assertRejects(() => refused.next({ max: 5, gap: 5 }), ProtocolError);
});

Deno.test("without a pause, a message is refused as soon as it is certainly too long", { permissions }, async () => {
  const { source, next } = setUp();
  source.feed("123456");
  // The peer may be waiting for an answer now: a sixth byte that does not start a line end decides.
  await assertRejects(() => next({ max: 5, gap: 0 }), ProtocolError);
});

Deno.test("an error after a pause goes to the next call, if there is one", { permissions }, async () => {
  const { source, next } = setUp();
  source.feed("one");
  assertEquals(await next(), "one");
  source.fail(new Deno.errors.ConnectionReset("gone"));
  await new Promise((resolve) => setTimeout(resolve, 0));
  await assertRejects(() => next(), Deno.errors.ConnectionReset);
  await assertRejects(() => next(), Deno.errors.ConnectionReset);
});

Deno.test("ready() waits for bytes, the end or an error, and consumes nothing", { permissions }, async () => {
  const source = new FedSource();
  const reader = new ByteReader(source);
  const ready = reader.ready();
  source.feed("word\n");
  await ready;
  await reader.ready();
  assertEquals([reader.buffered, source.reads], [5, 1]);
  assertEquals(decodeText(await reader.readLine(9) ?? new Uint8Array()), "word");
  source.fail(new Deno.errors.ConnectionReset("gone"));
  await reader.ready();
  await reader.ready();
  await assertRejects(() => reader.read(), Deno.errors.ConnectionReset);
  const ended = new FedSource();
  ended.end();
  await new ByteReader(ended).ready();
});

Deno.test("ready() and a read share the pending read", { permissions }, async () => {
  const source = new FedSource();
  const reader = new ByteReader(source);
  const ready = reader.ready();
  const line = reader.readLine(9);
  source.feed("one\n");
  assertEquals(decodeText(await line ?? new Uint8Array()), "one");
  await ready;
  assertEquals(source.reads, 1);
});
