/**
 * A client, watched while its answer is being made: work for one that has left is work for nobody.
 *
 * A reset is a sign at once. FIN alone is none: a client that has half-closed waits for its answer (RFC 9293 3.6), one that has closed
 * does not, and both look the same from here. So after FIN the client is probed, now and then, with a `100 (Continue)`: its system
 * answers with a reset where nobody is there to read it, and the next probe meets that.
 *
 * @module
 */
import { CutOffError } from "../../lib/errors.ts";
import type { Connection } from "../../lib/stream/connection.ts";
import type { Clock } from "./clock.ts";
import type { Inbox } from "./inbox.ts";
import type { AnswerWriter } from "./writer.ts";

/** How long after FIN the first probe is sent (ms); each later one after twice the time. */
const FIRST_PROBE = 500;
/** How many bytes of pipelined requests are read ahead; a client that sends more is watched no further. */
const MOST_AHEAD = 64 * 1024;

/** What a watch needs of the session that owns the client. */
export interface Watched {
  readonly connection: Connection;
  readonly inbox: Inbox;
  readonly writer: AnswerWriter;
  readonly clock: Clock;
  /** The client's HTTP/1 minor version: one of HTTP/1.0 knows no `100` (RFC 9110 15.2). */
  readonly minor: 0 | 1;
  /** Aborts when the server stops. */
  readonly stop: AbortSignal;
}

/** Watches a client from now on until {@linkcode Watch.end}. Nobody else may read from the connection meanwhile. */
export class Watch {
  readonly #watched: Watched;
  readonly #controller = new AbortController();
  /** When FIN came; 0 = it has not. */
  #finAt = 0;
  #probeAt = 0;
  /** Whether the answer is on its way: a probe within it would spoil it. */
  #answering = false;
  #over = false;
  /** The read and the probe that are under way: both must end before anybody else reads or writes. */
  #reading: Promise<void> | null = null;
  #probing: Promise<void> | null = null;
  #left: unknown = null;

  constructor(watched: Watched) {
    this.#watched = watched;
    if (watched.stop.aborted) this.#stop();
    else watched.stop.addEventListener("abort", this.#stop);
    this.#readAhead();
  }

  /** Aborts when the server stops, and when the client has left or will not wait any longer. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Throws why the client has left, if it has. */
  mustBeThere(): void {
    if (this.#left !== null) throw this.#left;
  }

  /** Probes a client that has sent FIN; called by the clock. */
  look(): void {
    const { clock, writer, minor } = this.#watched;
    if (this.#finAt === 0 || this.#answering || this.#over || clock.now < this.#probeAt) return;
    // What HTTP/1.0 has for it is the answer, sooner than it was asked for.
    if (minor === 0) return this.#controller.abort();
    this.#probeAt = clock.now + (clock.now - this.#finAt);
    if (writer.busy || this.#probing !== null) return;
    this.#probing = writer.probe().catch((error) => this.#leave(error)).finally(() => this.#probing = null);
  }

  /** The answer is made: waits until nothing else is being written. */
  async answer(): Promise<void> {
    this.#answering = true;
    await this.#probing;
  }

  /**
   * Ends the watch. What was read ahead is in the inbox.
   *
   * @throws {Refusal} There was no memory for it.
   */
  async end(): Promise<void> {
    this.#over = true;
    this.#watched.stop.removeEventListener("abort", this.#stop);
    await this.#probing;
    await this.#reading;
  }

  #stop = (): void => this.#controller.abort();

  #leave(reason: unknown): void {
    this.#left ??= reason;
    this.#controller.abort();
  }

  async #readAhead(): Promise<void> {
    const { connection, inbox } = this.#watched;
    while (inbox.left <= MOST_AHEAD) {
      await connection.ready();
      if (this.#over) return;
      if (connection.closed) return this.#leave(new CutOffError(`Cannot answer ${connection.peer}: it is gone`));
      this.#reading = this.#take();
      // The one that ends the watch gets the error.
      if (!await this.#reading.then(() => true, () => false) || this.#finAt > 0 || this.#left !== null) return;
      this.#reading = null;
    }
  }

  /** Takes what is there: bytes, the end or an error. */
  async #take(): Promise<void> {
    const { connection, inbox, clock } = this.#watched;
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
