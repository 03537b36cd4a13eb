/**
 * Plays the clients of a capture against a server.
 *
 * @module
 */
import { type Endpoint, formatEndpoint, unmapped } from "../../lib/addr.ts";
import { DatagramSocket } from "../../lib/datagram/socket.ts";
import { Exit, Failure, TimedOutError } from "../../lib/errors.ts";
import type { PacketOpener } from "../../lib/net/packet_socket.ts";
import { resolveWithin, TimeLimit } from "../../lib/net/resolve.ts";
import { withProgress } from "../../lib/progress.ts";
import { connectTcp, type Opener } from "../../lib/stream/connect.ts";
import { SYSTEM_TIME, type TimeSource } from "../../lib/time.ts";
import type { ClientTls } from "../../lib/tls/client.ts";
import { datagramChannel, Resets } from "./channels.ts";
import type { Conversation } from "./conversation.ts";
import { CapturedOrder, NO_ORDER, type Order } from "./order.ts";
import { perform, type ReplayOptions } from "./perform.ts";
import { pause } from "./pause.ts";
import { Tally } from "./tally.ts";

/** How to play clients. */
export interface ClientOptions extends ReplayOptions {
  readonly openTcp: Opener;
  readonly openUdp: PacketOpener;
  /** Resolves a name for UDP (`resolveHost`). */
  readonly resolve?: (hostname: string) => Promise<string[]>;
  readonly tls: ClientTls | null;
}

/**
 * Plays every conversation at its time in the capture and compares the answers; without pauses, step by step in the order of the capture.
 *
 * @param server Where the server is now. Of the addresses of a name, datagrams go to the first of the captured family.
 * @returns The verdicts.
 * @throws {Failure} There is no server: the first connection could not be made. If the signal aborts, its reason.
 */
export async function replayClients(
  conversations: readonly Conversation[],
  server: Endpoint,
  options: ClientOptions,
): Promise<Tally> {
  return await new Clients(conversations, server, options).run();
}

class Clients {
  #conversations: readonly Conversation[];
  #server: Endpoint;
  #options: ClientOptions;
  #tally: Tally;
  #order: Order;
  #time: TimeSource;
  #started: number;
  #resets = new Resets();
  /** Whether the server has ever accepted a connection. */
  #reached = false;
  /** Ends the run if it has not. */
  #missing = new AbortController();
  #signal: AbortSignal;

  constructor(conversations: readonly Conversation[], server: Endpoint, options: ClientOptions) {
    this.#conversations = conversations;
    this.#server = server;
    this.#options = options;
    this.#tally = new Tally(options.events, "client");
    this.#order = options.speed === Infinity ? new CapturedOrder(conversations) : NO_ORDER;
    this.#time = options.time ?? SYSTEM_TIME;
    this.#started = this.#time.now();
    this.#signal = AbortSignal.any([options.signal, this.#missing.signal]);
  }

  async run(): Promise<Tally> {
    const all = Promise.allSettled(this.#conversations.map((conversation) => this.#play(conversation)));
    const ends = await withProgress(all, this.#options.events, (ms) => this.#progress(ms));
    this.#signal.throwIfAborted();
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    return this.#tally;
  }

  #progress(ms: number): string {
    const { length } = this.#conversations;
    return `Replaying … ${Math.floor(ms / 1000)} s, ${this.#tally.played} of ${length} done`;
  }

  async #play(conversation: Conversation): Promise<void> {
    const { flow, start, transport } = conversation;
    try {
      await pause(start / this.#options.speed, { signal: this.#signal, time: this.#time });
      await this.#order.turn(flow);
      this.#signal.throwIfAborted();
      await (transport === "tcp" ? this.#playTcp(conversation) : this.#playUdp(conversation));
    } finally {
      this.#order.leave(flow);
    }
  }

  async #playTcp(conversation: Conversation): Promise<void> {
    const { openTcp, timeout, tls, events, wire, faults } = this.#options;
    const { flow: id, refused } = conversation;
    const playing = { conversation, id, peer: formatEndpoint(this.#server) };
    let connection;
    // Not the limit of `connectTcp`: that would end a captured silence too.
    using limit = new TimeLimit(timeout, this.#signal, () => {
      return new TimedOutError(`Cannot connect to ${playing.peer}: no answer within ${timeout / 1000} s`);
    });
    try {
      const layers = { script: [this.#resets.layer] };
      const how = { id, stall: timeout, tls, events, wire, faults, report: false, signal: limit.signal, layers };
      connection = await connectTcp(openTcp, this.#server, how);
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      if (refused && error.code === Exit.unreachable) return this.#tally.refused(playing, { refused: true });
      if (this.#reached) return this.#tally.fail(playing, error);
      // The others would fail in the same way.
      this.#missing.abort(error);
      throw error;
    }
    limit[Symbol.dispose]();
    this.#reached = true;
    this.#order.taken(id);
    await using _ = connection;
    if (refused) return this.#tally.refused(playing, { refused: false });
    const channel = this.#resets.channel(connection);
    await perform(channel, playing, this.#tally, { ...this.#options, signal: this.#signal, order: this.#order });
  }

  async #playUdp(conversation: Conversation): Promise<void> {
    const { openUdp, events } = this.#options;
    const { flow: id } = conversation;
    const server = await this.#serverAddress(conversation);
    using socket = DatagramSocket.openFor(openUdp, server.hostname, () => id);
    this.#order.taken(id);
    const playing = { conversation, id, peer: formatEndpoint(server) };
    const channel = datagramChannel(socket, server, events);
    await perform(channel, playing, this.#tally, { ...this.#options, signal: this.#signal, order: this.#order });
  }

  async #serverAddress({ server: captured }: Conversation): Promise<Endpoint> {
    const { timeout, resolve } = this.#options;
    const limits = { timeout, signal: this.#signal, ...(resolve === undefined ? {} : { resolve }) };
    const addresses = (await resolveWithin(this.#server, limits)).map(unmapped);
    const isV6 = (address: string): boolean => address.includes(":");
    const like = captured === null ? undefined : isV6(unmapped(captured.hostname));
    const hostname = addresses.find((address) => isV6(address) === like) ?? addresses[0] ?? this.#server.hostname;
    return { hostname, port: this.#server.port };
  }
}
