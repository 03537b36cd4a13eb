import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { replayClients } from "../../../lab/replay/clients.ts";
import { type Conversation, conversationsOf } from "../../../lab/replay/conversation.ts";
import { CutOffError, Failure } from "../../../lib/errors.ts";
import { listenNode } from "../../../lib/net/node_listener.ts";
import { connectNode } from "../../../lib/net/node_socket.ts";
import { decodeText } from "../../../lib/text.ts";
import { serveTcp } from "../../../lib/stream/server.ts";
import { type RawClient, RawPeer, rawServer, RecordedEvents } from "../../support/sockets.ts";
import { type Call, conversation, flow } from "./wire.ts";

const AT = { hostname: "127.0.0.1" };

/** Plays clients against a port; returns the events. */
async function replay(
  conversations: readonly Conversation[],
  port: number,
  options: Partial<Parameters<typeof replayClients>[2]> = {},
): Promise<RecordedEvents & { readonly verdicts: unknown[][] }> {
  const events = new RecordedEvents();
  await replayClients(conversations, { ...AT, port }, {
    speed: 1,
    timeout: 1000,
    ignore: [],
    events,
    signal: new AbortController().signal,
    openTcp: (at) => Deno.connect(at),
    openUdp: (at) => Deno.listenDatagram(at),
    tls: null,
    ...options,
  });
  const verdicts = events.all.flatMap((event) =>
    event.event === "result" ? [[event.flow, event.code, firstLine(event.prose)]] : []
  );
  return Object.assign(events, { verdicts });
}

function firstLine(prose: unknown): string {
  const [first] = prose as readonly (string | { readonly text: string })[];
  return typeof first === "object" ? first.text : first ?? "";
}

/** A server that answers each line with another, or whatever a test makes of it. */
function lineServer(answer: (line: string) => string): ReturnType<typeof rawServer> {
  return rawServer(async (client) => {
    for (let bytes; (bytes = await client.read()) !== null;) await client.send(answer(decodeText(bytes)));
    await client.end();
  });
}

const EXCHANGE: Call[] = [
  [0, "connect"],
  [5, "write", "hello\n"],
  [10, "read", "HELLO\n"],
  [15, "write", "bye\n"],
  [20, "read", "BYE\n"],
  [25, "closeWrite"],
  [26, "read"],
];

Deno.test("replayClients() plays a connection, and a server that answers as captured is the same", async () => {
  await using server = lineServer((line) => line.toUpperCase());
  const { verdicts, names } = await replay([await conversation(EXCHANGE)], server.port);
  assertEquals(verdicts, [[1, 0, "Connection 1: the same: 2 answers, 10 bytes"]]);
  assertEquals(names, ["connected", "exchange", "exchange", "eof", "closed", "result"]);
});

Deno.test("replayClients() reports the offset at which a changed server differs", async () => {
  await using server = lineServer((line) => line.toUpperCase().replace("BYE", "BYe"));
  const { verdicts, all } = await replay([await conversation(EXCHANGE)], server.port);
  assertEquals(verdicts, [[1, 1, "Connection 1 differs: answer 2 of 2 at offset 2, 8 of the whole stream"]]);
  const result = all.find(({ event }) => event === "result") as unknown as Record<string, unknown>;
  const bytes = { expectedBytes: 4, expected: "450a", receivedBytes: 4, received: "650a" };
  assertEquals(result.differences, [{ answer: 2, offset: 2, streamOffset: 8, receivedOffset: 2, ...bytes }]);
});

Deno.test("replayClients() keeps the boundaries of chunks, and a half-close", async () => {
  const reads: (string | null)[] = [];
  await using server = rawServer(async (client) => {
    for (let bytes; (bytes = await client.read()) !== null;) reads.push(decodeText(bytes));
    reads.push(null);
    await client.send("late answer");
    await client.end();
  });
  const { verdicts } = await replay([
    await conversation([
      [0, "connect"],
      [0, "write", "one"],
      [150, "write", "two"],
      [300, "write", "three"],
      [450, "closeWrite"],
      [455, "read", "late answer"],
      [456, "read"],
    ]),
  ], server.port);
  assertEquals(reads, ["one", "two", "three", null]);
  assertEquals(verdicts, [[1, 0, "Connection 1: the same: 1 answer, 11 bytes"]]);
});

