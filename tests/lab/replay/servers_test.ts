import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type Conversation, conversationsOf } from "../../../lab/replay/conversation.ts";
import { replayTcpServer, replayUdpServer, type ServerOptions } from "../../../lab/replay/servers.ts";
import { listenNode } from "../../../lib/net/node_listener.ts";
import type { StreamListener } from "../../../lib/net/socket.ts";
import { RawClient, RawPeer, RecordedEvents, sendAndReset } from "../../support/sockets.ts";
import { type Call, conversation, flow } from "./wire.ts";

const AT = { hostname: "127.0.0.1", port: 0 };

/** A server that plays conversations, and its verdicts so far. */
class Playing implements AsyncDisposable {
  readonly events = new RecordedEvents();
  readonly port: number;
  #stop = new AbortController();
  #done: Promise<unknown>;

  constructor(
    conversations: readonly Conversation[],
    options: Partial<ServerOptions> = {},
    listener: StreamListener | Deno.DatagramConn = Deno.listen(AT),
  ) {
    this.port = (listener.addr as Deno.NetAddr).port;
    const how = {
      speed: 1,
      timeout: 1000,
      ignore: [],
      once: false,
      events: this.events,
      signal: this.#stop.signal,
      ...options,
    };
    this.#done = "accept" in listener
      ? replayTcpServer(listener, conversations, { ...how, layers: {} })
      : replayUdpServer(listener, conversations, how);
  }

  /** The code and first line of each verdict, without the client's port. */
  get verdicts(): unknown[][] {
    return this.events.all.flatMap((event) => {
      if (event.event !== "result") return [];
      const [first] = event.prose as readonly { readonly text: string }[];
      return [[event.code, first?.text.replace(/127\.0\.0\.1:\d+/, "CLIENT")]];
    });
  }

  /** Waits until so many have a verdict. */
  async judged(count: number): Promise<void> {
    while (this.verdicts.length < count) await this.events.change;
  }

  /** Waits until it ends by itself. */
  async ended(): Promise<void> {
    await this.#done;
  }

  stop(): void {
    this.#stop.abort(new Error("stopped"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.#done;
  }
}

const EXCHANGE: Call[] = [
  [0, "accept"],
  [1, "write", "220 ready\r\n"],
  [20, "read", "HELO x\r\n"],
  [21, "write", "250 hi\r\n"],
  [30, "read"],
  [31, "close"],
];

const server = { as: "server" } as const;

Deno.test("replayTcpServer() plays the server's side, and compares what the client sends", async () => {
  await using playing = new Playing([await conversation(EXCHANGE, server)]);
  using client = await RawClient.connect(playing.port);
  assertEquals(await client.until(/\n/), "220 ready\r\n");
  await client.send("HELO x\r\n");
  assertEquals(await client.until(/\n/), "250 hi\r\n");
  await client.end();
  assertEquals(await client.read(), null);
  await playing.judged(1);
  assertEquals(playing.verdicts, [[0, "Connection 1 with CLIENT: the same: 1 request, 8 bytes"]]);
});

Deno.test("replayTcpServer() reports what a client sends otherwise", async () => {
  await using playing = new Playing([await conversation(EXCHANGE, server)]);
  using client = await RawClient.connect(playing.port);
  await client.until(/\n/);
  await client.send("EHLO x\r\n");
  await client.until(/\n/);
  await client.end();
  await playing.judged(1);
  assertEquals(playing.verdicts, [[1, "Connection 1 with CLIENT differs: request 1 of 1 at offset 0"]]);
});

Deno.test("replayTcpServer() answers a client that half-closes after a shorter request", async () => {
  await using playing = new Playing([await conversation(EXCHANGE, server)]);
  using client = await RawClient.connect(playing.port);
  await client.send("HEL");
  await client.end();
  assertEquals(await client.rest(), "220 ready\r\n250 hi\r\n");
  await playing.judged(1);
  assertEquals(playing.verdicts.map(([code]) => code), [1]);
});

Deno.test("replayTcpServer() gives each client the next conversation, over and over", async () => {
  const all = await conversationsOf([
    ...flow([[0, "accept"], [1, "write", "one"], [2, "close"]], { ...server, number: 1 }),
    ...flow([[5, "accept"], [6, "write", "two"], [7, "close"]], { ...server, number: 2 }),
  ], server);
  await using playing = new Playing(all);
  const texts = [];
  for (const _ of "123") {
    using client = await RawClient.connect(playing.port);
    texts.push(await client.rest());
  }
  assertEquals(texts, ["one", "two", "one"]);
});

