import { assert, assertEquals, assertRejects } from "@std/assert";
import { ProtocolError } from "../../lib/errors.ts";
import { MemoryBudget } from "../../lib/memory.ts";
import { ByteReader, type MessageRules } from "../../lib/reader.ts";
import { decodeText, encodeText } from "../../lib/text.ts";
import { everyWay, sourceOf } from "../support/chunks.ts";

const permissions = "none";
const LINES: MessageRules = { max: 1000, gap: 0 };

async function messages(reader: ByteReader, rules: MessageRules = LINES): Promise<string[]> {
  const all: string[] = [];
  for (let bytes; (bytes = await reader.readMessage(rules)) !== null;) all.push(decodeText(bytes));
  return all;
}

Deno.test(
  "readMessage() finds the same messages however the bytes are split (S1, S2, S3)",
  { permissions },
  async () => {
    const bytes = encodeText("one\nzwei é漢😀\r\n\n\r\n\0\x1b\ndrei");
    for (const { name, pieces } of everyWay(bytes)) {
      assertEquals(
        await messages(new ByteReader(sourceOf(pieces))),
        ["one", "zwei é漢😀", "", "", "\0\x1b", "drei"],
        name,
      );
    }
  },
);

Deno.test("readMessage() ends a line at LF and CR LF; a lone CR is data (S5)", { permissions }, async () => {
  for (const { name, pieces } of everyWay(encodeText("a\rb\r\n\r\r\nc\n\rd\n\r"))) {
    assertEquals(await messages(new ByteReader(sourceOf(pieces))), ["a\rb", "\r", "c", "\rd", "\r"], name);
  }
});

Deno.test("readMessage() keeps the line end with `keepEnd`", { permissions }, async () => {
  for (const { name, pieces } of everyWay(encodeText("a\r\nb\n\nc"))) {
    const all = await messages(new ByteReader(sourceOf(pieces)), { ...LINES, keepEnd: true });
    assertEquals(all, ["a\r\n", "b\n", "\n", "c"], name);
  }
});

Deno.test("readLine() reads a message that only a newline or the end of the stream ends", { permissions }, async () => {
  for (const { name, pieces } of everyWay(encodeText("ab\r\nc"))) {
    const reader = new ByteReader(sourceOf(pieces));
    const lines: string[] = [];
    for (let line; (line = await reader.readLine(2)) !== null;) lines.push(decodeText(line));
    assertEquals(lines, ["ab", "c"], name);
  }
});

Deno.test("the end stays the end", { permissions }, async () => {
  const reader = new ByteReader(sourceOf([]));
  assertEquals([await reader.readMessage(LINES), await reader.read(), await reader.readLine(1)], [null, null, null]);
});

Deno.test("a message may have exactly max bytes, excluding its line end", { permissions }, async () => {
  for (const end of ["\n", "\r\n", ""]) {
    for (const { name, pieces } of everyWay(encodeText(`12345${end}`))) {
      assertEquals(await messages(new ByteReader(sourceOf(pieces)), { max: 5, gap: 0 }), ["12345"], `${name}, ${end}`);
    }
  }
});

Deno.test("a message of max + 1 bytes is refused however it is split", { permissions }, async () => {
  for (const text of ["123456\n", "123456\r\n", "123456", "12345\r", "12345\r6\n", "123456\n\n", "\r\r\r\r\r\r\r\n"]) {
    for (const { name, pieces } of everyWay(encodeText(text))) {
      const reader = new ByteReader(sourceOf(pieces));
      const error = await assertRejects(() => reader.readMessage({ max: 5, gap: 0 }), ProtocolError);
      assertEquals([error.code, error.message], [8, "Cannot take the message: it is longer than 5 bytes"], name);
    }
  }
});

Deno.test("messages before one that is too long are delivered", { permissions }, async () => {
  for (const { name, pieces } of everyWay(encodeText("12345\n123456\n"))) {
    const reader = new ByteReader(sourceOf(pieces));
    assertEquals(decodeText(await reader.readLine(5) ?? new Uint8Array()), "12345", name);
    await assertRejects(() => reader.readLine(5), ProtocolError);
  }
});

Deno.test("64 KiB pass, 64 KiB + 1 do not", { permissions }, async () => {
  const pieces = (length: number): Uint8Array[] => [new Uint8Array(length).fill(120), encodeText("\n")];
  assertEquals((await new ByteReader(sourceOf(pieces(65536))).readLine(65536))?.length, 65536);
  await assertRejects(() => new ByteReader(sourceOf(pieces(65537))).readLine(65536), ProtocolError);
});

Deno.test("a line that never ends is refused soon, in bounded memory (S6)", { permissions }, async () => {
  let [received, room] = [0, 0];
  const reader = new ByteReader({
    read(into) {
      room = Math.max(room, into.length);
      received += into.fill(120).length;
      return Promise.resolve(into.length);
    },
  });
  await assertRejects(() => reader.readLine(65536), ProtocolError);
  assert(received <= 131072 && room <= 65536, `${received} received, ${room} at once`);
});

Deno.test("read() returns whatever has arrived, and what a message left over", { permissions }, async () => {
  const reader = new ByteReader(sourceOf([encodeText("line\nre"), encodeText("st")]));
  assertEquals(decodeText(await reader.readLine(10) ?? new Uint8Array()), "line");
  assertEquals(reader.buffered, 2);
  assertEquals(decodeText(await reader.read() ?? new Uint8Array()), "re");
  assertEquals(decodeText(await reader.read() ?? new Uint8Array()), "st");
  assertEquals([await reader.read(), reader.received], [null, 9]);
});