Deno.test("replayClients() resets where the capture did", async () => {
  const ended = Promise.withResolvers<unknown>();
  const listener = Deno.listen({ ...AT, port: 0 });
  const stop = new AbortController();
  const serving = serveTcp(listener, async (connection) => {
    try {
      while (await connection.read() !== null);
      ended.resolve("fin");
    } catch (error) {
      ended.resolve(error);
    }
  }, { signal: stop.signal });
  const calls: Call[] = [[0, "connect"], [1, "write", "half a mess"], [20, "reset"]];
  await replay([await conversation(calls)], listener.addr.port, { openTcp: connectNode });
  assertEquals((await ended.promise) instanceof CutOffError, true);
  stop.abort();
  await serving;
});

Deno.test("replayClients() reports a reset that the capture does not have, with code 6", async () => {
  const listener = (await listenNode({ ...AT, port: 0 }))();
  const accepted = (async () => {
    const socket = await listener.accept();
    await socket.read(new Uint8Array(2));
    socket.reset?.();
  })();
  const calls: Call[] = [[0, "connect"], [1, "write", "hello\n"], [20, "read", "hello\n"]];
  const { verdicts } = await replay([await conversation(calls)], listener.addr.port);
  await accepted;
  listener.close();
  assertEquals(verdicts.map(([, code]) => code), [6]);
  assertMatch(String(verdicts), /did not come/);
});

Deno.test("replayClients() reports an answer that does not come in time, with code 5", async () => {
  await using server = rawServer(async (client) => {
    await client.rest();
  });
  const calls: Call[] = [[0, "connect"], [1, "write", "hello\n"], [20, "read", "hello\n"], [21, "closeWrite"]];
  const { verdicts } = await replay([await conversation(calls)], server.port, { timeout: 500 });
  assertEquals(verdicts, [[1, 5, "Connection 1 differs: answer 1 of 1 did not come (6 bytes)"]]);
});

Deno.test("replayClients() plays a silence that is longer than its patience", async () => {
  await using server = lineServer((line) => line.toUpperCase());
  const answered: Call[] = [[0, "connect"], [800, "write", "a\n"], [810, "read", "A\n"]];
  const calls: Call[] = [...answered, [1600, "closeWrite"], [1601, "read"]];
  const { verdicts } = await replay([await conversation(calls)], server.port, { timeout: 500 });
  assertEquals(verdicts, [[1, 0, "Connection 1: the same: 1 answer, 2 bytes"]]);
});

Deno.test("replayClients() does not wait for ever for a server that does not read", async () => {
  const done = Promise.withResolvers<void>();
  await using server = rawServer(() => done.promise);
  const big = new Uint8Array(20_000_000);
  const { verdicts } = await replay([await conversation([[0, "connect"], [1, "write", big]])], server.port, {
    timeout: 200,
  });
  done.resolve();
  assertEquals(verdicts.map(([, code, text]) => [code, String(text).replace(/:\d+:/, ":PORT:")]), [
    [5, "Connection 1: Cannot write to 127.0.0.1:PORT: it has not read for 0.2 s"],
  ]);
});

Deno.test("replayClients() ends at once when there is no server", async () => {
  using listener = Deno.listen({ ...AT, port: 0 });
  const { port } = listener.addr;
  listener.close();
  const all = await conversationsOf(
    [1, 2, 3].flatMap((number) => flow([[10 * number, "connect"], [5000, "write", "x"]], { number })),
    { as: "client" },
  );
  const failure = await assertRejects(() => replay(all, port), Failure, "connection refused");
  assertEquals(failure.code, 4);
});

Deno.test("replayClients() goes on when a server dies in the middle", async () => {
  const listener = Deno.listen({ ...AT, port: 0 });
  const served = (async () => {
    using conn = await listener.accept();
    listener.close();
    await conn.read(new Uint8Array(9));
  })();
  const all = await conversationsOf([
    ...flow([[0, "connect"], [1, "write", "x"], [30, "read"], [31, "closeWrite"]], { number: 1 }),
    ...flow([[100, "connect"], [110, "write", "x"]], { number: 2 }),
  ], { as: "client" });
  const { verdicts } = await replay(all, listener.addr.port);
  await served;
  assertEquals(verdicts.map(([flow, code]) => [flow, code]), [[1, 0], [2, 4]]);
});

Deno.test("replayClients() takes a refusal for the same where the capture was refused", async () => {
  using listener = Deno.listen({ ...AT, port: 0 });
  const { port } = listener.addr;
  const refused = await conversation([[0, "connect", null, { error: "ECONNREFUSED" }]]);
  const accepted = await replay([refused], port);
  assertEquals(accepted.verdicts.map(([, code]) => code), [1]);
  listener.close();
  const same = await replay([refused], port);
  assertEquals(same.verdicts, [[1, 0, "Connection 1: the same: it was refused"]]);
});

