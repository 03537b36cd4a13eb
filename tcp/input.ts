/**
 * The input of a pipe.
 *
 * @module
 */
import type { Connection } from "../lib/stream/connection.ts";
import { Exit, Failure, stateOf } from "../lib/errors.ts";
import type { ByteSource } from "../lib/reader.ts";
import { SYSTEM_TIME, type TimeSource } from "../lib/time.ts";
import { abortable, within } from "../lib/within.ts";
import { CrlfFilter } from "./line_ends.ts";

/** How much one read takes, at most. Each read of a file is a trip to another thread; with 64 KiB, the trips take most of the time. */
export const CHUNK = 1024 * 1024;
/** How often to check for silence (ms). */
const CHECK_INTERVAL = 50;
/** When the server sends first: how long to wait for an empty input to end (ms). */
const EMPTY_WAIT = 100;

/**
 * Standard input or a substitute. While one chunk is being sent, the next is read, and no more. A read that its signal ends loses
 * nothing: the bytes go to the next read, perhaps for another connection.
 */
export class Input {
  #source: ByteSource;
  /** Where the next chunk arrives; the last one is in the other buffer. */
  #buffer: Uint8Array<ArrayBuffer> = new Uint8Array(CHUNK);
  #other: Uint8Array<ArrayBuffer> = new Uint8Array(CHUNK);
  /** The read into `#buffer`. The end and an error stay. */
  #reading: Promise<number | null> | null = null;
  #waitingSince: number | null = null;
  #time: TimeSource;
  #crlf: CrlfFilter | null;

  /**
   * @param source Read by this object alone from now on.
   * @param options With `crlf`, each line ends with CR LF. The time is the system's; tests pass their own.
   */
  constructor(source: ByteSource, { crlf = false, time = SYSTEM_TIME }: { crlf?: boolean; time?: TimeSource } = {}) {
    this.#source = source;
    this.#time = time;
    this.#crlf = crlf ? new CrlfFilter() : null;
  }

  /** Before the first read: whether the input ends without a byte. If the server speaks or closes first, a silent input does not count as empty. */
  async isEmpty(connection: Connection): Promise<boolean> {
    let empty = false;
    const ready = this.#read().then((count) => empty = count === null).catch(() => {});
    await Promise.race([ready, connection.ready()]);
    await within(ready, EMPTY_WAIT, this.#time);
    return empty;
  }

  /**
   * The next chunk, valid until the next read; `null` is the end.
   *
   * @throws {Failure} The input cannot be read. If the signal aborts, its reason.
   */
  async read(signal: AbortSignal): Promise<Uint8Array | null> {
    signal.throwIfAborted();
    this.#waitingSince = this.#time.now();
    try {
      const count = await abortable(this.#read(), signal);
      if (count === null) return null;
      const bytes = this.#buffer.subarray(0, count);
      [this.#buffer, this.#other] = [this.#other, this.#buffer];
      this.#reading = null;
      // The call that takes it reports its error.
      this.#read().catch(() => {});
      return this.#crlf === null ? bytes : this.#crlf.filter(bytes);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw new Failure(Exit.failed, `Cannot read standard input: ${stateOf(error).state}`, { cause: error });
    } finally {
      this.#waitingSince = null;
    }
  }

  /** Waits until the input has been silent for `ms`, or another promise resolves. */
  async silent(ms: number, other: Promise<void>): Promise<void> {
    while (!this.#isSilent(ms) && !await within(other, CHECK_INTERVAL, this.#time));
  }

  /** The pending read, or a new one. */
  #read(): Promise<number | null> {
    return this.#reading ??= this.#source.read(this.#buffer);
  }

  #isSilent(ms: number): boolean {
    return this.#waitingSince !== null && this.#time.now() - this.#waitingSince >= ms;
  }
}
