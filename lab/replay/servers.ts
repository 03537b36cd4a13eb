/**
 * Plays the server of a capture to clients that come.
 *
 * @module
 */
import { formatEndpoint } from "../../lib/addr.ts";
import { counter } from "../../lib/counter.ts";
import { type Datagram, DatagramSocket } from "../../lib/datagram/socket.ts";
import { Exit, Failure } from "../../lib/errors.ts";
import type { Layers } from "../../lib/net/layers.ts";
import type { PacketSocket } from "../../lib/net/packet_socket.ts";
import type { StreamListener } from "../../lib/net/socket.ts";
import { REFUSED } from "../../lib/refusal.ts";
import type { Connection } from "../../lib/stream/connection.ts";
import { serveTcp } from "../../lib/stream/server.ts";
import { ClientDatagrams, Resets } from "./channels.ts";
import type { Conversation } from "./conversation.ts";
import { perform, type ReplayOptions } from "./perform.ts";
import { Tally } from "./tally.ts";

/** How to play a server. */
export interface ServerOptions extends ReplayOptions {
  /** Play each conversation once, then stop. */
  readonly once: boolean;
}

/** Deals the conversations out to the clients, one to each, in the order of the capture; and over again, unless `once`. */
class Deal {
  #conversations: readonly Conversation[];
  #once: boolean;
  #dealt = 0;
  #over = 0;
  #finished = new AbortController();

  constructor(conversations: readonly Conversation[], { once }: { once: boolean }) {
    this.#conversations = conversations;
    this.#once = once;
  }

  /** Aborted once each conversation was played, if that is to be the end. */
  get finished(): AbortSignal {
    return this.#finished.signal;
  }

  /** The next client's conversation; `null` if none is left. */
  take(): Conversation | null {
    if (this.#once && this.#dealt >= this.#conversations.length) return null;
    return this.#conversations[this.#dealt++ % this.#conversations.length] ?? null;
  }

  /** A client's conversation is over. */
  done(): void {
    if (++this.#over >= this.#conversations.length && this.#once) this.#finished.abort();
  }
}

/**
 * Plays the server's side of a TCP conversation to each client that connects, and compares what the client sends.
 *
 * @param listener Already listening; owned by this function from now on.
 * @param layers TLS, if it is to be spoken.
 * @returns The verdicts, once the signal aborts or each conversation was played `once`.
 */
export async function replayTcpServer(
  listener: StreamListener,
  conversations: readonly Conversation[],
  { layers, ...options }: ServerOptions & { readonly layers: Layers },
): Promise<Tally> {
  const { events, signal, once, wire, faults } = options;
  const deal = new Deal(conversations, { once });
  const tally = new Tally(events, "server");
  const resets = new Resets();
  const handler = async (connection: Connection): Promise<void> => {
    const conversation = deal.take();
    if (conversation === null) throw new Failure(Exit.unreachable, `${REFUSED}the capture has no more connections`);
    const { id, peer } = connection;
    try {
      // When the run is stopped, the server gives open exchanges some time, and then closes their connections.
      const { signal: stopping, ...how } = options;
      await perform(resets.channel(connection), { conversation, id, peer }, tally, {
        ...how,
        stopping,
        halfOpen: true,
      });
    } finally {
      deal.done();
    }
  };
  await serveTcp(listener, handler, {
    events,
    report: false,
    wire,
    faults,
    signal: AbortSignal.any([signal, deal.finished]),
    layers: { ...layers, script: [...layers.script ?? [], resets.layer] },
  });
  return tally;
}

/** The most clients over UDP at a time: their addresses may be forged. */
const MAX_CLIENTS = 1000;

/**
 * Plays the server's side of a UDP flow to each client that sends a datagram. A client whose flow is over gets the next one.
 *
 * @param bound Owned by this function from now on.
 * @returns The verdicts, once the signal aborts or each conversation was played `once`.
 */
export async function replayUdpServer(
  bound: PacketSocket,
  conversations: readonly Conversation[],
  options: ServerOptions,
): Promise<Tally> {
  return await new UdpServer(new DatagramSocket(bound), conversations, options).run();
}

class UdpServer {
  #socket: DatagramSocket;
  #options: ServerOptions;
  #deal: Deal;
  #tally: Tally;
  #clients = new Map<string, ClientDatagrams>();
  #served = new Set<Promise<void>>();
  #failure: { readonly reason: unknown } | null = null;
  #nextId = counter();

  constructor(socket: DatagramSocket, conversations: readonly Conversation[], options: ServerOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#deal = new Deal(conversations, options);
    this.#tally = new Tally(options.events, "server");
  }

  async run(): Promise<Tally> {
    const stop = AbortSignal.any([this.#options.signal, this.#deal.finished]);
    const close = (): void => this.#socket.close();
    stop.addEventListener("abort", close);
    if (stop.aborted) close();
    try {
      for (let datagram; (datagram = await this.#socket.receive()) !== null;) this.#take(datagram);
    } finally {
      close();
      await Promise.all(this.#served);
    }
    if (this.#failure !== null) throw this.#failure.reason;
    return this.#tally;
  }

  #take({ bytes, from }: Datagram): void {
    const peer = formatEndpoint(from);
    const known = this.#clients.get(peer);
    if (known !== undefined) return known.push(bytes);
    const conversation = this.#clients.size < MAX_CLIENTS ? this.#deal.take() : null;
    if (conversation === null) return;
    const client = new ClientDatagrams(this.#socket, from);
    client.push(bytes);
    this.#clients.set(peer, client);
    const served = this.#serve(client, conversation, peer).then(() => void this.#served.delete(served));
    this.#served.add(served);
  }

  /** Plays to one client; never rejects. */
  async #serve(client: ClientDatagrams, conversation: Conversation, peer: string): Promise<void> {
    const { signal } = this.#options;
    try {
      await perform(client, { conversation, id: this.#nextId(), peer }, this.#tally, this.#options);
    } catch (error) {
      if (signal.aborted) return;
      this.#failure = { reason: error };
      this.#socket.close();
    } finally {
      this.#clients.delete(peer);
      this.#deal.done();
    }
  }
}
