/**
 * What the two ways of a browser into a room have in common: lines over a connection that carries more than lines.
 *
 * @module
 */
import type { Connection } from "../../../lib/stream/connection.ts";
import type { TlsSession } from "../../../lib/events.ts";
import { SYSTEM_TIME, type TimeSource } from "../../../lib/time.ts";
import type { MemberStream } from "../member_stream.ts";

/** Lines over a connection; a subclass says how they are wrapped. */
export abstract class WebStream implements MemberStream {
  abstract readonly via: string;
  protected readonly connection: Connection;
  /** The writes so far, one after the other; never rejects. `null` = none is under way. */
  #writing: Promise<void> | null = null;
  #time: TimeSource;
  #cancel: () => void;

  /** @param beat How often {@linkcode WebStream.beat} is called (ms). */
  constructor(connection: Connection, { beat, time = SYSTEM_TIME }: { beat: number; time?: TimeSource | undefined }) {
    this.connection = connection;
    this.#time = time;
    this.#cancel = time.after(beat, () => this.#beat(beat));
  }

  get id(): number {
    return this.connection.id;
  }

  get peer(): string {
    return this.connection.peer;
  }

  get hostname(): string {
    return this.connection.hostname;
  }

  get session(): TlsSession | null {
    return this.connection.session;
  }

  get bytesIn(): number {
    return this.connection.bytesIn;
  }

  get bytesOut(): number {
    return this.connection.bytesOut;
  }

  abstract read(): Promise<Uint8Array | null>;

  /** Whole lines come out of {@linkcode WebStream.read} only: no pause ends one. */
  readyWithin(ms: number): Promise<boolean> {
    return this.connection.readyWithin(ms);
  }

  abstract write(lines: Uint8Array): Promise<void>;
  abstract closeWrite(): Promise<void>;

  /** Ends the connection so that the client gets everything that was written; never rejects. */
  async finish(): Promise<void> {
    await this.closeWrite().catch(() => {});
    this.release();
    await this.connection.finish();
  }

  close(): void {
    this.release();
    this.connection.close();
  }

  /** Stops the timer; idempotent. A subclass gives back what it has taken. */
  protected release(): void {
    this.#cancel();
  }

  /** Finds out whether the client is still there. Not called while a write waits for it: that has its own time limit. */
  protected abstract beat(): void;

  #beat(interval: number): void {
    if (this.#writing === null) this.beat();
    this.#cancel = this.#time.after(interval, () => this.#beat(interval));
  }

  /** Writes what `make` makes when it is its turn: a socket has one writer at a time. */
  protected inTurn(make: () => Uint8Array): Promise<void> {
    const writing = this.#writing === null
      ? this.connection.write(make())
      : this.#writing.then(() => this.connection.write(make()));
    const over: Promise<void> = writing.catch(() => {}).then(() => {
      if (this.#writing === over) this.#writing = null;
    });
    this.#writing = over;
    return writing;
  }
}
