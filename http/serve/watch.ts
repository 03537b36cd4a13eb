/**
 * Watches a client while its answer is being made, so that work for a disconnected client stops.
 *
 * A reset is conclusive. FIN alone is not: a client that has half-closed waits for its answer (RFC 9293 3.6), one that has closed does
 * not, and both look the same from here. So after FIN the client is probed at growing intervals with a `100 (Continue)`: if its socket
 * is closed, its system answers with a reset, and the next probe fails.
 *
 * @module
 */
import { CutOffError } from "../../lib/errors.ts";
import type { Connection } from "../../lib/stream/connection.ts";
import type { Clock } from "./clock.ts";
import type { Inbox } from "./inbox.ts";
import type { AnswerWriter } from "./writer.ts";

/** The delay from FIN to the first probe (ms); each later one comes after twice the time. */
const FIRST_PROBE = 500;
/** How many bytes of pipelined requests to read ahead; a client that has sent more is no longer watched. */
const MAX_AHEAD = 64 * 1024;

/** What a watch needs from the client's session. */
export interface WatchTarget {
  readonly connection: Connection;
  readonly inbox: Inbox;
  readonly writer: AnswerWriter;
  readonly clock: Clock;
  /** The client's HTTP/1 minor version: HTTP/1.0 has no `100` (RFC 9110 15.2). */
  readonly minor: 0 | 1;
  /** Aborts when the server stops. */
  readonly stop: AbortSignal;
}

/** Watches a client until {@linkcode Watch.end}. Meanwhile, nothing else may read from the connection. */
export class Watch {
  readonly #target: WatchTarget;
  readonly #controller = new AbortController();
  /** When FIN arrived; 0 = not yet. */
  #finAt = 0;
  #probeAt = 0;
  /** Whether the answer is being sent: a probe would corrupt it. */
  #answering = false;
  #over = false;
  /** The pending read and probe: both must end before others read or write. */
  #reading: Promise<void> | null = null;
  #probing: Promise<void> | null = null;
  #left: unknown = null;

  constructor(target: WatchTarget) {
    this.#target = target;
    if (target.stop.aborted) this.#stop();
    else target.stop.addEventListener("abort", this.#stop);
    this.#readAhead();
  }

  /** Aborts when the server stops, and when the client has disconnected or must not be kept waiting. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Throws if the client has disconnected. */
  throwIfGone(): void {
    if (this.#left !== null) throw this.#left;
  }

  /** Probes a client that has sent FIN; called by the clock. */
  onTick(): void {
    const { clock, writer, minor } = this.#target;
    if (this.#finAt === 0 || this.#answering || this.#over || clock.now < this.#probeAt) return;
    // HTTP/1.0 has no probe: abort, so that the answer is sent early.
    if (minor === 0) return this.#controller.abort();
    this.#probeAt = clock.now + (clock.now - this.#finAt);
    if (writer.busy || this.#probing !== null) return;
    this.#probing = writer.probe().catch((error) => this.#leave(error)).finally(() => this.#probing = null);
  }

  /** Call it when the answer is made: stops probing and waits for a pending probe. */
  async answer(): Promise<void> {
    this.#answering = true;
    await this.#probing;
  }

  /**
   * Ends the watch. Bytes read ahead are in the inbox.
   *
   * @throws {Refusal} The memory limit was reached while reading ahead.
   */
  async end(): Promise<void> {
    this.#over = true;
    this.#target.stop.removeEventListener("abort", this.#stop);
    await this.#probing;
    await this.#reading;
  }

  #stop = (): void => this.#controller.abort();

  #leave(reason: unknown): void {
    this.#left ??= reason;
    this.#controller.abort();
  }

  async #readAhead(): Promise<void> {
    const { connection, inbox } = this.#target;
    while (inbox.left <= MAX_AHEAD) {
      await connection.ready();
      if (this.#over) return;
      if (connection.closed) {
        return this.#leave(new CutOffError(`Cannot answer ${connection.peer}: it has disconnected`));
      }
      this.#reading = this.#take();
      // `end` reports the error.
      if (!await this.#reading.then(() => true, () => false) || this.#finAt > 0 || this.#left !== null) return;
      this.#reading = null;
    }
  }

  /** Processes one read: bytes, FIN or an error. */
  async #take(): Promise<void> {
    const { connection, inbox, clock } = this.#target;
    inbox.keep();
    let bytes;
    try {
      bytes = await connection.read();
    } catch (error) {
      return this.#leave(error);
    }
    if (bytes === null) {
      this.#finAt = clock.now;
      this.#probeAt = clock.now + FIRST_PROBE;
      return;
    }
    inbox.add(bytes);
    inbox.keep();
  }
}
