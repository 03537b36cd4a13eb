/**
 * Relaying datagrams.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../../lib/addr.ts";
import { type Datagram, DatagramSocket, UnsolicitedDatagrams } from "../../lib/datagram/socket.ts";
import { Exit, Failure, stateOf } from "../../lib/errors.ts";
import { EventRate } from "../../lib/event_rate.ts";
import { type Events, NO_EVENTS } from "../../lib/events.ts";
import type { FaultSink } from "../../lib/faults/fault.ts";
import { packetFaults } from "../../lib/faults/packet_faults.ts";
import type { PacketLayer, PacketOpener, PacketSocket } from "../../lib/net/packet_socket.ts";
import { SYSTEM_TIME, type TimeSource } from "../../lib/time.ts";
import { Flow, type FlowContext } from "./flow.ts";
import { flowSocket } from "./flow_socket.ts";
import type { Network } from "./network.ts";
import { type OpenFlow, Tally } from "./tally.ts";

/** Options of {@linkcode UdpRelay}. Times are in milliseconds. */
export interface UdpRelayOptions {
  /** The faults between clients and server. */
  readonly network: Network;
  readonly events?: Events;
  /** Stops the relay. */
  readonly signal?: AbortSignal;
  /** The platform's own call. */
  readonly open?: PacketOpener;
  /** Observes the sockets towards the target. */
  readonly tap?: PacketLayer;
  /** The most flows at once (1000); for one more, the one idle longest is closed. 0 = no limit. */
  readonly maxFlows?: number;
  /** How long a flow may be idle before it is closed (60,000); 0 = for ever. */
  readonly timeout?: number;
  /** Stop after the first answer. */
  readonly once?: boolean;
  /** Called with each fault as it happens. */
  readonly onFault?: FaultSink;
  readonly time?: TimeSource;
}

const MAX_FLOWS = 1000;
const IDLE = 60_000;

/**
 * Forwards datagrams to a target, and its answers back. Each client endpoint is a flow with its own socket towards the target, so that
 * the target can tell clients apart. What anybody else sends to that socket is dropped, counted and reported.
 *
 * @example Usage
 * ```ts
 * import { requestDatagram } from "../../lib/datagram/request.ts";
 * import { serveDatagrams } from "../../lib/datagram/server.ts";
 * import { Network } from "./network.ts";
 * import { UdpRelay } from "./udp.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const open = (at: Deno.UdpListenOptions & { transport: "udp" }) => Deno.listenDatagram(at);
 * const at = { transport: "udp", hostname: "127.0.0.1", port: 0 } as const;
 * const [server, socket] = [open(at), open(at)];
 * const serving = serveDatagrams(server, (bytes) => bytes, { once: true });
 * const relay = new UdpRelay(server.addr as Deno.NetAddr, { network: new Network(), once: true });
 * const relaying = relay.run(socket);
 * await requestDatagram(open, socket.addr as Deno.NetAddr, "echo", { retries: 3 });
 * await Promise.all([serving, relaying]);
 * assertEquals(relay.tally.down.out.bytes, 4);
 * ```
 */
export class UdpRelay {
  readonly tally = new Tally();
  #target: Endpoint;
  #options: UdpRelayOptions;
  #time: TimeSource;
  #timeout: number;
  #events: EventRate;
  #unsolicited: UnsolicitedDatagrams;
  #faults: PacketLayer;
  #socket: DatagramSocket | null = null;
  #flows = new Map<string, Flow>();
  /** Work in the background: the loops that pass answers on, and closed flows that still have datagrams to send. None rejects. */
  #work = new Set<Promise<void>>();
  #cancelSweep: (() => void) | null = null;

  /** @param target An address, not a name. */
  constructor(target: Endpoint, options: UdpRelayOptions) {
    const { network, events = NO_EVENTS, timeout = IDLE, onFault, time = SYSTEM_TIME } = options;
    this.#target = target;
    this.#options = options;
    this.#time = time;
    this.#timeout = timeout;
    this.#events = new EventRate(events);
    this.#unsolicited = new UnsolicitedDatagrams(events);
    this.#faults = packetFaults(network, this.tally.counting(onFault), time, (gone) => this.#keep(gone));
  }

