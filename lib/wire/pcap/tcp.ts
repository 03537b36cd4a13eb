/**
 * A TCP connection in a capture, as the calls of one side. Pure.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import type { Role } from "../../events.ts";
import { plural } from "../../text.ts";
import { type Direction, OTHER, type WireEvent } from "../event.ts";
import { CLOSE, Flag, MAX_SEGMENT } from "../formats.ts";
import type { Route } from "./route.ts";
import { FlowLog, type Step, viewOf } from "./flow.ts";
import type { Frame } from "./frame.ts";
import { type Budget, type Delivered, type Segment, Stream } from "./stream.ts";

/** A segment with its frame's facts. */
export interface TcpPacket {
  readonly frame: Frame;
  readonly direction: Direction | null;
  readonly route: Route;
  readonly segment: Segment;
  readonly ack: number;
}

/** How connections are told. */
export interface TcpOptions {
  readonly as: Role | null;
  readonly comments: boolean;
  readonly budget: Budget;
  readonly steps: Step[];
}

/**
 * Tells a connection's calls from its packets: one read or write a segment, except in our own captures, where a call may have taken
 * several segments: one of the greatest length that is not pushed goes on in the next.
 */
export class TcpConnection {
  #log: FlowLog;
  #comments: boolean;
  #budget: Budget;
  #streams: Record<Direction, Stream>;
  /** The sequence number and the time of the first SYN. */
  #syn: { readonly seq: number; readonly at: number } | null = null;
  /** Whether `connect` or `accept` was told, or the capture began later. */
  #opened: boolean;
  #finished: Record<Direction, boolean> = { in: false, out: false };
  #joined: Record<Direction, { pieces: Uint8Array[]; length: number }> = {
    in: { pieces: [], length: 0 },
    out: { pieces: [], length: 0 },
  };
  /** A write that was told as issued. */
  #unreturned: { readonly at: number; readonly bytes: Uint8Array; readonly more: Partial<WireEvent> } | null = null;
  /** Facts of the last packet's frame. */
  #frame: Pick<Frame, "ours" | "tls"> = { ours: false, tls: false };
  /** Whether it is over; another one may have the same ports. */
  closed = false;
  /** How many bytes of it the capture lacks. */
  missing = 0;

  /** @param packet The first one. */
  constructor(id: number, packet: TcpPacket, { as, comments, budget, steps }: TcpOptions) {
    const { route, segment, direction } = packet;
    this.#log = new FlowLog(id, viewOf(route, sideOf(packet), direction, as), "tcp", steps);
    this.#comments = comments;
    this.#budget = budget;
    this.#streams = { in: new Stream(budget), out: new Stream(budget) };
    this.#opened = (segment.flags & (Flag.syn | Flag.rst)) === 0;
  }

  /** Whether a SYN begins another connection between the same ports. */
  isOver({ segment: { flags, seq } }: TcpPacket): boolean {
    if ((flags & (Flag.syn | Flag.ack)) !== Flag.syn) return false;
    return this.closed || (this.#syn !== null ? this.#syn.seq !== seq : this.#opened);
  }

  /** Takes a packet of the connection. */
  packet(packet: TcpPacket): void {
    if (this.closed) return;
    const { frame, route, segment, ack } = packet;
    const { at, flags } = segment;
    this.#frame = frame;
    const direction = this.#log.directionOf(route, packet.direction);
    this.#returned(direction === "in" && segment.length === 0 && flags === Flag.ack ? at : null);
    if (this.#comments) { for (const comment of segment.comments) this.#log.remark("data", at, comment); }
    if ((flags & Flag.rst) !== 0) return this.#reset(direction, at);
    if ((flags & Flag.syn) !== 0) this.#synchronize(direction, segment);
    else if ((flags & Flag.ack) !== 0) this.#acknowledged(direction, at);
    if ((flags & Flag.ack) !== 0) {
      this.#take(OTHER[direction], this.#streams[OTHER[direction]].acknowledged(ack, at));
    }
    // Bytes may come with a SYN (TCP Fast Open, RFC 7413).
    if (segment.length > 0) this.#open(at);
    if (segment.length > 0 || segment.fin) this.#take(direction, this.#streams[direction].arrive(segment));
  }

  /** A packet of ours did not arrive: a connection that is being opened fails, another is unaffected (RFC 5461 2). */
  unreachable(route: Route, at: number, error: string): void {
    if (!this.isWaiting || this.#log.directionOf(route, "out") === "in") return;
    this.#log.add("connect", at, null, { error, duration: at - (this.#syn?.at ?? at) });
    this.closed = true;
  }

  /** Whether nothing but a SYN has come. */
  get isWaiting(): boolean {
    return !this.#opened && !this.closed && this.#syn !== null;
  }

  /** Nothing more will come; what has not arrived by `at` never will. */
  end(at: number): void {
    if (this.closed) return;
    this.#flush(at);
    if (this.isWaiting && this.#log.view.isClient) {
      this.#log.add("connect", at, null, { error: "ETIMEDOUT", duration: at - (this.#syn?.at ?? at) });
    }
    this.closed = true;
  }

  #synchronize(direction: Direction, { at, seq, flags }: Segment): void {
    if ((flags & Flag.ack) === 0) {
      this.#syn ??= { seq, at };
    } else if (direction === "in") this.#open(at);
    if (!this.#streams[direction].begun) this.#streams[direction].begin(seq);
  }

  /** A server's connection is established by the ACK of its SYN. */
  #acknowledged(direction: Direction, at: number): void {
    if (direction === "in" || this.#log.view.isClient) this.#open(at);
  }

  #open(at: number): void {
    if (this.#opened) return;
    this.#opened = true;
    const began = this.#syn?.at ?? at;
    if (this.#log.view.isClient) this.#log.add("connect", at, null, { duration: at - began });
    else this.#log.add("accept", at, null);
  }

  #reset(direction: Direction, at: number): void {
    this.closed = true;
    if (!this.#opened) {
      const refused = direction === "in" && this.#log.view.isClient && this.#syn !== null;
      if (refused) this.#log.add("connect", at, null, { error: "ECONNREFUSED", duration: at - (this.#syn?.at ?? at) });
      return;
    }
    this.#flush(at);
    if (direction === "in") this.#log.add("read", at, null, { error: "ECONNRESET" });
    else this.#log.add("reset", at, null);
    this.#log.add("close", at, null);
  }

  /** Tells what is kept, with its gaps. */
  #flush(at: number): void {
    for (const direction of ["in", "out"] as const) {
      this.#take(direction, this.#streams[direction].flush(at));
      this.#transfer(direction, at);
    }
    this.#returned(null);
  }

  #take(direction: Direction, delivered: readonly Delivered[]): void {
    for (const { at, segment, bytes, missing, fin } of delivered) {
      if (missing > 0) {
        this.missing += missing;
        const whose = direction === "in" ? "that the peer sent" : "that we sent";
        this.#log.remark("trouble", at, `The capture lacks ${plural(missing, "byte")} ${whose} here`);
      }
      const goesOn = this.#frame.ours && segment.length === MAX_SEGMENT && (segment.flags & Flag.psh) === 0;
      if (bytes.length > 0) this.#join(direction, at, bytes, goesOn);
      if (fin) this.#finish(direction, at, this.#frame.ours && (segment.flags & CLOSE) === CLOSE);
    }
  }

  /** @param goesOn Whether the next segment belongs to the same call. */
  #join(direction: Direction, at: number, bytes: Uint8Array, goesOn: boolean): void {
    const joined = this.#joined[direction];
    joined.pieces.push(goesOn ? bytes.slice() : bytes);
    joined.length += bytes.length;
    this.#budget.left -= bytes.length;
    if (!goesOn || this.#budget.left < 0) this.#transfer(direction, at);
  }

  /** Tells a read, or a write as it is issued and as it returns. */
  #transfer(direction: Direction, at: number): void {
    const joined = this.#joined[direction];
    if (joined.length === 0) return;
    const bytes = concat(joined.pieces);
    this.#budget.left += joined.length;
    this.#joined[direction] = { pieces: [], length: 0 };
    this.#returned(null);
    const more = this.#frame.tls ? { tls: true } : {};
    if (direction === "in") return this.#log.add("read", at, bytes, more);
    this.#log.add("writing", at, bytes, more);
    this.#unreturned = { at, bytes, more };
    if (!this.#frame.ours) this.#returned(null);
  }

  /** Tells that a write has returned: in our captures, at the time of the acknowledgement that follows. */
  #returned(acknowledged: number | null): void {
    const written = this.#unreturned;
    if (written === null) return;
    this.#unreturned = null;
    const { at, bytes, more } = written;
    const returned = acknowledged ?? at;
    this.#log.add("write", returned, bytes, { ...more, duration: returned - at });
  }

  /**
   * The end of a direction. Our FIN is a half-close if the peer still sends, and after the peer's it is the close: which call has sent it
   * cannot be told from outside.
   *
   * @param close Whether it is known to be the close.
   */
  #finish(direction: Direction, at: number, close: boolean): void {
    this.#finished[direction] = true;
    if (direction === "in") this.#log.add("read", at, null);
    else if (!close && !this.#finished.in) this.#log.add("closeWrite", at, null);
    if (close || this.#finished[OTHER[direction]]) {
      this.#log.add("close", at, null);
      this.closed = true;
    }
  }
}

/** Which side sent a connection's first packet. Without a SYN, a client has the higher port. */
function sideOf({ segment: { flags }, route: { fromPort, toPort } }: TcpPacket): Role {
  if ((flags & Flag.syn) !== 0) return (flags & Flag.ack) === 0 ? "client" : "server";
  return fromPort >= toPort ? "client" : "server";
}
