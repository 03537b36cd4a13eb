/** Every kind of file and link, with the same datagrams in it. */
import { assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../../../lib/errors.ts";
import { FlowLog, type Step } from "../../../../lib/wire/pcap/flow.ts";
import { CaptureReader, type CaptureSummary } from "../../../../lib/wire/pcap/events.ts";
import {
  block,
  concat,
  described,
  enhanced,
  type FileOptions,
  pcap,
  pcapng,
  section,
  udp,
  Writer,
} from "../../../support/capture_files.ts";
import { START } from "../../../support/wire_events.ts";

const permissions = "none";
const [CLIENT, SERVER] = ["127.0.0.1:40001", "127.0.0.1:12345"];
const [CLIENT6, SERVER6] = ["[fe80::1]:40001", "[fe80::2]:12345"];
const QUESTION = udp(CLIENT, SERVER, "question");
const ANSWER = udp(SERVER, CLIENT, "answer");

/** What a file tells: each call and its text, and the summary. */
function told(file: Uint8Array): { calls: string[]; times: number[]; summary: CaptureSummary } {
  const reader = new CaptureReader({ name: "x.pcap" });
  const steps = [...reader.push(file)];
  const { steps: rest, summary } = reader.end();
  const events = [...steps, ...rest].map(({ event }) => event).filter(({ call }) => call !== "sending");
  const calls = events.map(({ call, bytes }) => `${call} ${new TextDecoder().decode(bytes ?? new Uint8Array())}`);
  return { calls, times: events.map(({ at }) => at - START), summary };
}

const EXPECTED = ["send question", "receive answer"];

for (const little of [true, false]) {
  const order = little ? "little" : "big";
  Deno.test(`pcap with micro- and nanoseconds, ${order}-endian`, { permissions }, () => {
    for (const nano of [false, true]) {
      const { calls, times } = told(pcap([QUESTION, ANSWER], { little, nano }));
      assertEquals([calls, times], [EXPECTED, [0, 1]]);
    }
  });

  Deno.test(`pcapng, ${order}-endian`, { permissions }, () => {
    const { calls, times } = told(pcapng([QUESTION, ANSWER], { little }));
    assertEquals([calls, times], [EXPECTED, [0, 1]]);
  });
}

/** Puts a link's header in front of packets; given the direction as the first bytes of some headers tell it. */
type Frame = (packet: Uint8Array, out: boolean) => Uint8Array;
const be = (...values: number[]): Uint8Array => new Writer(false).u16(...values).done();
const MAC = new Uint8Array(12);
const LINKS: [name: string, link: number, frame: Frame][] = [
  ["raw IP (BSD)", 12, (packet) => packet],
  ["raw IP (OpenBSD)", 14, (packet) => packet],
  ["raw IP", 101, (packet) => packet],
  ["IPv4", 228, (packet) => packet],
  ["Ethernet", 1, (packet) => concat(MAC, be(0x0800), packet)],
  ["Ethernet with padding", 1, (packet) => concat(MAC, be(0x0800), packet, new Uint8Array(20))],
  ["Ethernet with two VLAN tags", 1, (packet) => concat(MAC, be(0x88a8, 5, 0x8100, 7, 0x0800), packet)],
  ["BSD loopback", 0, (packet) => concat(Uint8Array.of(2, 0, 0, 0), packet)],
  ["OpenBSD loopback", 108, (packet) => concat(Uint8Array.of(0, 0, 0, 2), packet)],
  ["Linux cooked", 113, (packet, out) => concat(be(out ? 4 : 0, 1, 6, 0, 0, 0, 0, 0x0800), packet)],
  [
    "Linux cooked 2",
    276,
    (packet, out) => concat(be(0x0800, 0, 0, 1, 1), Uint8Array.of(out ? 4 : 0, 6), new Uint8Array(8), packet),
  ],
];

for (const [name, link, frame] of LINKS) {
  Deno.test(`a capture on ${name}`, { permissions }, () => {
    const packets = [frame(QUESTION, true), frame(ANSWER, false)];
    assertEquals(told(pcap(packets, { link })).calls, EXPECTED);
    assertEquals(told(pcapng(packets, { link })).calls, EXPECTED);
  });
}

Deno.test("IPv6, on Ethernet, loopback and alone", { permissions }, () => {
  const packets = [udp(CLIENT6, SERVER6, "question"), udp(SERVER6, CLIENT6, "answer")];
  const frames: [FileOptions, Frame][] = [
    [{ link: 229 }, (packet) => packet],
    [{ link: 1 }, (packet) => concat(MAC, be(0x86dd), packet)],
    // The number of the family differs between systems.
    [{ link: 0 }, (packet) => concat(Uint8Array.of(30, 0, 0, 0), packet)],
  ];
  for (const [options, frame] of frames) {
    assertEquals(told(pcap(packets.map((packet) => frame(packet, true)), options)).calls, EXPECTED);
  }
});

Deno.test("a packet that `tcpdump -i any` sees twice on loopback is told once", { permissions }, () => {
  const [cooked] = LINKS.filter(([name]) => name === "Linux cooked").map(([, , frame]) => frame);
  const packets = [QUESTION, ANSWER].flatMap((packet) => [true, false].map((out) => cooked?.(packet, out) ?? packet));
  const { calls, summary } = told(pcap(packets, { link: 113 }));
  assertEquals([calls, [...summary.skipped]], [EXPECTED, [["captured twice", 2]]]);
});

Deno.test("sections and interfaces each have their own link, unit and byte order", { permissions }, () => {
  const ns = BigInt(START) * 1_000_000n;
  const file = concat(
    section(),
    described({ link: 1 }),
    described({}, { resolution: 9 }),
    enhanced(QUESTION, { on: 1, time: ns + 1_250_000n }),
    enhanced(concat(MAC, be(0x0800), ANSWER), { on: 0, time: BigInt(START) * 1000n + 2000n }),
    section(false),
    // 2^-10 s.
    described({ little: false }, { resolution: 0x8a }),
    enhanced(udp(CLIENT, SERVER, "again"), { little: false, time: BigInt(START / 1000) * 1024n + 512n }),
  );
  const { calls, times } = told(file);
  assertEquals(calls, [...EXPECTED, "send again"]);
  assertEquals(times, [1.25, 2, 500]);
});

Deno.test("simple and old packets, and blocks that nobody knows", { permissions }, () => {
  const little = new Writer(true);
  const old = little.u16(0, 0).u32(
    ...[BigInt(START) * 1000n].flatMap((us) => [Number(us >> 32n), Number(us & 0xffffffffn)]),
  )
    .u32(QUESTION.length, QUESTION.length).padded(QUESTION).done();
  const file = concat(
    section(),
    block(true, 0x0bad0bad, new Uint8Array(8)),
    described({}, { snap: ANSWER.length }),
    block(true, 2, old),
    block(true, 3, new Writer(true).u32(ANSWER.length).padded(ANSWER).done()),
    block(true, 0x40000bad, new Uint8Array(20)),
  );
  assertEquals(told(file).calls, EXPECTED);
});

Deno.test("what carries no TCP or UDP is skipped, counted by its reason", { permissions }, () => {
  const arp = concat(MAC, be(0x0806), new Uint8Array(28));
  const icmp = QUESTION.slice();
  icmp[9] = 1;
  const short = QUESTION.slice(0, 10);
  const frame = (packet: Uint8Array): Uint8Array => concat(MAC, be(0x0800), packet);
  const { calls, summary } = told(pcap([arp, frame(icmp), frame(short), frame(QUESTION)], { link: 1 }));
  assertEquals(calls, ["send question"]);
  assertEquals([...summary.skipped], [["without a whole IP header", 2], ["of ICMP", 1]]);
  assertEquals([...told(pcap([arp], { link: 147 })).summary.skipped], [["on a link of type 147", 1]]);
});

Deno.test("a packet's comments are told where they are wanted, up to a number", { permissions }, () => {
  const comment = new Writer(true).u16(1, 3).padded(new TextEncoder().encode("abc")).done();
  const options = concat(...Array<Uint8Array>(200).fill(comment));
  const file = concat(section(), described(), enhanced(QUESTION, { options }));
  for (const [comments, expected] of [[false, 0], [true, 100]] as const) {
    const remarks = new CaptureReader({ comments }).push(file).flatMap((step) => step.remarks);
    assertEquals(remarks.length, expected);
    assertEquals(new Set(remarks.map(({ text }) => text)), new Set(comments ? ["abc"] : []));
  }
});

Deno.test("the comments that wait for an event of their flow are limited", { permissions }, () => {
  const steps: Step[] = [];
  const [local, peer] = [{ hostname: "192.0.2.1", port: 1 }, { hostname: "192.0.2.2", port: 2 }];
  const log = new FlowLog(1, { local, peer, isClient: true, outward: true }, "tcp", steps);
  for (let packet = 0; packet < 10_000; packet++) log.remark("data", packet, "an acknowledgement, which is no event");
  log.add("close", 10_000, null);
  log.add("close", 10_001, null);
  assertEquals(steps.map(({ remarks }) => remarks.length), [100, 0]);
});

Deno.test("no event of a flow is earlier than the one before it", { permissions }, () => {
  const at = (ms: number) => ({ time: BigInt(START + ms) * 1000n });
  const file = concat(
    section(),
    described(),
    enhanced(QUESTION, at(5)),
    enhanced(ANSWER, at(2)),
    enhanced(QUESTION, at(9)),
  );
  assertEquals(told(file).times, [5, 5, 9]);
});

Deno.test("a file that is cut anywhere tells what comes before, and says that it is cut", { permissions }, () => {
  for (const whole of [pcap([QUESTION, ANSWER]), pcapng([QUESTION, ANSWER])]) {
    const counts = new Set<string>();
    for (let length = 1; length < whole.length; length++) {
      const { calls, summary } = told(whole.slice(0, length));
      assertEquals(calls, EXPECTED.slice(0, calls.length));
      counts.add(`${calls.length} ${summary.cut}`);
    }
    assertEquals([...counts].filter((count) => count.endsWith("true")), ["0 true", "1 true"]);
  }
});

Deno.test(
  "a file that breaks its format is refused with the place, after what comes before it",
  { permissions },
  () => {
    const good = pcapng([QUESTION]);
    const broken: [Uint8Array, string][] = [
      [new Uint8Array(), "it is empty"],
      [new TextEncoder().encode("GET / HTTP/1.1"), "it is neither pcapng nor pcap"],
      [concat(good, new Uint8Array(12)), `a block of 0 bytes, at byte ${good.length}`],
      [concat(good, new Writer(true).u32(6, 0x7ffffff0, 0).done()), "a block of 2147483632 bytes"],
      [concat(good, block(true, 6, new Uint8Array(4))), `a block of only 16 bytes, at byte ${good.length}`],
      [
        concat(good, enhanced(QUESTION, { on: 7 })),
        `a packet of interface 7, which is not described, at byte ${good.length}`,
      ],
      [
        concat(good, block(true, 6, new Writer(true).u32(0, 0, 0, 999, 999).done())),
        "a packet of 999 bytes in a shorter block",
      ],
      [concat(good, new Writer(true).u32(5, 16, 0, 20).done()), "a block whose two lengths differ"],
      [
        concat(good, block(true, 1, new Writer(true).u16(101, 0).u32(0).u16(2, 99).done())),
        "an option that is longer than its block",
      ],
      [concat(good, block(true, 0x0a0d0d0a, new Uint8Array(16))), "a section in no known byte order"],
      [new Writer(true).u32(0xa1b2c3d4).u16(3, 0).u32(0, 0, 0, 1).done(), "version 3, of which only 2 is known"],
      [concat(pcap([]), new Writer(true).u32(0, 0, 0x7fffffff, 0).done()), "a packet of 2147483647 bytes"],
    ];
    for (const [file, why] of broken) {
      const reader = new CaptureReader({ name: "x.pcap" });
      const { length } = reader.push(file);
      assertEquals(length, file.length > good.length && file[0] === 0x0a ? 2 : 0);
      assertThrows(() => reader.end(), ProtocolError, `Cannot read x.pcap: ${why}`);
    }
  },
);
