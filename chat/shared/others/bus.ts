/**
 * What the servers of a room need of the broker to talk to each other: messages, and a table with one holder per key. Pure:
 * {@linkcode "./nats_bus.ts"} and {@linkcode "./nats_table.ts"} have them from NATS.
 *
 * @module
 */

/** Answers a message. */
export type Answer = (data: Uint8Array) => void;

/** Messages between the servers of a room, each at most once. A server does not get its own. */
export interface Bus {
  /** Whether the broker can be reached. */
  readonly up: boolean;
  /** Sends a message to all that listen; without the broker it is lost. */
  publish(subject: string, data: Uint8Array): void;
  /** Sends a message that one server answers; `null` if it does not within `ms`. Never rejects. */
  request(subject: string, data: Uint8Array, ms: number): Promise<Uint8Array | null>;
  /**
   * Sends a message that all servers answer, each with one or several messages.
   *
   * @param take Takes each answer; returns whether it was the last one to wait for.
   * @returns Resolves after the last one, or when no more come for some time. Never rejects.
   */
  requestAll(subject: string, data: Uint8Array, take: (data: Uint8Array) => boolean): Promise<void>;
  /** Calls back for each message; `answer` is `null` if none is wanted. */
  listen(subject: string, handle: (data: Uint8Array, answer: Answer | null) => void): void;
  /** Calls back when the broker is gone (`false`) and when it is back (`true`). Returns what ends the calls. */
  watch(listener: (up: boolean) => void): () => void;
}

/** A value in a table. */
export interface Held {
  readonly value: string;
  /** Grows with each change of the value. */
  readonly revision: number;
}

/** A table that all servers share, each change of it atomic. Every method rejects while the broker cannot be reached. */
export interface Table {
  /** Adds a key; `null` if it is there already, else its revision. */
  create(key: string, value: string): Promise<number | null>;
  /** Changes the value of a key; `null` if it has another revision, or is gone, else its new revision. */
  update(key: string, value: string, revision: number): Promise<number | null>;
  /** The value of a key; `null` if there is none. */
  get(key: string): Promise<Held | null>;
  /** Removes a key, if it has that revision. */
  remove(key: string, revision: number): Promise<void>;
}