Deno.test(
  "read() grows its buffer while reads fill it, up to 64 KiB, and loses nothing",
  { permissions },
  async () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251);
    const reader = new ByteReader(sourceOf([bytes]));
    const sizes: number[] = [];
    let offset = 0;
    for (let piece; (piece = await reader.read()) !== null; offset += piece.length) {
      sizes.push(piece.length);
      assert(piece.every((byte, index) => byte === (offset + index) % 251), `piece ${sizes.length}`);
    }
    assertEquals([offset, ...sizes.slice(0, 5)], [300_000, 1024, 4096, 16384, 65536, 65536]);
  },
);

Deno.test("the buffer that a message made grow stays for more like it, and goes after a series of small ones", {
  permissions,
}, async () => {
  const rooms: number[] = [];
  const message = (size: number) => encodeText("x".repeat(size - 1) + "\n");
  for (const mode of ["read", "readLine"] as const) {
    const pieces = [1500, 1500, 1500, ...Array(9).fill(10)].map(message);
    rooms.length = 0;
    const reader = new ByteReader({
      read(into) {
        rooms.push(into.length);
        const piece = pieces.shift();
        if (piece === undefined) return Promise.resolve(null);
        const now = piece.subarray(0, into.length);
        into.set(now);
        if (now.length < piece.length) pieces.unshift(piece.subarray(now.length));
        return Promise.resolve(now.length);
      },
    });
    while ((mode === "read" ? await reader.read() : await reader.readLine(2000)) !== null);
    const [first, second, ...rest] = rooms;
    assertEquals([first, second], [1024, mode === "read" ? 4096 : 3072], mode);
    assertEquals(rest, [...Array(10).fill(4096), 1024, 1024], mode);
  }
});

Deno.test("read() and readMessage() may alternate while the buffer grows", { permissions }, async () => {
  const text = Array.from({ length: 400 }, (_, index) => `line ${index} ${"x".repeat(index % 97)}\n`).join("");
  for (const size of [1, 7, 4096, 100_000]) {
    const pieces = Array.from(
      { length: Math.ceil(text.length / size) },
      (_, index) => encodeText(text.slice(index * size, (index + 1) * size)),
    );
    const reader = new ByteReader(sourceOf(pieces));
    let got = "";
    for (let turn = 0;; turn++) {
      const bytes = turn % 5 === 4 ? await reader.read() : await reader.readMessage({ ...LINES, keepEnd: true });
      if (bytes === null) break;
      got += decodeText(bytes);
    }
    assert(got === text, `pieces of ${size}`);
  }
});

Deno.test("with a chunk size, every read of a stream has room for a whole chunk, after a small one too", {
  permissions,
}, async () => {
  const sizes = [100_000, 10, 100_000, 1];
  const rooms: number[] = [];
  const reader = new ByteReader(
    {
      read(into) {
        rooms.push(into.length);
        return Promise.resolve(sizes.shift() ?? null);
      },
    },
    null,
    100_000,
  );
  while (await reader.read() !== null);
  assertEquals(rooms, [100_000, 100_000, 100_000, 100_000, 100_000]);
});

Deno.test("the result stays valid until the next call", { permissions }, async () => {
  const reader = new ByteReader(
    sourceOf([encodeText("first\nsecond\n"), encodeText("x".repeat(9000)), encodeText("\n")]),
  );
  const first = await reader.readMessage(LINES) ?? new Uint8Array();
  await Promise.resolve();
  assertEquals(decodeText(first), "first");
  const second = await reader.readMessage(LINES) ?? new Uint8Array();
  assertEquals(decodeText(second), "second");
  assertEquals((await reader.readMessage({ max: 9000, gap: 0 }))?.length, 9000);
});

Deno.test(
  "an error of the source is rethrown, before and inside a message, and is sticky (S9)",
  { permissions },
  async () => {
    for (const before of ["", "half"]) {
      const pieces = [encodeText(before)].filter(({ length }) => length > 0);
      const reader = new ByteReader({
        read(into) {
          const piece = pieces.shift();
          if (piece === undefined) return Promise.reject(new Deno.errors.ConnectionReset("gone"));
          into.set(piece);
          return Promise.resolve(piece.length);
        },
      });
      await assertRejects(() => reader.readMessage({ max: 99, gap: 50 }), Deno.errors.ConnectionReset);
      assertEquals(reader.buffered, before.length);
      await assertRejects(() => reader.readMessage(LINES), Deno.errors.ConnectionReset);
    }
  },
);

Deno.test(
  "ByteReader charges for a buffer beyond the initial one, and releases it after a small read",
  { permissions },
  async () => {
    const budget = new MemoryBudget(100_000);
    const large = new Uint8Array(20_000).fill(97);
    const pieces = [large, encodeText("\nsmall\n"), encodeText("next\n")];
    const reader = new ByteReader(sourceOf(pieces), budget.share());
    assertEquals((await reader.readLine(30_000))?.length, 20_000);
    assertEquals(budget.used, 32_768);
    assertEquals(decodeText((await reader.readLine(100)) ?? large), "small");
    assertEquals(decodeText((await reader.readLine(100)) ?? large), "next");
    assertEquals(budget.used, 0);
  },
);

Deno.test("ByteReader refuses a message without memory for it, and continues with smaller reads of a stream", {
  permissions,
}, async () => {
  const budget = new MemoryBudget(10_000);
  const large = new Uint8Array(20_000).fill(97);
  const lines = new ByteReader(sourceOf([large]), budget.share());
  await assertRejects(() => lines.readLine(30_000), ProtocolError, "Cannot serve you: the server has no memory");
  const stream = new ByteReader(sourceOf([large, large]), new MemoryBudget(10_000).share());
  let total = 0;
  for (let bytes; (bytes = await stream.read()) !== null;) total += bytes.length;
  assertEquals(total, 40_000);
});
