/**
 * What faulty clients do to servers of HTTP and WebSocket. Pure.
 *
 * @module
 */
import type { Chance } from "../../../lib/faults/chance.ts";
import { noise } from "../noise.ts";
import { type Kind, read, send, type Step, wait } from "./fault.ts";

/** How a WebSocket is opened (RFC 6455 4.1); both servers have one. */
function opening(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
}

/** Frames that RFC 6455 forbids: reserved bits, an unknown opcode, no mask, a long ping, a length that is not minimal or absurd. */
const BROKEN: readonly (readonly number[])[] = [
  [0xf1, 0x80, 0, 0, 0, 0],
  [0x83, 0x80, 0, 0, 0, 0],
  [0x81, 0x01, 0x61],
  [0x89, 0xfe, 0x00, 0x80, 0, 0, 0, 0],
  [0x81, 0xfe, 0x00, 0x01, 0, 0, 0, 0, 0x61],
  [0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
  [0x80, 0x80, 0, 0, 0, 0],
  [0x81, 0x81, 0, 0, 0, 0, 0xff],
  [0x88, 0x81, 0, 0, 0, 0, 0x03],
];

function path(chance: Chance): string {
  return chance.happens(0.5) ? "/websocket" : "/room";
}

/** The start of a WebSocket, and what follows it. */
function afterOpening(chance: Chance, ...steps: readonly Step[]): Step[] {
  return [send(opening(path(chance))), wait(chance.below(60)), ...steps];
}

/** Requests that are wrong in themselves. */
const REQUESTS: readonly string[] = [
  "GET / HTTP/1.1\r\n\r\n",
  "GET / HTTP/1.1\nHost: localhost\n\n",
  "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
  "GET /\u0000 HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
  "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n",
  `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(100_000)}\r\n\r\n`,
];

/** The kinds of servers that speak HTTP. */
export const HTTP_KINDS: readonly Kind[] = [
  {
    name: "sends half a head, and waits",
    draw: (chance) => [send("GET / HTTP/1.1\r\nHost: local"), wait(200 + chance.below(1000))],
  },
  {
    name: "sends a wrong request",
    draw: (chance) => [send(REQUESTS[chance.below(REQUESTS.length)] ?? ""), read(chance)],
  },
  {
    name: "announces a body, and sends half",
    draw: (chance) => [
      send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"),
      send(noise(chance, 500)),
      chance.happens(0.5) ? { do: "reset" } : read(chance),
    ],
  },
  {
    name: "asks for much, and never reads",
    draw: (chance) => [
      send("GET /bytes/10000000 HTTP/1.1\r\nHost: localhost\r\n\r\n"),
      wait(300 + chance.below(1200)),
      ...(chance.happens(0.5) ? [{ do: "reset" } as const] : []),
    ],
  },
  {
    name: "asks for a stream, and leaves",
    draw: () => [
      send("GET /stream/100 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /delay/2 HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ],
  },
  {
    name: "pipelines, and half-closes",
    draw: (chance) => [
      send("GET /status/200 HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1 + chance.below(200))),
      { do: "half-close" },
      read(chance),
    ],
  },
  {
    name: "sends a broken frame on a WebSocket",
    draw: (chance) =>
      afterOpening(chance, send(Uint8Array.from(BROKEN[chance.below(BROKEN.length)] ?? [])), read(chance)),
  },
  {
    name: "sends noise on a WebSocket",
    draw: (chance) => afterOpening(chance, send(noise(chance, 1 + chance.below(500))), read(chance)),
  },
  {
    name: "opens a WebSocket, and resets",
    draw: (chance) => afterOpening(chance, { do: "reset" }),
  },
  {
    name: "listens to server-sent events, and leaves",
    draw: (chance) => [
      send(
        `GET /events?session=${`soak-events-${chance.below(20)}`.padEnd(24, "x")} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      ),
      read(chance),
      ...(chance.happens(0.5) ? [{ do: "reset" } as const] : []),
    ],
  },
];
