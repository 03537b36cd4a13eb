/** TCP in captures that others made: segments as networks deliver them, and what a capture lacks. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Role } from "../../../../lib/events.ts";
import { Flag, MAX_SEGMENT } from "../../../../lib/wire/formats.ts";
import { routeOf } from "../../../../lib/wire/pcap/route.ts";
import { Fragments } from "../../../../lib/wire/pcap/fragments.ts";
import { type IpPacket, readIp } from "../../../../lib/wire/pcap/ip.ts";
import { Stream } from "../../../../lib/wire/pcap/stream.ts";
import { TcpConnection, type TcpPacket } from "../../../../lib/wire/pcap/tcp.ts";
import { START } from "../../../support/wire_events.ts";
import { CaptureReader, type Step } from "../../../../lib/wire/pcap/events.ts";
import { concat, ipPacket, pcap, Writer } from "../../../support/capture_files.ts";

const permissions = "none";
const [CLIENT, SERVER] = ["192.0.2.1:40001", "192.0.2.2:80"];
const { syn, ack, fin, rst, psh } = Flag;

/** Segments with sequence numbers relative to each side's SYN, which are near 2^32: they wrap. */
class Talk {
  readonly packets: Uint8Array[] = [];
  readonly #first: Record<"c" | "s", number>;

  constructor(first = { c: 2 ** 32 - 5, s: 2 ** 32 - 3 }) {
    this.#first = first;
  }

