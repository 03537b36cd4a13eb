import {
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertMatch,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { Failure, TimedOutError } from "../../lib/errors.ts";
import type { NetEvent } from "../../lib/events.ts";
import { proseOf } from "../../lib/console/prose.ts";
import { DataOutput } from "../../lib/console/output.ts";
import { decodeText, encodeText } from "../../lib/text.ts";
import { series, type SeriesOptions } from "../../udp/series.ts";
import { withSockets } from "../support/datagrams.ts";
import { RawPeer, RecordedEvents } from "../support/sockets.ts";

/** A series to a loopback port, with its events and its output. */
function start(port: number, options: Partial<SeriesOptions> & { count: number }, message = "ping") {
  const events = new RecordedEvents();
  const printed: string[] = [];
  const sink = { write: (bytes: Uint8Array) => Promise.resolve(printed.push(decodeText(bytes)) && bytes.length) };
  const output = new DataOutput(sink, { terminal: false });
  const done = series((at) => Deno.listenDatagram(at), { hostname: "127.0.0.1", port }, encodeText(message), {
    interval: 0,
    wait: 5000,
    events,
    output,
    signal: new AbortController().signal,
    ...options,
  });
  return { done, events, printed };
}

/** The measured figures. */
function measured(events: RecordedEvents): Record<string, unknown> {
  const { min: _, avg: __, max: ___, p99: ____, prose: _____, event: ______, ...figures } = events.all.find((
    { event },
  ) => event === "measured") as NetEvent & Record<string, unknown>;
  return figures;
}

const notices = (events: RecordedEvents): string[] =>
  events.all.flatMap((event) => event.event === "notice" || event.event === "warning" ? [event.message] : []);

/** What is told of each request; times are left out. */
const told = (events: RecordedEvents): string[] =>
  events.all.flatMap((event) => {
    if (event.event !== "exchange" && event.event !== "notice") return [];
    return proseOf(event, { role: "client", quiet: false }).replace(/^\S+ /, "").replace(/ in [\d.]+ m?s/, "");
  });

Deno.test("series() sends the next request once one is answered, each from its own port, and prints the answers", async () => {
  using peer = new RawPeer();
  const { done, events, printed } = start(peer.port, { count: 3 });
  const ports = new Set<number>();
  for (const text of ["one", "two", "three"]) {
    const { port, text: asked } = await peer.receive();
    assertEquals(asked, "ping");
    ports.add(port);
    await peer.send(text, port);
  }
  assertEquals(await done, "Done: 3 requests");
  assertEquals(ports.size, 3);
  assertEquals(printed, ["one", "two", "three"]);
  assertEquals(measured(events), { sent: 3, received: 3, loss: 0, duplicates: 0, outOfOrder: 0, late: 0 });
  const each = ["sent", "received", "exchange"];
  assertEquals(events.names, [...each, ...each, ...each, "measured"]);
  assertEquals(told(events), ["1: 3 bytes", "2: 3 bytes", "3: 5 bytes"]);
});

Deno.test("series() with an interval does not wait for answers; it counts duplicates, reordering and losses (D4)", async () => {
  using peer = new RawPeer();
  const { done, events, printed } = start(peer.port, { count: 4, interval: 10, wait: 300 });
  const ports: number[] = [];
  while (ports.length < 4) ports.push((await peer.receive()).port);
  const [first = 0, second = 0, , fourth = 0] = ports;
  await peer.send("second", second);
  await peer.send("first", first);
  await peer.send("first", first);
  await peer.send("fourth", fourth);
  await peer.send("fourth", fourth);
  assertEquals(await done, "Done: 4 requests");
  // Two sockets ready at once may be read in either order, so the output is compared as a set.
  assertEquals(printed.toSorted(), ["first", "fourth", "second"]);
  const { sent, received, loss, duplicates, late } = measured(events);
  assertEquals({ sent, received, loss, duplicates, late }, { sent: 4, received: 3, loss: 25, duplicates: 2, late: 0 });
  const lines = told(events);
  assertEquals(lines.at(-1), "3: no answer within 300 ms");
  assertEquals(lines.filter((line) => line.endsWith(", duplicate")).toSorted(), [
    "1: 5 bytes, duplicate",
    "4: 6 bytes, duplicate",
  ]);
});

Deno.test("series() takes a further answer for a duplicate, even one that reads like a refusal", async () => {
  using peer = new RawPeer();
  const { done, events } = start(peer.port, { count: 2, interval: 50 });
  const { port } = await peer.receive();
  await peer.send("first", port);
  await peer.send("Cannot serve you: the line is busy\n", port);
  await peer.send("second", (await peer.receive()).port);
  assertEquals(await done, "Done: 2 requests");
  assertEquals(measured(events).duplicates, 1);
});

Deno.test("series() counts an answer after that to a later request as out of order (D4)", async () => {
  using peer = new RawPeer();
  const { done, events } = start(peer.port, { count: 2, interval: 1 });
  const [first, second] = [await peer.receive(), await peer.receive()];
  const answered = events.next("received");
  await peer.send("x", second.port);
  await answered;
  await peer.send("x", first.port);
  await done;
  assertEquals(measured(events).outOfOrder, 1);
  assertEquals(told(events), ["2: 1 byte", "1: 1 byte, out of order"]);
});

Deno.test("series() assigns a late answer to its own request, not to a newer one (D4)", async () => {
  using peer = new RawPeer();
  const { done, events } = start(peer.port, { count: 2, wait: 500 });
  const first = await peer.receive();
  const second = await peer.receive();
  const late = events.next("received");
  await peer.send("late", first.port);
  await late;
  await peer.send("in time", second.port);
  await done;
  assertEquals(measured(events), { sent: 2, received: 2, loss: 0, duplicates: 0, outOfOrder: 0, late: 1 });
  assertEquals(told(events), ["1: no answer within 500 ms", "1: 4 bytes, late", "2: 7 bytes"]);
});

Deno.test("series() keeps the sockets of the last 64 requests only", async () => {
  using peer = new RawPeer();
  const { done, events } = start(peer.port, { count: 70, interval: 1, wait: 500 });
  const ports: number[] = [];
  while (ports.length < 70) ports.push((await peer.receive()).port);
  for (const port of [ports[5], ports[6]]) await peer.send("x", port ?? 0);
  await done;
  // The seventh is the oldest whose socket is still open.
  assertEquals(measured(events).received, 1);
});

Deno.test("series() ignores answers from other peers, and says so (D5)", async () => {
  using peer = new RawPeer();
  using stranger = new RawPeer();
  const { done, events, printed } = start(peer.port, { count: 1 });
  const { port } = await peer.receive();
  const ignored = events.next("warning");
  await stranger.send("forged", port);
  await ignored;
  await peer.send("genuine", port);
  await done;
  assertEquals(printed, ["genuine"]);
  assertMatch(notices(events).join(), /^Ignored 6 unsolicited bytes from 127\.0\.0\.1:\d+$/);
});

Deno.test("series() reports one stranger and counts the others; a server that answers endlessly does not fill the log", async () => {
  using peer = new RawPeer();
  using stranger = new RawPeer();
  const { done, events, printed } = start(peer.port, { count: 2 });
  const { port } = await peer.receive();
  for (let count = 0; count < 50; count++) await stranger.send("forged", port);
  // The log takes about ten of this size.
  const answer = "x".repeat(50_000);
  for (let count = 0; count < 100; count++) {
    await peer.send(answer, port);
    // Let the series read: a socket buffer holds four of these.
    await new Promise((resolve) => setTimeout(resolve));
  }
  await peer.send("last", (await peer.receive()).port);
  await done;
  assertEquals(printed, [answer, "last"]);
  const [first, ...more] = notices(events).filter((text) => text.startsWith("Ignored"));
  assertMatch(first ?? "", /^Ignored 6 unsolicited bytes from/);
  assertMatch(more.join(), /^Ignored \d+ more unsolicited datagrams in the last [0-9.]+ s$/);
  const told = events.names.filter((name) => name === "received").length;
  assertLess(told, 15);
  assertGreater(measured(events).duplicates as number, told);
  assertMatch(notices(events).join("\n"), /Suppressed in the last [0-9.]+ s: (.*, )?\d+ received/);
});

Deno.test("series() ends with code 5 without any answer, and still prints the figures (D9)", async () => {
  using silent = new RawPeer();
  const { done, events } = start(silent.port, { count: 3, wait: 10 });
  const error = await assertRejects(() => done, TimedOutError);
  assertEquals(error.code, 5);
  assertMatch(error.message, /^Cannot reach 127\.0\.0\.1:\d+: no answer to 3 requests; is a server running/);
  assertEquals(measured(events), { sent: 3, received: 0, loss: 100, duplicates: 0, outOfOrder: 0, late: 0 });
});

Deno.test("series() keeps its interval without answers", async () => {
  using silent = new RawPeer();
  const started = performance.now();
  const { done } = start(silent.port, { count: 4, interval: 20, wait: 10 });
  await assertRejects(() => done, TimedOutError);
  assertGreaterOrEqual(performance.now() - started, 3 * 20 + 10 - 3);
});

Deno.test("series() prints its figures when it is stopped", async () => {
  using peer = new RawPeer();
  const controller = new AbortController();
  const { done, events } = start(peer.port, { count: 1000, interval: 60_000, signal: controller.signal });
  const reason = new Error("enough");
  const rejected = assertRejects(() => done, Error);
  const answered = events.next("received");
  await peer.send("x", (await peer.receive()).port);
  await answered;
  controller.abort(reason);
  assertStrictEquals(await rejected, reason);
  assertEquals(measured(events).received, 1);
});

Deno.test("series() rotates through a name's addresses until one answers", async () => {
  using peer = new RawPeer();
  const resolve = () => Promise.resolve(["::1", "127.0.0.1"]);
  const { done, events } = start(peer.port, { count: 3, wait: 100, resolve });
  for (let answers = 0; answers < 2; answers++) await peer.send("x", (await peer.receive()).port);
  await done;
  assertEquals(measured(events).received, 2);
});

Deno.test("series() fails with code 4 if there is no route (D9)", async () => {
  const { done, error } = await withSockets(
    () => ({ send: () => Promise.reject(new Deno.errors.NetworkUnreachable()) }),
    async () => {
      const { done, events } = start(9, { count: 5 });
      return { done: events.names, error: await assertRejects(() => done, Failure) };
    },
  );
  assertEquals(done, []);
  assertEquals([error.code, error.message], [4, "Cannot send to 127.0.0.1:9: network unreachable"]);
});

Deno.test("series() continues when the route is down for a while, or a port refuses", async () => {
  using peer = new RawPeer();
  let opened = 0;
  const [warnings, figures] = await withSockets(() => {
    opened++;
    if (opened === 2) return { send: () => Promise.reject(new Deno.errors.NetworkUnreachable()) };
    return opened === 3 ? { receive: () => Promise.reject(new Deno.errors.ConnectionReset()) } : {};
  }, async () => {
    const { done, events } = start(peer.port, { count: 4, wait: 50 });
    for (const answer of [true, false, true]) {
      const { port } = await peer.receive();
      if (answer) await peer.send("x", port);
    }
    await done;
    return [notices(events).filter((text) => !text.includes(": no answer")), measured(events)] as const;
  });
  assertMatch(warnings[0] ?? "", /^Cannot send to 127\.0\.0\.1:\d+: network unreachable$/);
  assertEquals(warnings[1], "Request 3: Cannot reach the peer: nothing listens on that port");
  assertEquals([figures.sent, figures.received], [3, 2]);
});

Deno.test("series() refuses a message too long for a datagram (D2)", async () => {
  const { done, events } = start(9, { count: 1 }, "x".repeat(65_508));
  assertEquals((await assertRejects(() => done, Failure, "Cannot send 65508 bytes")).code, 2);
  assertEquals(events.names, []);
});
