import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertMatch,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { deadline } from "@std/async/deadline";
import type { Endpoint } from "../../../lib/addr.ts";
import { serveDatagrams } from "../../../lib/datagram/server.ts";
import {
  checkLength,
  DatagramSocket,
  MAX_DATAGRAM,
  sameEndpoint,
  UnsolicitedDatagrams,
} from "../../../lib/datagram/socket.ts";
import { datagramTotalsLine } from "../../../lib/totals.ts";
import { requestDatagram } from "../../../lib/datagram/request.ts";
import { Failure, ProtocolError, TimedOutError } from "../../../lib/errors.ts";
import type { NetEvent } from "../../../lib/events.ts";
import type { PacketSocket } from "../../../lib/net/packet_socket.ts";
import { decodeText, encodeText } from "../../../lib/text.ts";
import { withSockets } from "../../support/datagrams.ts";
import { needs } from "../../support/script.ts";
import { RawPeer, RecordedEvents } from "../../support/sockets.ts";

const at = (port: number): Endpoint => ({ hostname: "127.0.0.1", port });

function bind(hostname = "127.0.0.1"): { socket: Deno.DatagramConn; port: number } {
  const socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
  return { socket, port: (socket.addr as Deno.NetAddr).port };
}

/** A signal that is aborted when it leaves the scope. */
class Switch implements Disposable {
  #controller = new AbortController();
  get signal(): AbortSignal {
    return this.#controller.signal;
  }
  off(reason?: unknown): void {
    this.#controller.abort(reason);
  }
  [Symbol.dispose](): void {
    this.off();
  }
}

const messageOf = (event: NetEvent | undefined): string => String((event as { message?: string } | undefined)?.message);

Deno.test("DatagramSocket transfers 0, 1, 1,472, 1,473 and 65,507 bytes whole (D1, 45, 46)", async () => {
  using ours = DatagramSocket.openFor((at) => Deno.listenDatagram(at), "127.0.0.1");
  using theirs = DatagramSocket.openFor((at) => Deno.listenDatagram(at), "127.0.0.1");
  for (const length of [0, 1, 1472, 1473, MAX_DATAGRAM]) {
    const bytes = Uint8Array.from({ length }, (_, index) => index % 251);
    await ours.send(bytes, theirs.local);
    const datagram = await theirs.receive();
    assertEquals(datagram?.bytes.length, length);
    assert(datagram?.bytes.every((byte, index) => byte === bytes[index]));
    assert(datagram !== null && sameEndpoint(datagram.from, ours.local));
  }
});

Deno.test("DatagramSocket refuses 65,508 bytes before sending and reports the size (D2)", async () => {
  using ours = DatagramSocket.openFor((at) => Deno.listenDatagram(at), "127.0.0.1");
  using theirs = DatagramSocket.openFor((at) => Deno.listenDatagram(at), "127.0.0.1");
  const error = await assertRejects(
    () => ours.send(new Uint8Array(MAX_DATAGRAM + 1), theirs.local),
    Failure,
    `Cannot send 65508 bytes to 127.0.0.1:${theirs.local.port}: one datagram carries at most 65507`,
  );
  assertEquals(error.code, 2);
  checkLength(MAX_DATAGRAM, at(1));
  await ours.send("next", theirs.local);
  assertEquals(decodeText((await theirs.receive())?.bytes ?? new Uint8Array()), "next");
});

Deno.test("DatagramSocket receives the longest IPv6 datagram untruncated (47)", async () => {
  const { socket, port } = bind("::1");
  using theirs = DatagramSocket.openFor((at) => Deno.listenDatagram(at), "::1");
  await socket.send(new Uint8Array(65_527), { transport: "udp", ...theirs.local });
  const datagram = await theirs.receive();
  socket.close();
  assertEquals([datagram?.bytes.length, datagram?.from.port], [65_527, port]);
});

Deno.test("DatagramSocket.openFor() uses the peer's address family, and binds to loopback if the peer is on this machine", () => {
  for (
    const [peer, bound] of [
      ["127.0.0.1", "127.0.0.1"],
      ["127.0.0.2", "127.0.0.1"],
      ["192.0.2.1", "0.0.0.0"],
      ["::1", "::1"],
      ["2001:db8::1", "::"],
      ["::ffff:192.0.2.1", "0.0.0.0"],
    ] as const
  ) {
    using socket = DatagramSocket.openFor((at) => Deno.listenDatagram(at), peer);
    assertEquals(socket.local.hostname, bound, peer);
  }
});

