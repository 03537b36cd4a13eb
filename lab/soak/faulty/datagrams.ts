/**
 * What faulty clients send over UDP. Pure.
 *
 * @module
 */
import { noise } from "../noise.ts";
import { type Kind, read, send, wait } from "./fault.ts";

/** The longest datagram over IPv4 (RFC 768, RFC 791). */
const LONGEST_DATAGRAM = 65_507;

/** The kinds of every server over UDP. */
export const DATAGRAM_KINDS: readonly Kind[] = [
  { name: "sends a valid datagram, and leaves", draw: (chance) => [send(`faulty: ${chance.below(200)}`)] },
  { name: "sends an empty datagram", draw: (chance) => [send(""), read(chance)] },
  {
    name: "sends a datagram of any size",
    draw: (chance) => [send(noise(chance, chance.below(LONGEST_DATAGRAM + 1))), read(chance)],
  },
  {
    name: "sends the longest datagram",
    draw: (chance) => [send(new Uint8Array(LONGEST_DATAGRAM)), read(chance)],
  },
  {
    name: "sends many datagrams, and never reads",
    draw: (chance) => [...Array.from({ length: 50 }, () => send(noise(chance, chance.below(100)))), wait(50)],
  },
  {
    name: "sends bytes that are no UTF-8",
    draw: (chance) => [send(noise(chance, 1 + chance.below(500))), read(chance)],
  },
  {
    name: "sends a number out of range",
    draw: (chance) => [send(`faulty: ${chance.below(1000) + 101}`), read(chance)],
  },
];
