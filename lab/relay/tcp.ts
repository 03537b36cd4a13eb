/**
 * Relaying TCP connections.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../../lib/addr.ts";
import { CutOffError, type Failure } from "../../lib/errors.ts";
import { type Events, NO_EVENTS } from "../../lib/events.ts";
import type { FaultSink } from "../../lib/faults/fault.ts";
import { streamFaults } from "../../lib/faults/stream_faults.ts";
import type { Layer } from "../../lib/net/layers.ts";
import { connectNode } from "../../lib/net/node_socket.ts";
import type { StreamListener } from "../../lib/net/socket.ts";
import { connectTcp, type Opener } from "../../lib/stream/connect.ts";
import type { Connection } from "../../lib/stream/connection.ts";
import { type ServeOptions, serveTcp } from "../../lib/stream/server.ts";
import { SYSTEM_TIME, type TimeSource } from "../../lib/time.ts";
import type { Network } from "./network.ts";
import { Pair } from "./pair.ts";
import { counting, RelayedSockets } from "./relayed_socket.ts";
import { type OpenFlow, Tally } from "./tally.ts";

/** Options of {@linkcode TcpRelay}. */
export interface TcpRelayOptions extends Omit<ServeOptions, "layers" | "nextId" | "report" | "stall" | "messageTime"> {
  /** The faults between client and server. */
  readonly network: Network;
  /** The call that connects to the target; it must make sockets that can be reset. */
  readonly open?: Opener;
  /** Called with each fault as it happens. */
  readonly onFault?: FaultSink;
  readonly time?: TimeSource;
}

/**
 * Forwards connections to a target: bytes, half-closes and resets, in both directions, each with one buffer and at the pace of its
 * receiver.
 *
 * A client's connection has an odd number, and that to the target the next even one. So chance treats a connection the same in each run,
 * in whatever order the target's are made.
 *
 * @example Usage
 * ```ts
 * import { listenNode } from "../../lib/net/node_listener.ts";
 * import { connectTcp } from "../../lib/stream/connect.ts";
 * import { serveTcp } from "../../lib/stream/server.ts";
 * import { Network } from "./network.ts";
 * import { TcpRelay } from "./tcp.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const serving = serveTcp(server, (client) => client.write("hello\n"), { once: true });
 * const listener = (await listenNode({ hostname: "127.0.0.1", port: 0 }))();
 * const relay = new TcpRelay(server.addr, { network: new Network(), once: true });
 * const relaying = relay.run(listener);
 * using client = await connectTcp((at) => Deno.connect(at), { hostname: "127.0.0.1", port: listener.addr.port });
 * assertEquals(await client.readLine(), new TextEncoder().encode("hello"));
 * client.close();
 * await Promise.all([serving, relaying]);
 * assertEquals(relay.tally.down.out.bytes, 6);
 * ```
 */
export class TcpRelay {
  readonly tally = new Tally();
  #target: Endpoint;
  #options: TcpRelayOptions;
  #events: Events;
  #time: TimeSource;
  #sockets = new RelayedSockets();
  #faults: Layer;
  #pairs = new Set<Pair>();
  #next = -1;
  #stopping = false;
  /** Why the only connection, with `once`, could not be made. */
  #failure: { readonly reason: unknown } | null = null;

  /** @param target A name or an address; a name is looked up for each connection. */
  constructor(target: Endpoint, options: TcpRelayOptions) {
    this.#target = target;
    this.#options = options;
    this.#events = options.events ?? NO_EVENTS;
    this.#time = options.time ?? SYSTEM_TIME;
    this.#faults = streamFaults(options.network, this.tally.counting(options.onFault));
  }

  /** The open connections, the oldest first. */
  get open(): OpenFlow[] {
    return Array.from(this.#pairs, (pair) => pair.figures);
  }

  /** Resets every open connection, on both sides; returns how many there were. */
  reset(): number {
    const pairs = [...this.#pairs];
    for (const pair of pairs) pair.reset();
    return pairs.length;
  }

  /**
   * Relays until the signal aborts or, with `once`, a single connection. Then each connection ends as soon as no answer is owed: what its
   * client sent last may still be answered within the drain time.
   *
   * @param listener Already listening, with sockets that can be reset ({@linkcode listenNode}); owned by this function from now on.
   * @throws {Failure} With `once`: why the target could not be reached.
   */
  async run(listener: StreamListener): Promise<void> {
    const { signal, ...options } = this.#options;
    const stop = (): void => {
      this.#stopping = true;
      for (const pair of this.#pairs) pair.drain();
    };
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
    try {
      const totals = await serveTcp(listener, (client) => this.#relay(client), {
        ...options,
        ...(signal === undefined ? {} : { signal }),
        ...LIMITS,
        layers: { script: [this.#sockets.layer] },
        nextId: () => this.#next += 2,
      });
      this.tally.refused = totals.refused;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
    if (this.#failure !== null) throw this.#failure.reason;
  }

  async #relay(client: Connection): Promise<void> {
    this.tally.flows++;
    const pair = new Pair(client, { sockets: this.#sockets, tally: this.tally, time: this.#time });
    this.#pairs.add(pair);
    try {
      if (this.#stopping) pair.drain();
      pair.server = await this.#connect(pair);
      await pair.pass();
    } catch (error) {
      if (pair.over) return;
      // The run ends with it, and reports it.
      if (this.#options.once === true && pair.server === null) this.#failure = { reason: error };
      else throw this.#reworded(error, pair);
    } finally {
      await pair[Symbol.asyncDispose]();
      this.#pairs.delete(pair);
    }
  }

  async #connect(pair: Pair): Promise<Connection> {
    const { network, open = connectNode, timeout = 0, wire } = this.#options;
    const { up, down } = this.tally;
    const signal = pair.dialing;
    await network.whole(signal);
    try {
      return await connectTcp(open, this.#target, {
        ...LIMITS,
        id: pair.client.id + 1,
        timeout,
        signal,
        events: this.#events,
        wire,
        layers: {
          script: [
            counting({ read: down.in, written: up.out }),
            this.#faults,
            this.#sockets.layer,
          ],
        },
      });
    } catch (error) {
      if (!pair.over) this.tally.failed++;
      throw error;
    }
  }

  /** Adds what a cut connection meant for the other side. */
  #reworded(error: unknown, { client, server }: Pair): unknown {
    if (!(error instanceof CutOffError)) return error;
    this.tally.resets++;
    if (server === null) return error;
    const other = error.message.includes(client.peer) ? formatEndpoint(this.#target) : client.peer;
    return new CutOffError(`${(error as Failure).message}; passed on to ${other}`, { cause: error });
  }
}

/** A receiver that stalls only holds up its own sender; and bytes are not messages, so none is reported. */
const LIMITS = { stall: 0, messageTime: 0, report: false };
