/**
 * The two connections that a relay joins: a client's, and its own to the target.
 *
 * @module
 */
import type { Connection } from "../../lib/stream/connection.ts";
import type { TimeSource } from "../../lib/time.ts";
import type { RelayedSockets } from "./relayed_socket.ts";
import type { OpenFlow, Tally, Way } from "./tally.ts";

/** How long nothing may pass before a stopping relay takes a connection for idle (ms): more may be in flight. */
const SETTLE_TIME = 100;

/** What a pair needs from its relay. */
export interface PairContext {
  readonly sockets: RelayedSockets;
  readonly tally: Tally;
  readonly time: TimeSource;
}

/** Owns both connections. Until both ends have sent FIN, closing the pair resets them, so that neither end takes it for the end of data. */
export class Pair implements AsyncDisposable {
  readonly client: Connection;
  /** `null` until it is connected. */
  server: Connection | null = null;
  /** Whether the relay has ended it of its own accord. */
  over = false;
  #context: PairContext;
  #dialing = new AbortController();
  #started: number;
  #passedAt: number;
  /** Which way bytes passed last. If it was up when the relay stops, the target may still answer. */
  #last: Way | null = null;
  #draining = false;
  #cancel = (): void => {};

  /** @param client Owned by this object from now on. */
  constructor(client: Connection, context: PairContext) {
    this.client = client;
    this.#context = context;
    this.#started = this.#passedAt = context.time.now();
    context.sockets.cutsOff(client.id, true);
  }

  /** Aborts when there is no point in connecting any more. */
  get dialing(): AbortSignal {
    return this.#dialing.signal;
  }

  get figures(): OpenFlow {
    const { client: { id, peer, bytesIn, bytesOut } } = this;
    const now = this.#context.time.now();
    return { id, peer, up: bytesIn, down: bytesOut, age: now - this.#started, idle: now - this.#passedAt };
  }

  /**
   * Passes bytes both ways until both ends have sent FIN.
   *
   * @throws {Failure} One of the connections failed; both are closed then.
   */
  async pass(): Promise<void> {
    const { client, server } = this;
    const { sockets } = this.#context;
    if (server === null) return;
    sockets.cutsOff(server.id, true);
    let failure: unknown;
    const fail = (error: unknown): void => {
      failure ??= error;
      this.close();
    };
    await Promise.all([this.#pump("up", client, server).catch(fail), this.#pump("down", server, client).catch(fail)]);
    if (failure !== undefined) throw failure;
    this.#endCleanly();
  }

  /** Resets both connections. */
  reset(): void {
    this.#context.tally.resets++;
    this.#end();
  }

  /** The relay is stopping: ends the pair as soon as nothing is in flight, unless the target may still answer. */
  drain(): void {
    this.#draining = true;
    if (this.server === null) this.#end();
    else this.#settle();
  }

  /** Closes both connections. */
  close(): void {
    this.#draining = false;
    this.#cancel();
    this.client.close();
    this.server?.close();
  }

  /** Closes both, and waits until what the faults have held up has reached the target. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.server?.[Symbol.asyncDispose]();
  }

  async #pump(way: Way, from: Connection, to: Connection): Promise<void> {
    const { time, tally: { up, down } } = this.#context;
    for (;;) {
      // A plain read would end when the server drains: an idle client may be waiting for an answer.
      await from.ready();
      const arrived = time.now();
      const bytes = await from.read();
      if (bytes === null) break;
      if (way === "up") up.in.add(bytes.length);
      this.#last = way;
      await to.write(bytes);
      if (way === "down") down.out.add(bytes.length);
      this.#passedAt = time.now();
      (way === "up" ? up : down).times.add(this.#passedAt - arrived);
      if (this.#draining) this.#settle();
    }
    await to.closeWrite();
    if (this.#draining) this.#settle();
  }

  /** Ends the pair if nothing more passes for a while. */
  #settle(): void {
    this.#cancel();
    if (this.#last === "up") return;
    this.#cancel = this.#context.time.after(SETTLE_TIME, () => {
      this.#endCleanly();
      this.#end();
    });
  }

  #endCleanly(): void {
    for (const connection of [this.client, this.server]) {
      if (connection !== null) this.#context.sockets.cutsOff(connection.id, false);
    }
  }

  #end(): void {
    this.over = true;
    this.#dialing.abort();
    this.close();
  }
}
