/**
 * The receiving side of an impaired stream.
 *
 * @module
 */
import type { StreamSocket } from "../net/socket.ts";
import type { TimeSource } from "../time.ts";
import { readsAhead, ticks } from "./capacity.ts";
import type { Faults } from "./fault.ts";
import { Gate } from "./gate.ts";
import type { Line } from "./line.ts";
import type { SideOptions } from "./stream_out.ts";
import { Waker } from "./waker.ts";

/** The most bytes that one read takes. */
const MAX_READ = 64 * 1024;

/** Reads into a line, ahead of its reader if the plan requires it, and returns what comes out. */
export class StreamIn {
  #below: StreamSocket;
  #line: Line;
  #faults: Faults;
  #time: TimeSource;
  #onReset: () => void;
  #gate: Gate;
  #waker: Waker;
  #buffer = new Uint8Array();
  /** How many bytes the last read asked for at most. */
  #most = MAX_READ;
  #pumping = false;
  /** The stream below has ended or failed. */
  #over = false;
  /** The reader has seen the end. */
  #ended = false;
  /** Everything that comes is dropped. */
  #swallows = false;
  #failure: { readonly error: unknown } | null = null;

  constructor({ below, line, faults, time, onReset }: SideOptions) {
    this.#below = below;
    this.#line = line;
    this.#faults = faults;
    this.#time = time;
    this.#onReset = onReset;
    this.#gate = new Gate(line, faults, "in", time);
    this.#waker = new Waker(time);
  }

  /** Whether nothing is in flight, so that a read may bypass it. */
  get idle(): boolean {
    return !this.#pumping && this.#line.empty && !this.#line.ended && this.#failure === null;
  }

  /** Waits for bytes, the end or an error. */
  async read(into: Uint8Array): Promise<number | null> {
    this.#most = into.length;
    for (;;) {
      if (this.#failure !== null) throw this.#failure.error;
      if (this.#ended) return null;
      if (readsAhead(this.#faults.in) || this.#line.empty) this.#pump();
      const { wait } = this.#gate;
      if (wait > 0) await this.#waker.sleep(wait);
      else if (this.#line.mark === null) return this.#take(into);
      else this.#passMark();
    }
  }

  /** Takes bytes that have been read already, and owns them from now on; `null` = end of stream. */
  push(bytes: Uint8Array | null): void {
    if (this.#failure !== null) return;
    const now = this.#time.now();
    if (bytes !== null) this.#line.push(bytes, now, this.#faults.in);
    else this.#line.end({ does: "end" }, now, this.#faults.in);
    this.#waker.wake();
  }

  /** Resets the connection if the plan says so at this point. */
  checkReset(): void {
    if (this.#line.mark?.does === "resetAfter" && this.#gate.wait === 0) this.#passMark();
  }

  /** Ends reading. What the peer still sends is read and dropped, because closing with unread data resets the connection (RFC 9293 3.6.1). */
  swallow(error: Error): void {
    this.#swallows = true;
    this.stop(error);
    this.#pump();
  }

  /** Drops what is in flight. Pending and later reads reject with the error. */
  stop(error: unknown): void {
    this.#failure ??= { error };
    this.#line.clear();
    this.#waker.wake();
  }

  #take(into: Uint8Array): number {
    let count = 0;
    for (const piece of this.#line.take(this.#time.now(), this.#faults.in, into.length)) {
      into.set(piece, count);
      count += piece.length;
    }
    this.checkReset();
    return count;
  }

  /** Does what a mark says: from now on every read returns the end, or rejects with the error. */
  #passMark(): void {
    const mark = this.#line.takeMark();
    if (mark?.does === "resetAfter") this.#onReset();
    else if (mark?.does === "fail") this.stop(mark.error);
    else this.#ended = true;
  }

  /** Reads into the line. Never rejects. */
  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#wants()) {
        const count = await this.#below.read(this.#room());
        this.#over = count === null;
        this.push(count === null ? null : this.#buffer.slice(0, count));
      }
    } catch (error) {
      this.#over = true;
      this.#line.end({ does: "fail", error }, this.#time.now(), this.#faults.in);
      this.#waker.wake();
    } finally {
      this.#pumping = false;
    }
  }

  /** The buffer for the next read: no larger than what passes at once or, unless it reads ahead, than what was asked for. */
  #room(): Uint8Array {
    const { rate, slowRead } = this.#faults.in;
    const most = readsAhead(this.#faults.in) ? MAX_READ : this.#most;
    const size = Math.min(MAX_READ, most, ticks(Math.min(rate, slowRead)));
    if (this.#buffer.length < size) this.#buffer = new Uint8Array(size);
    return this.#buffer.subarray(0, size);
  }

  #wants(): boolean {
    if (this.#over) return false;
    if (this.#swallows || this.#line.ended) return true;
    if (this.#failure !== null) return false;
    return this.#line.empty || readsAhead(this.#faults.in) && this.#line.room(this.#faults.in) > 0;
  }
}
