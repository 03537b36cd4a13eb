/** `/websocket` beside what its messages say: the handshake, time limits, memory, the log and the end. */
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { AnswerWriter } from "../../../http/serve/writer.ts";
import { Clock } from "../../../http/serve/clock.ts";
import { Inbox } from "../../../http/serve/inbox.ts";
import { RequestLog } from "../../../http/serve/request_log.ts";
import { EchoSession } from "../../../http/serve/websocket.ts";
import { TimedOutError } from "../../../lib/errors.ts";
import { NO_EVENTS } from "../../../lib/events.ts";
import { MemoryBudget } from "../../../lib/memory.ts";
import { Connection } from "../../../lib/stream/connection.ts";
import { encodeText } from "../../../lib/text.ts";
import { FakeSocket } from "../../lib/fakes.ts";
import { concat } from "../../support/chunks.ts";
import { sendAndReset } from "../../support/sockets.ts";
import { quickTurn, TestTime, turn } from "../../support/time.ts";
import {
  BINARY,
  clientFrame,
  CLOSE,
  closePayload,
  CONTINUATION,
  handshake,
  PING,
  PONG,
  shownFrame,
  TEXT,
  WebSocketPeer,
} from "../../support/websocket.ts";
import { answersIn, serve } from "../serving.ts";

