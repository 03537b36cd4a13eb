import { assert, assertEquals } from "@std/assert";
import { EventRate } from "../../../lib/event_rate.ts";
import { faultEvent, faultRate } from "../../../lib/script/fault_event.ts";
import { RecordedEvents } from "../../support/sockets.ts";

const permissions = "none";
const fault = { flow: 1, direction: "out", kind: "loss", where: 3, detail: "lost" } as const;

/** How many of 20,000 faults that happen at once are logged. */
function logged(json: boolean): number {
  const events = new RecordedEvents();
  using rate = new EventRate(events, faultRate(json));
  for (let count = 0; count < 20_000; count++) rate.emit(faultEvent(fault, "udp"));
  return events.all.filter(({ event }) => event === "fault").length;
}

Deno.test("programs get each fault, people as many as they can read", { permissions }, () => {
  assertEquals(logged(true), 20_000);
  assert(logged(false) < 500);
});
