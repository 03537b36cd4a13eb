/** The memory limit of all connections together. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { MemoryBudget } from "../../lib/memory.ts";
import { BodyReader } from "../../http/request/body.ts";
import { requestAnswer } from "../../http/site/echo.ts";
import { growBuffer, Holding } from "../../http/request/holding.ts";
import { Inbox } from "../../http/serve/inbox.ts";
import { AnswerBytes } from "../../http/answer/bytes.ts";
import { Refusal } from "../../http/request/refusal.ts";
import { startServer } from "../support/script.ts";
import { RawClient, sendAndReset } from "../support/sockets.ts";
import { LIMITS, requestOf } from "./requests.ts";
import { answersIn, serve, type ServedHttp } from "./serving.ts";

const HOST = "Host: localhost\r\n";
const last = (path: string): string => `GET ${path} HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;
const post = (path: string, length: number): string =>
  `POST ${path} HTTP/1.1\r\n${HOST}Content-Length: ${length}\r\nConnection: close\r\n\r\n`;

/** The size of a grown outbox, which is kept for the next connection. */
const SPARE = 128 * 1024;

/** A server with a memory limit. */
function limited(bytes: number): ServedHttp & { memory: MemoryBudget } {
  const memory = new MemoryBudget(bytes);
  return { ...serve({ maxBody: 10_000_000 }, { memory }), memory };
}

