import { assertEquals, assertRejects } from "@std/assert";
import { Hosts } from "../../../../http/request/hosts.ts";
import { Refusal } from "../../../../http/request/refusal.ts";
import { RequestReader } from "../../../../chat/transport/web/request.ts";
import { MemoryBudget } from "../../../../lib/memory.ts";
import { Connection } from "../../../../lib/stream/connection.ts";
import { decodeText, encodeText } from "../../../../lib/text.ts";
import { FakeSocket } from "../../../lib/fakes.ts";
import { everyWay } from "../../../support/chunks.ts";

const hosts = new Hosts({ names: [], anyAddress: false });

function reading(options: { time?: number; memory?: MemoryBudget } = {}): { raw: FakeSocket; reader: RequestReader } {
  const raw = new FakeSocket();
  return { raw, reader: new RequestReader(new Connection(raw), { hosts, ...options }) };
}

Deno.test("a request is the same however it is split, and what follows its head is kept", async () => {
  const bytes = encodeText("POST /say?session=x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello, more");
  for (const { name, pieces } of everyWay(bytes)) {
    const { raw, reader } = reading();
    for (const piece of pieces) raw.source.feed(piece);
    const request = await reader.head();
    assertEquals(
      [request?.head.method, request?.target.path, request?.target.query],
      ["POST", "/say", "session=x"],
      name,
    );
    if (request !== null) assertEquals(decodeText(await reader.body(request.head)), "hello", name);
  }
});

Deno.test("a request that is not complete in time gets 408, however slowly it comes", async () => {
  const { raw, reader } = reading({ time: 30 });
  raw.source.feed("GET / HTTP/1.1\r\n");
  const failed = assertRejects(() => reader.head(), Refusal, "not complete within 0.03 s");
  assertEquals((await failed).status, 408);
  const { raw: other, reader: body } = reading({ time: 30 });
  other.source.feed("POST /say HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhel");
  const request = await body.head();
  assertEquals(
    (await assertRejects(() => request === null ? Promise.resolve() : body.body(request.head), Refusal)).status,
    408,
  );
});

Deno.test("a client that leaves within its head gets no answer", async () => {
  const { raw, reader } = reading();
  raw.source.feed("GET / HTTP/1.1\r\nHo");
  raw.source.end();
  assertEquals(await reader.head(), null);
});

Deno.test("chunks are decoded; a client that waits for it is told to continue; a large body counts as memory", async () => {
  const memory = new MemoryBudget(100_000);
  const { raw, reader } = reading({ memory });
  const expects = "Expect: 100-continue\r\nTransfer-Encoding: chunked";
  raw.source.feed(`POST /say HTTP/1.1\r\nHost: localhost\r\n${expects}\r\n\r\n`);
  const request = await reader.head();
  if (request === null) throw new Error("no request");
  const body = reader.body(request.head);
  await raw.source.readPending();
  assertEquals(raw.sent, "HTTP/1.1 100 Continue\r\n\r\n");
  raw.source.feed("2\r\nhi\r\n3\r\nyou\r\n0\r\n\r\n");
  assertEquals(decodeText(await body), "hiyou");
  assertEquals(memory.used > 0, true);
  reader.release();
  assertEquals(memory.used, 0);
});
