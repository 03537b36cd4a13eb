/**
 * What a journal needs of the broker: lines with numbers, kept in order. Pure: {@linkcode "./line_stream.ts"} has it from JetStream.
 *
 * @module
 */

/** A line as the store keeps it. */
export interface StoredLine {
  /** Its place in the store, from 1 on. */
  readonly number: number;
  /** The id that it was added with; "" if none. */
  readonly id: string;
  readonly data: Uint8Array;
  /** When it was added, by the store's clock (ms since 1970); `null` if it was not asked. */
  readonly at: number | null;
}

/** Where a line stands that was added. */
export interface Added {
  readonly number: number;
  /** Whether one of the same id had been added before: then that one stands there, whatever it says. */
  readonly before: boolean;
}

/** What a store has. */
export interface StoreState {
  /** Names the store, and no other that ever had or will have its name. */
  readonly identity: string;
  /** The numbers of the first and the last line that it has, or had if it is empty. */
  readonly first: number;
  readonly last: number;
}

/** Lines with numbers that several servers add and read. Every method may fail while the broker cannot be reached. */
export interface LineStore {
  /** Whether the broker can be reached; what is added otherwise may be overtaken by what is added later. */
  readonly up: boolean;
  /** How many lines may be on their way at once without one overtaking another when the first fails. */
  readonly window: number;
  /**
   * Adds a line, unless one of the same id was added shortly before.
   *
   * @throws {TooLargeError} The store takes no line of that length.
   */
  add(id: string, data: Uint8Array): Promise<Added>;
  /** The line of a number; `null` if it is no longer or not yet there. */
  read(number: number): Promise<StoredLine | null>;
  /** The first line with this number or a higher one; `null` if there is none yet. */
  readFrom(number: number): Promise<StoredLine | null>;
  /** Looks at the store, and makes it if it is missing. */
  look(): Promise<StoreState>;
  /**
   * Calls back when another server adds a line, which may be readable only a little later, and when the broker is gone or back. Some
   * calls may be missing.
   *
   * @returns Ends the calls.
   */
  watch(listener: (what: "line" | "gone" | "back") => void): () => void;
}

/** A line is longer than the store takes. */
export class TooLargeError extends Error {
  override name = "TooLargeError";
}