/** Waits until a condition holds, checking it at each turn of the event loop. */
async function until(holds: () => boolean): Promise<void> {
  const late = performance.now() + 5000;
  while (!holds()) {
    assert(performance.now() < late, "the condition never held");
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

Deno.test("bodies above the common limit get 503 with Retry-After; small requests are still served", async () => {
  await using server = limited(5_600_000);
  const clients: RawClient[] = [];
  try {
    for (let count = 0; count < 2; count++) {
      const client = await server.client();
      clients.push(client);
      await client.send(post("/", 2_000_000));
      await client.send(new Uint8Array(1_999_999));
    }
    await until(() => server.memory.used >= 4_000_000);
    using excess = await server.client();
    await excess.send(post("/", 2_000_000));
    await excess.send(new Uint8Array(1_999_999));
    const [refused] = answersIn(await excess.rest());
    assertEquals([refused?.status, refused?.fields.get("retry-after"), refused?.fields.get("connection")], [
      503,
      "5",
      "close",
    ]);
    assertStringIncludes(refused?.body ?? "", "no memory left");
    for (const path of ["/status/200", "/", "/echo"]) {
      assertEquals(answersIn(await server.ask(last(path)))[0]?.status, 200, path);
    }
  } finally {
    for (const client of clients) client.close();
  }
  await until(() => server.memory.used <= SPARE);
  const [served] = answersIn(await server.ask(`${post("/", 1_000_000)}${"x".repeat(1_000_000)}`));
  assertEquals([served?.status, served?.body.length], [200, 1_000_000]);
  await until(() => server.memory.used <= SPARE);
});

for (
  const [task, flags, line] of [
    ["http:server", ["--max-memory", "1"], /All connections together hold 1 MiB \(--max-memory\)/],
    [
      "http:threaded",
      ["--max-memory", "2", "--workers", "2"],
      /connections of worker [12] hold 1 MiB, its share of --max-memory/,
    ],
  ] as const
) {
  Deno.test(`${task} --max-memory refuses requests that need more, and logs it`, async () => {
    await using server = await startServer(task, ["-q", ...flags]);
    using client = await RawClient.connect(server.port);
    await client.send(post("/", 2_000_000));
    await client.send(new Uint8Array(1_999_999));
    await client.until(/^HTTP\/1\.1 503 [^]*later\n$/);
    client.close();
    await server.script.until(line, "stderr");
    assertEquals((await server.script.stop()).code, 0);
  });
}

Deno.test("a large /anything that is not read holds only its body and a slice", async () => {
  await using server = limited(0);
  const size = 4_000_000;
  using client = await server.client();
  await client.send(post("/anything", size));
  await client.send(new Uint8Array(size).fill(1));
  // The answer is six times as long; its beginning has arrived, the rest is not made yet.
  await client.read();
  assert(server.memory.used >= size);
  assert(server.memory.used < size + 1_000_000, `${server.memory.used} bytes`);
});

Deno.test("a large /anything is the same JSON as a small one, in chunks", async () => {
  await using server = limited(0);
  const text = '\x01é"\\😀'.repeat(20_000);
  const body = new TextEncoder().encode(text);
  using client = await server.client();
  await client.send(post("/anything", body.length));
  await client.send(body);
  const whole = await client.rest();
  assertStringIncludes(whole, "\r\nTransfer-Encoding: chunked\r\n");
  const bytes = new TextEncoder().encode(whole.slice(whole.indexOf("\r\n\r\n") + 4));
  assertEquals(JSON.parse(dechunked(bytes)).data, text);
  await until(() => server.memory.used <= SPARE);
});

/** Decodes a chunked body; sizes count bytes, not characters. */
function dechunked(bytes: Uint8Array): string {
  const pieces: Uint8Array[] = [];
  for (let at = 0;;) {
    const end = bytes.indexOf(13, at);
    const size = parseInt(new TextDecoder().decode(bytes.subarray(at, end)), 16);
    if (size === 0) break;
    pieces.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  return new TextDecoder().decode(Uint8Array.from(pieces.flatMap((piece) => [...piece])));
}

Deno.test("POST / and /echo return a large body without a second copy", async () => {
  for (const path of ["/", "/echo"]) {
    await using server = limited(0);
    const size = 8_000_000;
    using client = await server.client();
    await client.send(post(path, size));
    await client.send(new Uint8Array(size));
    await client.read();
    assert(server.memory.used >= size, path);
    assert(server.memory.used < size + 300_000, `${path}: ${server.memory.used}`);
    const rest = await client.restBytes();
    assert(rest.length >= size - 65_536, path);
  }
});

Deno.test("memory of streams is counted, and released when their clients disconnect", async () => {
  await using server = limited(2_000_000);
  const clients: RawClient[] = [];
  for (let count = 0; count < 5; count++) {
    const client = await server.client();
    clients.push(client);
    await client.send(`GET /bytes/50000000 HTTP/1.1\r\n${HOST}\r\n`);
    await client.read();
  }
  assert(server.memory.used >= 5 * 65_536);
  for (const client of clients) client.close();
  await until(() => server.memory.used <= SPARE);
});

Deno.test("a large answer above the limit gets 503, and so does a large head that an answer would show", async () => {
  await using server = limited(20_000);
  assertEquals(answersIn(await server.ask(last("/bytes/100000")))[0]?.status, 503);
  const head = `GET / HTTP/1.1\r\n${HOST}X: ${"x".repeat(6000)}\r\nConnection: close\r\n\r\n`;
  assertEquals(answersIn(await server.ask(head))[0]?.status, 503);
  assertEquals(answersIn(await server.ask(last("/bytes/1000")))[0]?.fields.get("content-length"), "1000");
});

Deno.test("the memory of an exchange is released when it ends, although the connection stays open", async () => {
  await using server = limited(0);
  using client = await server.client();
  await client.send(post("/status/200", 10).replace("Connection: close\r\n", "") + "x".repeat(10));
  await client.until(/200 OK\n$/);
  await client.send(post("/anything", 1_000_000).replace("Connection: close\r\n", ""));
  await client.send("\xff".repeat(500_000));
  await client.until(/\r\n0\r\n\r\n$/);
  await client.send(`GET /status/201 HTTP/1.1\r\n${HOST}\r\n`);
  await client.until(/201 Created\n$/);
  assert(server.memory.used <= SPARE + 65_536, `${server.memory.used}`);
});

Deno.test("the memory of an answer is released when it is sent", async () => {
  await using server = limited(0);
  using client = await server.client();
  await client.send(`GET /bytes/65536 HTTP/1.1\r\n${HOST}\r\nGET /status/201 HTTP/1.1\r\n${HOST}\r\n`);
  await client.until(/201 Created\n$/);
  assertEquals(server.memory.used, 0);
});

Deno.test("requestAnswer() returns a large body without a copy", { permissions: "none" }, async () => {
  const body = new Uint8Array(100_000);
  const { body: answer } = requestAnswer(requestOf("POST /echo HTTP/1.1\r\nHost: a\r\n\r\n", { body }));
  assert("pieces" in answer);
  const pieces = await Array.fromAsync(answer.pieces());
  assert(pieces.at(-1) === body && answer.length === body.length + (pieces[0]?.length ?? 0));
});

Deno.test("pipelined answers are written earlier at the memory limit, and completely", async () => {
  await using server = limited(1);
  const get = `GET /status/200 HTTP/1.1\r\n${HOST}\r\n`;
  const answers = answersIn(await server.ask(get.repeat(300) + last("/")));
  assertEquals(answers.map(({ status }) => status), new Array(301).fill(200));
  assertStringIncludes(answers.at(-1)?.body ?? "", "</html>");
});

Deno.test(
  "BodyReader counts its buffer as it grows, not by the announced length",
  { permissions: "none" },
  () => {
    const budget = new MemoryBudget(100_000);
    const holding = new Holding(budget);
    const reader = new BodyReader(1_000_000, "all", { ...LIMITS, maxBody: 1_000_000 }, holding);
    reader.push(new Uint8Array(4096), 0);
    assertEquals(budget.used, 4096);
    reader.push(new Uint8Array(30_000), 0);
    assert(budget.used >= 34_096 && budget.used < 70_000, String(budget.used));
    const refusal = assertThrows(() => reader.push(new Uint8Array(60_000), 0), Refusal);
    assertEquals(refusal.status, 503);
    assertEquals(reader.bytes.length, 34_096);
    reader.free();
    holding.release();
    assertEquals([budget.used, reader.bytes.length], [0, 0]);
  },
);

Deno.test("BodyReader frees a large buffer at once", { permissions: "none" }, () => {
  const reader = new BodyReader(100_000, "all", { ...LIMITS, maxBody: 100_000 });
  reader.push(new Uint8Array(100_000), 0);
  const { bytes } = reader;
  assertEquals(bytes.length, 100_000);
  reader.free();
  assertEquals(bytes.length, 0);
});

Deno.test("growBuffer() refuses with 503 if the system is out of memory", { permissions: "none" }, () => {
  assertEquals(assertThrows(() => growBuffer(null, Number.MAX_SAFE_INTEGER), Refusal).status, 503);
  assertEquals(assertThrows(() => growBuffer(new ArrayBuffer(8), Number.MAX_SAFE_INTEGER), Refusal).status, 503);
});

Deno.test("Inbox counts a large buffer, releases it when empty, and refuses with 503 at the limit", {
  permissions: "none",
}, () => {
  const budget = new MemoryBudget(100_000);
  const inbox = new Inbox(new Holding(budget));
  inbox.add(new Uint8Array(1000));
  inbox.keep();
  assertEquals(budget.used, 0);
  inbox.add(new Uint8Array(30_000));
  assert(budget.used >= 31_000);
  assertEquals(assertThrows(() => inbox.add(new Uint8Array(60_000)), Refusal).status, 503);
  inbox.at = inbox.bytes.length;
  inbox.keep();
  assertEquals(budget.used, 0);
});

Deno.test(
  "AnswerBytes grows for a body only within the memory limit, and for a head in any case",
  { permissions: "none" },
  () => {
    const budget = new MemoryBudget(20_000);
    const [one, two] = [new AnswerBytes(new Holding(budget)), new AnswerBytes(new Holding(budget))];
    assertEquals([one.fits(8000), budget.used, one.fits(12_000), budget.used], [true, 0, true, 16_384]);
    assertEquals([two.fits(12_000), two.fits(1_000_000)], [false, false]);
    two.text("x".repeat(9000));
    assertEquals([two.length, two.full, two.reusable], [9000, true, false]);
    one.free();
    assertEquals(budget.used, 0);
    assert(!one.full && one.reusable);
  },
);

Deno.test("an answer whose client resets meanwhile releases its memory", async () => {
  const dir = await Deno.makeTempDir();
  try {
    for (let file = 0; file < 200; file++) await Deno.writeTextFile(`${dir}/${file}.txt`, "");
    const memory = new MemoryBudget(100 * 1024 * 1024);
    await using server = serve({}, { memory, dir: await Deno.realPath(dir) });
    for (let count = 0; count < 30; count++) {
      await sendAndReset(server.port, `GET /status/200 HTTP/1.1\r\n${HOST}\r\nGET / HTTP/1.1\r\n${HOST}\r\n`);
    }
    await until(() => memory.used <= SPARE);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
