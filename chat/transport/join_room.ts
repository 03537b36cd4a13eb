/**
 * The client's side of a room: what is typed goes to the server, what comes goes to the screen or the pipe.
 *
 * @module
 */
import type { Connection } from "../../lib/stream/connection.ts";
import { Deadlines } from "../../lib/deadlines.ts";
import { CutOffError, stateOf, TimedOutError } from "../../lib/errors.ts";
import type { DataOutput } from "../../lib/console/output.ts";
import type { LineInput } from "../../lib/console/line_input.ts";
import { decodeText } from "../../lib/text.ts";
import { COMMANDS } from "../room/commands.ts";
import { completions } from "../room/complete.ts";
import { fitsLine, isFarewell, learnFrom, MAX_LINE } from "../protocol.ts";

const LF = 10;
/** How long a server may take to close after a person at the terminal has left (ms). */
const LEAVE = 2000;
/** The longest line that is taken (bytes): those of the room are escaped, which makes some of them four times as long. */
const LONGEST = 1024 * 1024;
/** The most names that the Tab key knows. */
const MOST_NAMES = 5000;

/** What a person at a terminal needs to know of the room. */
export class Bearings {
  #names = new Set<string>();
  /** The name that we go by, once the server has said it. */
  own: string | null = null;

  /** Takes note of a line that came. */
  learn(line: string): void {
    const { own, here, gone } = learnFrom(line);
    this.own = own ?? this.own;
    for (const name of gone) this.#names.delete(name);
    for (const name of here) if (this.#names.size < MOST_NAMES) this.#names.add(name);
  }

  /** What the Tab key makes of what was typed. */
  complete = (typed: string): [string[], string] => completions(typed, [...this.#names], Object.keys(COMMANDS));
}

/** What the client works with. */
export interface RoomClientOptions {
  readonly input: LineInput;
  readonly output: DataOutput;
  readonly bearings: Bearings;
  /** The name to ask for. */
  readonly name: string | undefined;
  /** How long a line may take from its first byte to its last (ms); 0 = no limit (default). */
  readonly lineTime?: number;
  /** Says something about the conversation that is no part of it. */
  readonly remark: (text: string) => void;
}

/**
 * Takes part in a room until the server closes. At the end of the input it half-closes, and so leaves with all that is on its way.
 *
 * @param connection Connected; closed by the caller.
 */
export async function joinRoom(connection: Connection, options: RoomClientOptions): Promise<void> {
  await new Visit(connection, options).run();
}

class Visit {
  #connection: Connection;
  #options: RoomClientOptions;
  #over = new AbortController();
  /** Set once a person at the terminal has left and the server takes its time. */
  #leaving: ReturnType<typeof setTimeout> | undefined;
  #gaveUp = false;
  /** Watches the line that comes in a pipe; at a terminal the connection does. */
  #line: Deadlines;

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
  }

  /** Puts out what comes: byte for byte into a pipe, line by line at a terminal. */
  async #receive(): Promise<void> {
    const { input, output, bearings } = this.#options;
    const read = (): Promise<Uint8Array | null> =>
      // Lines, whatever pauses the network makes: half of one could pass for another.
      input.interactive
        ? this.#connection.readMessage({ keepEnd: true, gap: 0, max: LONGEST })
        : this.#connection.read();
    for (let bytes; (bytes = await read()) !== null;) {
      await output.write(bytes);
      if (!input.interactive) {
        if (bytes.includes(LF)) this.#line.message(false);
        if (bytes.at(-1) !== LF) this.#line.message(true);
        continue;
      }
      await output.end();
      bearings.learn(decodeText(bytes).trimEnd());
      if (bearings.own !== null) input.prompt(`${bearings.own}: `);
    }
  }

  /** Sends the lines of the input until it ends, then says that no more will come; never rejects. */
  async #send(): Promise<void> {
    try {
      await this.#sendLines();
    } catch (error) {
      // A connection that no longer takes anything may still deliver; the receiver finds out how it ended.
      if (this.#over.signal.aborted || error instanceof CutOffError) return;
      this.#options.remark(stateOf(error).state);
    }
    await this.#connection.closeWrite().catch(() => {});
    if (this.#options.input.interactive) this.#leaving = setTimeout(() => this.#giveUp(), LEAVE);
  }

  async #sendLines(): Promise<void> {
    const { input, name, remark } = this.#options;
    if (name !== undefined) await this.#connection.write(`/nick ${name}\n`);
    for (let line; (line = await input.read(this.#over.signal)) !== null;) {
      if (fitsLine(line)) await this.#connection.write(`${line}\n`);
      else remark(`Not sent: a line has at most ${MAX_LINE} bytes`);
      if (input.interactive && isFarewell(line)) return;
    }
  }

  #giveUp(): void {
    this.#gaveUp = true;
    this.#connection.close();
  }
}
