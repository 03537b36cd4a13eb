/**
 * One exchange, repeated.
 *
 * @module
 */
import type { Endpoint } from "../lib/addr.ts";
import { CutOffError, ProtocolError } from "../lib/errors.ts";
import { type ConnectOptions, connectTcp, type Opener } from "../lib/stream/connect.ts";
import type { Connection } from "../lib/stream/connection.ts";
import { encodeText } from "../lib/text.ts";

/** Counts from 1. */
export function counter(): () => number {
  let count = 0;
  return () => ++count;
}

/**
 * Repeats one exchange: on one connection while the server keeps it open, else on a new one each time (the time then includes
 * connecting).
 */
export class Exchanger implements AsyncDisposable {
  #open: Opener;
  #server: Endpoint;
  #message: Uint8Array;
  #options: ConnectOptions;
  #connection: Connection | null = null;
  #keepsOpen = true;
  #nextId: () => number;
  #included = false;
  #closing: Promise<void> = Promise.resolve();

  /** @param nextId Numbers the connections; exchangers at work side by side share it, so that no two have the same. */
  constructor(open: Opener, server: Endpoint, message: string, options: ConnectOptions, nextId = counter()) {
    this.#open = open;
    this.#server = server;
    this.#message = encodeText(message);
    this.#options = options;
    this.#nextId = nextId;
  }

  /** Whether it has no connection yet. */
  get connecting(): boolean {
    return this.#connection === null;
  }

  /** Whether the last exchange included connecting. */
  get connectingIncluded(): boolean {
    return this.#included;
  }

  /**
   * Sends the message and reads the reply.
   *
   * @returns The reply, valid until the next exchange.
   */
  async exchange(): Promise<Uint8Array> {
    const used = this.#connection;
    this.#included = used === null;
    this.#connection ??= await connectTcp(this.#open, this.#server, { ...this.#options, id: this.#nextId() });
    const reply = await this.#ask(this.#connection).catch((error) => {
      // A used connection ended without a byte: the server answers once per connection. Retry on a new one.
      if (used === null || !(error instanceof CutOffError)) throw error;
      this.#keepsOpen = false;
      return null;
    });
    if (reply === null || !this.#keepsOpen) this.#disconnect();
    return reply ?? await this.exchange();
  }

  async #ask(connection: Connection): Promise<Uint8Array> {
    await connection.write(this.#message);
    const reply = await connection.readMessage({ keepEnd: true });
    if (reply === null) throw new CutOffError(`Cannot read from ${connection.peer}: it closed without a reply`);
    // The rest would be read as the reply to the next message.
    if (connection.buffered > 0) {
      throw new ProtocolError(`Cannot count the exchanges with ${connection.peer}: its reply is more than one line`);
    }
    return reply;
  }

  #disconnect(): void {
    if (this.#connection !== null) this.#closing = this.#connection[Symbol.asyncDispose]();
    this.#connection = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disconnect();
    await this.#closing;
  }
}