/** Two clients of a room: what the second one says, the first one hears. */
const ROOM = [
  ...flow([[0, "connect"], [1, "write", "ann\n"], [50, "read", "bob: hi\n"], [60, "closeWrite"], [61, "read"]]),
  ...flow([[20, "connect"], [30, "write", "hi\n"], [80, "closeWrite"], [81, "read"]], { number: 2 }),
];

/** A server of two clients, which passes on what the second one says. */
async function room(listener: Deno.TcpListener): Promise<void> {
  const read = async (conn: Deno.TcpConn): Promise<string> => {
    const buffer = new Uint8Array(100);
    return decodeText(buffer.subarray(0, await conn.read(buffer) ?? 0));
  };
  using ann = await listener.accept();
  assertEquals(await read(ann), "ann\n");
  using bob = await listener.accept();
  await ann.write(new TextEncoder().encode(`bob: ${await read(bob)}`));
  await Promise.all([read(ann), read(bob)]);
}

Deno.test("replayClients() plays connections at the same time, without pauses too", async () => {
  for (const speed of [1, Infinity]) {
    using listener = Deno.listen({ ...AT, port: 0 });
    const serving = room(listener);
    const all = await conversationsOf(ROOM, { as: "client" });
    const { verdicts } = await replay(all, listener.addr.port, { speed });
    await serving;
    assertEquals(verdicts.map(([flow, code]) => [flow, code]).sort(), [[1, 0], [2, 0]], `speed ${speed}`);
  }
});

Deno.test("replayClients() without pauses keeps the order of the capture across connections", async () => {
  const heard: string[] = [];
  using listener = Deno.listen({ ...AT, port: 0 });
  const serving = (async () => {
    const one = await listener.accept();
    const two = await listener.accept();
    await Promise.all([one, two].map(async (conn) => {
      const buffer = new Uint8Array(100);
      for (let count; (count = await conn.read(buffer)) !== null;) heard.push(decodeText(buffer.subarray(0, count)));
      conn.close();
    }));
  })();
  const all = await conversationsOf([
    ...flow([[0, "connect"], [300, "write", "second"], [400, "closeWrite"], [401, "read"]], { number: 1 }),
    ...flow([[100, "connect"], [110, "write", "first"], [200, "closeWrite"], [201, "read"]], { number: 2 }),
  ], { as: "client" });
  await replay(all, listener.addr.port, { speed: Infinity });
  await serving;
  assertEquals(heard, ["first", "second"]);
});

Deno.test("replayClients() compares datagrams, and a lost one holds up nothing", async () => {
  using server = new RawPeer();
  const serving = (async () => {
    for (const _ of "123") {
      const { text, port } = await server.receive();
      if (text !== "2") await server.send(`pong ${text}`, port);
    }
  })();
  const calls = ["1", "2", "3"].flatMap((text, index): Call[] => [
    [20 * index, "send", text],
    [20 * index + 5, "receive", `pong ${text}`],
  ]);
  const { verdicts } = await replay([await conversation(calls, { transport: "udp" })], server.port, { timeout: 500 });
  await serving;
  assertEquals(verdicts, [[1, 5, "Flow 1 differs: datagram 2 of 3 did not come (6 bytes)"]]);
});

Deno.test("replayClients() ignores datagrams of strangers", async () => {
  using server = new RawPeer();
  using stranger = new RawPeer();
  const serving = (async () => {
    const { port } = await server.receive();
    await stranger.send("forged", port);
    await server.send("pong", port);
  })();
  const calls: Call[] = [[0, "send", "ping"], [5, "receive", "pong"]];
  const { verdicts, names } = await replay([await conversation(calls, { transport: "udp" })], server.port);
  await serving;
  assertEquals(verdicts, [[1, 0, "Flow 1: the same: 1 datagram, 4 bytes"]]);
  assertEquals(names.includes("warning"), true);
});

Deno.test("replayClients() ends with the signal's reason", async () => {
  const stop = new AbortController();
  await using server = rawServer(async (client: RawClient) => {
    await client.read();
    stop.abort(new Error("stopped"));
    await client.rest();
  });
  const calls: Call[] = [[0, "connect"], [1, "write", "x"], [10_000, "read", "y"]];
  const played = await conversation(calls);
  await assertRejects(() => replay([played], server.port, { signal: stop.signal }), Error, "stopped");
});