const bye = clientFrame(CLOSE, closePayload(1000, "bye"));
/** The next frame in its short form; `null` at the end of the stream. */
async function shownNext(peer: WebSocketPeer): Promise<string | null> {
  const frame = await peer.next();
  return frame && shownFrame(frame);
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

Deno.test("a request for /websocket that is no handshake gets 426, another method 405", async () => {
  await using server = serve();
  const asked = [
    "GET /websocket HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "HEAD /websocket HTTP/1.1\r\nHost: localhost\r\n\r\n",
    handshake().replace("GET", "HEAD"),
    handshake().replace("HTTP/1.1", "HTTP/1.0").replace("Connection: Upgrade", "Connection: Upgrade, keep-alive"),
    handshake().replace("Version: 13", "Version: 12"),
    handshake().replace("==", "="),
    handshake("/websocket", "Origin: http://evil.example\r\n"),
    "POST /websocket HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
    "OPTIONS /websocket HTTP/1.1\r\nHost: localhost\r\n\r\n",
    handshake("/websocket/"),
    handshake("/status/200"),
  ];
  using client = await server.client();
  // All on one connection: none of them ends it.
  await client.send(asked.join("") + get("/status/299"));
  const methods = asked.map((text) => text.slice(0, text.indexOf(" ")));
  const answers = answersIn(await client.until(/299 .*\n$/), methods);
  assertEquals(answers.map(({ status }) => status), [426, 426, 426, 426, 426, 400, 403, 405, 204, 404, 200, 299]);
  assertEquals(answers[0]?.fields.get("upgrade"), "websocket");
  assertEquals(answers[4]?.fields.get("sec-websocket-version"), "13");
  assertMatch(answers[0]?.body ?? "", /^426 Upgrade Required: this path speaks WebSocket .* wss:\/\/ URL\n$/);
});

Deno.test("frames in the same segment as the handshake are not lost, nor are the requests before it", async () => {
  await using server = serve();
  using client = await server.client();
  const frames = concat(clientFrame(TEXT, "hé"), clientFrame(BINARY, Uint8Array.of(0xff)), bye);
  await client.send(concat(encodeText(get("/status/201") + handshake()), frames, encodeText(get("/status/202"))));
  const bytes = await client.restBytes();
  const text = new TextDecoder().decode(bytes);
  assertMatch(text, /^HTTP\/1\.1 201 (?:.*\r?\n)*?HTTP\/1\.1 101 Switching Protocols\r\n(?:.*\r\n)*?\r\n/);
  assert(!text.includes(" 202 ") && !/101[^]*(Content-Length|Connection: close)/.test(text));
  const echoed = [0x81, 3, 0x68, 0xc3, 0xa9, 0x82, 1, 0xff, 0x88, 2, 3, 0xe8];
  assertEquals(Array.from(bytes.subarray(-echoed.length)), echoed);
});

Deno.test("the answer to a handshake never says that the connection closes", async () => {
  await using server = serve({ maxRequests: 1 });
  for (const fields of ["Connection: close\r\n", ""]) {
    using client = await server.client();
    await client.send(concat(encodeText(handshake("/websocket", fields)), bye));
    const text = await client.rest();
    assertMatch(text, /^HTTP\/1\.1 101 /);
    assert(!text.includes("Connection: close"), text);
  }
});

Deno.test("part of a frame in the same segment as the handshake is kept", async () => {
  await using server = serve();
  const sent = clientFrame(TEXT, "x".repeat(300));
  using peer = await WebSocketPeer.open(server.port, "/websocket", sent.slice(0, 100));
  await peer.send(concat(sent.subarray(100), bye));
  assertEquals((await peer.rest()).map(shownFrame), ["text 300 bytes", "close 1000"]);
});

Deno.test("/websocket: a client resets mid-message and the next one is served (S9)", async () => {
  await using server = serve();
  const sent = concat(encodeText(handshake()), clientFrame(TEXT, "whole"), clientFrame(TEXT, "half").subarray(0, 7));
  for (const size of [sent.length, sent.length - 20, 30]) {
    await sendAndReset(server.port, sent.subarray(0, size));
    using peer = await WebSocketPeer.open(server.port);
    await peer.send(concat(clientFrame(TEXT, "next"), bye));
    assertEquals((await peer.rest()).map(shownFrame), ["text next", "close 1000"]);
  }
});

Deno.test("/websocket: a client that leaves without a close frame ends its connection only", async () => {
  await using server = serve();
  const end = server.events.next("exchange");
  using peer = await WebSocketPeer.open(server.port);
  await peer.send(clientFrame(TEXT, "a"));
  await peer.client.end();
  assertEquals((await peer.rest()).map(shownFrame), ["text a"]);
  assertMatch(JSON.stringify(await end), /1 message, 1 B echoed in .*; cut off/);
});

Deno.test("the log tells the handshake, and at the end what passed and why it ended", async () => {
  await using server = serve();
  for (const last of [bye, clientFrame(CLOSE), clientFrame(3)]) {
    using peer = await WebSocketPeer.open(server.port);
    await peer.send(concat(clientFrame(TEXT, "é"), clientFrame(PONG), clientFrame(BINARY, "abc"), last));
    await peer.rest();
  }
  const lines = server.events.all.flatMap((event) =>
    event.event === "request" || event.event === "exchange"
      ? [[event.prose].flat().map((line) => typeof line === "string" ? line : `${line.mark} ${line.text}`).at(-1)]
      : []
  ).flat();
  const passed = "WebSocket: 2 messages, 5 B echoed in # ms;";
  const shown = lines.map((line) => line?.replace(/127\.0\.0\.1:\d+ /, "").replace(/[\d.]+ ms/, "# ms"));
  const opened = "state GET /websocket -> 101, 0 B in # ms";
  assertEquals(shown, [
    opened,
    `state ${passed} closed by the client with 1000`,
    opened,
    `state ${passed} closed by the client without a code`,
    opened,
    `trouble ${passed} failed with 1002: the opcode 3 is reserved (RFC 6455 5.2)`,
  ]);
});

Deno.test("with --log common, a WebSocket is the line of its handshake", async () => {
  await using server = serve({}, { log: "common" });
  using peer = await WebSocketPeer.open(server.port);
  await peer.send(bye);
  await peer.rest();
  await server.ask("GET /status/200 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  assert(!server.events.names.includes("exchange"));
  assertMatch(JSON.stringify(server.events.all[0]), /GET \/websocket HTTP\/1\.1.{2,3} 101 -/);
});

Deno.test("a client that fails gets the reason, even while it still sends", async () => {
  await using server = serve();
  using peer = await WebSocketPeer.open(server.port);
  const sending = peer.send(clientFrame(BINARY, new Uint8Array(8_000_000)));
  const [last] = await peer.rest();
  assertEquals(last && shownFrame(last), "close 1009");
  assertStringIncludes(new TextDecoder().decode(last?.payload.subarray(2)), "at most 65536 bytes");
  await sending;
});

Deno.test("a client that never reads is disconnected, with bounded memory, and others are not affected", async () => {
  const memory = new MemoryBudget(0);
  await using server = serve({ idleTime: 600 }, { memory });
  using stuck = await WebSocketPeer.open(server.port);
  const error = server.events.next("error");
  let most = 0;
  const flood = (async () => {
    for (const message = clientFrame(BINARY, new Uint8Array(65_536));; most = Math.max(most, memory.used)) {
      await stuck.send(message);
    }
  })().catch(() => {});
  using peer = await WebSocketPeer.open(server.port);
  await peer.send(concat(clientFrame(TEXT, "a"), bye));
  assertEquals((await peer.rest()).map(shownFrame), ["text a", "close 1000"]);
  assertMatch(JSON.stringify(await error), /it has not read for 0\.6 s/);
  await flood;
  assert(most < 400_000, `${most} bytes`);
});

Deno.test("an unfinished message above the memory limit is refused with 1013", async () => {
  // Enough for one message, and for the bytes that are read with it.
  await using server = serve({}, { memory: new MemoryBudget(140_000) });
  const most = clientFrame(BINARY, new Uint8Array(60_000), { more: true });
  using first = await WebSocketPeer.open(server.port);
  await first.send(concat(most, clientFrame(PING, "all of it has arrived")));
  assertEquals(await shownNext(first), "pong all of it has arrived");
  using second = await WebSocketPeer.open(server.port);
  await second.send(most);
  assertEquals((await second.rest()).map(shownFrame), ["close 1013"]);
  await first.send(clientFrame(CONTINUATION, "b"));
  assertEquals(await shownNext(first), "binary 60001 bytes");
});

Deno.test("a silent client is closed after the idle time, with 1001 and the reason", async () => {
  await using server = serve({ idleTime: 100 });
  using peer = await WebSocketPeer.open(server.port);
  assertEquals(await shownNext(peer), "close 1001");
  await peer.send(clientFrame(CLOSE, closePayload(1001)));
  assertEquals(await peer.next(), null);
  const [end] = server.events.all.flatMap((event) => event.event === "exchange" ? [event.end] : []);
  assertEquals(end, "closed with 1001: nothing was received for 0.1 s");
});

Deno.test("a stopping server closes with 1001 and waits for the answer", async () => {
  const server = serve();
  using peer = await WebSocketPeer.open(server.port);
  await peer.send(clientFrame(TEXT, "a"));
  assertEquals(await shownNext(peer), "text a");
  server.stop();
  assertEquals(await shownNext(peer), "close 1001");
  // What was on its way is no longer echoed (RFC 6455 5.5.1), but pings are still answered (5.5.2).
  await peer.send(concat(clientFrame(TEXT, "b"), clientFrame(PING, "p"), clientFrame(CLOSE, closePayload(1001))));
  assertEquals((await peer.rest()).map(shownFrame), ["pong p"]);
  peer.client.close();
  await server.done;
  assertEquals(server.events.names.includes("warning"), false);
});

/** A session over a fake socket, with a clock that the test sets. */
function setUp() {
  const [socket, clock, memory] = [new FakeSocket(), new Clock([]), new MemoryBudget(1e6)];
  clock.now = 1000;
  const limits = {
    maxLine: 0,
    maxHead: 0,
    maxFields: 0,
    maxBody: 0,
    maxRequests: 0,
    idleTime: 0,
    headTime: 0,
    requestTime: 0,
  };
  const written: string[] = [];
  /** With `wait`, a write takes until the test resumes it. */
  const writes = { wait: false, resume: () => {} };
  socket.write = async (bytes) => {
    const { length } = bytes;
    written.push(shownFrame({ opcode: (bytes[0] ?? 0) & 15, payload: bytes.slice(2) }));
    if (writes.wait) await new Promise<void>((resolve) => writes.resume = resolve);
    return length;
  };
  const time = new TestTime();
  const connection = new Connection(socket, { report: false, time });
  const stop = new AbortController();
  const service = { clock, limits, memory, signal: stop.signal, log: new RequestLog(NO_EVENTS, "prose") };
  const writer = new AnswerWriter(connection, { ...service, outboxes: [], stallTime: 1e6 });
  const session = new EchoSession(connection, service, writer);
  const done = session.run(new Inbox());
  // The clock has read the time; a whole number, so that differences are exact.
  clock.now = 1000;
  const pass = async (ms: number): Promise<void> => {
    await turn();
    clock.now += ms;
    session.onTick();
    await turn();
  };
  return { socket, written, writes, stop, done, pass, connection, time };
}

/** A clock without limits ticks twice a second: nothing is early, and all may be late by that. */
const TICK = 500;

Deno.test("a client is pinged every 20 s, and dropped after two pings without an answer", async () => {
  const { socket, written, done, pass } = setUp();
  const dropped = assertRejects(() => done, TimedOutError, "it has not answered 2 pings");
  await pass(20_000);
  assertEquals(written, []);
  await pass(TICK);
  assertEquals(written, ["ping"]);
  socket.source.feed(clientFrame(PONG));
  for (let pings = 2; pings <= 3; pings++) {
    await pass(20_000 + TICK);
    assertEquals(written.length, pings);
  }
  assertEquals(socket.closed, false);
  await pass(20_000 + TICK);
  assertEquals([written.length, socket.closed], [3, true]);
  await dropped;
});

Deno.test("frames that ask for no answer, however many, leave the other connections their turns", async () => {
  const part = (opcode: number): Uint8Array => clientFrame(opcode, "", { more: true });
  for (const frame of [clientFrame(PONG), part(CONTINUATION)]) {
    const { socket, done } = setUp();
    if (frame[0] === CONTINUATION) socket.source.feed(part(TEXT));
    const many = concat(...Array.from({ length: 1000 }, () => frame));
    for (let reads = 0; reads < 20; reads++) socket.source.feed(many);
    // The event loop does not get a turn meanwhile.
    for (let rounds = 0; rounds < 20; rounds++) await quickTurn();
    assert(socket.source.left > 15, `${socket.source.left} of 20 reads left`);
    socket.source.end();
    await done.catch(() => {});
  }
});

Deno.test("a client that does not answer the close frame of a stopping server has 3 s for it", async () => {
  const { socket, written, stop, done, pass } = setUp();
  stop.abort();
  await pass(0);
  assertEquals(written, ["close 1001"]);
  socket.source.feed(clientFrame(TEXT, "a"));
  await pass(3000);
  assertEquals([written, socket.closed], [["close 1001"], false]);
  await pass(TICK);
  assertEquals(socket.closed, true);
  await done;
});

Deno.test("a stopping server does not take a WebSocket for an idle connection", async () => {
  const { socket, written, stop, done, connection, time } = setUp();
  await turn();
  stop.abort();
  connection.drain();
  await time.pass(1000);
  assertEquals([written, socket.closed], [["close 1001"], false]);
  // What breaks the protocol after that gets no second close frame.
  socket.source.feed(clientFrame(3));
  socket.source.end();
  await done;
  assertEquals(written, ["close 1001"]);
});

Deno.test("there is one write at a time, by the clock or for a message", async () => {
  const { socket, written, writes, stop, done, pass } = setUp();
  writes.wait = true;
  await pass(20_000 + TICK);
  socket.source.feed(clientFrame(TEXT, "a"));
  await pass(20_000 + TICK);
  assertEquals(written, ["ping"]);
  writes.resume();
  await turn();
  assertEquals(written, ["ping", "text a"]);
  stop.abort();
  await pass(20_000 + TICK);
  assertEquals(written, ["ping", "text a"]);
  writes.wait = false;
  writes.resume();
  await turn();
  assertEquals(written, ["ping", "text a", "close 1001"]);
  socket.source.feed(clientFrame(CLOSE));
  socket.source.end();
  await done;
});
