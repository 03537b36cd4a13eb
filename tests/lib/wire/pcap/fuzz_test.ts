/** Whatever a file holds, reading it ends, in bounded memory, with events or the one error. */
import { assert, assertInstanceOf } from "@std/assert";
import { ProtocolError } from "../../../../lib/errors.ts";
import { encodeCapture } from "../../../support/encode_capture.ts";
import { CaptureReader } from "../../../../lib/wire/pcap/events.ts";
import { chance } from "../../../support/chance.ts";
import { concat, ipPacket, pcap, pcapng, section } from "../../../support/capture_files.ts";
import { Wire } from "../../../support/wire_events.ts";

const permissions = "none";

/** Reads a file in pieces of chance; returns how many events and bytes it tells. */
function read(file: Uint8Array, random: (below: number) => number): { events: number; bytes: number } {
  const reader = new CaptureReader({ name: "x", comments: true, ...(random(2) === 0 ? {} : { as: "server" }) });
  const told = { events: 0, bytes: 0 };
  const count = (steps: ReturnType<CaptureReader["push"]>): void => {
    told.events += steps.length;
    for (const { event } of steps) told.bytes += event.bytes?.length ?? 0;
  };
  try {
    for (let at = 0; at < file.length;) {
      const length = 1 + random(random(10) === 0 ? 10 : 2000);
      count(reader.push(file.slice(at, at + length)));
      at += length;
    }
    count(reader.end().steps);
  } catch (error) {
    assertInstanceOf(error, ProtocolError);
    assert(/^Cannot read x: .+/.test(error.message), error.message);
  }
  return told;
}

/** Files of every kind, with everything in them that a reader looks at. */
function seeds(): Uint8Array<ArrayBuffer>[] {
  const wire = new Wire().call(0, "resolve", null, { name: "x", addresses: ["192.0.2.1", "::1"] }).call(1, "connect")
    .write(1, new Uint8Array(70_000).fill(97)).call(1, "read", "hello").receive(2, "datagram").finish(1)
    .call(3, "accept").call(3, "read", null, { error: "ECONNRESET" });
  wire.says = ["a comment"];
  wire.call(4, "connect", null, { error: "ECONNREFUSED" }).call(5, "accept").write(5, "tls", { tls: true }).call(
    5,
    "reset",
  );
  const [a, b] = ["[2001:db8::1]:1000", "[2001:db8::2]:80"];
  const packets = [
    ipPacket(a, b, { seq: 100, ack: 0, flags: 2 }),
    ipPacket(b, a, { seq: 500, ack: 101, flags: 18 }),
    ipPacket(a, b, { seq: 106, ack: 501, flags: 24 }, "later"),
    ipPacket(a, b, { seq: 101, ack: 501, flags: 24 }, "first"),
    ipPacket(b, a, { seq: 501, ack: 120, flags: 17 }, "bye"),
    ipPacket("192.0.2.1:5", "192.0.2.2:6", null, "udp"),
  ];
  const ethernet = packets.map((packet) =>
    concat(new Uint8Array(12), Uint8Array.of(...packet[0] === 0x45 ? [8, 0] : [0x86, 0xdd]), packet)
  );
  return [
    encodeCapture(wire.events, { app: "x" }),
    pcapng(packets),
    pcapng(packets, { little: false }),
    pcapng(ethernet, { link: 1 }),
    pcap(packets, { little: false, nano: true }),
    pcap(ethernet, { link: 1 }),
  ];
}

/** Changes a file here and there: bits, bytes, numbers of 16 and 32 bits, pieces. */
function mutated(file: Uint8Array, random: (below: number) => number): Uint8Array {
  const bytes = file.slice();
  const view = new DataView(bytes.buffer);
  const odd = [0, 1, 3, 4, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
  for (let changes = 1 + random(8); changes > 0; changes--) {
    const at = random(bytes.length - 4);
    const value = odd[random(odd.length)] ?? 0;
    const kind = random(6);
    if (kind === 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    else if (kind === 1) bytes[at] = random(256);
    else if (kind === 2) view.setUint16(at, value & 0xffff, random(2) === 0);
    else if (kind === 3) view.setUint32(at, value, random(2) === 0);
    else bytes.copyWithin(at, random(bytes.length), random(bytes.length));
  }
  return bytes.subarray(0, random(4) === 0 ? random(bytes.length) : bytes.length);
}

Deno.test("changed and cut files", { permissions }, () => {
  const files = seeds();
  let [events, most] = [0, 0];
  for (let seed = 0; seed < 1500; seed++) {
    const random = chance(seed);
    const file = mutated(files[seed % files.length] ?? new Uint8Array(), random);
    const told = read(file, random);
    events += told.events;
    most = Math.max(most, told.bytes / (file.length + 1));
  }
  assert(events > 5_000, `the files are still read: ${events} events`);
  // A write is told twice.
  assert(most <= 2, `no more bytes are told than the file holds: ${most}`);
});

Deno.test("random bytes, also behind a good beginning", { permissions }, () => {
  for (let seed = 0; seed < 500; seed++) {
    const random = chance(seed);
    const noise = Uint8Array.from({ length: random(3000) }, () => random(256));
    const start = [new Uint8Array(), section(), pcap([]), pcapng([])][seed % 4] ?? new Uint8Array();
    read(concat(start, noise), random);
  }
});

Deno.test("a file of nothing but first packets of connections, and fragments", { permissions }, () => {
  const segment = (seq: number): Uint8Array => ipPacket("10.0.0.1:1", "10.9.9.9:80", { seq, ack: 1, flags: 24 }, "abc");
  const [first, later] = [segment(1), segment(9)];
  const packets: Uint8Array[] = [];
  for (let count = 0; count < 70_000; count++) {
    // The second is ahead of its turn, so that it is kept; the third is the first fragment of a datagram.
    for (const packet of [first.slice(), later.slice(), later.slice()]) {
      packet[13] = count & 7;
      new DataView(packet.buffer).setUint16(20, 1000 + (count >> 3));
      packets.push(packet);
    }
    const fragment = new DataView(packets.at(-1)?.buffer ?? new ArrayBuffer(20));
    fragment.setUint16(4, count & 0xffff);
    fragment.setUint16(6, 0x2000 | (count & 0xff));
  }
  const reader = new CaptureReader();
  const before = Deno.memoryUsage().heapUsed;
  let events = 0;
  for (let at = 0; at < packets.length; at += 1000) {
    const file = pcap(packets.slice(at, at + 1000));
    events += reader.push(at === 0 ? file : file.slice(24)).length;
  }
  assert(events > 144_000, "the oldest connections gave way");
  assert(Deno.memoryUsage().heapUsed - before < 400 * 1024 * 1024);
  events += reader.end().steps.length;
  assert(events >= 280_000, String(events));
});
