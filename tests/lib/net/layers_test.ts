import { assertEquals, assertStrictEquals } from "@std/assert";
import { compose, type Layer, SocketLayer } from "../../../lib/net/layers.ts";
import { streamSocket } from "../../../lib/net/socket.ts";
import { serveTcp } from "../../../lib/stream/server.ts";
import { decodeText } from "../../../lib/text.ts";
import { RawClient, RecordedEvents } from "../../support/sockets.ts";
import { serverTls } from "../../support/tls.ts";
import { tlsServer } from "../../../lib/tls/server.ts";
import { TlsSocket } from "../../../lib/tls/socket.ts";
import { FakeSocket } from "../fakes.ts";

const permissions = "none";

/** A layer that records, under a name, the calls that pass through it. */
function noting(name: string, notes: string[]): Layer {
  class Noting extends SocketLayer {
    override async read(into: Uint8Array): Promise<number | null> {
      const count = await this.below.read(into);
      notes.push(`${name} read ${count}`);
      return count;
    }

    override async write(bytes: Uint8Array): Promise<number> {
      const count = await this.below.write(bytes);
      notes.push(`${name} wrote ${count} of ${bytes.length}`);
      return count;
    }

    override async closeWrite(): Promise<void> {
      notes.push(`${name} FIN`);
      await this.below.closeWrite();
    }
  }
  return (socket) => new Noting(socket);
}

Deno.test("compose() without layers and streamSocket() return the same object", { permissions }, () => {
  const raw = new FakeSocket();
  const socket = streamSocket(raw, 5);
  assertStrictEquals(compose(socket, {}), raw);
  assertEquals(compose(socket, { script: [] }).id, 5);
});

Deno.test(
  "compose() puts faults lowest, then TLS, then the tap, then what the script adds",
  { permissions },
  async () => {
    const [raw, notes]: [FakeSocket, string[]] = [new FakeSocket(), []];
    const [faults, tls, tap, one, two] = ["faults", "tls", "tap", "one", "two"].map((name) => noting(name, notes));
    const socket = compose(raw, { script: [one, two].filter((layer) => layer !== undefined), tap, tls, faults });
    raw.source.feed("abc");
    await socket.read(new Uint8Array(8));
    assertEquals(notes, ["faults read 3", "tls read 3", "tap read 3", "one read 3", "two read 3"]);
  },
);

Deno.test("SocketLayer delegates everything", { permissions }, async () => {
  const raw = new FakeSocket("192.0.2.9", 99, 3);
  const layer = new SocketLayer(raw);
  assertEquals([layer.id, layer.remoteAddr, layer.localAddr], [3, raw.remoteAddr, raw.localAddr]);
  assertEquals([layer.handshake, layer.gone], [undefined, undefined]);
  await layer.write(new TextEncoder().encode("out"));
  raw.source.feed("in");
  assertEquals([await layer.read(new Uint8Array(8)), raw.sent], [2, "out"]);
  await layer.closeWrite();
  layer.setNoDelay();
  layer.reset();
  assertEquals(raw.calls, ["closeWrite", "setNoDelay", "reset", "close"]);
});

Deno.test("streamSocket() numbers a socket that is wrapped already, and lets it say whether it resets", () => {
  for (const resets of [true, false]) {
    const below = Object.assign(new FakeSocket(), { resets });
    const layer = streamSocket(new SocketLayer(below), 7);
    assertEquals([layer.id, layer.resets], [7, resets]);
  }
});

Deno.test("a layer over TLS exposes its handshake and the end of its close", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [client, raw] = await Promise.all([Deno.connect({ port: listener.addr.port }), listener.accept()]);
  const tls = new TlsSocket(streamSocket(client, 1), { kind: "client", options: {} });
  const layer = compose(streamSocket(raw, 2), { tls: tlsServer(serverTls()), tap: (below) => new SocketLayer(below) });
  assertEquals((await layer.handshake?.())?.version, "TLSv1.3");
  layer.close();
  tls.close();
  await Promise.all([layer.gone, tls.gone]);
});

Deno.test("a server's tap sees refused clients, our FIN, and what is read while lingering", async () => {
  const notes: string[] = [];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const stop = new AbortController();
  const serving = serveTcp(listener, async (connection) => {
    await connection.readMessage();
    await connection.write("bye\n");
    await connection.finish();
  }, { maxConnections: 1, layers: { tap: noting("tap", notes) }, signal: stop.signal });
  const first = await RawClient.connect(port);
  using second = await RawClient.connect(port);
  assertEquals(await second.rest(), "Cannot serve you: the server is full (1 connection at most); try again later\n");
  second.close();
  await first.send("one\n");
  assertEquals(decodeText(await first.read() ?? new Uint8Array()), "bye\n");
  assertEquals(await first.read(), null);
  await first.send("late");
  first.close();
  stop.abort();
  await serving;
  assertEquals(notes, [
    "tap wrote 77 of 77",
    "tap FIN",
    "tap read null",
    "tap read 4",
    "tap wrote 4 of 4",
    "tap FIN",
    "tap read 4",
    "tap read null",
  ]);
});

Deno.test("a layer that fails ends its own connection, and the next client is served", async () => {
  const events = new RecordedEvents();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let broken = true;
  const tap: Layer = (socket) => {
    if (broken) throw new Error("boom");
    return socket;
  };
  const stop = new AbortController();
  const serving = serveTcp(listener, (connection) => connection.write("hi\n"), {
    layers: { tap },
    events,
    signal: stop.signal,
  });
  using first = await RawClient.connect(listener.addr.port);
  assertEquals(await first.rest(), "");
  broken = false;
  using second = await RawClient.connect(listener.addr.port);
  assertEquals(await second.rest(), "hi\n");
  stop.abort();
  await serving;
  assertEquals(events.all.flatMap((event) => event.event === "error" ? [[event.id, event.message]] : []), [[
    1,
    "boom",
  ]]);
});
