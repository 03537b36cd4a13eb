/**
 * `lib/wire/pcap/`: capture files of any program; and `lib/wire/capture/`, whose files it must read again.
 *
 * @module
 */
import { ProtocolError } from "../../../lib/errors.ts";
import { readIp } from "../../../lib/wire/pcap/ip.ts";
import { CaptureReader, type CaptureSummary, type Step } from "../../../lib/wire/pcap/events.ts";
import type { WireEvent } from "../../../lib/wire/event.ts";
import {
  concat,
  described,
  enhanced,
  ipPacket,
  pcap as pcapFile,
  pcapng,
  section,
  Writer,
} from "../../support/capture_files.ts";
import { encodeCapture } from "../../support/encode_capture.ts";
import { Wire } from "../../support/wire_events.ts";
import type { Draw } from "../engine/draw.ts";
import { holds, same, sameForAllSplits, type Target } from "../engine/target.ts";

/** What a file tells: the steps, and the end or why it cannot be read. */
interface Told {
  readonly steps: readonly unknown[];
  readonly summary: CaptureSummary | null;
  readonly error: string;
}

function told(pieces: readonly Uint8Array[], as: "server" | null): Told {
  const reader = new CaptureReader({ name: "x", comments: true, ...(as === null ? {} : { as }) });
  const steps: Step[] = [];
  let summary: CaptureSummary | null = null;
  let error = "";
  try {
    // It keeps the memory of what it is given.
    for (const piece of pieces) steps.push(...reader.push(piece.slice()));
    const end = reader.end();
    steps.push(...end.steps);
    summary = end.summary;
  } catch (thrown) {
    if (!(thrown instanceof ProtocolError)) throw thrown;
    error = thrown.message;
    holds(/^Cannot read x: [^\n]+$/.test(error), "an error says why the file cannot be read", () => error);
  }
  const shown = steps.map(({ event, ...rest }) => ({
    ...rest,
    event: { ...event, bytes: event.bytes?.slice() ?? null },
  }));
  return { steps: shown, summary, error };
}

function checkSteps(steps: readonly Step[], size: number): void {
  let bytes = 0;
  for (const { event } of steps) {
    const { call, transport, flow, peer, local } = event;
    holds(Number.isFinite(event.at), "a time is a number", () => String(event.at));
    holds(flow > 0, "a call has a flow", () => call);
    for (const end of [peer, local]) {
      if (end === null) continue;
      holds(Number.isInteger(end.port) && end.port >= 0 && end.port <= 65_535, "a port is one", () => String(end.port));
      holds(/^[\da-f.:]+$/.test(end.hostname), "an address is one", () => end.hostname);
    }
    holds(transport === "tcp" || transport === "udp", "a transport is one");
    bytes += event.bytes?.length ?? 0;
  }
  // A write is told twice: as it is issued, and as it returns.
  holds(bytes <= 2 * size, "no more bytes are told than the file has", () => `${bytes} of ${size}`);
}

/** Makes a conversation of the input, writes it as `--capture` does, and reads it again. */
function checkRoundTrip(input: Uint8Array): void {
  const wire = new Wire().call(1, "connect", null, { duration: 0.125 });
  for (let at = 0; at < Math.min(input.length, 60);) {
    const kind = (input[at] ?? 0) % 5;
    const data = input.slice(at + 1, at + 2 + (input[at + 1] ?? 0) % 40);
    at += 1 + data.length;
    if (data.length === 0) break;
    if (kind < 2) wire.write(1, data);
    else if (kind < 4) wire.call(1, "read", data);
    else wire.receive(2, data);
  }
  wire.finish(1);
  const steps = new CaptureReader({ name: "x" });
  const read = [...steps.push(encodeCapture(wire.events, { app: "x" })), ...steps.end().steps].map(({ event }) =>
    event
  );
  const shown = (events: readonly WireEvent[]): string[] =>
    events.map(({ flow, call, bytes }) => `${flow} ${call} ${bytes?.toHex() ?? ""}`);
  // The numbers of flows count from the first packet.
  same(shown(read), shown(wire.events.map(({ event }) => event)), "a capture that was written is read as it was");
}

function checkSummary(summary: CaptureSummary | null): void {
  if (summary === null) return;
  const { missing, packets, skipped } = summary;
  holds(missing >= 0, "no less than nothing is missing", () => String(missing));
  const unread = [...skipped.values()].reduce((sum, count) => sum + count, 0);
  holds(unread <= packets, "no more packets are skipped than there are", () => `${unread} of ${packets}`);
}

/** The input as a packet, alone and after the beginning of a connection. */
function checkPacket(input: Uint8Array): void {
  const packet = input.subarray(0, 2000);
  const ip = readIp(packet);
  if (ip === null) return;
  const { payload, length, from, to } = ip;
  holds(
    length >= 0 && payload.length <= length,
    "a packet has no more than its length",
    () => `${payload.length} of ${length}`,
  );
  holds(from.length === to.length && [4, 16].includes(from.length), "an address has 4 or 16 bytes");
  const { steps, summary, error } = told([pcapng([...OPENING, packet])], null);
  same(error, "", "whatever a packet holds, the file can be read");
  checkSteps(steps as Step[], packet.length);
  checkSummary(summary);
  for (const { event } of steps as Step[]) {
    holds(event.bytes === null || event.bytes.length <= length, "a call has no more bytes than the packet says");
  }
}

