/**
 * A stream of server-sent events with POST as a member's stream of lines, for where a proxy breaks WebSocket (HTML 9.2).
 *
 * @module
 */
import { Refusal } from "../../../http/request/refusal.ts";
import type { Connection } from "../../../lib/stream/connection.ts";
import { encodeText } from "../../../lib/text.ts";
import type { TimeSource } from "../../../lib/time.ts";
import { epochIn, type Framing } from "./framed.ts";
import { WebStream } from "./stream.ts";

/** How often a comment is sent (ms): so a proxy does not take the connection for dead, and we notice one that is. */
const COMMENT_INTERVAL = 15_000;
const COMMENT = encodeText(":\n\n");
const NOTHING = new Uint8Array(0);
/** How many requests with lines may wait to be read: each keeps a connection, even when its client has left. */
const MAX_WAITING = 8;

/** Lines that were posted, and who waits for them to be read. */
interface Posted {
  readonly lines: Uint8Array;
  readonly done: (read: boolean) => void;
}

/** Options of {@linkcode EventStream}. */
export interface EventStreamOptions {
  /** Lines to read before those that are posted, each with its line end. */
  readonly lines: string;
  /** Frames what is written. */
  readonly framing: Framing;
  /** Called when the stream is over. */
  readonly onEnd?: () => void;
  readonly time?: TimeSource | undefined;
}

/** The connection on which a client gets events; its own lines come by other connections. */
export class EventStream extends WebStream {
  readonly via = "events";
  #framing: Framing;
  #onEnd: () => void;
  /** The numbering of the room, once the member has been told. */
  #epoch: string | null = null;
  #posted: Posted[];
  #bytesPosted = 0;
  /** Wakes the reader. */
  #changed = Promise.withResolvers<void>();
  /** Whether the client has closed, or sent more than its request; and whether we have closed. */
  #over = false;
  #ended = false;

  /**
   * @param connection Its request was read, and the head of the answer is written.
   */
  constructor(connection: Connection, { lines, framing, onEnd = () => {}, time }: EventStreamOptions) {
    super(connection, { beat: COMMENT_INTERVAL, time });
    this.#onEnd = onEnd;
    this.#framing = framing;
    this.#posted = [{ lines: encodeText(lines), done: () => {} }];
    connection.ready().then(() => {
      this.#over = true;
      this.#changed.resolve();
    });
  }

  override get bytesIn(): number {
    return this.connection.bytesIn + this.#bytesPosted;
  }

  /**
   * Takes lines that the client has posted, each with its line end. They wait as long as the member is slowed down.
   *
   * @returns Whether they were read; `false` if the stream has ended before.
   * @throws {Refusal} 429: too many wait.
   */
  post(lines: Uint8Array): Promise<boolean> {
    if (this.#posted.length >= MAX_WAITING) {
      throw new Refusal(429, "too much of this session waits to be read; it is slowed down", { retryAfter: 5 });
    }
    if (this.#ended || lines.length === 0) return Promise.resolve(!this.#ended);
    return new Promise((done) => {
      this.#posted.push({ lines, done });
      this.#changed.resolve();
    });
  }

  /** Reads the next posted lines; `null` once the client has closed. */
  override async read(): Promise<Uint8Array | null> {
    for (;;) {
      const posted = this.#posted.shift();
      if (posted !== undefined) {
        this.#bytesPosted += posted.lines.length;
        posted.done(true);
        return posted.lines;
      }
      if (this.#over) {
        // Fails if the connection was reset. What it still brings is dropped: it had its one request.
        await this.connection.read();
        return null;
      }
      await this.#changed.promise;
      this.#changed = Promise.withResolvers();
    }
  }

  override async write(lines: Uint8Array): Promise<void> {
    this.#epoch = epochIn(lines) ?? this.#epoch;
    await this.inTurn(() => this.#framing.of(lines, this.#epoch));
  }

  /** The stream has no end of its own but that of the connection. */
  override async closeWrite(): Promise<void> {
    this.release();
    await this.inTurn(() => NOTHING);
    await this.connection.closeWrite();
  }

  protected override release(): void {
    super.release();
    if (!this.#ended) this.#onEnd();
    this.#ended = true;
    for (const { done } of this.#posted.splice(0)) done(false);
  }

  /** If it fails, the next read or write tells how the connection ended. */
  protected override beat(): void {
    this.inTurn(() => COMMENT).catch(() => {});
  }
}
