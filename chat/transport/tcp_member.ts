/**
 * One member of a room who came by TCP: the connection on one side, the room on the other.
 *
 * @module
 */
import type { Connection } from "../../lib/stream/connection.ts";
import { Deadlines } from "../../lib/deadlines.ts";
import { ProtocolError, TimedOutError } from "../../lib/errors.ts";
import type { MemoryBudget, MemoryShare } from "../../lib/memory.ts";
import { LineFramer } from "./lines.ts";
import type { Member, Why } from "../room/member.ts";
import { MAX_LINE } from "../protocol.ts";
import type { Room } from "../room/room.ts";
import { Seat, type SeatOptions } from "../room/seat.ts";
import { TelnetError } from "./telnet.ts";

/** How a room treats those who come by TCP. */
export interface TcpMemberOptions extends Omit<SeatOptions, "signal"> {
  /** A client that writes nothing for so long (ms) is let go; 0 = never. */
  readonly idle: number;
  /** The most bytes of a line. */
  readonly maxMessage: number;
  /** The pause (ms) that ends the first lines of a client that writes bare text and waits; 0 = only a newline does. */
  readonly gap: number;
  /** Counts long lines that have begun. */
  readonly memory?: MemoryBudget | undefined;
}

/** How long a client that was let go may take to close (ms). */
const LINGER = 500;

/**
 * Serves one member from joining to leaving. Every failure of the connection comes out after the room has let the member go.
 *
 * Two tasks share the connection: this one reads, {@linkcode TcpMember.#write} is its only writer.
 */
export class TcpMember {
  #connection: Connection;
  #room: Room;
  #options: TcpMemberOptions;
  #member: Member;
  #seat: Seat;
  #memory: MemoryShare | null;
  #lingering: ReturnType<typeof setTimeout> | undefined;
  /** Aborts when the room has let the member go: nothing of it is worth waiting for any more. */
  #letGo = new AbortController();

  constructor(connection: Connection, room: Room, options: TcpMemberOptions) {
    this.#connection = connection;
    this.#room = room;
    this.#options = options;
    this.#memory = options.memory?.share() ?? null;
    this.#member = room.join({
      id: connection.id,
      peer: connection.peer,
      address: connection.hostname,
      fingerprint: connection.session?.fingerprint ?? null,
      drop: () => connection.close(),
      traffic: () => {
        const { bytesIn, bytesOut } = connection;
        return { bytesIn, bytesOut, idle: performance.now() - this.#seat.heardAt };
      },
    });
    this.#seat = new Seat(room, this.#member, { ...options, signal: this.#letGo.signal });
  }

  /** Gives the member the name of its certificate, for good; if that is none, or taken, it stays `guest-N` and is told why. */
  certify(name: string): void {
    const problem = this.#room.certify(this.#member, name);
    if (problem !== null) this.#room.notify(this.#member, `your certificate gives you no name here: ${problem}`);
  }

  /** Silences the member, which is told. */
  mute(told: string): void {
    this.#room.mute(this.#member, true);
    this.#room.notify(this.#member, told);
  }

  /** Serves the member until it leaves or is let go. */
  async run(): Promise<void> {
    const writing = this.#write();
    const idle = new Deadlines({ idle: this.#options.idle, stall: 0 }, () => this.#letGoIdle());
    try {
      const why = await this.#listen(idle);
      this.#room.leave(this.#member, why);
      await writing;
      await this.#connection.finish();
    } catch (error) {
      // Let go by the room, which closed the connection: that has been announced with its reason.
      if (this.#member.gone) return;
      await this.#fail(error, writing);
      throw error;
    } finally {
      idle.stop();
      this.#memory?.release();
      this.#seat[Symbol.dispose]();
      await writing;
      clearTimeout(this.#lingering);
    }
  }

  /** Takes lines until the member leaves. After the room has let it go, what still comes is not heard. */
  async #listen(idle: Deadlines): Promise<Why> {
    const framer = new LineFramer(this.#options.maxMessage);
    // A line counts as a word from the client, and so does the beginning of one; bytes that never become a line do not.
    for (let word = true;;) {
      if (word) idle.reading(true);
      const begun = framer.begun > 0;
      const bytes = await this.#connection.read();
      word = false;
      this.#seat.heardAt = performance.now();
      for (const line of bytes === null ? [] : framer.push(bytes)) {
        word = true;
        // Who is slowed down is not silent.
        idle.reading(false);
        const outcome = this.#seat.take(line);
        // A promise per line is what this loop is there to avoid.
        if ((outcome instanceof Promise ? await outcome : outcome) === "leave") return "quit";
      }
      if (!this.#mayKeep(framer.begun)) throw new ProtocolError("Cannot take the line: too much memory is in use");
      word ||= framer.begun > 0 && !begun;
      if (bytes !== null && !(framer.mayEnd && await this.#pauses())) continue;
      word = true;
      const rest = framer.rest();
      if (rest !== null && await this.#seat.take(rest) === "leave") return "quit";
      if (bytes === null) return "quit";
    }
  }

  /** Whether there is memory for a line that has begun; a short one always has its place. */
  #mayKeep(bytes: number): boolean {
    return this.#memory?.hold(bytes > MAX_LINE ? bytes : 0) !== false;
  }

  /** Whether nothing comes for the length of a pause. */
  async #pauses(): Promise<boolean> {
    const { gap } = this.#options;
    return gap > 0 && !await this.#connection.readyWithin(gap);
  }

  /** Writes what gathers in the outbox; when the room has let the member go, the rest of it and then the end. Never rejects. */
  async #write(): Promise<void> {
    const { outbox } = this.#member;
    try {
      for (let bytes; outbox !== null && (bytes = await outbox.take()) !== null;) await this.#connection.write(bytes);
      this.#letGo.abort();
      await this.#connection.closeWrite();
      this.#lingering = setTimeout(() => this.#connection.close(), LINGER);
    } catch (error) {
      this.#room.leave(this.#member, error instanceof TimedOutError ? "too slow" : "reset");
      this.#letGo.abort();
      this.#connection.close();
    } finally {
      outbox?.abandon();
    }
  }

  #letGoIdle(): void {
    this.#room.notify(this.#member, `no word from you for ${this.#options.idle / 1000} s: closing`);
    this.#room.leave(this.#member, "idle");
  }

  /** The connection has failed, or the client broke a rule: then it is told, and gets what waits for it. */
  async #fail(error: unknown, writing: Promise<void>): Promise<void> {
    if (!(error instanceof ProtocolError)) {
      this.#room.leave(this.#member, error instanceof TimedOutError ? "too slow" : "reset");
      return this.#connection.close();
    }
    this.#room.notify(this.#member, error.message);
    this.#room.leave(this.#member, error instanceof TelnetError ? "bad telnet" : "line too long");
    await writing;
    await this.#connection.finish();
  }
}
