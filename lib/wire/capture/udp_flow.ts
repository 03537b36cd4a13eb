/**
 * The datagrams between two endpoints. Pure.
 *
 * @module
 */
import type { Endpoint } from "../../addr.ts";
import type { Direction, WireEvent } from "../event.ts";
import { endsOf, type OwnAddress } from "./addresses.ts";
import { WaitingComments } from "./comments.ts";
import { MAX_DATAGRAM } from "./packets.ts";
import type { Emit, Ends } from "./tcp_flow.ts";
import { Sends, type Written } from "./pending_writes.ts";

/** Turns the calls that concern one peer into datagrams, empty ones too. */
export class UdpFlow {
  #emit: Emit;
  #own: () => readonly OwnAddress[];
  /** The ends, and what they were made from: a socket may learn its address late. */
  #ends: { readonly local: Endpoint | null; readonly peer: Endpoint | null; readonly as: Ends } | null = null;
  #sends = new Sends();
  /** Remarks about calls that make no packet. */
  readonly comments = new WaitingComments();

  constructor(emit: Emit, own: () => readonly OwnAddress[]) {
    this.#emit = emit;
    this.#own = own;
  }

  /** A call. */
  event(event: WireEvent, comments: readonly string[]): void {
    if (event.call === "sending") {
      this.#locate(event);
      this.#sends.issue(event, comments);
    } else if (event.call === "send") {
      this.#locate(event);
      const { bytes, ...rest } = this.#sends.settle(event, comments);
      if (bytes === null) this.comments.add(rest.comments);
      else this.#datagram("out", { ...rest, bytes });
    } else {
      this.finish();
      const { at, bytes } = event;
      if (event.call !== "receive" || bytes === null) return this.comments.add(comments);
      this.#locate(event);
      this.#datagram("in", { at, bytes, comments });
    }
  }

  /** Records what was sent and has not returned. */
  finish(): void {
    for (const sent of this.#sends.take()) this.#datagram("out", sent);
  }

  #datagram(direction: Direction, { at, bytes, comments }: Written): void {
    if (this.#ends === null) return;
    const { local, peer } = this.#ends.as;
    const [from, to] = direction === "out" ? [local, peer] : [peer, local];
    const packet = { from, to, tcp: null, payload: bytes.subarray(0, MAX_DATAGRAM) };
    this.#emit(packet, { at, direction, tls: false, comments: this.comments.take(comments) });
  }

  #locate({ local, peer }: WireEvent): void {
    const known = this.#ends;
    if (known !== null && same(known.local, local) && same(known.peer, peer)) return;
    this.#ends = { local, peer, as: endsOf(local, peer, this.#own) };
  }
}

function same(one: Endpoint | null, other: Endpoint | null): boolean {
  return one === other || (one !== null && one.hostname === other?.hostname && one.port === other.port);
}
