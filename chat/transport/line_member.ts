/**
 * A member of a room over TCP, or over another stream of lines: connects it with the room.
 *
 * @module
 */
import { Deadlines } from "../../lib/deadlines.ts";
import { ProtocolError, TimedOutError } from "../../lib/errors.ts";
import type { MemoryBudget, MemoryShare } from "../../lib/memory.ts";
import { REFUSED } from "../../lib/refusal.ts";
import { refusalReason } from "../../lib/stream/admission.ts";
import { LineFramer } from "./lines.ts";
import { FrameError, type MemberStream, SilentError } from "./member_stream.ts";
import type { LeaveReason, Member } from "../room/member.ts";
import { MAX_LINE } from "../protocol.ts";
import type { Room } from "../room/room.ts";
import { Seat, type SeatOptions } from "../room/seat.ts";
import { TelnetError } from "./telnet.ts";

/** Options of {@linkcode LineMember}. */
export interface LineMemberOptions extends Omit<SeatOptions, "signal" | "onLine"> {
  /** Called for each line, with its length in bytes as it came. */
  readonly onLine?: ((line: string, bytes: number) => void) | undefined;
  /** Idle timeout (ms); 0 = none. */
  readonly idle: number;
  /** The maximum length of a line in bytes. */
  readonly maxMessage: number;
  /** The pause (ms) that ends a line of a client that sends no newlines; 0 = only a newline does. */
  readonly gap: number;
  /** Counts incomplete long lines. */
  readonly memory?: MemoryBudget | undefined;
}

/** How long a client may take to close after we have half-closed (ms). */
const LINGER = 500;

/**
 * Serves one member from joining to leaving. A failed connection is reported to the caller after the member has left the room.
 *
 * Two tasks share the connection: {@linkcode LineMember.run} reads, {@linkcode LineMember.#write} is the only writer.
 */
export class LineMember {
  #connection: MemberStream;
  #room: Room;
  #options: LineMemberOptions;
  #member: Member;
  #seat: Seat;
  #framer: LineFramer;
  #memory: MemoryShare | null;
  /** Resolves when the name in the certificate is claimed on the other servers, or refused; `null` if it need not be awaited. */
  #certified: Promise<void> | null = null;
  #lingering: ReturnType<typeof setTimeout> | undefined;
  /** Aborts when the member has left the room and everything was written: nothing it sent needs to wait any more. */
  #left: AbortController | null = null;
  #hasLeft = false;

