/**
 * What is remembered of datagrams and of those who answer them. Pure.
 *
 * @module
 */

/** The most of a datagram that is kept to compare with others (bytes). */
const KEPT = 4096;

/** A datagram that has passed. */
export class Remembered {
  readonly at: number;
  readonly length: number;
  #start: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.at = at;
    this.length = bytes.length;
    this.#start = bytes.length <= KEPT ? bytes : bytes.slice(0, KEPT);
  }

  /** Whether bytes are the same, as far as they are kept. */
  equals(bytes: Uint8Array): boolean {
    return bytes.length === this.length && startsWith(bytes, this.#start);
  }

  /** Whether bytes are only the beginning of this datagram. */
  beginsWith(bytes: Uint8Array): boolean {
    return bytes.length < this.length && bytes.length <= this.#start.length && startsWith(this.#start, bytes);
  }
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  for (let at = 0; at < start.length; at++) if (bytes[at] !== start[at]) return false;
  return bytes.length >= start.length;
}

/** A peer, over all of our sockets: a client may ask from a new one each time. */
export class DatagramPeer {
  /** How many of our datagrams it has answered. */
  answered = 0;
  /** When the latest datagram that has an answer was sent. */
  latest = -Infinity;
  /** The last datagram sent to it. */
  last: Remembered | null = null;
  /** Whether {@linkcode DatagramPeer.last} has an answer. */
  lastAnswered = false;
  /** Whether it was told that it has never answered. */
  mute = false;
}
