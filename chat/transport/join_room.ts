/**
 * The client side of a room: input goes to the server, received lines go to the screen or the pipe.
 *
 * @module
 */
import type { Connection } from "../../lib/stream/connection.ts";
import { Deadlines } from "../../lib/deadlines.ts";
import { CutOffError, stateOf, TimedOutError, TooLongError } from "../../lib/errors.ts";
import type { DataOutput } from "../../lib/console/output.ts";
import type { LineInput } from "../../lib/console/line_input.ts";
import { decodeText } from "../../lib/text.ts";
import { COMMANDS } from "../room/commands.ts";
import { completions } from "../room/complete.ts";
import { fitsLine, isFarewell, learnFrom, MAX_RECEIVED, tooLong } from "../protocol.ts";

const LF = 10;
/** How long the server may take to close after a user at a terminal has left (ms). */
const LEAVE_TIMEOUT = 2000;
/** The maximum number of names kept for Tab completion. */
const MAX_NAMES = 5000;

/** The names in the room, for the prompt and for Tab completion. */
export class Roster {
  #names = new Set<string>();
  /** Our own name, once the server has sent it. */
  own: string | null = null;

  /** Updates the names from a received line. */
  learn(line: string): void {
    const { own, here, gone } = learnFrom(line);
    this.own = own ?? this.own;
    for (const name of gone) this.#names.delete(name);
    for (const name of here) if (this.#names.size < MAX_NAMES) this.#names.add(name);
  }

  /** Completes what was typed. */
  complete = (typed: string): [string[], string] => completions(typed, [...this.#names], Object.keys(COMMANDS));
}

/** Options of {@linkcode joinRoom}. */
export interface RoomClientOptions {
  readonly input: LineInput;
  readonly output: DataOutput;
  readonly roster: Roster;
  /** The name to request. */
  readonly name: string | undefined;
  /** The time limit for a line, from its first byte to its last (ms); 0 = no limit (default). */
  readonly lineTime?: number;
  /** Tells the user about trouble, such as a line that was not sent. */
  readonly warn: (text: string) => void;
}

/**
 * Takes part in a room until the server closes. At the end of the input it half-closes, so that everything already sent is delivered.
 *
 * @param connection Connected; closed by the caller.
 * @throws {Failure} The connection failed; or a line could not be sent, and the input is not a terminal. Lines after it are not sent.
 */
export async function joinRoom(connection: Connection, options: RoomClientOptions): Promise<void> {
  await new RoomClient(connection, options).run();
}

class RoomClient {
  #connection: Connection;
  #options: RoomClientOptions;
  #over = new AbortController();
  /** Closes the connection if the server has not, some time after a user at a terminal has left. */
  #leaving: ReturnType<typeof setTimeout> | undefined;
  #gaveUp = false;
  /** Why the input was not sent to its end. */
  #problem: unknown = null;
  /** Limits the time for a received line in a pipe; at a terminal the connection does. */
  #line: Deadlines;
  /** How many bytes of an incomplete line went into the pipe. */
  #begun = 0;

  constructor(connection: Connection, options: RoomClientOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#line = new Deadlines({ idle: 0, stall: 0, message: options.lineTime ?? 0 }, (limit, ms) => {
      connection.fail(TimedOutError.of(limit, connection.peer, ms));
    });
  }

  async run(): Promise<void> {
    const sending = this.#send();
    try {
      await this.#receive();
    } catch (error) {
      if (!this.#gaveUp) throw error;
    } finally {
      this.#over.abort();
      this.#line.stop();
      await sending;
      clearTimeout(this.#leaving);
    }
    await this.#options.output.end();
    if (this.#problem !== null) throw this.#problem;
  }

  /** Writes out what arrives: byte for byte into a pipe, line by line at a terminal. */
  async #receive(): Promise<void> {
    const { input, output, roster } = this.#options;
    const read = (): Promise<Uint8Array | null> =>
      // Whole lines, regardless of pauses: part of a line could look like a different one.
      input.interactive
        ? this.#connection.readMessage({ keepEnd: true, gap: 0, max: MAX_RECEIVED })
        : this.#connection.read();
    for (let bytes; (bytes = await read()) !== null;) {
      await output.write(bytes);
      if (!input.interactive) {
        this.#passed(bytes);
        continue;
      }
      await output.end();
      roster.learn(decodeText(bytes).trimEnd());
      if (roster.own !== null) input.prompt(`${roster.own}: `);
    }
  }

  /**
   * Applies the limits of a received line, in time and length, to what went into the pipe: nothing is held for that.
   *
   * @throws {TooLongError} The line is longer than any room's.
   */
  #passed(bytes: Uint8Array): void {
    const first = bytes.indexOf(LF);
    if (this.#begun + (first < 0 ? bytes.length : first) > MAX_RECEIVED) throw new TooLongError(MAX_RECEIVED);
    this.#begun = first < 0 ? this.#begun + bytes.length : bytes.length - 1 - bytes.lastIndexOf(LF);
    if (first >= 0) this.#line.message(false);
    if (this.#begun > 0) this.#line.message(true);
  }

  /** Sends the input line by line until it ends, then half-closes. Never rejects. */
  async #send(): Promise<void> {
    try {
      await this.#sendLines();
    } catch (error) {
      // A connection that can no longer send may still receive; the receiving side finds out how it ended.
      if (this.#over.signal.aborted || error instanceof CutOffError) return;
      if (this.#options.input.interactive) this.#options.warn(stateOf(error).state);
      else this.#problem = error;
    }
    await this.#connection.closeWrite().catch(() => {});
    if (this.#options.input.interactive) this.#leaving = setTimeout(() => this.#giveUp(), LEAVE_TIMEOUT);
  }

  async #sendLines(): Promise<void> {
    const { input, name, warn } = this.#options;
    if (name !== undefined) await this.#connection.write(`/nick ${name}\n`);
    for (let count = 1, line; (line = await this.#next(count)) !== null; count++) {
      if (fitsLine(line)) await this.#connection.write(`${line}\n`);
      else if (input.interactive) warn(tooLong("the line").message);
      else throw tooLong(`line ${count}`);
      if (input.interactive && isFarewell(line)) return;
    }
  }

  /** The next line of the input, the `count`th. */
  async #next(count: number): Promise<string | null> {
    try {
      return await this.#options.input.read(this.#over.signal);
    } catch (error) {
      throw error instanceof TooLongError ? tooLong(`line ${count}`) : error;
    }
  }

  #giveUp(): void {
    this.#gaveUp = true;
    this.#connection.close();
  }
}
