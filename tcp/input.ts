/**
 * The input of a pipe.
 *
 * @module
 */
import type { Connection } from "../lib/stream/connection.ts";
import { Exit, Failure, stateOf } from "../lib/errors.ts";
import { ByteReader, type ByteSource } from "../lib/reader.ts";
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
 * Standard input or a substitute. A read that its signal ends loses nothing: the bytes go to the next read, perhaps for another
 * connection.
 */
export class Input {
  #reader: ByteReader;
  #waitingSince: number | null = null;
  #time: TimeSource;
  #crlf: CrlfFilter | null;

  /**
   * @param source Read by this object alone from now on.
   * @param options With `crlf`, each line ends with CR LF. The time is the system's; tests pass their own.
   */
  constructor(source: ByteSource, { crlf = false, time = SYSTEM_TIME }: { crlf?: boolean; time?: TimeSource } = {}) {
    this.#reader = new ByteReader(source, null, CHUNK);
    this.#time = time;
    this.#crlf = crlf ? new CrlfFilter() : null;
  }

  /** Whether the input has ended without a byte. If the server speaks or closes first, a silent input does not count as empty. */
  async isEmpty(connection: Connection): Promise<boolean> {
    const ready = this.#reader.ready();
    await Promise.race([ready, connection.ready()]);
    await within(ready, EMPTY_WAIT, this.#time);
    return this.#reader.ended && this.#reader.received === 0;
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
      await abortable(this.#reader.ready(), signal);
      const bytes = this.#reader.take();
      return bytes === null || this.#crlf === null ? bytes : this.#crlf.filter(bytes);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw new Failure(Exit.failed, `Cannot read standard input: ${stateOf(error).state}`, { cause: error });
    } finally {
      this.#waitingSince = null;
    }
  }

  /** Waits until the input has been silent for `ms`, or another promise resolves; returns whether it is silent. */
  async silent(ms: number, other: Promise<void>): Promise<boolean> {
    while (!this.#isSilent(ms)) if (await within(other, CHECK_INTERVAL, this.#time)) return false;
    return true;
  }

  #isSilent(ms: number): boolean {
    return this.#waitingSince !== null && this.#time.now() - this.#waitingSince >= ms;
  }
}
