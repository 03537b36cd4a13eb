/**
 * A TCP connection as seen above its socket, told as segments. Pure.
 *
 * @module
 */
import { type Direction, OTHER, type WireEvent } from "../event.ts";
import { NO_COMMENTS, WaitingComments } from "./comments.ts";
import { CLOSE, Flag, MAX_SEGMENT } from "../formats.ts";
import type { Address, Packet } from "./packets.ts";
import { Writes, type Written } from "./pending_writes.ts";

/** The two ends of a flow. */
export interface Ends {
  readonly local: Address;
  readonly peer: Address;
}

/** What is known of a packet besides its bytes. */
export interface PacketFacts {
  readonly at: number;
  readonly direction: Direction;
  readonly tls: boolean;
  readonly comments: readonly string[];
}

/** Takes a flow's packets. */
export type Emit = (packet: Packet, facts: PacketFacts) => void;

const NO_BYTES = new Uint8Array();

/** Errors of a write that say that a reset has arrived. */
const BROKEN: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);
/** A TLS peer's FIN came without its close_notify. */
const CUT_OFF = "UnexpectedEof";

/**
 * Makes up what the system does not tell: sequence numbers, and an acknowledgement after each read and write; that of a write has the
 * time when it returned. They are consistent, so an analyser finds no lost segment and no retransmission.
 */
export class TcpFlow {
  #ends: Ends;
  #emit: Emit;
  /** The next sequence number of each direction. */
  #next: Record<Direction, number>;
  #writes = new Writes();
  #finished: Record<Direction, boolean> = { in: false, out: false };
  /** A write has found that the peer had reset the connection. */
  #broken = false;
  #closed = false;
  #tls = false;
  /** Remarks about calls that make no packet. */
  readonly comments = new WaitingComments();

  /**
   * @param id The number of the connection. The first sequence numbers depend on it: two connections between the same ports would pass
   * for retransmissions of each other if they had the same.
   */
  constructor(id: number, ends: Ends, emit: Emit) {
    this.#ends = ends;
    this.#emit = emit;
    this.#next = { out: Math.imul(id, 0x9e3779b1) >>> 0, in: Math.imul(id + 1, 0x85ebca6b) >>> 0 };
  }

  /** Whether nothing more can happen. */
  get over(): boolean {
    return this.#closed && !this.#writes.pending;
  }

  /** The three-way handshake (RFC 9293 3.5). */
  open({ call, at, duration, error = "", tls = false }: WireEvent, comments: readonly string[]): void {
    this.#tls = tls;
    const first: Direction = call === "accept" ? "in" : "out";
    const began = call === "accept" ? at : at - duration;
    this.#segment(first, Flag.syn, began, this.comments.take(comments));
    if (error === "") {
      this.#segment(OTHER[first], Flag.syn | Flag.ack, at);
      this.#segment(first, Flag.ack, at);
    } else if (error === "ECONNREFUSED") {
      this.#next.in = 0;
      this.#segment("in", Flag.rst | Flag.ack, at);
    }
  }

  /** Any later call. */
  event(event: WireEvent, comments: readonly string[]): void {
    if (event.tls === true) this.#tls = true;
    if (event.call === "writing") return this.#record(this.#writes.issue(event, comments));
    if (event.call === "write") return this.#wrote(event, comments);
    this.finish();
    if (this.#closed) return this.comments.add(comments);
    if (event.call === "read") this.#read(event, comments);
    else if (event.call === "closeWrite" && event.error === undefined) this.#fin("out", event.at, comments);
    else if (event.call === "close") this.#close(event, comments);
    else if (event.call === "reset") this.#reset("out", event.at, comments);
    else this.comments.add(comments);
  }

  /** Records what was written and has not returned. */
  finish(): void {
    this.#record(this.#writes.take());
  }

  #wrote(event: WireEvent, comments: readonly string[]): void {
    this.#record(this.#writes.settle(event, comments), event.at);
    if (event.error !== undefined && BROKEN.has(event.error) && !this.#finished.out) this.#broken = true;
  }

  /** @param returned When the write returned, if it has: its acknowledgement comes then. */
  #record(written: Written | null, returned = written?.at ?? 0): void {
    if (written === null) return;
    if (this.#closed) this.comments.add(written.comments);
    else this.#data("out", written.at, written.bytes, written.comments, returned);
  }

  #read({ at, bytes, error = "" }: WireEvent, comments: readonly string[]): void {
    if (bytes !== null) this.#data("in", at, bytes, comments);
    else if (error === "" || error === CUT_OFF) this.#fin("in", at, comments);
    else if (error === "ECONNRESET") this.#reset("in", at, comments);
    else this.comments.add(comments);
  }

  #close({ at, error }: WireEvent, comments: readonly string[]): void {
    if (this.#broken) this.#reset("in", at, comments);
    else if (error === undefined) this.#fin("out", at, comments, CLOSE);
    else this.comments.add(comments);
    this.#closed = true;
  }

  #data(direction: Direction, at: number, bytes: Uint8Array, comments: readonly string[], acknowledged = at): void {
    if (bytes.length === 0) return this.comments.add(comments);
    let said = this.comments.take(comments);
    for (let from = 0; from < bytes.length; from += MAX_SEGMENT) {
      const rest = from + MAX_SEGMENT < bytes.length;
      // Only the last segment is pushed: what belongs together can be told.
      this.#segment(
        direction,
        rest ? Flag.ack : Flag.psh | Flag.ack,
        at,
        said,
        bytes.subarray(from, from + MAX_SEGMENT),
      );
      said = NO_COMMENTS;
    }
    this.#segment(OTHER[direction], Flag.ack, acknowledged);
  }

  #fin(direction: Direction, at: number, comments: readonly string[], flags = Flag.fin | Flag.ack): void {
    if (this.#finished[direction]) return this.comments.add(comments);
    this.#finished[direction] = true;
    this.#segment(direction, flags, at, this.comments.take(comments));
    this.#segment(OTHER[direction], Flag.ack, at);
  }

  #reset(direction: Direction, at: number, comments: readonly string[]): void {
    this.#segment(direction, Flag.rst | Flag.ack, at, this.comments.take(comments));
    this.#closed = true;
  }

  #segment(
    direction: Direction,
    flags: number,
    at: number,
    comments = NO_COMMENTS,
    payload: Uint8Array = NO_BYTES,
  ): void {
    const { local, peer } = this.#ends;
    const seq = this.#next[direction];
    const ack = (flags & Flag.ack) === 0 ? 0 : this.#next[OTHER[direction]];
    const [from, to] = direction === "out" ? [local, peer] : [peer, local];
    this.#emit({ from, to, tcp: { seq, ack, flags }, payload }, { at, direction, comments, tls: this.#tls });
    // SYN and FIN count as one byte (RFC 9293 3.4).
    const counts = (flags & (Flag.syn | Flag.fin)) === 0 ? 0 : 1;
    this.#next[direction] = (seq + payload.length + counts) >>> 0;
  }
}
