import { assert, assertEquals, assertRejects } from "@std/assert";
import { streamSocket } from "../../../lib/net/socket.ts";
import { connectTcp } from "../../../lib/stream/connect.ts";
import { serveTcp } from "../../../lib/stream/server.ts";
import { encodeText } from "../../../lib/text.ts";
import { tlsServer } from "../../../lib/tls/server.ts";
import { streamTap } from "../../../lib/wire/tap.ts";
import type { WireEvent } from "../../../lib/wire/event.ts";
import { RawClient, sendAndReset } from "../../support/sockets.ts";
import { pki, serverTls } from "../../support/tls.ts";
import { FakeSocket } from "../fakes.ts";

const permissions = "none";

/** Records events, each in short: `read 3`, `read FIN`, `write 2 of 5`. */
class Recorded {
  readonly all: WireEvent[] = [];
  emit(event: WireEvent): void {
    this.all.push(event);
  }
  get short(): string[] {
    return this.all.map(({ call, bytes, offered, error }) => {
      const end = call === "read" && bytes === null ? " FIN" : "";
      const of = offered === undefined ? "" : ` of ${offered}`;
      return `${call}${error === undefined ? end : ` ${error}`}${bytes === null ? "" : ` ${bytes.length}`}${of}`;
    });
  }
  async until(call: string, flow = 1): Promise<void> {
    while (!this.all.some((event) => event.call === call && event.flow === flow)) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

function tapped(
  socket = new FakeSocket(),
): { socket: ReturnType<ReturnType<typeof streamTap>>; wire: Recorded; raw: FakeSocket } {
  const wire = new Recorded();
  return { socket: streamTap(wire, "connect")(socket), wire, raw: socket };
}

Deno.test(
  "a tap tells each call with copied bytes, both ends and the connection's number",
  { permissions },
  async () => {
    const { socket, wire, raw } = tapped(new FakeSocket("192.0.2.7", 4000, 5));
    raw.source.feed("abc");
    const into = new Uint8Array(8);
    await socket.read(into);
    into.fill(0);
    const [event] = wire.all;
    assertEquals(event?.bytes, encodeText("abc"));
    assertEquals([event?.flow, event?.transport, event?.tls], [5, "tcp", false]);
    assertEquals(event?.local, { hostname: "127.0.0.1", port: 1 });
    assertEquals(event?.peer, { hostname: "192.0.2.7", port: 4000 });
    assert((event?.duration ?? -1) >= 0 && Math.abs((event?.at ?? 0) - Date.now()) < 60_000);
  },
);

Deno.test("a reset is told as one only where the socket can send RST", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ours = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  using theirs = await listener.accept();
  const wire = new Recorded();
  streamTap(wire, "connect")(streamSocket(ours, 1)).reset();
  assertEquals(await theirs.read(new Uint8Array(1)), null, "Deno's own sockets close");
  assertEquals(wire.short, ["close"]);
  const node = tapped();
  node.socket.reset();
  assertEquals(node.wire.short, ["reset"]);
});

Deno.test(
  "a write is told when it is issued and when it has returned, with what was accepted",
  { permissions },
  async () => {
    const { socket, wire, raw } = tapped();
    raw.maxWrite = 2;
    const bytes = encodeText("abcde");
    assertEquals(await socket.write(bytes), 2);
    bytes.fill(0);
    assertEquals(wire.short, ["writing 5", "write 2 of 5"]);
    assertEquals(wire.all.map((event) => event.bytes), [encodeText("abcde"), encodeText("ab")]);
  },
);

Deno.test("a write that fails is told with the reason", { permissions }, async () => {
  const { socket, wire, raw } = tapped();
  raw.writeError = Object.assign(new Error("Broken pipe"), { code: "EPIPE" });
  await assertRejects(() => socket.write(encodeText("abc")), Error, "Broken pipe");
  assertEquals(wire.short, ["writing 3", "write EPIPE of 3"]);
});

Deno.test("a read that returns while a write is over but untold comes after it; a stalled write holds it up once", {
  permissions,
}, async () => {
  const { socket, wire, raw } = tapped();
  raw.source.feed("answer");
  // The promise of the write is not settled when the read's is: the fake's write resolves a turn later.
  const later = Promise.withResolvers<number>();
  raw.write = () => later.promise;
  const writing = socket.write(encodeText("question"));
  const reading = socket.read(new Uint8Array(8));
  later.resolve(8);
  await Promise.all([writing, reading]);
  assertEquals(wire.short, ["writing 8", "write 8", "read 6"]);

  raw.write = () => new Promise(() => {});
  socket.write(encodeText("stalled"));
  raw.source.feed("one");
  raw.source.feed("two");
  await socket.read(new Uint8Array(8));
  const order: string[] = [];
  const timer = setTimeout(() => order.push("turn"), 0);
  await socket.read(new Uint8Array(8));
  clearTimeout(timer);
  assertEquals(order, []);
  assertEquals(wire.short.slice(3), ["writing 7", "read 3", "read 3"]);
});

Deno.test(
  "FIN in both directions, close once, and no error for what our own close interrupts",
  { permissions },
  async () => {
    const { socket, wire, raw } = tapped();
    raw.source.end();
    assertEquals(await socket.read(new Uint8Array(8)), null);
    await socket.closeWrite();
    const other = tapped();
    const pending = other.socket.read(new Uint8Array(8));
    other.socket.close();
    await assertRejects(() => pending, Deno.errors.Interrupted);
    assertEquals(wire.short, ["read FIN", "closeWrite"]);
    assertEquals(other.wire.short, ["close"]);
  },
);

Deno.test("nothing is told of a flow after its close: a read that has returned, and a write that fails", {
  permissions,
}, async () => {
  const { socket, wire, raw } = tapped();
  const never = Promise.withResolvers<number>();
  raw.write = () => never.promise;
  const writing = socket.write(encodeText("stalled"));
  raw.source.feed("late");
  const reading = socket.read(new Uint8Array(8));
  // The read has its bytes, and waits a turn for the write.
  for (let turns = 0; turns < 5; turns++) await Promise.resolve();
  socket.close();
  never.reject(new Deno.errors.BadResource());
  await assertRejects(() => writing, Deno.errors.BadResource);
  assertEquals(await reading, 4);
  raw.write = () => Promise.reject(new Deno.errors.BadResource());
  await assertRejects(() => socket.write(encodeText("too late")), Deno.errors.BadResource);
  assertEquals(wire.short, ["writing 7", "close"]);
});

Deno.test("a server tells its listener and each connection; a client its lookup, its attempts and its calls", async () => {
  const [ours, theirs] = [new Recorded(), new Recorded()];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const serving = serveTcp(listener, async (connection) => {
    await connection.readMessage();
    await connection.write("hi\n");
    await connection.finish();
  }, { wire: theirs, once: true });
  {
    await using client = await connectTcp((at) => Deno.connect(at), { hostname: "localhost", port }, {
      wire: ours,
      id: 9,
    });
    await client.write("hello\n");
    await client.readMessage();
    assertEquals(await client.read(), null);
  }
  await serving;
  const attempts = ours.short.filter((call) => call.startsWith("connect"));
  assertEquals(attempts.at(-1), "connect");
  assertEquals(ours.short.filter((call) => !call.startsWith("connect")), [
    "resolve",
    "writing 6",
    "write 6",
    "read 3",
    "read FIN",
    "close",
  ]);
  assertEquals(theirs.short, ["listen", "accept", "read 6", "writing 3", "write 3", "closeWrite", "read FIN", "close"]);
  assertEquals([...new Set(ours.all.map(({ flow }) => flow))], [0, 9]);
  const connected = ours.all.find(({ call, error }) => call === "connect" && error === undefined);
  assertEquals(connected?.peer, { hostname: "127.0.0.1", port });
  assertEquals(connected?.local, theirs.all.find(({ call }) => call === "accept")?.peer);
});

Deno.test("a client that is turned away, and one that resets in the middle, are told in full; the next one too", async () => {
  const wire = new Recorded();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const stop = new AbortController();
  const serving = serveTcp(listener, async (connection) => {
    await connection.readMessage();
    await connection.write("hi\n");
  }, { wire, signal: stop.signal, maxConnections: 1 });
  using first = await RawClient.connect(port);
  await wire.until("accept");
  using refused = await RawClient.connect(port);
  assertEquals((await refused.rest()).startsWith("Cannot serve you: "), true);
  first.close();
  await wire.until("close");
  await sendAndReset(port, "half a mess");
  await wire.until("close", 3);
  using next = await RawClient.connect(port);
  await next.send("whole\n");
  assertEquals(await next.rest(), "hi\n");
  stop.abort();
  await serving;
  const of = (flow: number): string[] => wire.short.filter((_, index) => wire.all[index]?.flow === flow);
  assertEquals(of(2).slice(0, 3), ["accept", "writing 77", "write 77"]);
  assertEquals(of(3).filter((call) => !/^read \d|accept|close/.test(call)), ["read ECONNRESET"]);
  assertEquals(of(4), ["accept", "read 6", "writing 3", "write 3", "close"]);
});

Deno.test("over TLS the plain text is told, marked, and the handshake with what was verified", async () => {
  const [ours, theirs] = [new Recorded(), new Recorded()];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const serving = serveTcp(listener, async (connection) => {
    await connection.readMessage();
    await connection.finish();
  }, { wire: theirs, once: true, layers: { tls: tlsServer(serverTls()) } });
  const tls = {
    pins: [],
    ca: pki.ca.certificate,
    insecure: false,
    trustFirst: false,
    identity: null,
    alpn: [],
    sni: "localhost",
    known: null,
    ask: null,
  };
  {
    const endpoint = { hostname: "127.0.0.1", port };
    await using client = await connectTcp((at) => Deno.connect(at), endpoint, { wire: ours, tls });
    await client.write("secret\n");
    await client.read();
  }
  await serving;
  const handshake = ours.all.find(({ call }) => call === "handshake");
  assertEquals([handshake?.session?.verified, handshake?.session?.version], [true, "TLSv1.3"]);
  assert(theirs.all.some(({ call, session }) => call === "handshake" && session !== undefined));
  const read = theirs.all.find(({ call }) => call === "read");
  assertEquals([read?.bytes, read?.tls], [encodeText("secret\n"), true]);
});
