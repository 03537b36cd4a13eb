import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { Admission, type AdmissionOptions, type Slots } from "../../../lib/stream/admission.ts";
import { NO_EVENTS } from "../../../lib/events.ts";
import { serveTcp } from "../../../lib/stream/server.ts";
import { RecordedEvents } from "../../support/sockets.ts";
import { encodeText } from "../../../lib/text.ts";
import { FakeListener, FakeSocket } from "../fakes.ts";

const permissions = "none";

/** Slots that count their calls. */
class CountedSlots implements Slots {
  taken = 0;
  most = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  take(): boolean {
    if (this.taken >= this.#limit) return false;
    this.most = Math.max(this.most, ++this.taken);
    return true;
  }

  free(): void {
    this.taken--;
  }
}

async function refusal(options: AdmissionOptions, open: number, hostname?: string): Promise<string | null> {
  const admission = new Admission(options, NO_EVENTS);
  await admission.prepare();
  const no = admission.refusalOf(new FakeSocket(hostname), open);
  return no && `${no.kind}: ${no.reason}`;
}

Deno.test("Admission admits all clients by default", { permissions }, async () => {
  assertEquals([await refusal({}, 1_000_000), await refusal({ allow: [], maxConnections: 0 }, 9)], [null, null]);
});

Deno.test("Admission counts up to maxConnections", { permissions }, async () => {
  assertEquals(await refusal({ maxConnections: 2 }, 1), null);
  assertEquals(
    await refusal({ maxConnections: 2 }, 2),
    "full: the server is full (2 connections at most); try again later",
  );
});

Deno.test(
  "Admission checks the address first: a client that is not allowed takes no slot",
  { permissions },
  async () => {
    const slots = new CountedSlots(1);
    const options = {
      maxConnections: 1,
      slots,
      allow: [{ network: "192.0.2.0", prefix: 24, family: "ipv4" as const }],
    };
    assertEquals(await refusal(options, 0, "198.51.100.1"), "not allowed: your address is not allowed here");
    assertEquals(slots.taken, 0);
    assertEquals(await refusal(options, 0, "::ffff:192.0.2.77"), null);
    assertEquals(slots.taken, 1);
    assertEquals(
      await refusal(options, 0, "192.0.2.1"),
      "full: the server is full (1 connection at most); try again later",
    );
  },
);

Deno.test("Admission lets a refused client read the reason before it closes", { permissions }, async () => {
  const events = new RecordedEvents();
  const admission = new Admission({}, events);
  const socket = new FakeSocket();
  admission.turnAway(socket, { kind: "full", reason: "not today" });
  await socket.source.readPending();
  assertEquals([socket.sent, socket.calls], ["Cannot serve you: not today\n", ["setNoDelay", "closeWrite"]]);
  socket.source.end();
  await admission.settled();
  assertEquals([socket.closed, events.names], [true, ["refused"]]);
});

Deno.test("Admission says in the event how a client is refused, unless so many are that it is not told", {
  permissions,
}, async () => {
  const events = new RecordedEvents();
  const admission = new Admission({}, events);
  const sockets = Array.from({ length: 65 }, () => new FakeSocket());
  for (const socket of sockets) admission.turnAway(socket, { kind: "full", reason: "not today" });
  while (events.all.length < 65) await events.next("refused");
  const kinds = events.all.map((event) => event.event === "refused" ? event.kind : null);
  assertEquals(kinds, [undefined, ...new Array(64).fill("full")]);
  for (const socket of sockets) socket.source.end();
  await admission.settled();
});

Deno.test("Admission closes a refused client that does not read, after a second", { permissions }, async () => {
  const events = new RecordedEvents();
  const admission = new Admission({}, events);
  const socket = new FakeSocket();
  socket.stalled = true;
  const started = performance.now();
  admission.turnAway(socket, { kind: "full", reason: "not today" });
  await deadline(admission.settled(), 3000);
  assert(performance.now() - started > 900, "it had a second");
  assertEquals([socket.sent, socket.closed], ["", true]);
  const { id, remoteAddr } = socket;
  const { hostname, port } = remoteAddr as Deno.NetAddr;
  assertEquals(events.all, [{ event: "refused", id, peer: `${hostname}:${port}`, reason: "not today" }]);
});

Deno.test(
  "Admission sends the refusal in the protocol's own form, which depends on the kind",
  { permissions },
  async () => {
    const admission = new Admission({ refusal: (sentence, kind) => encodeText(`${kind}/${sentence}`) }, NO_EVENTS);
    for (const kind of ["full", "not allowed"] as const) {
      const socket = new FakeSocket();
      admission.turnAway(socket, { kind, reason: "no" });
      await socket.source.readPending();
      assertEquals(socket.sent, `${kind}/Cannot serve you: no`);
      socket.source.end();
      await admission.settled();
    }
  },
);

Deno.test("servers that share slots share the limit, and free each slot", { permissions }, async () => {
  const [slots, controller] = [new CountedSlots(3), new AbortController()];
  const sockets = Array.from({ length: 8 }, () => new FakeSocket());
  const { promise: go, resolve: end } = Promise.withResolvers<void>();
  const all = [sockets.slice(0, 4), sockets.slice(4)].map((mine) => {
    const events = new RecordedEvents();
    const options = { events, signal: controller.signal, maxConnections: 3, slots };
    return { events, done: serveTcp(new FakeListener(mine), () => go, options) };
  });
  const decided = (): number =>
    all.flatMap(({ events }) => events.names).filter((name) => name === "accepted" || name === "refused").length;
  while (decided() < 8) await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals([slots.taken, slots.most], [3, 3]);
  for (const socket of sockets) socket.source.end();
  end();
  controller.abort();
  const totals = await Promise.all(all.map(({ done }) => done));
  assertEquals(totals.map(({ connections, refused }) => connections + refused), [4, 4]);
  assertEquals([totals.reduce((sum, { connections }) => sum + connections, 0), slots.taken], [3, 0]);
});

Deno.test(
  "thousands of refused clients are counted in the log instead of logged one by one",
  { permissions },
  async () => {
    const events = new RecordedEvents();
    const closed = Promise.withResolvers<never>();
    closed.promise.catch(() => {});
    const all = Promise.withResolvers<void>();
    let left = 6000;
    const strangers = {
      addr: { transport: "tcp" as const, hostname: "127.0.0.1", port: 1 },
      accept: () => {
        if (left-- > 0) return Promise.resolve(new FakeSocket("198.51.100.1"));
        all.resolve();
        return closed.promise;
      },
      close: () => closed.reject(new Deno.errors.BadResource("Listener has been closed")),
    };
    const stop = new AbortController();
    const allow = [{ network: "192.0.2.0", prefix: 24, family: "ipv4" as const }];
    const serving = serveTcp(strangers, () => Promise.resolve(), { events, signal: stop.signal, allow });
    await all.promise;
    stop.abort();
    assertEquals((await serving).refused, 6000);
    const logged = events.names.filter((name) => name === "refused").length;
    const [rest] = events.all.flatMap((event) => "message" in event ? [String(event.message)] : []);
    assertStringIncludes(rest ?? "", `Suppressed in the last `);
    assertStringIncludes(rest ?? "", `: ${(6000 - logged).toLocaleString("en")} refused; from 1 peer`);
  },
);