  /** The open flows, the oldest first. */
  get open(): OpenFlow[] {
    return Array.from(this.#flows.values(), (flow) => flow.figures);
  }

  /**
   * Relays until the signal aborts. What the faults have held up still reaches the target within five seconds plus its delay.
   *
   * @param socket Already bound; owned by this function from now on.
   */
  async run(socket: PacketSocket): Promise<void> {
    const { signal } = this.#options;
    this.#socket = new DatagramSocket(socket);
    const stop = (): void => this.#socket?.close();
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
    try {
      for (let datagram; (datagram = await this.#next(this.#socket)) !== null;) await this.#pass(datagram);
    } finally {
      signal?.removeEventListener("abort", stop);
      this.#cancelSweep?.();
      this.#socket.close();
      for (const flow of [...this.#flows.values()]) this.#close(flow);
      await Promise.all(this.#work);
      this.#unsolicited[Symbol.dispose]();
      this.#events[Symbol.dispose]();
    }
  }

  async #next(socket: DatagramSocket): Promise<Datagram | null> {
    for (;;) {
      try {
        return await socket.receive();
      } catch (error) {
        // A client left before its answer arrived. That does not concern the others.
        if (!(error instanceof Failure && error.code === Exit.unreachable)) throw error;
      }
    }
  }

  /** Passes a client's datagram on; never rejects. */
  async #pass({ bytes, from }: Datagram): Promise<void> {
    const flow = this.#flows.get(keyOf(from)) ?? this.#open(from);
    if (flow === null) return;
    try {
      await flow.send(bytes);
    } catch (error) {
      this.#failed(flow, error);
    }
  }

  /** Opens the flow of a new client; `null` if the system has no socket for it. */
  #open(client: Endpoint): Flow | null {
    const { open = (at) => Deno.listenDatagram(at), tap = (socket) => socket, maxFlows = MAX_FLOWS } = this.#options;
    if (maxFlows > 0 && this.#flows.size >= maxFlows) this.#makeRoom();
    const { tally } = this;
    const id = 2 * tally.flows + 1;
    const wrap = flowSocket({ number: id + 1, target: this.#target, tally, unsolicited: this.#unsolicited });
    try {
      const socket = DatagramSocket.openFor((at) => {
        const tapped = tap(open(at));
        // Reserves its number: a lost datagram is never sent, so the tap would give the number to the next flow.
        tapped.flowOf?.(this.#target);
        return this.#faults(wrap(tapped));
      }, this.#target.hostname);
      const flow = new Flow(id, client, socket, this.#context);
      tally.flows++;
      this.#flows.set(keyOf(client), flow);
      const { peer } = flow;
      const prose = [{ mark: "state", text: `New flow from ${peer}` }] as const;
      this.#events.emit({ event: "joined", id, peer, prose });
      this.#keep(this.#passAnswers(flow));
      if (this.#timeout > 0 && this.#cancelSweep === null) this.#sweepAfter(this.#timeout);
      return flow;
    } catch (error) {
      tally.refused++;
      const message = `Cannot relay for ${formatEndpoint(client)}: ${stateOf(error).state}`;
      this.#events.emit({ event: "warning", message });
      return null;
    }
  }

  get #context(): FlowContext {
    const { tally } = this;
    const answer = async (bytes: Uint8Array, client: Endpoint): Promise<void> => {
      await this.#socket?.send(bytes, client);
      tally.down.out.add(bytes.length);
      if (this.#options.once === true) this.#socket?.close();
    };
    return { target: this.#target, tally, time: this.#time, answer };
  }

  /** Passes a flow's answers on until it is closed; never rejects. */
  async #passAnswers(flow: Flow): Promise<void> {
    try {
      await flow.passAnswers();
    } catch (error) {
      this.#failed(flow, error);
    }
  }

  #keep(work: Promise<void>): void {
    const kept = work.finally(() => this.#work.delete(kept));
    this.#work.add(kept);
  }

  /** Ends a flow; with its next datagram, the client gets a new one. */
  #failed(flow: Flow, error: unknown): void {
    if (this.#socket?.closed !== false || this.#flows.get(keyOf(flow.client)) !== flow) return;
    this.tally.unsent++;
    const { id, peer } = flow;
    const { code, state } = stateOf(error);
    this.#events.emit({ event: "error", id, peer, code, message: state });
    this.#close(flow);
  }

  #close(flow: Flow): void {
    this.#flows.delete(keyOf(flow.client));
    flow[Symbol.dispose]();
    const { id, peer, up, down, age } = flow.figures;
    this.#events.emit({ event: "closed", id, peer, bytesIn: up, bytesOut: down, duration: age });
  }

  #makeRoom(): void {
    let longest: Flow | null = null;
    for (const flow of this.#flows.values()) if (longest === null || flow.passedAt < longest.passedAt) longest = flow;
    if (longest !== null) this.#close(longest);
  }

  #sweepAfter(ms: number): void {
    this.#cancelSweep = this.#time.after(ms, () => {
      this.#cancelSweep = null;
      const now = this.#time.now();
      let next = Infinity;
      for (const flow of [...this.#flows.values()]) {
        const left = flow.passedAt + this.#timeout - now;
        if (left > 0) next = Math.min(next, left);
        else this.#close(flow);
      }
      if (next < Infinity) this.#sweepAfter(next);
    });
  }
}

/** Cheaper than formatting the address. */
function keyOf({ hostname, port }: Endpoint): string {
  return `${port} ${hostname}`;
}
