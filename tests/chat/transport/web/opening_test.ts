import { assertEquals, assertRejects } from "@std/assert";
import { Opening, Openings } from "../../../../chat/transport/web/opening.ts";
import { telnetFilter } from "../../../../chat/transport/tcp.ts";
import { Connection } from "../../../../lib/stream/connection.ts";
import { MemoryBudget } from "../../../../lib/memory.ts";
import { decodeText, encodeText } from "../../../../lib/text.ts";
import { FakeSocket } from "../../../lib/fakes.ts";
import { everyWay } from "../../../support/chunks.ts";
import { TestTime, turn } from "../../../support/time.ts";

/** A connection that opens, and its socket. */
function opened(): { raw: FakeSocket; openings: Openings; connection: Connection } {
  const raw = new FakeSocket();
  const openings = new Openings();
  return { raw, openings, connection: new Connection(openings.layer(telnetFilter)(raw)) };
}

/** Reads this many bytes. */
async function read(connection: Connection, length: number): Promise<Uint8Array> {
  const bytes: number[] = [];
  while (bytes.length < length) bytes.push(...await connection.read() ?? []);
  return Uint8Array.from(bytes);
}

Deno.test("a request is recognised without a byte of it being lost, and telnet's 255 passes", async () => {
  const bytes = Uint8Array.of(...encodeText("GET / HTTP/1.1\r\n"), 255, 253, 6, 255, 255, 10);
  for (const { name, pieces } of everyWay(bytes)) {
    const { raw, openings, connection } = opened();
    for (const piece of pieces) raw.source.feed(piece);
    assertEquals(await openings.spokenBy(connection), "http", name);
    assertEquals(await read(connection, bytes.length), bytes, name);
    connection.close();
  }
});

Deno.test("a chat line is recognised without a byte of it being lost, and telnet is taken out", async () => {
  const bytes = Uint8Array.of(...encodeText("GET /\n"), 255, 241, 97);
  for (const { name, pieces } of everyWay(bytes)) {
    const { raw, openings, connection } = opened();
    for (const piece of pieces) raw.source.feed(piece);
    assertEquals(await openings.spokenBy(connection), "chat", name);
    assertEquals(decodeText(await read(connection, 7)), "GET /\na", name);
    connection.close();
  }
});

Deno.test("silence is a chat client's, and so is a pause within what may become a request", async () => {
  for (const text of ["", "GET / HTTP/1.1"]) {
    const { raw, openings, connection } = opened();
    if (text !== "") raw.source.feed(text);
    assertEquals(await openings.spokenBy(connection), text === "" ? "silent" : "chat");
    raw.source.feed("\r\n");
    assertEquals(decodeText(await read(connection, text.length + 2)), `${text}\r\n`);
    connection.close();
  }
});

Deno.test("a browser's request that comes after the greeting is not said; one that somebody pastes is", async () => {
  const fields = "Host: 127.0.0.1\r\nUser-Agent: Mozilla/5.0 (X11)\r\nCookie: secret\r\n\r\n";
  const socket = "GET /room HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAA\r\n\r\n";
  for (const request of [`POST /say?session=secret HTTP/1.1\r\n`, `GET / HTTP/1.1\r\n${fields}`, socket]) {
    const { raw, openings, connection } = opened();
    assertEquals(await openings.spokenBy(connection), "silent");
    raw.source.feed(request);
    assertEquals(await connection.read(), null);
    connection.close();
  }
  for (const text of ["GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "what is ?session=\n"]) {
    const { raw, openings, connection } = opened();
    await openings.spokenBy(connection);
    raw.source.feed(text);
    assertEquals(decodeText(await read(connection, text.length)), text);
    connection.close();
  }
});

Deno.test("nothing of the wait for an opening stays with the read that goes on: no timer, no callback", async () => {
  const time = new TestTime();
  const openings = new Openings(time);
  const sockets = ["", "hello\n"].map((text) => ({ raw: new FakeSocket(), text }));
  for (const { raw, text } of sockets) {
    const opening = openings.layer((socket) => socket)(raw) as Opening;
    const connection = new Connection(opening);
    if (text !== "") raw.source.feed(text);
    const spoken = openings.spokenBy(connection);
    await time.pass(400);
    assertEquals([await spoken, time.timers, opening.onSettled], [text === "" ? "silent" : "chat", 0, null]);
    connection.close();
  }
});

Deno.test("the end and an error come after what was held back", async () => {
  for (const error of [null, new Deno.errors.ConnectionReset()]) {
    const raw = new FakeSocket();
    const opening = new Opening(raw);
    const into = new Uint8Array(10);
    raw.source.feed("GET");
    const reading = opening.read(into);
    await raw.source.readPending();
    if (error === null) raw.source.end();
    else raw.source.fail(error);
    assertEquals([await reading, decodeText(into.subarray(0, 3)), opening.spoken], [3, "GET", "chat"]);
    if (error === null) assertEquals(await opening.read(into), null);
    else await assertRejects(() => opening.read(into), Deno.errors.ConnectionReset);
  }
});

Deno.test("once it is decided, reads go straight to the socket", async () => {
  const raw = new FakeSocket();
  const opening = new Opening(raw);
  raw.source.feed("hello\n");
  await opening.read(new Uint8Array(4096));
  const into = new Uint8Array(64 * 1024);
  const reading = opening.read(into);
  await raw.source.readPending();
  assertEquals(raw.source.room, into.length);
  raw.source.end();
  await reading;
});

Deno.test("without memory to wait for the end of a long line, it is the chat's", async () => {
  const memory = new MemoryBudget(5000);
  const raw = new FakeSocket();
  const opening = new Opening(raw);
  opening.countIn(memory);
  raw.source.feed(`GET /${"a".repeat(4900)}`);
  raw.source.feed("a".repeat(1000));
  assertEquals([await opening.read(new Uint8Array(10_000)), opening.spoken], [5905, "chat"]);
  assertEquals(memory.used, 0);
});

Deno.test("the memory of a line that was never completed is given back", async () => {
  const memory = new MemoryBudget(10_000);
  const raw = new FakeSocket();
  const opening = new Opening(raw);
  opening.countIn(memory);
  raw.source.feed(`GET /${"a".repeat(4900)}`);
  const reading = opening.read(new Uint8Array(10)).catch(() => {});
  while (opening.held < 4905) await turn();
  assertEquals(memory.used, 4905);
  opening.close();
  await reading;
  assertEquals(memory.used, 0);
});