Deno.test("DatagramSocket numbers its peers, and keeps the numbers of the last 4,096", () => {
  using socket = DatagramSocket.openFor((at) => Deno.listenDatagram(at), "127.0.0.1");
  const flowOf = (port: number): number => socket.flowOf({ hostname: "192.0.2.1", port });
  assertEquals([flowOf(1), flowOf(2), flowOf(1)], [1, 2, 1]);
  for (let port = 3; port <= 4097; port++) flowOf(port);
  assertEquals([flowOf(1), flowOf(2)], [1, 4098]);
});

Deno.test("DatagramSocket.openFor() names the missing permission (P5)", { permissions: "none" }, () => {
  assertThrows(
    () => DatagramSocket.openFor((at) => Deno.listenDatagram(at), "192.0.2.1"),
    Failure,
    'Cannot open a socket for 192.0.2.1: Deno has no permission for "0.0.0.0:0"; add --allow-net',
  );
});

Deno.test("DatagramSocket.receive() returns null once closed, also while it waits (50)", async () => {
  const socket = DatagramSocket.openFor((at) => Deno.listenDatagram(at), "127.0.0.1");
  const waiting = socket.receive();
  socket.close();
  socket.close();
  assertEquals([await waiting, await socket.receive(), socket.closed], [null, null, true]);
  const error = await assertRejects(() => socket.send("x", at(9)), Failure, "Cannot send to 127.0.0.1:9: ");
  assertEquals(error.code, 1);
});

Deno.test("sameEndpoint() compares addresses by value, without zones", () => {
  const same = (a: string, b: string): boolean => sameEndpoint({ hostname: a, port: 53 }, { hostname: b, port: 53 });
  assert(same("127.0.0.1", "::ffff:127.0.0.1"));
  assert(same("::ffff:7f00:1", "127.0.0.1"));
  assert(same("fe80::1%eth0", "FE80:0::1"));
  assert(same("name", "name"));
  assert(!same("127.0.0.1", "127.0.0.2"));
  assert(!same("::1", "0.0.0.1"));
  assert(!same("name", "127.0.0.1"));
  assert(!sameEndpoint(at(53), at(54)));
});

Deno.test("serveDatagrams() answers every peer at its own address, empty datagrams too (D1, D10)", async () => {
  const { socket, port } = bind();
  using stop = new Switch();
  const events = new RecordedEvents();
  const serving = serveDatagrams(socket, (bytes, from) => `${from.port}:${decodeText(bytes)}`, {
    events,
    signal: stop.signal,
  });
  using one = new RawPeer();
  using other = new RawPeer();
  await one.send("a\n", port);
  await other.send("", port);
  assertEquals([(await one.receive()).text, (await other.receive()).text], [`${one.port}:a\n`, `${other.port}:`]);
  stop.off();
  const totals = await serving;
  assertEquals({ ...totals }, {
    received: 2,
    answered: 2,
    bytesIn: 2,
    bytesOut: `${one.port}:a\n${other.port}:`.length,
  });
  assertMatch(datagramTotalsLine(totals), /^Done: 2 datagrams received, 2 answered, 2 B in, \d+ B out$/);
  assertEquals(events.names, ["received", "sent", "received", "sent"]);
  assertEquals(events.all[0], { event: "received", id: 1, peer: `127.0.0.1:${one.port}`, bytes: 2, text: "a" });
});

Deno.test("serveDatagrams() builds no events per datagram unless they are consumed", async () => {
  for (const [detailed, report] of [[false, true], [true, false]]) {
    const { socket, port } = bind();
    const emitted: string[] = [];
    const events = { detailed: detailed === true, emit: ({ event }: NetEvent) => emitted.push(event) };
    const serving = serveDatagrams(socket, (bytes) => bytes, { events, once: true, report: report === true });
    assertEquals(
      decodeText((await requestDatagram((at) => Deno.listenDatagram(at), at(port), "x", { retries: 3 })).bytes),
      "x",
    );
    await serving;
    assertEquals(emitted, []);
  }
});

