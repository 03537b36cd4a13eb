/**
 * What faulty clients do to any server over TCP. Pure.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import type { Chance } from "../../../lib/faults/chance.ts";
import { encodeText } from "../../../lib/text.ts";
import type { Dialect } from "../servers.ts";
import { HTTP_KINDS } from "./http.ts";
import { noise } from "../noise.ts";
import { type Kind, read, send, type Step, wait } from "./fault.ts";

/** A message that each server understands. */
function messageOf(chance: Chance, dialect: Dialect): string {
  const words = `hello ${chance.below(1000)}`;
  if (dialect === "http") {
    return `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${words.length}\r\n\r\n${words}`;
  }
  if (dialect === "sum") return `faulty: ${chance.below(300) - 100}\n`;
  return `${words}\n`;
}

/** The first bytes of a TLS handshake, and then something else (RFC 8446 5.1). */
const HELLO = Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03);
/** More than any message may have. */
const OVERSIZED = 300_000;

/** The kinds of every server. */
const COMMON: readonly Kind[] = [
  { name: "a valid client", draw: (chance, dialect) => [send(messageOf(chance, dialect)), read(chance)] },
  { name: "connects and leaves", draw: () => [], raw: true },
  { name: "connects and resets", draw: () => [{ do: "reset" }], raw: true },
  { name: "is silent", draw: (chance) => [wait(200 + chance.below(1500))], raw: true },
  {
    name: "resets in the middle of a message",
    draw: (chance, dialect) => [...half(chance, dialect), { do: "reset" }],
  },
  {
    name: "half-closes in the middle of a message",
    draw: (chance, dialect) => [...half(chance, dialect), { do: "half-close" }, read(chance)],
  },
  {
    name: "sends a message byte by byte",
    draw: (chance, dialect) => [...bytewise(chance, messageOf(chance, dialect)), read(chance)],
  },
  {
    name: "sends messages and never reads",
    draw: (chance, dialect) => [
      ...Array.from({ length: 60 }, () => send(messageOf(chance, dialect).repeat(40))),
      wait(500 + chance.below(500)),
      ...(chance.happens(0.5) ? [{ do: "reset" } as const] : []),
    ],
  },
  {
    name: "sends a message without an end",
    draw: (chance) => [
      ...Array.from({ length: OVERSIZED / 30_000 }, () => send("x".repeat(30_000))),
      read(chance),
    ],
  },
  {
    name: "sends bytes that are no UTF-8",
    draw: (chance) => [send(concat([noise(chance, 1 + chance.below(2000)), encodeText("\n")])), read(chance)],
  },
  { name: "sends nothing but line ends", draw: (chance) => [send("\n".repeat(2000)), read(chance)] },
  {
    name: "sends the start of a TLS handshake, and noise",
    draw: (chance) => [send(HELLO), send(noise(chance, 600)), read(chance)],
    raw: true,
  },
  {
    name: "sends plain text, TLS or not",
    draw: (chance, dialect) => [send(messageOf(chance, dialect)), read(chance)],
    raw: true,
  },
];

/** The kinds of the chat room. */
const ROOM_KINDS: readonly Kind[] = [
  {
    name: "joins, talks and is gone",
    draw: (chance) => [
      send(`/nick f${chance.below(40)}\nhello\n/who\n/me waves\n`),
      read(chance),
      ...(chance.happens(0.5) ? [send("/quit\n"), read(chance)] : [{ do: "reset" } as const]),
    ],
  },
  {
    name: "has a session, and loses its connection",
    draw: (chance) => [
      send(`/session ${key(chance)}\n/nick s${chance.below(20)}\n/line 1 hello\n`),
      read(chance),
      { do: "reset" },
    ],
  },
  {
    name: "floods the room with lines",
    draw: (chance) => [...Array.from({ length: 20 }, () => send("flood\n".repeat(20))), read(chance)],
  },
];

/** One of a few keys, so that sessions are taken up again. */
function key(chance: Chance): string {
  return `soak-session-${chance.below(30)}`.padEnd(24, "x");
}

/** Half of a message. */
function half(chance: Chance, dialect: Dialect): Step[] {
  const message = messageOf(chance, dialect);
  return [send(message.slice(0, 1 + chance.below(message.length - 1))), wait(chance.below(50))];
}

function bytewise(chance: Chance, message: string): Step[] {
  return [...message].flatMap((letter) => [send(letter), wait(1 + chance.below(6))]);
}

/** The kinds that suit a server. In turns a guest that keeps the line keeps the good one waiting, so it must be done soon. */
export function streamKinds(dialect: Dialect): readonly Kind[] {
  if (dialect === "http") return [...COMMON, ...HTTP_KINDS];
  if (dialect === "room") return [...COMMON, ...ROOM_KINDS, ...HTTP_KINDS];
  return COMMON;
}
