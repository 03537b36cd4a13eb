import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { streamSocket } from "../../../lib/net/socket.ts";
import { connectTcp } from "../../../lib/stream/connect.ts";
import type { NetEvent } from "../../../lib/events.ts";
import type { Pair } from "../../../lib/tls/pem.ts";
import type { Handler, ServeOptions } from "../../../lib/stream/server.ts";
import { decodeText } from "../../../lib/text.ts";
import { type ServerTls, tlsServer } from "../../../lib/tls/server.ts";
import { TlsSocket } from "../../../lib/tls/socket.ts";
import { RawClient, type RecordedEvents } from "../../support/sockets.ts";
import { pki, readAll, serverTls, writeText } from "../../support/tls.ts";
import { echoLines, serve as serveTcp, type Served } from "../stream/serving.ts";

/** Starts a server that speaks TLS. */
function serve(settings: ServerTls, options: ServeOptions = {}, handler: Handler = echoLines): Served {
  return serveTcp(handler, { layers: { tls: tlsServer(settings) }, ...options });
}

/** A client that uses Deno's own TLS. */
async function visitor(port: number, identity?: Pair): Promise<Deno.TlsConn> {
  const [hostname, caCerts] = ["127.0.0.1", [pki.ca.certificate]];
  const conn = identity === undefined
    ? await Deno.connectTls({ hostname, port, caCerts })
    : await Deno.connectTls({ hostname, port, caCerts, cert: identity.certificate, key: identity.key });
  await conn.handshake();
  return conn;
}

async function ask(port: number, identity?: Pair): Promise<string> {
  using conn = await visitor(port, identity);
  await writeText(conn, "hello\n");
  await conn.closeWrite();
  return await readAll(conn);
}

const said = (events: RecordedEvents, name: NetEvent["event"]): string[] =>
  events.all.flatMap((event) => event.event === name && "reason" in event ? [String(event.reason)] : []);

Deno.test("a server that requires client certificates accepts those of its CA and gives the others a reason (T7)", async () => {
  await using server = serve(serverTls(pki.server, { clientCa: pki.ca.certificate }));
  assertEquals(await ask(server.port, pki.ada), "hello\n");
  assertEquals(await ask(server.port), "Cannot serve you: this server requires a certificate (--cert and --key)\n");
  assertMatch(await ask(server.port, pki.eve), /^Cannot serve you: your certificate was not issued for clients by/);
  assertMatch(await ask(server.port, pki.late), /^Cannot serve you: your certificate expired on \d{4}-/);
  assertMatch(await ask(server.port, pki.server), /^Cannot serve you: your certificate was not issued for clients by/);
  assertEquals(await ask(server.port, pki.ada), "hello\n");
  assertEquals(said(server.events, "refused").length, 4);
  assertEquals(server.events.names.filter((name) => name === "error" || name === "reset"), []);
  server.stop();
  const { connections, refused } = await server.done;
  assertEquals({ connections, refused }, { connections: 2, refused: 4 });
});

Deno.test("our client receives the reason too", async () => {
  await using server = serve(serverTls(pki.server, { clientCa: pki.ca.certificate }));
  const tls = {
    pins: [],
    ca: pki.ca.certificate,
    insecure: false,
    trustFirst: false,
    alpn: [],
    sni: null,
    known: null,
    ask: null,
  };
  await using refused = await connectTcp((at) => Deno.connect(at), { hostname: "127.0.0.1", port: server.port }, {
    tls: { ...tls, identity: null },
  });
  assertStringIncludes(decodeText(await refused.readLine() ?? new Uint8Array()), "requires a certificate");
  await using served = await connectTcp((at) => Deno.connect(at), { hostname: "127.0.0.1", port: server.port }, {
    tls: { ...tls, identity: pki.ada },
  });
  await served.write("hello\n");
  assertEquals(decodeText(await served.readLine() ?? new Uint8Array()), "hello");
});

Deno.test("a client resets mid-message and the next one is served, over TLS", async () => {
  await using server = serve(serverTls());
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const client = new TlsSocket(streamSocket(conn, 1), { kind: "client", options: {} });
  const reset = server.events.next("reset");
  await writeText(client, "half a mess");
  // Without close_notify.
  await conn.closeWrite();
  const { message } = await reset as { message: string };
  assertMatch(message, /cut off without a TLS close_notify, 11 bytes into a message$/);
  client.close();
  await client.gone;
  assertEquals(await ask(server.port), "hello\n");
});

Deno.test("a client that fails the handshake costs one log line and affects no other client (T4)", async () => {
  await using server = serve(serverTls());
  const cases = [
    ["GET / HTTP/1.1\r\n\r\n", "refused"],
    ["\x16\x03\x01\0\x04\xff\xff\xff\xff", "error"],
    ["", "reset"],
  ] as const;
  for (const [bytes, event] of cases) {
    using client = await RawClient.connect(server.port);
    const logged = server.events.next(event);
    if (bytes === "") client.close();
    else await client.send(bytes);
    await logged;
  }
  // An unfinished handshake delays no other client (57).
  using slow = await RawClient.connect(server.port);
  await slow.send(Uint8Array.of(0x16));
  assertEquals(await ask(server.port), "hello\n");
  assertEquals(server.events.names.filter((name) => cases.some(([, event]) => event === name)), [
    "refused",
    "error",
    "reset",
  ]);
});

Deno.test("a thousand empty connections leak nothing (T4)", async () => {
  await using server = serve(serverTls());
  for (let round = 0; round < 20; round++) {
    const clients = await Promise.all(Array.from({ length: 50 }, () => RawClient.connect(server.port)));
    for (const client of clients) client.close();
  }
  assertEquals(await ask(server.port), "hello\n");
});

Deno.test("a stopping server ends an idle connection with close_notify and cuts off no answer (T5)", async () => {
  const server = serve(serverTls());
  using conn = await visitor(server.port);
  await writeText(conn, "before\n");
  const buffer = new Uint8Array(64);
  assertEquals(await conn.read(buffer), 7);
  server.stop();
  // A stream that was cut off would throw.
  assertEquals(await conn.read(buffer), null);
  await server.done;
});

Deno.test("an unfinished handshake does not delay the stop for long, and its end is no trouble", async () => {
  const server = serve(serverTls());
  using slow = await RawClient.connect(server.port);
  await slow.send(Uint8Array.of(0x16));
  assertEquals(await ask(server.port), "hello\n");
  const started = performance.now();
  server.stop();
  await server.done;
  assertEquals(performance.now() - started < 3000, true);
  assertEquals(server.events.names.filter((name) => name === "error"), []);
});

Deno.test("a refused client receives the reason over TLS", async () => {
  await using server = serve(serverTls(), { maxConnections: 1 });
  using first = await visitor(server.port);
  await writeText(first, "x\n");
  using second = await visitor(server.port);
  assertMatch(await readAll(second), /^Cannot serve you: the server is full/);
});

Deno.test("a client that does not read is dropped at the stall limit, over TLS (17)", async () => {
  await using server = serve(serverTls(), { stall: 200 }, async (connection) => {
    for (;;) await connection.write(new Uint8Array(65536));
  });
  using _idle = await visitor(server.port);
  const { message } = await server.events.next("error") as { message: string };
  assertMatch(message, /^Cannot write to 127\.0\.0\.1:\d+: it has not read for 0\.2 s$/);
  assertEquals(server.events.names.filter((name) => name === "error").length, 1);
});