Deno.test("serveDatagrams() tells a peer how it broke the protocol, and survives every handler and peer (48)", async () => {
  const { socket, port } = bind();
  using stop = new Switch();
  const events = new RecordedEvents();
  const serving = serveDatagrams(socket, (bytes) => {
    const text = decodeText(bytes);
    if (text === "bad") throw new ProtocolError("Cannot read this: bad");
    if (text === "bug") throw new RangeError("handler's own");
    return text === "long" ? new Uint8Array(MAX_DATAGRAM + 1) : text === "hush" ? null : text;
  }, { events, signal: stop.signal });
  using peer = new RawPeer();
  await peer.send("bad", port);
  assertEquals((await peer.receive()).text, "Cannot read this: bad");
  for (const text of ["bug", "long", "hush", "fine"]) await peer.send(text, port);
  assertEquals((await peer.receive()).text, "fine");
  // A peer that leaves before its answer: sending to its port reports nothing, and nothing breaks.
  const gone = new RawPeer();
  await gone.send("gone", port);
  gone.close();
  await peer.send("still here", port);
  assertEquals((await peer.receive()).text, "still here");
  stop.off();
  assertEquals({ ...await serving, bytesIn: 0, bytesOut: 0 }, { received: 7, answered: 4, bytesIn: 0, bytesOut: 0 });
  const errors = events.all.filter(({ event }) => event === "error").map(messageOf);
  assertEquals(errors.length, 3);
  assertMatch(
    errors.join("\n"),
    /^Cannot read this: bad\nhandler's own\nCannot send 65508 bytes to 127\.0\.0\.1:\d+: .*$/,
  );
});

Deno.test("serveDatagrams() limits an error to a few words and to three times its request", async () => {
  const { socket, port } = bind();
  using stop = new Switch();
  const serving = serveDatagrams(socket, () => {
    throw new ProtocolError(`Cannot read this: ${"no end of reasons, ".repeat(100)}`);
  }, { signal: stop.signal });
  using peer = new RawPeer();
  for (const [question, answer] of [[0, 56], [1, 59], [10, 86], [50_000, 120]] as const) {
    await peer.send("x".repeat(question), port);
    assertEquals((await peer.receive()).bytes.length, answer);
  }
  stop.off();
  await serving;
});

Deno.test("serveDatagrams() ends an answer loop with another server, and logs it once", async () => {
  const { socket, port } = bind();
  using stop = new Switch();
  const events = new RecordedEvents();
  const logged = events.next("warning");
  const serving = serveDatagrams(socket, () => "one", { events, signal: stop.signal, report: false, maxRate: 100 });
  // The other server: it answers everything, from an ephemeral port. Its first datagram was forged.
  using other = new RawPeer();
  const end = performance.now() + 5000;
  const answering = (async () => {
    while (performance.now() < end) {
      await other.receive();
      await other.send("other", port);
    }
  })().catch(() => {});
  await other.send("x", port);
  await Promise.race([logged, answering]);
  assertEquals(
    messageOf(events.all[0]),
    `Held back an answer to 127.0.0.1:${other.port}: more than 100 a second look like two servers answering each other`,
  );
  // The next client is answered, and the loop has ended.
  using client = new RawPeer();
  await client.send("hello", port);
  assertEquals((await client.receive()).text, "one");
  other.close();
  await answering;
  stop.off();
  const { received: all, answered } = await serving;
  assertEquals(all - answered, 1);
  assertEquals(events.names, ["warning"]);
});

Deno.test("serveDatagrams() never stops answering without a limit", async () => {
  const { socket, port } = bind();
  using stop = new Switch();
  const events = new RecordedEvents();
  const serving = serveDatagrams(socket, (bytes) => bytes, { events, signal: stop.signal, report: false, maxRate: 0 });
  using peer = new RawPeer();
  const began = performance.now();
  // Well past the first break.
  while (performance.now() - began < 700) {
    await peer.send("x", port);
    await peer.receive();
  }
  stop.off();
  await serving;
  assertEquals(events.names, []);
});

Deno.test("serveDatagrams() counts the datagrams of a flood and its handler's events instead of logging each", async () => {
  const { socket, port } = bind();
  using stop = new Switch();
  const events = new RecordedEvents();
  const text = "x".repeat(60_000);
  const serving = serveDatagrams(socket, (_, from, peerEvents) => {
    peerEvents.emit({ event: "error", id: 0, peer: `${from.hostname}:${from.port}`, code: 8, message: text });
    return "";
  }, { events, signal: stop.signal });
  using peer = new RawPeer();
  for (let count = 0; count < 100; count++) {
    await peer.send(text, port);
    await peer.receive();
  }
  stop.off();
  await serving;
  const logged = events.names.filter((name) => name === "received" || name === "error").length;
  assert(logged >= 9 && logged < 20, `${logged} logged`);
  assertMatch(
    messageOf(events.all.at(-1)),
    /^Suppressed in the last [0-9.]+ s: (\d+ (errors|sent|received)(, )?){3}; from 1 peer$/,
  );
});

