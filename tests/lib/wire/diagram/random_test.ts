/** Whatever the events are, and in whatever order, the picture is well-formed. */
import { assert, assertEquals } from "@std/assert";
import type { WireCall, WireEvent } from "../../../../lib/wire/event.ts";
import { drawDiagram } from "../../../../lib/wire/diagram/draw.ts";
import { NARROW, planOf, WIDE } from "../../../../lib/wire/diagram/layout.ts";
import { chance } from "../../../support/chance.ts";
import { overlapsIn } from "./labels.ts";
import { HOSTILE, utf8 } from "./samples.ts";
import { diagram } from "./told.ts";
import { isWellFormed, oddIn } from "../../../support/markup.ts";

const CALLS: readonly WireCall[] = [
  ..."resolve listen bind connect accept handshake read writing write receive sending send closeWrite close reset"
    .split(" ") as WireCall[],
  ..."read write receive send read write receive send".split(" ") as WireCall[],
];
/** How many made-up runs are drawn. */
const SEEDS = 120;
const HOSTS = ["127.0.0.1", "0.0.0.0", "::", "::1", "fe80::1%eth0", "::ffff:127.0.0.1", "<b>\ud800"];
const ERRORS = ["ECONNRESET", "ECONNREFUSED", "ETIMEDOUT", "EPIPE", "<script>"];
const SESSION = {
  version: "TLSv1.3",
  cipher: "<i>",
  alpn: "\u202e",
  serverName: null,
  subject: "CN=</text>",
  name: null,
  fingerprint: null,
  refusal: null,
  verified: false,
};

function events(seed: number): WireEvent[][] {
  const whole = chance(seed);
  const next = (): number => whole(2 ** 32) / 2 ** 32;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] ?? never();
  const maybe = <T>(chance: number, value: T): T | undefined => next() < chance ? value : undefined;
  const endpoint = () => ({ hostname: pick(HOSTS), port: pick([0, 1, 2, 65535]) });
  // From microseconds to centuries, and into the past.
  const scale = 10 ** (next() * 16 - 3);
  const event = (): WireEvent => {
    const [error, offered] = [maybe(0.15, pick(ERRORS)), maybe(0.1, 1e9)];
    const bytes = pick([utf8(pick(HOSTILE)), new Uint8Array(), new Uint8Array(200).fill(next() * 256)]);
    return {
      at: (next() - 0.1) * scale,
      transport: pick(["tcp", "udp"]),
      call: pick(CALLS),
      flow: Math.floor(next() * 4),
      local: maybe(0.9, endpoint()) ?? null,
      peer: maybe(0.9, endpoint()) ?? null,
      bytes: maybe(0.8, bytes) ?? null,
      duration: next() * pick([0, 1, scale]),
      ...(error === undefined ? {} : { error }),
      ...(offered === undefined ? {} : { offered }),
      ...(next() < 0.3 ? { session: SESSION, name: pick(HOSTILE), addresses: HOSTS, tls: true } : {}),
    };
  };
  return Array.from({ length: pick([1, 2, 3]) }, () => Array.from({ length: Math.floor(next() * 60) }, event));
}

function never(): never {
  throw new Error("Nothing to pick from");
}

Deno.test("drawDiagram() draws any events, in any order", () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    const svg = drawDiagram(events(seed), { title: "Any" });
    assert(isWellFormed(svg), `seed ${seed}`);
    assertEquals([svg.isWellFormed(), oddIn(svg)], [true, undefined], `seed ${seed}`);
  }
});

Deno.test("no two labels overlap in the pictures of any events", () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    for (const section of diagram(events(seed)).sections) {
      for (const page of [WIDE, NARROW]) assertEquals(overlapsIn(planOf(section, page), page), [], `seed ${seed}`);
    }
  }
});