Deno.test("replayTcpServer() once ends by itself, and turns away a client too many", async () => {
  const all = await conversationsOf([
    ...flow([[0, "accept"], [1, "read", "x"], [2, "read"], [3, "close"]], { ...server, number: 1 }),
  ], server);
  const playing = new Playing(all, { once: true });
  using client = await RawClient.connect(playing.port);
  using other = await RawClient.connect(playing.port);
  assertEquals(await other.rest(), "Cannot serve you: the capture has no more connections\n");
  await client.send("x");
  await client.end();
  await playing.ended();
  assertEquals(playing.verdicts, [[0, "Connection 1 with CLIENT: the same: 1 request, 1 byte"]]);
});

Deno.test("replayTcpServer() serves the next client after one that resets in the middle", async () => {
  await using playing = new Playing([await conversation(EXCHANGE, server)]);
  const accepted = playing.events.next("accepted");
  await sendAndReset(playing.port, "HEL", { before: () => accepted });
  await playing.judged(1);
  using client = await RawClient.connect(playing.port);
  await client.until(/ready/);
  await client.send("HELO x\r\n");
  await client.until(/hi/);
  await client.end();
  await playing.judged(2);
  assertEquals(playing.verdicts.map(([code]) => code), [6, 0]);
});

Deno.test("replayTcpServer() resets where the capture did", async () => {
  const calls: Call[] = [[0, "accept"], [1, "read", "hello"], [2, "reset"]];
  await using playing = new Playing([await conversation(calls, server)], {}, (await listenNode(AT))());
  using client = await RawClient.connect(playing.port);
  await client.send("hello");
  await assertRejects(() => client.read(), Deno.errors.ConnectionReset);
  await playing.judged(1);
  assertEquals(playing.verdicts, [[0, "Connection 1 with CLIENT: the same: 1 request, 5 bytes"]]);
});

Deno.test("replayTcpServer() that is stopped does not call what it cut off a difference", async () => {
  const listening: Call[] = [[0, "accept"], [1, "write", "220 ready\r\n"], [20, "read", "HELO x\r\n"], [30, "read"]];
  for (const calls of [EXCHANGE, listening]) {
    const playing = new Playing([await conversation(calls, server)], { timeout: 0 });
    using client = await RawClient.connect(playing.port);
    await client.until(/ready/);
    playing.stop();
    await playing.ended();
    assertEquals(playing.verdicts, []);
    const notice = playing.events.all.find(({ event }) => event === "notice");
    assertMatch(JSON.stringify(notice), /Connection 1 with 127\.0\.0\.1:\d+: stopped in the middle/);
  }
});

const PONG: Call[] = [[0, "receive", "ping"], [1, "send", "pong"], [9, "receive", "bye"]];
const udp = { as: "server", transport: "udp" } as const;

function datagramSocket(): Deno.DatagramConn {
  return Deno.listenDatagram({ transport: "udp", ...AT });
}

Deno.test("replayUdpServer() answers each client by itself, and compares their datagrams", async () => {
  await using playing = new Playing([await conversation(PONG, udp)], { timeout: 200 }, datagramSocket());
  using one = new RawPeer();
  using other = new RawPeer();
  await one.send("ping", playing.port);
  await other.send("PING", playing.port);
  assertEquals([(await one.receive()).text, (await other.receive()).text], ["pong", "pong"]);
  await one.send("bye", playing.port);
  await other.send("bye", playing.port);
  await playing.judged(2);
  assertEquals(playing.verdicts.sort(), [
    [0, "Flow 1 with CLIENT: the same: 2 datagrams, 7 bytes"],
    [1, "Flow 1 with CLIENT differs: datagram 1 of 2 at offset 0"],
  ]);
});

Deno.test("replayUdpServer() once ends by itself, and leaves out a client too many", async () => {
  const playing = new Playing([await conversation(PONG, udp)], { once: true }, datagramSocket());
  using one = new RawPeer();
  using other = new RawPeer();
  await one.send("ping", playing.port);
  await one.receive();
  await other.send("ping", playing.port);
  await one.send("bye", playing.port);
  await playing.ended();
  assertEquals(playing.verdicts, [[0, "Flow 1 with CLIENT: the same: 2 datagrams, 7 bytes"]]);
});

Deno.test("replayUdpServer() that is stopped ends at once", async () => {
  const playing = new Playing([await conversation(PONG, udp)], { timeout: 0 }, datagramSocket());
  using client = new RawPeer();
  await client.send("ping", playing.port);
  await client.receive();
  playing.stop();
  await playing.ended();
  assertEquals(playing.verdicts, []);
});
