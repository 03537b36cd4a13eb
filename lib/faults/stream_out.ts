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

/** The pause between two pieces that are to be read apart (ms). */
const APART = 1;
/**
 * How many pieces of what waits are apart from each other, at least; of more, some follow at once, and the receiver's system may join
 * them. Otherwise 64 KiB in pieces of one byte would take more than a minute; now they take a few seconds.
 */
const MAX_APART = 250;
/** How long a reset waits (ms): the last bytes must have left the system's buffer, which a reset drops. */
const BEFORE_RESET = 10;

/** What one side of a stream needs. */
export interface SideOptions {
  readonly below: StreamSocket;
  readonly line: Line;
  readonly faults: Faults;
  readonly time: TimeSource;
  /** The fault resets the connection. */
  readonly onReset: () => void;
}

/** Takes what is written into a line, and writes what comes out of it. */
export class StreamOut {
  #below: StreamSocket;
  #line: Line;
  #faults: Faults;
  #time: TimeSource;
  #onReset: () => void;
  #gate: Gate;
  #waker: Waker;
  /** Settles when the loop that writes has ended; it never rejects. */
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

  /** Whether nothing is on its way, and what comes passes. */
  get idle(): boolean {
    return this.#running === null && this.#line.empty && !this.#line.ended && this.#failure === null;
  }

  /** Whether what is on its way can still arrive. */
  get busy(): boolean {
    return this.#running !== null && !this.#gate.stuck;
  }

  /** Settles when nothing is on its way any more. Never rejects. */
  get done(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  /** Takes bytes; waits while there is no room. Returns how many it took. */
  async write(bytes: Uint8Array): Promise<number> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure.error;
      if (this.#halfClosed) throw new Deno.errors.BrokenPipe("half-closed");
      // Behind the end that a fault has made, everything is swallowed.
      if (this.#line.ended || bytes.length === 0) return bytes.length;
      const count = Math.min(bytes.length, this.#line.room(this.#faults.out));
      if (count > 0) {
        this.push(bytes.slice(0, count));
        return count;
      }
      await this.#roomMade.promise;
    }
  }

  /** Puts bytes on their way, which are its own from now on. */
  push(bytes: Uint8Array): void {
    this.#line.push(bytes, this.#time.now(), this.#faults.out);
    this.#start();
  }

  /** Lets FIN follow what is on its way. It has succeeded for the caller, as with a kernel. */
  closeWrite(): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure.error);
    this.#halfClosed = true;
    this.#line.end({ does: "end" }, this.#time.now(), this.#faults.out);
    this.#start();
    return Promise.resolve();
  }

  /** No more writes; what is on its way still arrives. */
  refuse(error: Error): void {
    this.#failure ??= { error };
    this.#makeRoom();
  }

  /** Drops what is on its way. Pending and later writes reject with the error. */
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

  /** Waits so that the peer can read what was written before; returns whether there is still something to write. */
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