  constructor(connection: MemberStream, room: Room, options: LineMemberOptions) {
    this.#connection = connection;
    this.#room = room;
    this.#options = options;
    this.#memory = options.memory?.share() ?? null;
    this.#member = room.join({
      id: connection.id,
      peer: connection.peer,
      address: connection.hostname,
      fingerprint: connection.session?.fingerprint ?? null,
      via: connection.via,
      drop: () => connection.close(),
      traffic: () => {
        const { bytesIn, bytesOut } = connection;
        return { bytesIn, bytesOut, idle: performance.now() - this.#seat.receivedAt };
      },
    });
    const { onLine, ...rest } = options;
    const framer = this.#framer = new LineFramer(options.maxMessage, { measures: onLine !== undefined });
    this.#seat = new Seat(room, this.#member, {
      ...rest,
      onLine: onLine && ((line) => onLine(line, framer.length)),
      signal: () => this.#whenLeft(),
    });
  }

  /** Gives the member the name in its certificate, for good; if it is not valid or taken, the member stays `guest-N` and is told why. */
  certify(name: string): void {
    const tell = (problem: string | null): void => {
      if (problem !== null) this.#room.notify(this.#member, `the name in your certificate cannot be used: ${problem}`);
    };
    const problem = this.#room.certify(this.#member, name);
    if (problem instanceof Promise) this.#certified = problem.then(tell);
    else tell(problem);
  }

  /** Mutes the member, and tells it. */
  mute(told: string): void {
    this.#room.mute(this.#member, true);
    this.#room.notify(this.#member, told);
  }

  /** Serves the member until it leaves or is removed. */
  async run(): Promise<void> {
    const writing = this.#write();
    const idle = this.#options.idle === 0
      ? null
      : new Deadlines({ idle: this.#options.idle, stall: 0 }, () => this.#endIdle());
    try {
      if (this.#certified !== null) await this.#certified;
      const why = await this.#readLines(idle);
      this.#room.leave(this.#member, why);
      await writing;
      await this.#connection.finish();
    } catch (error) {
      // The room removed the member and closed the connection; that was announced with its reason.
      if (this.#member.gone) return;
      await this.#fail(error, writing);
      throw error;
    } finally {
      idle?.stop();
      this.#memory?.release();
      this.#seat[Symbol.dispose]();
      await writing;
      clearTimeout(this.#lingering);
    }
  }

  /** Takes lines until the member leaves. What arrives after the room has removed it is ignored. */
  async #readLines(idle: Deadlines | null): Promise<LeaveReason> {
    const framer = this.#framer;
    // A line resets the idle timeout, and so does the start of one; bytes that never complete a line do not.
    for (let progress = true;;) {
      if (progress) idle?.reading(true);
      const begun = framer.begun > 0;
      const bytes = await this.#connection.read();
      progress = false;
      this.#seat.receivedAt = performance.now();
      for (const line of bytes === null ? [] : framer.push(bytes)) {
        progress = true;
        // A throttled client is not idle.
        idle?.reading(false);
        const outcome = this.#seat.take(line);
        // This loop exists to avoid a promise per line.
        if ((outcome instanceof Promise ? await outcome : outcome) === "leave") return "quit";
      }
      if (!this.#reserve(framer.begun)) {
        throw new ProtocolError(`${REFUSED}the server has no memory for the line; try again later`);
      }
      progress ||= framer.begun > 0 && !begun;
      if (bytes !== null && !(framer.mayEnd && await this.#pauses())) continue;
      progress = true;
      const rest = framer.rest();
      if (rest !== null && await this.#seat.take(rest) === "leave") return "quit";
      if (bytes === null) return this.#mayReturn ? "timed out" : "quit";
    }
  }

  /** Whether the end of the stream is no goodbye: a browser also closes its connection when it loads the page anew. */
  get #mayReturn(): boolean {
    return this.#connection.via !== undefined && this.#room.comebacks.mayReturn(this.#member);
  }

  /** Whether there is memory for an incomplete line; there always is for a short one. */
  #reserve(bytes: number): boolean {
    return this.#memory?.hold(bytes > MAX_LINE ? bytes : 0) !== false;
  }

  /** Whether nothing arrives for the length of the gap. */
  async #pauses(): Promise<boolean> {
    const { gap } = this.#options;
    return gap > 0 && !await this.#connection.readyWithin(gap);
  }

  /** Writes the outbox to the connection; after the member has left the room, the rest of it and then half-closes. Never rejects. */
  async #write(): Promise<void> {
    const { outbox } = this.#member;
    try {
      for (let bytes; outbox !== null && (bytes = await outbox.take()) !== null;) await this.#connection.write(bytes);
      this.#leave();
      await this.#connection.closeWrite();
      this.#lingering = setTimeout(() => this.#connection.close(), LINGER);
    } catch (error) {
      this.#room.leave(this.#member, whyLost(error));
      this.#leave();
      this.#connection.close();
    } finally {
      outbox?.abandon();
    }
  }

  /** The signal that aborts once the member has left; few members ever wait for anything. */
  #whenLeft(): AbortSignal {
    this.#left ??= new AbortController();
    if (this.#hasLeft) this.#left.abort();
    return this.#left.signal;
  }

  #leave(): void {
    this.#hasLeft = true;
    this.#left?.abort();
  }

  #endIdle(): void {
    this.#room.expel(this.#member, "idle", `no message from you for ${this.#options.idle / 1000} s`);
  }

  /** The connection has failed, or the client broke the protocol: then it is told, and still gets what is queued for it. */
  async #fail(error: unknown, writing: Promise<void>): Promise<void> {
    if (!(error instanceof ProtocolError)) {
      this.#room.leave(this.#member, whyLost(error));
      return this.#connection.close();
    }
    const why = error instanceof TelnetError
      ? "bad telnet"
      : error instanceof FrameError
      ? "bad frame"
      : "line too long";
    const reason = refusalReason(error);
    if (reason === null) {
      this.#room.notify(this.#member, error.message);
      this.#room.leave(this.#member, why);
    } else this.#room.expel(this.#member, why, reason);
    await writing;
    await this.#connection.finish();
  }
}

/** What a failed connection means to the others. */
function whyLost(error: unknown): LeaveReason {
  if (error instanceof SilentError) return "timed out";
  return error instanceof TimedOutError ? "too slow" : "reset";
}