  /** Adds a segment of the client or the server. */
  segment(from: "c" | "s", flags: number, seq: number, acknowledged: number, data = ""): this {
    const [ends, other] = from === "c"
      ? [[CLIENT, SERVER] as const, "s" as const]
      : [[SERVER, CLIENT] as const, "c" as const];
    const of = (side: "c" | "s", number: number): number => (this.#first[side] + number) >>> 0;
    const tcp = { seq: of(from, seq), ack: (flags & ack) === 0 ? 0 : of(other, acknowledged), flags };
    this.packets.push(ipPacket(...ends, tcp, data));
    return this;
  }

  /** The three-way handshake. */
  open(): this {
    return this.segment("c", syn, 0, 0).segment("s", syn | ack, 0, 1).segment("c", ack, 1, 1);
  }

  data(from: "c" | "s", seq: number, data: string, acknowledged = 1): this {
    return this.segment(from, psh | ack, seq, acknowledged, data);
  }
}

const text = (bytes: Uint8Array | null): string => bytes === null ? "" : ` ${new TextDecoder().decode(bytes)}`;

function stepsOf({ packets }: Talk, as?: Role): readonly Step[] {
  const reader = new CaptureReader(as === undefined ? {} : { as });
  return [...reader.push(pcap(packets)), ...reader.end().steps];
}

/** The calls with their bytes and errors. A write is told as it is issued and as it returns; the first is left out. */
function told(talk: Talk, as?: Role): string[] {
  return stepsOf(talk, as).map(({ event }) => event).filter(({ call }) => call !== "writing")
    .map(({ call, bytes, error }) => `${call}${text(bytes)}${error === undefined ? "" : ` ${error}`}`);
}

/** What is said about gaps. */
const gaps = (talk: Talk): string[] => stepsOf(talk).flatMap(({ remarks }) => remarks.map((remark) => remark.text));

const greeting = (): Talk => new Talk().open().data("c", 1, "hello").data("s", 1, "world", 6);

Deno.test("a connection is told as its client saw it, or as its server did", { permissions }, () => {
  const talk = greeting().segment("c", fin | ack, 6, 6).segment("s", ack, 6, 7).segment("s", fin | ack, 6, 7);
  assertEquals(told(talk), ["connect", "write hello", "read world", "closeWrite", "read", "close"]);
  assertEquals(told(talk, "server"), ["accept", "read hello", "write world", "read", "close"]);
});

Deno.test("segments that come late are put in order, one call each", { permissions }, () => {
  const talk = new Talk().open().data("s", 7, "c").data("s", 4, "bbb").data("s", 1, "aaa");
  assertEquals(told(talk), ["connect", "read aaa", "read bbb", "read c"]);
  assertEquals(gaps(talk), []);
});

Deno.test("repeated bytes are told once, also where segments overlap", { permissions }, () => {
  const talk = new Talk().open().data("s", 1, "abc").data("s", 1, "abc").data("s", 2, "bcde").data("s", 1, "a").data(
    "s",
    4,
    "d",
  );
  assertEquals(told(talk), ["connect", "read abc", "read de"]);
});

Deno.test(
  "bytes that the receiver has and the capture lacks are a gap, told with the next event",
  { permissions },
  () => {
    const talk = new Talk().open().data("s", 1, "abc").data("s", 9, "xyz").segment("c", ack, 1, 12).data("s", 12, "!");
    assertEquals(told(talk), ["connect", "read abc", "read xyz", "read !"]);
    assertEquals(gaps(talk), ["The capture lacks 5 bytes that the peer sent here"]);
    const [, , step] = stepsOf(talk);
    assertEquals(step?.event.at, START + 5, "told when it was acknowledged, not at the end");
  },
);

Deno.test("what is never acknowledged is told at the end", { permissions }, () => {
  const talk = new Talk().open().data("s", 5, "later");
  assertEquals(told(talk), ["connect", "read later"]);
  assertEquals(gaps(talk), ["The capture lacks 4 bytes that the peer sent here"]);
});

Deno.test("a stream of segments whose first is lost is kept only up to a limit", { permissions }, () => {
  const talk = new Talk().open();
  for (let count = 0; count < 1100; count++) talk.data("s", 2 + count, "x");
  assertEquals(gaps(talk).length, 1);
  const told = new CaptureReader().push(pcap(talk.packets)).filter(({ event }) => event.call === "read");
  assertEquals(told.length, 1100, "told before the file ends");
});

Deno.test("all streams together keep only so much", { permissions }, () => {
  const budget = { left: 3000 };
  const segment = (seq: number) => ({
    at: 0,
    seq,
    payload: new Uint8Array(1000),
    length: 1000,
    flags: 0,
    fin: false,
    comments: [],
  });
  const streams = [1, 2, 3].map(() => {
    const stream = new Stream(budget);
    stream.begin(0);
    return stream;
  });
  assertEquals(streams.map((stream) => stream.arrive(segment(5)).length), [0, 0, 1]);
  assertEquals(budget.left, 3000 - 2 * 1200);
  for (const stream of streams) stream.flush(0);
  assertEquals(budget.left, 3000);
});

Deno.test("a write in one of our captures is joined from its segments only up to a limit", { permissions }, () => {
  const budget = { left: 200_000 };
  const steps: Step[] = [];
  const frame = {
    at: 0,
    link: 101,
    data: new Uint8Array(),
    direction: "out",
    comments: [],
    ours: true,
    tls: false,
  } as const;
  const packet = (seq: number): TcpPacket => {
    const length = MAX_SEGMENT;
    const ip = readIp(ipPacket(CLIENT, SERVER, { seq, ack: 0, flags: ack }));
    if (ip === null) throw new Error("It is an IP packet");
    const segment = { at: 0, seq, payload: new Uint8Array(length), length, flags: ack, fin: false, comments: [] };
    return { frame, direction: "out", route: routeOf(ip, 40_001, 80), segment, ack: 0 };
  };
  const connection = new TcpConnection(1, packet(0), { as: null, comments: false, budget, steps });
  for (let count = 0; count < 4; count++) connection.packet(packet(count * MAX_SEGMENT));
  assertEquals(steps.map(({ event }) => `${event.call} ${event.bytes?.length}`), [`writing ${4 * MAX_SEGMENT}`]);
  assertEquals(budget.left, 200_000);
});

Deno.test("the end of a stream waits for its bytes", { permissions }, () => {
  const talk = new Talk().open().segment("s", fin | ack, 4, 1).data("s", 1, "abc");
  assertEquals(told(talk), ["connect", "read abc", "read"]);
  const together = new Talk().open().segment("s", fin | psh | ack, 1, 1, "bye");
  assertEquals(told(together), ["connect", "read bye", "read"]);
});

Deno.test("resets of either side", { permissions }, () => {
  assertEquals(told(greeting().segment("s", rst, 6, 6)).slice(-2), ["read ECONNRESET", "close"]);
  assertEquals(told(greeting().segment("c", rst | ack, 6, 6)).slice(-2), ["reset", "close"]);
  assertEquals(told(greeting().segment("c", rst | ack, 6, 6), "server").slice(-2), ["read ECONNRESET", "close"]);
});

Deno.test("connections that are refused, or get no answer", { permissions }, () => {
  const refused = new Talk().segment("c", syn, 0, 0).segment("s", rst | ack, 0, 1);
  assertEquals(told(refused), ["connect ECONNREFUSED"]);
  assertEquals(told(refused, "server"), []);
  const silent = new Talk().segment("c", syn, 0, 0).segment("c", syn, 0, 0).segment("c", syn, 0, 0);
  assertEquals(told(silent), ["connect ETIMEDOUT"]);
  assertEquals(stepsOf(silent).map(({ event }) => event.duration), [2]);
});

Deno.test("the same ports again are another connection", { permissions }, () => {
  const [one, other] = [greeting(), new Talk({ c: 777, s: 999 }).open().data("c", 1, "again")];
  const both = { packets: [...one.packets, ...other.packets] } as Talk;
  assertEquals(stepsOf(both).map(({ event }) => event.flow), [1, 1, 1, 1, 2, 2, 2]);
  assertEquals(told(both).slice(-2), ["connect", "write again"]);
});

Deno.test("a capture that begins in the middle takes the higher port for the client's", { permissions }, () => {
  const talk = new Talk().data("s", 100, "world").data("c", 50, "hello");
  assertEquals(told(talk), ["read world", "write hello"]);
  assertEquals(told(talk, "server"), ["write world", "read hello"]);
});

Deno.test("packets whose end the capture left out have a gap", { permissions }, () => {
  const talk = new Talk().open().data("s", 1, "abcdefgh").data("s", 9, "!");
  talk.packets[3] = (talk.packets[3] ?? new Uint8Array()).slice(0, 43);
  assertEquals(told(talk), ["connect", "read abc", "read !"]);
  assertMatch(gaps(talk).join(), /^The capture lacks 5 bytes/);
});

Deno.test("bytes in a SYN (TCP Fast Open, RFC 7413) are bytes of the stream", { permissions }, () => {
  const talk = new Talk().segment("c", syn, 0, 0, "early").segment("s", syn | ack, 0, 6).data("c", 6, "late");
  assertEquals(told(talk, "server"), ["accept", "read early", "read late"]);
});

/** Cuts an IPv4 packet in two. */
function fragments(packet: Uint8Array, at: number): Uint8Array[] {
  const [head, body] = [packet.slice(0, 20), packet.slice(20)];
  const piece = (from: number, to: number, more: boolean): Uint8Array => {
    const header = head.slice();
    const view = new DataView(header.buffer);
    view.setUint16(2, 20 + to - from);
    view.setUint16(6, (from / 8) | (more ? 0x2000 : 0));
    return concat(header, body.slice(from, to));
  };
  return [piece(0, at, true), piece(at, body.length, false)];
}

Deno.test("the fragments of a datagram are put together, in any order", { permissions }, () => {
  const whole = ipPacket(CLIENT, SERVER, null, "a datagram in two fragments");
  const pieces = fragments(whole, 16);
  for (const packets of [pieces, pieces.toReversed()]) {
    assertEquals(told({ packets } as Talk).slice(-1), ["send a datagram in two fragments"]);
  }
  const reader = new CaptureReader();
  reader.push(pcap(pieces.slice(1)));
  assertEquals([...reader.end().summary.skipped], [["in fragments, of which some are missing", 1]]);
});

/** A fragment of a datagram of 24 bytes and its header. */
function fragment(id: number, offset: number, length: number, more: boolean): IpPacket {
  const ip = { from: Uint8Array.of(1, 2, 3, 4), to: Uint8Array.of(5, 6, 7, 8), protocol: 17 };
  return { ...ip, payload: new Uint8Array(length), length, fragment: { id, offset, more } };
}

Deno.test("fragments that overlap, or together are too long, make no packet", { permissions }, () => {
  const fragments = new Fragments();
  assertEquals(fragments.add(fragment(1, 0, 16, true)), null);
  assertEquals(fragments.add(fragment(1, 8, 16, false)), null);
  assertEquals(fragments.lost, 1);
  for (let offset = 0; offset < 16; offset += 8) fragments.add(fragment(2, offset, 65_000, true));
  assertEquals(fragments.lost, 2);
  assertEquals(fragments.add(fragment(2, 65_000, 8, false)), null, "given up, not kept");
  assertEquals(fragments.lost, 3);
  assertEquals(fragments.add(fragment(3, 65_528, 16, false)), null, "beyond the end of any packet");
  assertEquals(fragments.lost, 3);
});

Deno.test("only so many packets wait for their fragments", { permissions }, () => {
  const fragments = new Fragments();
  for (let id = 0; id < 100; id++) fragments.add(fragment(id, 0, 16, true));
  assertEquals(fragments.lost, 100);
  assertEquals(fragments.add(fragment(99, 16, 8, false))?.length, 24);
  assertEquals(fragments.add(fragment(1, 16, 8, false)), null, "the oldest has given way");
});

Deno.test("IPv6 with extension headers, and in fragments", { permissions }, () => {
  const whole = ipPacket("[2001:db8::1]:5", "[2001:db8::2]:6", null, "over IPv6, with extensions");
  const [head, body] = [whole.slice(0, 40), whole.slice(40)];
  /** A packet whose first header after IPv6's has this number. */
  const packet = (next: number, ...parts: Uint8Array[]): Uint8Array => {
    const rest = concat(...parts);
    const header = head.slice();
    header[6] = next;
    new DataView(header.buffer).setUint16(4, rest.length);
    return concat(header, rest);
  };
  const hops = Uint8Array.of(60, 0, 1, 4, 0, 0, 0, 0);
  const options = Uint8Array.of(17, 0, 1, 4, 0, 0, 0, 0);
  const extended = packet(0, hops, options, body);
  const fragment = (from: number, to: number, more: boolean): Uint8Array =>
    packet(
      44,
      new Writer(false).bytes(Uint8Array.of(17, 0)).u16(from | (more ? 1 : 0)).u32(99).done(),
      body.slice(from, to),
    );
  for (const packets of [[extended], [fragment(24, 99, false), fragment(0, 24, true)]]) {
    assertEquals(told({ packets } as Talk).slice(-1), ["send over IPv6, with extensions"]);
  }
});

/** The ICMP message of a router, or of a host, that a packet did not arrive. */
function unreachable(lost: Uint8Array, code: number): Uint8Array {
  const v6 = (lost[0] ?? 0) >> 4 === 6;
  const head = v6 ? lost.slice(0, 40) : lost.slice(0, 20);
  const body = concat(Uint8Array.of(v6 ? 1 : 3, code, 0, 0, 0, 0, 0, 0), lost.slice(0, head.length + 8));
  head[v6 ? 6 : 9] = v6 ? 58 : 1;
  new DataView(head.buffer).setUint16(v6 ? 4 : 2, body.length + (v6 ? 0 : 20));
  return concat(head, body);
}

Deno.test("an ICMP message tells the sender why a datagram or a SYN did not arrive", { permissions }, () => {
  for (const [from, to, code] of [[CLIENT, SERVER, 3], ["[2001:db8::1]:5", "[2001:db8::2]:6", 4]] as const) {
    const datagram = ipPacket(from, to, null, "anybody?");
    const packets = [datagram, unreachable(datagram, code)];
    assertEquals(told({ packets } as Talk).slice(1), ["send anybody?", "receive ECONNREFUSED"]);
    assertEquals(told({ packets } as Talk, "server"), ["receive anybody?"]);
    const [opening = new Uint8Array()] = new Talk().segment("c", syn, 0, 0).packets;
    const failed = [opening, unreachable(opening, 1)];
    assertEquals(told({ packets: failed } as Talk), ["connect EHOSTUNREACH"]);
  }
  const reader = new CaptureReader();
  reader.push(pcap([unreachable(ipPacket(CLIENT, SERVER, null, "of no flow"), 3)]));
  assertEquals([...reader.end().summary.skipped], [["of ICMP", 1]]);
});

Deno.test("an IPv4 header with options", { permissions }, () => {
  const whole = ipPacket(CLIENT, SERVER, null, "options");
  const header = concat(whole.slice(0, 20), Uint8Array.of(1, 1, 1, 1));
  header[0] = 0x46;
  new DataView(header.buffer).setUint16(2, whole.length + 4);
  assertEquals(told({ packets: [concat(header, whole.slice(20))] } as Talk).slice(-1), ["send options"]);
});
