/** Whatever happens on a run's sockets, its capture gives the same bytes back, in the same order, with nothing missing. */
import { assertEquals } from "@std/assert";
import { encodeCapture } from "../../../support/encode_capture.ts";
import { CaptureReader } from "../../../../lib/wire/pcap/events.ts";
import { chance } from "../../../support/chance.ts";
import { Wire } from "../../../support/wire_events.ts";

const permissions = "none";

/** A connection that is being made up: what passed, and the write that has not returned. */
interface Made {
  readonly id: number;
  in: string;
  out: string;
  /** What is still to be written of the last write; `null` if none is pending. */
  pending: string | null;
  open: boolean;
}

/** Makes up connections as a tap tells them: short writes, whose rest is written next, and answers before a write returns. */
function madeUp(random: (below: number) => number): { wire: Wire; flows: Made[] } {
  const wire = new Wire();
  const flows = Array.from({ length: 1 + random(4) }, (_, at): Made => {
    wire.call(at + 1, random(2) === 0 ? "connect" : "accept");
    return { id: at + 1, in: "", out: "", pending: null, open: true };
  });
  const text = (): string =>
    String.fromCharCode(97 + random(26)).repeat(random(8) === 0 ? 70_000 + random(70_000) : random(20));
  for (let steps = random(60); steps > 0; steps--) {
    const flow = flows[random(flows.length)];
    if (flow === undefined || !flow.open) continue;
    const what = random(10);
    if (what < 3) {
      const bytes = text();
      flow.in += bytes;
      wire.call(flow.id, "read", bytes);
    } else if (what < 9) step(wire, flow, random, text);
    else if (flow.pending === null && random(4) === 0) {
      wire.call(flow.id, "close");
      flow.open = false;
    }
  }
  for (const flow of flows) {
    // Every write returns in the end, with all its bytes.
    while (flow.pending !== null) step(wire, flow, () => 0, text);
    if (flow.open) wire.call(flow.id, "close");
  }
  return { wire, flows };
}

/** Issues a write, or lets one return; what it did not accept is written again. */
function step(wire: Wire, flow: Made, random: (below: number) => number, text: () => string): void {
  if (flow.pending === null) {
    flow.pending = text();
    wire.call(flow.id, "writing", flow.pending);
    return;
  }
  const short = random(3) === 1 ? random(flow.pending.length + 1) : flow.pending.length;
  const [accepted, rest] = [flow.pending.slice(0, short), flow.pending.slice(short)];
  wire.call(flow.id, "write", accepted, rest === "" ? {} : { offered: flow.pending.length });
  flow.out += accepted;
  flow.pending = rest === "" ? null : rest;
  if (rest !== "") wire.call(flow.id, "writing", rest);
}

Deno.test("made-up connections come back from their capture byte for byte, in order", { permissions }, () => {
  for (let seed = 0; seed < 150; seed++) {
    const { wire, flows } = madeUp(chance(seed));
    const reader = new CaptureReader();
    const steps = [...reader.push(encodeCapture(wire.events, { app: "x" })), ...reader.end().steps];
    assertEquals(steps.flatMap(({ remarks }) => remarks), [], `seed ${seed}`);
    for (const { id, in: received, out: sent } of flows) {
      const bytesOf = (call: string): string =>
        steps.filter(({ event }) => event.flow === id && event.call === call)
          .map(({ event }) => new TextDecoder().decode(event.bytes ?? new Uint8Array())).join("");
      const [read, written] = [bytesOf("read"), bytesOf("write")];
      assertEquals([read.length, written.length], [received.length, sent.length], `seed ${seed}`);
      assertEquals([read === received, written === sent], [true, true], `seed ${seed}`);
    }
    const times = steps.map(({ event }) => event.at);
    assertEquals(times, [...times].sort((one, other) => one - other), `seed ${seed}`);
  }
});