Deno.test("serveDatagrams() continues when the system reports a peer that left (Windows)", async () => {
  const { socket, port } = bind();
  let refusals = 2;
  const fussy = {
    addr: socket.addr,
    receive: (into: Uint8Array) =>
      refusals-- > 0 ? Promise.reject(new Deno.errors.ConnectionReset()) : socket.receive(into),
    send: (bytes: Uint8Array, to: Deno.Addr) => socket.send(bytes, to),
    close: () => socket.close(),
  } as unknown as Deno.DatagramConn;
  const serving = serveDatagrams(fussy, (bytes) => bytes, { once: true });
  assertEquals(
    decodeText((await requestDatagram((at) => Deno.listenDatagram(at), at(port), "x", { retries: 3 })).bytes),
    "x",
  );
  assertEquals((await serving).received, 1);
});

Deno.test("serveDatagrams() sends an answer that is ready in the turn after its datagram, and asks for the next one at once", async () => {
  const arrived = Promise.withResolvers<[Uint8Array, Deno.Addr]>();
  const calls: string[] = [];
  const turns: number[] = [];
  let turn = 0;
  let received = 0;
  const peer = { transport: "udp", hostname: "127.0.0.1", port: 40_000 } as const;
  const socket: PacketSocket = {
    addr: { transport: "udp", hostname: "127.0.0.1", port: 7 },
    receive: (): Promise<[Uint8Array, Deno.Addr]> => {
      calls.push("receive");
      turns.push(turn);
      return received++ === 0 ? arrived.promise : Promise.reject(new Error("Out of order"));
    },
    send: (bytes) => {
      calls.push("send");
      turns.push(turn);
      return Promise.resolve(bytes.length);
    },
    close: () => {},
  };
  const ended = assertRejects(() => serveDatagrams(socket, (bytes) => bytes), Failure);
  arrived.resolve([new Uint8Array(1), peer]);
  for (; turn < 20; turn++) await null;
  await ended;
  // Under load each further turn costs as much as the exchange itself.
  assertEquals([calls, turns], [["receive", "send", "receive"], [0, 1, 4]]);
});

Deno.test("serveDatagrams() takes an answer that comes later, and reports what a complaint could not say", async () => {
  const events = new RecordedEvents();
  const { socket, port } = bind();
  using stop = new Switch();
  const mute = {
    addr: socket.addr,
    receive: (into: Uint8Array) => socket.receive(into),
    send: (bytes: Uint8Array, to: Deno.Addr) =>
      decodeText(bytes) === "later" ? socket.send(bytes, to) : Promise.reject(new Deno.errors.NetworkUnreachable()),
    close: () => socket.close(),
  };
  const serving = serveDatagrams(mute, (bytes) => {
    if (bytes.length > 0) return Promise.reject(new ProtocolError("Cannot read this: bad"));
    return new Promise((resolve) => setTimeout(() => resolve("later"), 1));
  }, { events, signal: stop.signal, report: false });
  using peer = new RawPeer();
  await peer.send("bad", port);
  await peer.send("", port);
  assertEquals((await peer.receive()).text, "later");
  stop.off();
  assertEquals((await serving).answered, 1);
  assertEquals(events.all.map(messageOf), [
    "Cannot read this: bad",
    `Cannot send to 127.0.0.1:${peer.port}: network unreachable`,
  ]);
});

Deno.test("serveDatagrams() fails when its socket becomes unusable", async () => {
  const broken = {
    addr: { transport: "udp", hostname: "127.0.0.1", port: 7 },
    receive: () => Promise.reject(new Error("Out of order (os error 5)")),
    close: () => {},
  } as unknown as Deno.DatagramConn;
  await assertRejects(
    () => serveDatagrams(broken, () => null),
    Failure,
    "Cannot receive on 127.0.0.1:7: Out of order",
  );
});