function seeds(): Uint8Array[] {
  const wire = new Wire().call(1, "connect").write(1, "hello\n").call(1, "read", "hi\n").receive(2, "datagram").finish(
    1,
  ).call(3, "accept")
    .call(3, "read", null, { error: "ECONNRESET" });
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
    concat(new Uint8Array(12), Uint8Array.of(...(packet[0] === 0x45 ? [8, 0] : [0x86, 0xdd])), packet)
  );
  return [
    encodeCapture(wire.events, { app: "x" }),
    pcapng(packets),
    pcapng(packets, { little: false }),
    pcapng(ethernet, { link: 1 }),
    pcapFile(packets, { little: false, nano: true }),
    pcapFile(ethernet, { link: 1 }),
    concat(section(), described({}, { resolution: 9, snap: 64 }), enhanced(packets[0] ?? new Uint8Array())),
  ];
}

const [ONE, OTHER] = ["192.0.2.1:80", "192.0.2.2:1000"];
const OPENING = [
  ipPacket(OTHER, ONE, { seq: 100, ack: 0, flags: 2 }),
  ipPacket(ONE, OTHER, { seq: 500, ack: 101, flags: 18 }),
];
/** Packets that go on with it. */
const PACKETS = [
  ipPacket(OTHER, ONE, { seq: 101, ack: 501, flags: 24 }, "hello"),
  ipPacket(ONE, OTHER, { seq: 501, ack: 106, flags: 17 }, "bye"),
  ipPacket(OTHER, ONE, null, "udp"),
  ipPacket("[2001:db8::1]:1000", "[2001:db8::2]:80", { seq: 1, ack: 0, flags: 2 }),
];

function make(draw: Draw): Uint8Array {
  if (draw.happens(0.4)) {
    const packet = draw.pick(PACKETS).slice();
    for (let left = draw.between(1, 3); left > 0; left--) {
      packet[draw.below(Math.min(packet.length, 44))] = draw.pick([
        0,
        1,
        15,
        19,
        20,
        0x40,
        0x4f,
        0x60,
        0xf0,
        255,
        draw.below(256),
      ]);
    }
    return packet;
  }
  const little = draw.happens(0.5);
  const port = (): string => `192.0.2.${draw.between(1, 2)}:${draw.pick([80, 1000])}`;
  const packets = Array.from({ length: draw.between(1, 5) }, () => {
    const data = "x".repeat(draw.size(draw.happens(0.1) ? 200 : 12));
    if (draw.happens(0.2)) return ipPacket(port(), port(), null, data);
    const flags = draw.pick([2, 18, 16, 24, 24, 24, 17, 4, 20, 0]);
    return ipPacket(port(), port(), {
      seq: draw.pick([0, 1, 100, 101, 2 ** 32 - 1, draw.below(300)]),
      ack: draw.below(300),
      flags,
    }, data);
  });
  const kind = draw.below(5);
  if (kind === 0) return pcapng(packets, { little });
  if (kind === 1) return pcapFile(packets, { little, nano: draw.happens(0.5) });
  if (draw.happens(0.8)) {
    return concat(section(little), described({ little }), ...packets.map((packet) => odd(draw, packet, little)));
  }
  return concat(
    section(little),
    described({ little }, { resolution: draw.below(256), snap: draw.size(300) }),
    ...packets.map((packet) => enhanced(packet, { little, time: BigInt(draw.below(2 ** 32)) << 31n })),
  );
}

/** A packet with a comment, of which a length may be wrong. */
function odd(draw: Draw, packet: Uint8Array, little: boolean): Uint8Array {
  const wrong = draw.below(4);
  if (wrong === 2) {
    // Less of it is there than it says.
    const cut = enhanced(packet.subarray(0, draw.between(20, packet.length)), { little });
    new DataView(cut.buffer).setUint32(20, packet.length, little);
    return cut;
  }
  const comment = draw.size(30);
  const options = new Writer(little).u16(1, wrong === 0 ? comment + draw.between(1, 60) : comment).padded(
    new Uint8Array(comment).fill(99),
  );
  const block = enhanced(packet, { little, options: options.u32(0).done() });
  // Where the number of captured bytes is.
  if (wrong === 1) new DataView(block.buffer).setUint32(20, packet.length + draw.between(-9, 90), little);
  return block;
}

export const pcap: Target = {
  name: "pcap",
  what: "captures of any program, pcapng and pcap; our own captures are read as they were written",
  max: 100_000,
  seeds: [...seeds(), ...PACKETS],
  words: [
    "\x0a\x0d\x0d\x0a",
    "\x4d\x3c\x2b\x1a",
    "\x1a\x2b\x3c\x4d",
    "\x06\0\0\0",
    "\x01\0\0\0",
    "\x03\0\0\0",
    "\x05\0\0\0",
    "\x0c\0\0\0",
    "\0\0\0\0",
    "\xff\xff\xff\xff",
    "E\0",
    "\x60\0\0\0",
  ],
  make,
  check(input) {
    const whole = sameForAllSplits(input, (pieces) => told(pieces, null));
    checkPacket(input);
    checkSummary(whole.summary);
    checkSteps(whole.steps as Step[], input.length);
    checkSteps(told([input.slice()], "server").steps as Step[], input.length);
    checkRoundTrip(input);
  },
};
