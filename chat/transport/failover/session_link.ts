/**
 * One connection of a client with several servers: it carries the client's session until it is lost.
 *
 * @module
 */
import type { Connection } from "../../../lib/stream/connection.ts";
import { TimedOutError } from "../../../lib/errors.ts";
import type { Events } from "../../../lib/events.ts";
import { MAX_RECEIVED } from "../../protocol.ts";
import { lineCommand } from "../../session_lines.ts";
import { encodeText } from "../../../lib/text.ts";
import { SYSTEM_TIME, type TimeSource } from "../../../lib/time.ts";
import { within } from "../../../lib/within.ts";
import type { ClientSession } from "./client_session.ts";
import { LineFramer } from "../lines.ts";

/** How many bytes of lines to write at once. */
const BATCH = 16 * 1024;
/** How often the watch looks (s), unless the user has less patience. */
const TICK = 1;
/** How long a server may take to begin the session, and to answer a line (s). */
const START_LIMIT = 10;
const ANSWER_LIMIT = 30;
/** How long the farewell may take (ms). */
const FAREWELL_LIMIT = 200;
const QUIT = encodeText("/quit\n");

/** Wakes everybody who waits for a change. */
export class Bell {
  #next = Promise.withResolvers<void>();

  /** Resolves at the next ring. */
  get rung(): Promise<void> {
    return this.#next.promise;
  }

  /** Wakes them. */
  ring(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }
}

/** Options of {@linkcode SessionLink}. */
export interface SessionLinkOptions {
  readonly session: ClientSession;
  /** Rung when there is a line to send, and when the member leaves; the link rings it when receipts have come. */
  readonly bell: Bell;
  /** Whether the member leaves once every line has its receipt. */
  readonly leaving: () => boolean;
  /** Ends the link: after a farewell, at once. */
  readonly signal: AbortSignal;
  /** How long the server may be silent (s); 0 = for ever, as long as it owes no answer. */
  readonly patience: number;
  /** Takes a line that the server has sent. */
  readonly receive: (line: string) => void;
  /** Shows what {@linkcode SessionLinkOptions.receive} has made of the lines; waited for before more is read. */
  readonly show: () => Promise<void>;
  /** Gets `sent` for each line. */
  readonly events: Events;
  readonly time?: TimeSource | undefined;
}

/** Carries a session over one connection. */
export class SessionLink {
  /** Whether the member has left: everything it wrote has its receipt. */
  left = false;
  #connection: Connection;
  #options: SessionLinkOptions;
  #time: TimeSource;
  #framer = new LineFramer(MAX_RECEIVED);
  #over = false;
  #writing: Promise<void> = Promise.resolve();
  /** How often the watch looks (s): a quarter of the user's patience at least. */
  #tick: number;
  /** For how long no line has come (s), and whether the server was asked for one since. */
  #quiet = 0;
  #asked = false;
  /** The first line that was held back when the watch last looked. */
  #held: number | null = null;

  /** @param connection Connected; closed by the caller. */
  constructor(connection: Connection, options: SessionLinkOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#time = options.time ?? SYSTEM_TIME;
    this.#tick = Math.min(TICK, options.patience / 4 || TICK);
  }

  /**
   * Carries the session until the server closes the connection.
   *
   * @throws {Failure} The connection has failed, or the signal has ended it.
   */
  async run(): Promise<void> {
    const { session, bell, signal } = this.#options;
    this.#writing = this.#write(session.begin());
    let cancel = (): void => {};
    const tick = (): void => {
      cancel = this.#time.after(this.#tick * 1000, tick);
      this.#watch();
    };
    cancel = this.#time.after(this.#tick * 1000, tick);
    signal.addEventListener("abort", this.#end);
    if (signal.aborted) this.#end();
    try {
      await this.#read();
    } finally {
      this.#over = true;
      cancel();
      signal.removeEventListener("abort", this.#end);
      bell.ring();
      this.#connection.close();
      await this.#writing;
    }
  }

  async #read(): Promise<void> {
    for (let bytes; (bytes = await this.#connection.read()) !== null;) {
      for (const line of this.#framer.push(bytes)) {
        // Bytes that never complete a line are no sign of life.
        this.#quiet = 0;
        this.#asked = false;
        this.#options.receive(line);
      }
      this.#options.bell.ring();
      await this.#options.show();
    }
  }

  /** The only writer. Never rejects: the reading side finds out how a connection that cannot send has ended. */
  async #write(opening: readonly string[]): Promise<void> {
    const { bell, leaving, session, signal } = this.#options;
    try {
      await this.#connection.write(opening.map((line) => `${line}\n`).join(""));
      while (!this.#over && !signal.aborted) {
        const batch = this.#batch();
        if (batch !== "") await this.#connection.write(batch);
        else if (leaving() && session.started && session.waiting === 0) return await this.#leave();
        else await bell.rung;
      }
      // The server should not hold the name for a member that will not come back.
      if (signal.aborted) await this.#connection.write(QUIT);
    } catch {
      // Its peer is gone.
    }
  }

  /** The lines that are still to be sent, as many as go out at once. */
  #batch(): string {
    const { session, events } = this.#options;
    const { id, peer } = this.#connection;
    let batch = "";
    for (let line; batch.length < BATCH && (line = session.next()) !== null;) {
      const { text } = line;
      batch += `${lineCommand(line.id, text)}\n`;
      if (events.detailed) events.emit({ event: "sent", id, peer, bytes: encodeText(text).length + 1, text });
    }
    return batch;
  }

  async #leave(): Promise<void> {
    this.left = true;
    await this.#connection.write(QUIT);
    await this.#connection.closeWrite();
  }

  #end = (): void => {
    this.#options.bell.ring();
    within(this.#writing, FAREWELL_LIMIT, this.#time).finally(() => this.#connection.close());
  };

  /** Looks whether the server is still there, and whether lines were held back for too long. */
  #watch(): void {
    const { session, patience, show, bell } = this.#options;
    if (session.held !== null && session.held === this.#held) {
      session.release();
      // If it fails, so does the next write, and that one is waited for.
      show().catch(() => {});
    }
    this.#held = session.held;
    this.#quiet = session.owed || this.left || patience > 0 ? this.#quiet + this.#tick : 0;
    const limit = session.started ? patience || ANSWER_LIMIT : Math.min(patience || Infinity, START_LIMIT);
    if (this.#quiet >= limit) this.#connection.fail(TimedOutError.of("idle", this.#connection.peer, limit * 1000));
    else if (this.#quiet >= limit / 2 && session.started && !this.#asked) {
      // A server that is there answers an empty line at once, and says nothing.
      this.#asked = true;
      session.add("");
      bell.ring();
    }
  }
}