Deno.test("serveDatagrams() with `once` serves one exchange and closes", async () => {
  const { socket, port } = bind();
  const serving = serveDatagrams(socket, (bytes) => bytes, { once: true });
  using peer = new RawPeer();
  await peer.send("first", port);
  assertEquals((await peer.receive()).text, "first");
  assertEquals((await serving).received, 1);
});

Deno.test("serveDatagrams() fails with code 5 when no datagram arrives within its idle limit", async () => {
  const { socket, port } = bind();
  const error = await assertRejects(
    () => serveDatagrams(socket, () => null, { timeout: 20 }),
    TimedOutError,
    `Cannot keep listening on 127.0.0.1:${port}: no datagram for 0.02 s`,
  );
  assertEquals(error.code, 5);
});

Deno.test("serveDatagrams() lets the current exchange finish when it is stopped, and starts no other", async () => {
  const { socket, port } = bind();
  using stop = new Switch();
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<string>();
  const serving = serveDatagrams(socket, () => {
    begun.resolve();
    return goOn.promise;
  }, { signal: stop.signal });
  using peer = new RawPeer();
  await peer.send("one", port);
  await peer.send("two", port);
  await begun.promise;
  stop.off();
  goOn.resolve("finished");
  assertEquals((await peer.receive()).text, "finished");
  assertEquals((await serving).received, 1);
});

Deno.test("serveDatagrams() cuts an exchange that outlasts the drain time", async () => {
  const { socket, port } = bind();
  using stop = new Switch();
  const events = new RecordedEvents();
  const begun = Promise.withResolvers<void>();
  const never = Promise.withResolvers<string>();
  const serving = serveDatagrams(socket, () => {
    begun.resolve();
    return never.promise;
  }, { signal: stop.signal, events, drainTime: 5 });
  using peer = new RawPeer();
  await peer.send("one", port);
  await begun.promise;
  stop.off();
  assertEquals((await serving).answered, 0);
  assertEquals(events.names, ["received", "warning"]);
  // An answer that arrives later finds the socket closed and causes no error.
  never.resolve("too late");
  await never.promise;
  assertEquals(events.names, ["received", "warning"]);
});

Deno.test("serveDatagrams() with an aborted signal serves no one", async () => {
  assertEquals((await serveDatagrams(bind().socket, () => null, { signal: AbortSignal.abort() })).received, 0);
});

Deno.test("serveDatagrams() survives 100,000 datagrams at once (D8, 51)", async () => {
  const { socket, port } = bind();
  using stop = new Switch();
  const serving = serveDatagrams(socket, (bytes) => bytes.length === 0 ? bytes : null, { signal: stop.signal });
  using peer = new RawPeer();
  const flood = new Uint8Array(64);
  for (let sent = 0; sent < 100_000; sent += 100) {
    await Promise.all(Array.from({ length: 100 }, () => peer.send(flood, port)));
  }
  const answer = await requestDatagram((at) => Deno.listenDatagram(at), at(port), "", { retries: 3 });
  assertEquals(answer.bytes.length, 0);
  stop.off();
  assertGreaterOrEqual((await serving).received, 2);
});

Deno.test("requestDatagram() returns the answer with its sender, its try and its round-trip time", async () => {
  const { socket, port } = bind();
  const serving = serveDatagrams(socket, (bytes) => bytes, { once: true });
  const events = new RecordedEvents();
  const answer = await requestDatagram((at) => Deno.listenDatagram(at), at(port), "grüß dich\n", {
    retries: 3,
    events,
  });
  await serving;
  assertEquals(decodeText(answer.bytes), "grüß dich\n");
  assert(sameEndpoint(answer.from, at(port)));
  assertEquals([answer.attempt, answer.tries, answer.ignored], [1, 1, 0]);
  assert(answer.duration > 0);
  const peer = `127.0.0.1:${port}`;
  assertEquals(events.all, [
    { event: "sent", id: 1, peer, bytes: 12, text: "grüß dich" },
    { event: "received", id: 1, peer, bytes: 12, text: "grüß dich" },
  ]);
});

Deno.test("requestDatagram() retries when the request or the answer is lost, from another port each time (D3)", async () => {
  using peer = new RawPeer();
  const asking = requestDatagram((at) => Deno.listenDatagram(at), at(peer.port), "question", {
    retries: 3,
    firstWait: 50,
  });
  const ports = [];
  for (let tries = 0; tries < 3; tries++) ports.push((await peer.receive()).port);
  await peer.send("answer", ports[2] ?? 0);
  const answer = await asking;
  assertEquals([decodeText(answer.bytes), answer.attempt], ["answer", 3]);
  assertEquals(new Set(ports).size, 3);
});

