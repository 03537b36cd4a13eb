import { assertEquals } from "@std/assert";
import type { WireEvent } from "../../../../lib/wire/event.ts";
import { encodeCapture } from "../../../support/encode_capture.ts";
import { wireEvents } from "../../../support/capture_files.ts";
import { everyWay } from "../../../support/chunks.ts";
import { bytesOf, Wire } from "../../../support/wire_events.ts";

const permissions = "none";
const options = { app: "tcp:client", pid: 42 };

/** What a test compares of an event. */
function told({ flow, call, bytes, error, tls }: WireEvent): string {
  const size = bytes === null ? [] : [String(bytes.length)];
  return [flow, call, ...size, ...(error === undefined ? [] : [error]), ...(tls === true ? ["tls"] : [])].join(" ");
}

const conversation = (): Wire =>
  new Wire().call(1, "connect", null, { duration: 0.125 }).write(1, "Hello\n").call(1, "read", "Hello ").call(
    1,
    "read",
    "you\n",
  )
    .finish(1);

Deno.test("a client's capture gives its calls back, with their times and bytes", { permissions }, async () => {
  const { events } = conversation();
  const read = await Array.fromAsync(wireEvents([encodeCapture(events, options)]));
  assertEquals(read.map(told), events.map(({ event }) => told(event)));
  // A close whose FIN was sent before makes no packet.
  const same = (event: WireEvent): boolean => event.call !== "close";
  assertEquals(read.filter(same), events.map(({ event }) => event).filter(same));
});

Deno.test("a capture is read alike in pieces of any size", { permissions }, async () => {
  const whole = encodeCapture(conversation().events, options);
  const expected = await Array.fromAsync(wireEvents([whole]));
  for (const { name, pieces } of everyWay(whole)) {
    assertEquals(await Array.fromAsync(wireEvents(pieces)), expected, name);
  }
});

Deno.test("a connection without an answer is told before what comes after it", { permissions }, async () => {
  const wire = new Wire().call(1, "connect", null, { local: null, error: "ETIMEDOUT", duration: 0.25 })
    .call(2, "connect", null, { duration: 0.125 }).call(2, "read", "x");
  const read = await Array.fromAsync(wireEvents([encodeCapture(wire.events, options)]));
  assertEquals(read.map(told), ["1 connect ETIMEDOUT", "2 connect", "2 read 1"]);
  assertEquals(read[0]?.local, null);
});

Deno.test("a write that takes several segments is one write again", { permissions }, async () => {
  const bytes = Uint8Array.from({ length: 200_000 }, (_, at) => at % 251);
  const { events } = new Wire().call(1, "connect").write(1, bytes).call(1, "read", bytesOf("ok")).call(1, "close");
  const read = await Array.fromAsync(wireEvents([encodeCapture(events, options)]));
  assertEquals(read.map(told), ["1 connect", "1 writing 200000", "1 write 200000", "1 read 2", "1 close"]);
  assertEquals(read[1]?.bytes?.findIndex((byte, at) => byte !== bytes[at]), -1);
});
