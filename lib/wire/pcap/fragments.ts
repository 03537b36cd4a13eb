/**
 * Puts the fragments of IP packets together again. Pure.
 *
 * @module
 */
import { BoundedMap } from "../../bounded_map.ts";
import type { IpPacket } from "./ip.ts";

/** The most packets whose fragments are kept, and the longest that a packet can be, in bytes. */
const MOST = 64;
const MAX_LENGTH = 65_535;

interface Pending {
  /** What has arrived, by offset. */
  readonly pieces: Map<number, Uint8Array>;
  /** The length of the whole payload, once its last piece has come. */
  length: number | null;
  arrived: number;
}

/** Collects fragments until their packet is whole; the packet that has waited longest gives way to a new one. */
export class Fragments {
  #pending = new BoundedMap<string, Pending>(MOST, () => this.#lost++);
  /** How many packets were given up. */
  #lost = 0;

  /** How many packets were never whole. */
  get lost(): number {
    return this.#lost + this.#pending.size;
  }

  /**
   * Adds a fragment.
   *
   * @returns The packet, once it is whole.
   */
  add(packet: IpPacket): IpPacket | null {
    const { fragment, payload, length } = packet;
    if (fragment === null) return packet;
    const { offset, more, id } = fragment;
    // Cut off by the capture, or longer than any packet.
    if (payload.length < length || offset + length > MAX_LENGTH) return null;
    const key = `${packet.from.join()} ${packet.to.join()} ${packet.protocol} ${id}`;
    const pending = this.#pending.get(key) ?? { pieces: new Map(), length: null, arrived: 0 };
    this.#pending.set(key, pending);
    if (!pending.pieces.has(offset)) {
      pending.pieces.set(offset, payload.slice());
      pending.arrived += length;
    }
    if (!more) pending.length = offset + length;
    const { arrived } = pending;
    if (arrived <= MAX_LENGTH && (pending.length === null || arrived < pending.length)) return null;
    this.#pending.delete(key);
    const whole = assembled(pending.pieces, pending.length ?? 0);
    if (whole === null) {
      this.#lost++;
      return null;
    }
    return { ...packet, payload: whole, length: whole.length, fragment: null };
  }
}

/** The pieces in order; `null` if they overlap, which attacks do and senders do not (RFC 5722). */
function assembled(pieces: ReadonlyMap<number, Uint8Array>, length: number): Uint8Array | null {
  const whole = new Uint8Array(length);
  let end = 0;
  for (const [offset, piece] of [...pieces].sort(([one], [other]) => one - other)) {
    if (offset !== end || offset + piece.length > length) return null;
    whole.set(piece, offset);
    end += piece.length;
  }
  return end === length ? whole : null;
}