Deno.test("requestDatagram() attributes a late answer to its own try and times it from there (D4)", async () => {
  using peer = new RawPeer();
  const asking = requestDatagram((at) => Deno.listenDatagram(at), at(peer.port), "question", {
    retries: 3,
    firstWait: 50,
  });
  const first = await peer.receive();
  await peer.receive();
  await peer.send("late", first.port);
  const answer = await asking;
  assertEquals([decodeText(answer.bytes), answer.attempt], ["late", 1]);
  assertGreaterOrEqual(answer.tries, 2);
  assertGreaterOrEqual(answer.duration, 49);
});

Deno.test("requestDatagram() with samePort sends from one port, and cannot tell which try was answered", async () => {
  using peer = new RawPeer();
  const asking = requestDatagram((at) => Deno.listenDatagram(at), at(peer.port), "question", {
    retries: 3,
    firstWait: 50,
    samePort: true,
  });
  const [first, second] = [await peer.receive(), await peer.receive()];
  assertEquals(first.port, second.port);
  await peer.send("answer", first.port);
  const answer = await asking;
  assertEquals([decodeText(answer.bytes), answer.attempt], ["answer", 0]);
  assertGreaterOrEqual(answer.duration, 49);

  const { socket, port } = bind();
  const serving = serveDatagrams(socket, (bytes) => bytes, { once: true });
  assertEquals(
    (await requestDatagram((at) => Deno.listenDatagram(at), at(port), "x", { retries: 0, samePort: true })).attempt,
    1,
  );
  await serving;
});

Deno.test("requestDatagram() ignores answers from another port, and logs them (D5)", async () => {
  using peer = new RawPeer();
  using stranger = new RawPeer();
  const events = new RecordedEvents();
  const ignored = events.next("warning");
  const asking = requestDatagram((at) => Deno.listenDatagram(at), at(peer.port), "question", { retries: 3, events });
  const { port } = await peer.receive();
  await stranger.send("forged", port);
  assertEquals(messageOf(await ignored), `Ignored 6 unsolicited bytes from 127.0.0.1:${stranger.port}`);
  await peer.send("genuine", port);
  const answer = await asking;
  assertEquals([decodeText(answer.bytes), answer.ignored], ["genuine", 1]);
});

Deno.test("requestDatagram() logs one unsolicited datagram, and counts the others", async () => {
  using peer = new RawPeer();
  using stranger = new RawPeer();
  const events = new RecordedEvents();
  const asking = requestDatagram((at) => Deno.listenDatagram(at), at(peer.port), "question", {
    retries: 3,
    firstWait: 60_000,
    events,
  });
  const { port } = await peer.receive();
  for (let count = 0; count < 100; count++) await stranger.send("forged", port);
  await peer.send("genuine", port);
  const { ignored } = await asking;
  const warnings = events.all.filter(({ event }) => event === "warning").map(messageOf);
  assertGreaterOrEqual(ignored, 2);
  assertEquals(warnings.length, 2);
  assertMatch(warnings[1] ?? "", new RegExp(`^Ignored ${ignored - 1} more unsolicited datagrams in the last`));
});

Deno.test("UnsolicitedDatagrams counts one more datagram, not datagrams", () => {
  const events = new RecordedEvents();
  {
    using unsolicited = new UnsolicitedDatagrams(events);
    for (let count = 0; count < 2; count++) unsolicited.report({ bytes: new Uint8Array(8), from: at(9) });
  }
  assertMatch(messageOf(events.all[1]), /^Ignored 1 more unsolicited datagram in the last/);
});

const manyLoopbacks = needs(Deno.build.os === "linux", "a second address of loopback");

