import { assertEquals } from "@std/assert";
import type { WireEvent } from "../../../../lib/wire/event.ts";
import { Flows } from "../../../../lib/wire/inspect/flows.ts";
import { History } from "../../../../lib/wire/inspect/history.ts";
import { event } from "./events.ts";

/** The flows after some events. */
function after(events: readonly WireEvent[], max?: number): Flows {
  const [history, flows] = [new History(), new Flows(max)];
  for (const each of events) flows.take(history.add(each, []));
  return flows;
}

/** The state of a connection after some events. */
const stateAfter = (...events: WireEvent[]): string | undefined => after(events).of(1)?.state;

Deno.test("Flows follows a connection through its states", () => {
  const [fin, ourFin] = [event("read"), event("closeWrite")];
  assertEquals(stateAfter(event("accept")), "open");
  assertEquals(stateAfter(event("accept"), fin), "peerFinished");
  assertEquals(stateAfter(event("accept"), ourFin), "finished");
  assertEquals(stateAfter(event("accept"), fin, ourFin), "closing");
  assertEquals(stateAfter(event("accept"), ourFin, fin), "closing");
  assertEquals(stateAfter(event("accept"), ourFin, fin, event("close")), "closed");
  assertEquals(stateAfter(event("accept"), event("reset")), "reset");
  assertEquals(
    stateAfter(event("accept"), event("read", 1, undefined, { error: "ECONNRESET" }), event("close")),
    "reset",
  );
  assertEquals(stateAfter(event("accept"), event("write", 1, undefined, { error: "EPIPE" })), "reset");
  assertEquals(stateAfter(event("accept"), event("read", 1, undefined, { error: "EAGAIN" })), "open");
  assertEquals(stateAfter(event("connect", 1, undefined, { error: "ECONNREFUSED" })), "failed");
  assertEquals(stateAfter(event("accept"), event("handshake", 1, undefined, { error: "InvalidData" })), "failed");
});

Deno.test("Flows counts what was transferred, not what was offered", () => {
  const flows = after([
    event("accept"),
    event("read", 1, "12345"),
    event("writing", 1, "abcdef"),
    event("write", 1, "abc", { offered: 6 }),
    event("receive", 2, "1", { transport: "udp" }),
    event("sending", 2, "12", { transport: "udp" }),
    event("send", 2, "12", { transport: "udp" }),
  ]);
  assertEquals([flows.of(1)?.bytesIn, flows.of(1)?.bytesOut], [5, 3]);
  assertEquals([flows.of(2)?.bytesIn, flows.of(2)?.bytesOut], [1, 2]);
  assertEquals([flows.totals.bytesIn, flows.totals.bytesOut, flows.totals.flows, flows.totals.open], [6, 5, 2, 2]);
});

Deno.test("Flows knows a failed attempt's own end as soon as one is known", () => {
  const flows = after([event("connect", 1, undefined, { local: null }), event("read", 1, "x")]);
  assertEquals(flows.of(1)?.local?.port, 7000);
});

Deno.test("Flows forgets closed connections first, and counts them", () => {
  const events = [1, 2, 3, 4, 5].flatMap((flow) =>
    flow % 2 === 0 ? [event("accept", flow), event("close", flow)] : [event("accept", flow)]
  );
  const flows = after([...events, event("accept", 6)], 5);
  assertEquals([1, 2, 3, 4, 5, 6].filter((flow) => flows.of(flow) !== undefined), [1, 3, 4, 5, 6]);
  assertEquals([flows.totals.forgotten, flows.totals.flows, flows.totals.open], [1, 6, 4]);
  const open = after([1, 2, 3].map((flow) => event("accept", flow)), 2);
  assertEquals([1, 2, 3].filter((flow) => open.of(flow) !== undefined), [2, 3], "the oldest, if all are open");
});

Deno.test("Flows tells which flows changed since an event", () => {
  const flows = after([event("accept", 1), event("accept", 2), event("read", 1, "x"), event("accept", 3)]);
  const since = (seq: number): number[] => [...flows.changedSince(seq)].map(({ flow }) => flow);
  assertEquals([since(0), since(2), since(3), since(4)], [[1, 2, 3], [1, 3], [3], []]);
});
