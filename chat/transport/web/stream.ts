/**
 * What the two ways of a browser into a room have in common: lines over a connection that carries more than lines.
 *
 * @module
 */
import type { Connection } from "../../../lib/stream/connection.ts";
import type { TlsSession } from "../../../lib/events.ts";
import type { MemberStream } from "../member_stream.ts";

/** Lines over a connection; a subclass says how they are wrapped. */
export abstract class WebStream implements MemberStream {
  abstract readonly via: string;
  protected readonly connection: Connection;
  /** The writes so far, one after the other; never rejects. `null` = none is under way. */
  #writing: Promise<void> | null = null;

  constructor(connection: Connection) {
    this.connection = connection;
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

  /** Stops the timers and gives memory back; idempotent. */
  protected abstract release(): void;

  /** Whether a write is under way; it has its own time limit. */
  protected get isWriting(): boolean {
    return this.#writing !== null;
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