Deno.test(
  "requestDatagram() ignores answers from another address with the right port (D5)",
  manyLoopbacks,
  async () => {
    // A server on a wildcard answers from the address that its system selects, no matter to which one the request was sent.
    const { socket, port } = bind("0.0.0.0");
    const events = new RecordedEvents();
    const serving = serveDatagrams(socket, (bytes) => bytes, { once: true });
    const error = await assertRejects(
      () =>
        requestDatagram((at) => Deno.listenDatagram(at), { hostname: "127.0.0.9", port }, "question", {
          retries: 0,
          firstWait: 100,
          events,
        }),
      TimedOutError,
    );
    await serving;
    assertMatch(error.message, /no answer to 1 try in \d+ ms, 1 unsolicited datagram ignored;/);
    const warnings = events.all.filter(({ event }) => event === "warning").map(messageOf);
    assertEquals(warnings, [`Ignored 8 unsolicited bytes from 127.0.0.1:${port}`]);
  },
);

Deno.test("requestDatagram() fails with code 5 and reports the tries when no answer arrives (D9, 49)", async () => {
  using silent = new RawPeer();
  using stranger = new RawPeer();
  const asking = assertRejects(
    () => requestDatagram((at) => Deno.listenDatagram(at), at(silent.port), "x", { retries: 2, firstWait: 50 }),
    TimedOutError,
  );
  for (let tries = 0; tries < 2; tries++) await silent.receive();
  await stranger.send("forged", (await silent.receive()).port);
  const error = await asking;
  assertEquals(error.code, 5);
  assertMatch(
    error.message,
    /^Cannot reach 127\.0\.0\.1:\d+: no answer to 3 tries in \d+ ms, 1 unsolicited datagram ignored; is a server .*\?$/,
  );
});

Deno.test("requestDatagram() doubles its wait with each further try", async () => {
  using silent = new RawPeer();
  const started = performance.now();
  await assertRejects(
    () => requestDatagram((at) => Deno.listenDatagram(at), at(silent.port), "x", { retries: 2, firstWait: 20 }),
    TimedOutError,
  );
  assertGreaterOrEqual(performance.now() - started, 20 + 40 + 80 - 3);
});

Deno.test("requestDatagram() keeps to its total time limit", async () => {
  using silent = new RawPeer();
  const error = await assertRejects(
    () =>
      requestDatagram((at) => Deno.listenDatagram(at), at(silent.port), "x", {
        retries: 1000,
        firstWait: 20,
        timeout: 50,
      }),
    TimedOutError,
  );
  assertMatch(error.message, /no answer to (1 try|2 tries) in \d+ ms;/);
});

Deno.test("requestDatagram() rejects with the signal's reason, before and during the request", async () => {
  using silent = new RawPeer();
  using stop = new Switch();
  const reason = new Error("enough");
  const asking = assertRejects(
    () => requestDatagram((at) => Deno.listenDatagram(at), at(silent.port), "x", { retries: 3, signal: stop.signal }),
    Error,
  );
  await silent.receive();
  stop.off(reason);
  assertStrictEquals(await asking, reason);
  assertStrictEquals(
    await assertRejects(
      () => requestDatagram((at) => Deno.listenDatagram(at), at(silent.port), "x", { retries: 3, signal: stop.signal }),
      Error,
    ),
    reason,
  );
});

Deno.test("requestDatagram() refuses a request too long for a datagram, and a name without an address", async () => {
  const error = await assertRejects(
    () => requestDatagram((at) => Deno.listenDatagram(at), at(9), new Uint8Array(70_000), { retries: 0 }),
    Failure,
    "Cannot send 70000 bytes",
  );
  assertEquals(error.code, 2);
  const nameless = await assertRejects(
    () =>
      requestDatagram((at) => Deno.listenDatagram(at), { hostname: "nobody.invalid", port: 9 }, "x", { retries: 0 }),
    Failure,
    "Cannot resolve nobody.invalid",
  );
  assertEquals(nameless.code, 3);
});

Deno.test("requestDatagram() rotates through a name's addresses; the reachable one answers (S15)", async () => {
  const { socket, port } = bind();
  const serving = serveDatagrams(socket, (bytes) => bytes, { once: true });
  const answer = await requestDatagram((at) => Deno.listenDatagram(at), { hostname: "two", port }, "x", {
    // Every address of a name is tried, even without retries.
    retries: 0,
    firstWait: 10,
    resolve: () => Promise.resolve(["::1", "127.0.0.1"]),
  });
  assertEquals([answer.from.hostname, answer.attempt], ["127.0.0.1", answer.tries]);
  await serving;
});

