/**
 * The sending side of an impaired stream.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import type { StreamSocket } from "../net/socket.ts";
import type { TimeSource } from "../time.ts";
import { piecesIn } from "./cuts.ts";
import type { Faults } from "./fault.ts";
import { Gate } from "./gate.ts";
import type { Line } from "./line.ts";
import { Waker } from "./waker.ts";

/** The pause between two pieces, so that the peer reads them separately (ms). */
const APART = 1;
/**
 * The most pauses for what is waiting. If there are more pieces, some follow without one, and the receiver's system may join them.
 * Otherwise 64 KiB in pieces of one byte would take more than a minute; this way they take a few seconds.
 */
const MAX_APART = 250;
/** How long a reset waits (ms): a reset discards the system's send buffer, which the last bytes must have left by then. */
const BEFORE_RESET = 10;

/** What one side of a stream needs. */
export interface SideOptions {
  readonly below: StreamSocket;
  readonly line: Line;
  readonly faults: Faults;
  readonly time: TimeSource;
  /** Called when the plan resets the connection. */
  readonly onReset: () => void;
}

/** Puts what is written into a line, and writes what comes out of it. */
export class StreamOut {
  #below: StreamSocket;
  #line: Line;
  #faults: Faults;
  #time: TimeSource;
  #onReset: () => void;
  #gate: Gate;
  #waker: Waker;
  /** The loop that writes; it never rejects. */
  #running: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;
  #halfClosed = false;
  #noDelay = false;
  #unread = 0;
  #roomMade = Promise.withResolvers<void>();

  constructor({ below, line, faults, time, onReset }: SideOptions) {
    this.#below = below;
    this.#line = line;
    this.#faults = faults;
    this.#time = time;
    this.#onReset = onReset;
    this.#gate = new Gate(line, faults, "out", time);
    this.#waker = new Waker(time);
  }

  /** Whether nothing is in flight, so that a write may bypass it. */
  get idle(): boolean {
    return this.#running === null && this.#line.empty && !this.#line.ended && this.#failure === null;
  }

  /** Whether something is in flight that can still arrive. */
  get busy(): boolean {
    return this.#running !== null && !this.#gate.stuck;
  }

  /** Resolves when nothing is in flight any more. Never rejects. */
  get done(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  /** Takes as many bytes as there is room for, at least one; waits for room if there is none. Returns how many. */
  async write(bytes: Uint8Array): Promise<number> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure.error;
      if (this.#halfClosed) throw new Deno.errors.BrokenPipe("half-closed");
      // After the end that a fault has made, everything is dropped.
      if (this.#line.ended || bytes.length === 0) return bytes.length;
      const count = Math.min(bytes.length, this.#line.room(this.#faults.out));
      if (count > 0) {
        this.push(bytes.slice(0, count));
        return count;
      }
      await this.#roomMade.promise;
    }
  }

  /** Sends bytes on their way, and owns them from now on. */
  push(bytes: Uint8Array): void {
    this.#line.push(bytes, this.#time.now(), this.#faults.out);
    this.#start();
  }

  /** Lets a FIN follow what is in flight. It succeeds at once, as shutdown(2) does. */
  closeWrite(): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure.error);
    this.#halfClosed = true;
    this.#line.end({ does: "end" }, this.#time.now(), this.#faults.out);
    this.#start();
    return Promise.resolve();
  }

  /** Rejects further writes; what is in flight still arrives. */
  refuse(error: Error): void {
    this.#failure ??= { error };
    this.#makeRoom();
  }

  /** Drops what is in flight. Pending and later writes reject with the error. */
  stop(error: unknown): void {
    this.#failure ??= { error };
    this.#line.clear();
    this.#makeRoom();
    this.#waker.wake();
  }

  #start(): void {
    this.#waker.wake();
    if (this.#line.empty) return;
    this.#running ??= this.#run();
  }

  /** Writes what comes out of the line, until it is empty. Never rejects. */
  async #run(): Promise<void> {
    try {
      while (!this.#line.empty) {
        const { wait } = this.#gate;
        if (wait > 0) await this.#waker.sleep(wait);
        else if (this.#line.mark !== null) await this.#passMark();
        else await this.#passBytes();
      }
    } catch (error) {
      this.stop(error);
    } finally {
      this.#running = null;
    }
  }

  async #passBytes(): Promise<void> {
    const { out } = this.#faults;
    if (out.split !== null && this.#line.isCut(out) && !await this.#apart()) return;
    const pieces = this.#line.take(this.#time.now(), out);
    const [first = new Uint8Array(), ...more] = pieces;
    const bytes = more.length === 0 ? first : concat(pieces);
    this.#makeRoom();
    for (let at = 0; at < bytes.length;) at += await this.#below.write(bytes.subarray(at));
  }

  /** Gives the peer time to read what was written before; returns whether there is still something to write. */
  async #apart(): Promise<boolean> {
    if (!this.#noDelay) {
      this.#noDelay = true;
      // Nagle's algorithm would join the pieces (RFC 896).
      this.#below.setNoDelay?.(true);
    }
    const { split } = this.#faults.out;
    if (++this.#unread < piecesIn(this.#line.length, split) / MAX_APART) return true;
    this.#unread = 0;
    const until = this.#time.now() + APART;
    for (let left; (left = until - this.#time.now()) > 0;) await this.#waker.sleep(left);
    return !this.#line.empty;
  }

  async #passMark(): Promise<void> {
    const mark = this.#line.takeMark();
    if (mark?.does !== "resetAfter") return await this.#below.closeWrite();
    const until = this.#time.now() + BEFORE_RESET;
    for (let left; (left = until - this.#time.now()) > 0 && this.#failure === null;) await this.#waker.sleep(left);
    this.#onReset();
  }

  #makeRoom(): void {
    this.#roomMade.resolve();
    this.#roomMade = Promise.withResolvers();
  }
}
