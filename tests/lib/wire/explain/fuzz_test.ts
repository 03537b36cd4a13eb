/** Calls in any order with any bytes: nothing throws, and what is said stays short and few. */
import { assert } from "@std/assert";
import { encodeText } from "../../../../lib/text.ts";
import type { WireCall, WireEvent } from "../../../../lib/wire/event.ts";
import { Explainer } from "../../../../lib/wire/explain/explainer.ts";
import { chance } from "../../../support/chance.ts";

const CALLS: readonly WireCall[] = [
  "resolve",
  "listen",
  "bind",
  "connect",
  "accept",
  "handshake",
  "read",
  "read",
  "read",
  "writing",
  "write",
  "receive",
  "receive",
  "sending",
  "send",
  "closeWrite",
  "close",
  "reset",
];
const ERRORS = [
  "ECONNRESET",
  "EPIPE",
  "BadResource",
  "ECONNREFUSED",
  "EMSGSIZE",
  "x".repeat(50),
  "\x1b[31m",
  "__proto__",
];
const TEXTS = [
  "",
  "a",
  "\n",
  "\r\n",
  "GET / HTTP/1.1\r\n",
  "Content-Length: 99999999999999\r\n",
  "Transfer-Encoding: chunked\r\n\r\n",
  "fffffffffffffffff\r\n",
  "0\r\n\r\n",
  "HTTP/1.1 200 OK\r\n",
  "ping 1",
  "ping 2",
  "ping 99999999999999999999",
  "\0\0\0\0",
  "é",
  "\xff\xfa",
  "Ada: 99999999999999999999",
];

function bytesOf(random: (below: number) => number): Uint8Array | null {
  switch (random(5)) {
    case 0:
      return null;
    case 1:
      return Uint8Array.from({ length: random(40) }, () => random(256));
    case 2:
      return new Uint8Array(random(20_000)).fill(random(256));
    default:
      return encodeText(Array.from({ length: random(4) }, () => TEXTS[random(TEXTS.length)] ?? "").join("")).subarray(
        0,
        random(60),
      );
  }
}

function eventOf(random: (below: number) => number, at: number): WireEvent {
  const endpoint = () =>
    random(5) === 0 ? null : { hostname: ["127.0.0.1", "::1", "0.0.0.0", "odd\x1b"][random(4)] ?? "", port: random(4) };
  return {
    at,
    transport: random(2) === 0 ? "tcp" : "udp",
    call: CALLS[random(CALLS.length)] ?? "read",
    flow: random(5),
    local: endpoint(),
    peer: endpoint(),
    bytes: bytesOf(random),
    duration: random(200),
    ...(random(3) === 0 ? { offered: random(30_000) } : {}),
    ...(random(6) === 0 ? { error: ERRORS[random(ERRORS.length)] ?? "" } : {}),
    ...(random(4) === 0 ? { name: TEXTS[random(TEXTS.length)] ?? "", addresses: ["::1", "127.0.0.1"] } : {}),
  };
}

Deno.test("random calls never throw, and remarks stay short and few", { permissions: "none" }, () => {
  for (let seed = 1; seed <= 150; seed++) {
    const random = chance(seed);
    const options = {
      role: random(2) === 0 ? "client" : "server",
      live: random(2) === 0,
      person: random(4) === 0,
    } as const;
    const explainer = new Explainer(options);
    let at = 0;
    for (let step = 0; step < 400; step++) {
      at += random(20) === 0 ? random(3000) : random(3) - 0.5;
      const remarks = random(10) === 0 ? explainer.silence(at) : explainer.explain(eventOf(random, at));
      assert(remarks.length <= 30, `seed ${seed}: ${remarks.length} remarks`);
      for (const { text, why = "" } of remarks) {
        assert(text.length <= 400 && why.length <= 400 && !text.includes("\n"), `seed ${seed}: ${text}`);
        assert(!/undefined|NaN|\[object/.test(text), `seed ${seed}: ${text}`);
      }
    }
  }
});