Deno.test("requestDatagram() reports the state of each address when none answers", async () => {
  using silent = new RawPeer();
  const resolve = () => Promise.resolve(["::1", "127.0.0.1"]);
  const refuse = (_: Deno.DatagramConn, hostname: string): Partial<Deno.DatagramConn> =>
    hostname === "::1" ? { send: () => Promise.reject(new Deno.errors.NetworkUnreachable()) } : {};
  const error = await withSockets(refuse, () =>
    assertRejects(
      () =>
        requestDatagram((at) => Deno.listenDatagram(at), { hostname: "two", port: silent.port }, "x", {
          retries: 3,
          firstWait: 10,
          resolve,
        }),
      TimedOutError,
    ));
  assertMatch(
    error.message,
    /^Cannot reach two:\d+: no answer to 2 tries in \d+ ms \(::1 network unreachable; 127\.0\.0\.1 silent\); is a/,
  );
});

Deno.test("requestDatagram() fails with code 4 when the system has no route (D9)", async () => {
  const noFamily = Object.assign(new Error("Address family not supported"), { code: "EAFNOSUPPORT" });
  for (
    const [problem, state] of [
      [new Deno.errors.NetworkUnreachable(), "network unreachable"],
      [noFamily, "this machine has no such address family"],
    ] as const
  ) {
    const error = await withSockets(
      () => ({ send: () => Promise.reject(problem) }),
      () => assertRejects(() => requestDatagram((at) => Deno.listenDatagram(at), at(9), "x", { retries: 3 }), Failure),
    );
    assertEquals([error.code, error.message], [4, `Cannot reach 127.0.0.1:9: ${state}`]);
  }
});

Deno.test("requestDatagram() fails with code 4 at once when the system reports that nothing listens (D9, Windows)", async () => {
  const error = await withSockets(
    (socket) => {
      // The refusal arrives once something was sent.
      const sent = Promise.withResolvers<void>();
      return {
        receive: () => sent.promise.then(() => Promise.reject(new Deno.errors.ConnectionReset())),
        send: async (bytes, to) => {
          const count = await socket.send(bytes, to);
          sent.resolve();
          return count;
        },
      };
    },
    () =>
      assertRejects(
        () => requestDatagram((at) => Deno.listenDatagram(at), at(9), "x", { retries: 3, firstWait: 60_000 }),
        Failure,
      ),
  );
  assertEquals([error.code, error.message], [4, "Cannot reach 127.0.0.1:9: nothing listens on that port"]);
});

Deno.test("serveDatagrams() does not answer a datagram that seems to come from its own socket", async () => {
  using stop = new Switch();
  const [{ socket, port }, events] = [bind(), new RecordedEvents()];
  const serving = serveDatagrams(socket, (bytes) => bytes, { events, signal: stop.signal, maxRate: 0 });
  const refused = events.next("error");
  // As a forged one does, it has our own port for its sender's: answered, it would be the next question.
  await socket.send(new TextEncoder().encode("x"), { transport: "udp", hostname: "127.0.0.1", port });
  assertEquals(messageOf(await deadline(refused, 5000)), "Cannot answer: its source address is ours");
  stop.off();
  assertEquals((await serving).answered, 0);
});

Deno.test("requestDatagram() takes one answer: what comes to an earlier try at the same time is not reported", async () => {
  const events = new RecordedEvents();
  const sockets: { deliver: (text: string) => void }[] = [];
  const second = Promise.withResolvers<void>();
  const open = (): PacketSocket => {
    const received = Promise.withResolvers<[Uint8Array, Deno.Addr]>();
    const to = { transport: "udp" as const, hostname: "127.0.0.1", port: 9 };
    sockets.push({ deliver: (text) => received.resolve([encodeText(text), to]) });
    if (sockets.length === 2) second.resolve();
    return {
      addr: { transport: "udp", hostname: "127.0.0.1", port: 1000 + sockets.length },
      receive: () => received.promise,
      send: (bytes) => Promise.resolve(bytes.length),
      close: () => received.reject(new Deno.errors.BadResource("closed")),
    };
  };
  const asking = requestDatagram(open, at(9), "question", { retries: 3, firstWait: 20, events });
  await second.promise;
  for (const { deliver } of sockets) deliver("answer");
  assertEquals(decodeText((await asking).bytes), "answer");
  assertEquals(events.names.filter((name) => name === "received").length, 1);
  // Each try has a port of its own, and so a flow of its own.
  assertEquals(events.all.flatMap((event) => event.event === "sent" ? [event.id] : []), [1, 2]);
});
