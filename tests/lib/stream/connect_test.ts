import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { connectTcp, type Opener } from "../../../lib/stream/connect.ts";
import { dial, NoAnswer } from "../../../lib/stream/dial.ts";
import { connectTap } from "../../../lib/wire/connect_tap.ts";
import type { WireEvent } from "../../../lib/wire/event.ts";
import { Failure } from "../../../lib/errors.ts";
import { blackHole, RecordedEvents } from "../../support/sockets.ts";

const { signal } = new AbortController();

/** A port on which nothing listens: it was free a moment ago. */
function freePort(hostname = "127.0.0.1"): number {
  using listener = Deno.listen({ hostname, port: 0 });
  return listener.addr.port;
}

Deno.test("connectTcp() connects by address and by name, over IPv4 and IPv6, and emits an event", async () => {
  for (
    const [bind, host] of [["127.0.0.1", "127.0.0.1"], ["127.0.0.1", "localhost"], ["::1", "::1"], ["::", "0.0.0.0"]]
  ) {
    using listener = Deno.listen({ hostname: bind ?? "", port: 0 });
    const events = new RecordedEvents();
    using connection = await connectTcp((at) => Deno.connect(at), { hostname: host ?? "", port: listener.addr.port }, {
      events,
      id: 3,
    });
    using accepted = await listener.accept();
    const [event] = events.all;
    assert(event?.event === "connected" && event.id === 3 && event.duration >= 0, host);
    assertEquals([event.peer, event.local], [connection.peer, connection.local]);
    assertEquals((accepted.remoteAddr as Deno.NetAddr).port, Number(connection.local.split(":").at(-1)));
  }
});

Deno.test("connectTcp() to a port without a listener fails with code 4 and a hint (S14)", async () => {
  for (const hostname of ["127.0.0.1", "::1", "localhost"]) {
    const port = freePort(hostname === "localhost" ? "127.0.0.1" : hostname);
    const failure = await assertRejects(() => connectTcp((at) => Deno.connect(at), { hostname, port }), Failure);
    assertEquals(failure.code, 4);
    const target = hostname === "::1" ? `[::1]:${port}` : `${hostname}:${port}`;
    assertStringIncludes(failure.message, `Cannot connect to ${target}: `);
    assertStringIncludes(failure.message, "connection refused");
    assertStringIncludes(failure.message, " (is a server running there, on that port?)");
    assert(failure.cause instanceof Deno.errors.ConnectionRefused);
  }
});

Deno.test("connectTcp() to a name that does not exist fails with code 3 (S14)", async () => {
  const failure = await assertRejects(
    () => connectTcp((at) => Deno.connect(at), { hostname: "nosuch.invalid", port: 9 }),
    Failure,
  );
  assertEquals(failure.code, 3);
  assertStringIncludes(failure.message, "Cannot resolve nosuch.invalid: ");
});

Deno.test("connectTcp() to a host that drops packets fails with code 5 at its time limit (S14)", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  using hole = await blackHole();
  const failure = await assertRejects(
    () => connectTcp((at) => Deno.connect(at), { hostname: "127.0.0.1", port: hole.port }, { timeout: 50 }),
    Failure,
  );
  assertEquals(failure.code, 5);
  assertEquals(
    failure.message,
    `Cannot connect to 127.0.0.1:${hole.port}: no answer within the time limit (wrong address, machine off, or a firewall that drops)`,
  );
});

Deno.test("connectTcp() rejects when its signal is aborted: before, during and after the attempt", async () => {
  const reason = new Error("stopped");
  for (const hostname of ["127.0.0.1", "nosuch.invalid"]) {
    const aborted = connectTcp((at) => Deno.connect(at), { hostname, port: 9 }, { signal: AbortSignal.abort(reason) });
    assertEquals(await assertRejects(() => aborted, Error), reason);
  }
  if (Deno.build.os === "linux") {
    using hole = await blackHole();
    const controller = new AbortController();
    const connecting = connectTcp((at) => Deno.connect(at), { hostname: "127.0.0.1", port: hole.port }, {
      signal: controller.signal,
      timeout: 5000,
    });
    controller.abort(reason);
    assertEquals(await assertRejects(() => connecting, Error), reason);
  }
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const controller = new AbortController();
  using connection = await connectTcp((at) => Deno.connect(at), { hostname: "127.0.0.1", port: listener.addr.port }, {
    signal: controller.signal,
  });
  using _accepted = await listener.accept();
  const reading = connection.read();
  controller.abort(reason);
  assertEquals(await assertRejects(() => reading, Error), reason);
});

Deno.test("connectTcp() clears its time limit once it has connected", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  // A timer that is still running at the end of a test fails it.
  using _connection = await connectTcp((at) => Deno.connect(at), { hostname: "127.0.0.1", port: listener.addr.port }, {
    timeout: 60_000,
  });
  using _accepted = await listener.accept();
});

Deno.test("connectTcp() says that the interface of a link-local address does not exist", async () => {
  const connecting = connectTcp((at) => Deno.connect(at), { hostname: "fe80::1%nosuch", port: 9 });
  const { code, message } = await assertRejects(() => connecting, Failure);
  assertEquals([code, message], [3, "Cannot connect to [fe80::1%nosuch]:9: this machine has no interface nosuch"]);
});

Deno.test("connectTcp() to a name reports the state of each of its addresses, and tells each attempt", async () => {
  const port = freePort();
  const events: WireEvent[] = [];
  const wire = { emit: (event: WireEvent) => events.push(event) };
  const open: Opener = ({ hostname = "" }) => {
    const refused = new Deno.errors.ConnectionRefused("Connection refused (os error 111)");
    return Promise.reject(
      hostname === "::1" ? refused : Object.assign(new Error("no route"), { code: "EHOSTUNREACH" }),
    );
  };
  const failure = await assertRejects(
    () => dial(open, ["::1", "192.0.2.1"], port, { signal, onAttempt: connectTap(wire, { flow: 7, port }) }),
    NoAnswer,
  );
  assertEquals(failure.failures.map(({ address }) => address), ["::1", "192.0.2.1"]);
  assertEquals(events.map(({ call, flow, peer, error }) => [call, flow, peer?.hostname, error]), [
    ["connect", 7, "::1", "ECONNREFUSED"],
    ["connect", 7, "192.0.2.1", "EHOSTUNREACH"],
  ]);
});

Deno.test("connectTcp() shows that it is still connecting after a second, and says no more once it has failed", async () => {
  using hole = await blackHole();
  const events = new RecordedEvents();
  const endpoint = { hostname: "127.0.0.1", port: hole.port };
  await assertRejects(() => connectTcp((at) => Deno.connect(at), endpoint, { events, timeout: 1300 }), Failure);
  assertEquals(events.all, [
    { event: "status", text: `Connecting to 127.0.0.1:${hole.port} … 1 s` },
    { event: "status", text: "" },
  ]);
});
