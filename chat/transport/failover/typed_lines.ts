/**
 * The input of a client with several servers: read into its session, whether or not there is a connection.
 *
 * @module
 */
import type { LineInput } from "../../../lib/console/line_input.ts";
import { stateOf, TooLongError } from "../../../lib/errors.ts";
import type { ClientSession } from "./client_session.ts";
import { isFarewell, tooLong } from "../../protocol.ts";
import type { Bell } from "./session_link.ts";

/** How a user has left: by a line that says so, or by the end of the input; `null` = not yet. */
export type Left = "farewell" | "end" | null;

/** Options of {@linkcode TypedLines}. */
export interface TypedLinesOptions {
  /** Takes the lines. While it is full, no more are read. */
  readonly session: ClientSession;
  /** Rung for each line; rung by others when the session may no longer be full. */
  readonly bell: Bell;
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /** Tells a user at a terminal about a line that cannot be sent. */
  readonly warn: (text: string) => void;
  /** Called when the user has left. */
  readonly onLeft: () => void;
}

/** Reads lines until the user leaves. */
export class TypedLines {
  /** Whether the input is a terminal. */
  readonly interactive: boolean;
  left: Left = null;
  /** Why the input was not read to its end; `null` = it was, or nothing is wrong yet. */
  problem: unknown = null;
  #input: LineInput;
  #options: TypedLinesOptions;
  #reading: Promise<void>;

  /** @param input Owned by this object from here on. */
  constructor(input: LineInput, options: TypedLinesOptions) {
    this.#input = input;
    this.#options = options;
    this.interactive = input.interactive;
    this.#reading = this.#read();
  }

  /** Changes the prompt. */
  prompt(text: string): void {
    if (this.interactive) this.#input.prompt(text);
  }

  /** Closes the input; the signal has been aborted. */
  async end(): Promise<void> {
    await this.#reading;
    this.#input.close();
  }

  /** Never rejects. */
  async #read(): Promise<void> {
    const { signal, warn, onLeft } = this.#options;
    let left: Left = "end";
    try {
      left = await this.#readLines();
    } catch (error) {
      if (signal.aborted) return;
      if (this.interactive) warn(stateOf(error).state);
      else this.problem = error;
    }
    this.left = left;
    onLeft();
  }

  async #readLines(): Promise<Left> {
    const { session, bell, signal, warn } = this.#options;
    for (let count = 1;; count++) {
      while (session.full && !signal.aborted) await bell.rung;
      const line = await this.#next(count);
      if (line === null) return "end";
      if (isFarewell(line)) return "farewell";
      try {
        session.add(line, this.interactive ? "the line" : `line ${count}`);
      } catch (error) {
        if (!this.interactive) throw error;
        warn(stateOf(error).state);
      }
      bell.ring();
    }
  }

  /** The next line of the input, the `count`th. */
  async #next(count: number): Promise<string | null> {
    try {
      return await this.#input.read(this.#options.signal);
    } catch (error) {
      throw error instanceof TooLongError ? tooLong(`line ${count}`) : error;
    }
  }
}
