/**
 * The datagram flows of a process, and who may answer on them. Pure.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../../addr.ts";
import type { Role } from "../../events.ts";
import { BoundedMap } from "../../bounded_map.ts";
import type { WireEvent } from "../event.ts";
import { DatagramFlow } from "./datagram_flow.ts";
import { DatagramPeer } from "./datagram_peer.ts";
import type { Narrator } from "./narrator.ts";

/** The most flows, and peers, that are followed at once: forged source addresses must not exhaust memory. */
const MOST_FLOWS = 2000;
const MOST_PEERS = 1000;

/** Options of {@linkcode Datagrams}. */
export interface DatagramOptions {
  readonly role: Role;
  readonly person: boolean;
  /** Called with each flow in which something happens, and with each that is forgotten. */
  readonly onStir: (flow: DatagramFlow) => void;
  readonly onForget: (flow: DatagramFlow) => void;
}

/** Follows all datagram flows. */
export class Datagrams {
  #options: DatagramOptions;
  /** The one that was silent longest comes first. */
  #flows: BoundedMap<number, DatagramFlow>;
  #peers = new BoundedMap<string, DatagramPeer>(MOST_PEERS);
  /** To whom each of our sockets has sent. */
  #asked = new BoundedMap<string, Set<string>>(MOST_PEERS);

  constructor(options: DatagramOptions) {
    this.#options = options;
    this.#flows = new BoundedMap(MOST_FLOWS, (_, flow) => options.onForget(flow));
  }

  /** How many flows there are. */
  get size(): number {
    return this.#flows.size;
  }

  /** Says what there is to say about a call on a UDP socket. */
  explain(event: WireEvent, narrator: Narrator): void {
    const { at, call, bytes, error, peer } = event;
    if (call === "close") return this.#close(event, narrator);
    const flow = peer === null ? this.#newest(event) : this.#flowOf(event, peer);
    if (flow === undefined) return;
    flow.sumUp(narrator, at);
    if (error !== undefined) flow.failed(event, narrator);
    else if (bytes !== null && call === "receive") {
      flow.receive(event, bytes, narrator);
      this.#checkSender(flow, at, narrator);
    } else if (bytes !== null && call === "sending") {
      flow.pending++;
      this.#send(flow, event, bytes, narrator);
    } else if (call === "send" && flow.pending > 0) flow.pending--;
    // A capture file has no call that was only issued.
    else if (bytes !== null && call === "send") this.#send(flow, event, bytes, narrator);
    this.#options.onStir(flow);
  }

  #flowOf(event: WireEvent, peer: Endpoint): DatagramFlow {
    const id = event.flow;
    let flow = this.#flows.get(id);
    // Behind the others: of too many, the one that was silent longest is forgotten.
    if (flow !== undefined) this.#flows.delete(id);
    else {
      const name = formatEndpoint(peer);
      let record = this.#peers.get(name);
      if (record === undefined) this.#peers.set(name, record = new DatagramPeer());
      const { role, person } = this.#options;
      flow = new DatagramFlow(event, peer, role, person, record);
    }
    this.#flows.set(id, flow);
    return flow;
  }

  /** An error on a socket does not say whose it is: it is counted to the flow of that socket that moved last. */
  #newest({ local }: WireEvent): DatagramFlow | undefined {
    const name = local === null ? "" : formatEndpoint(local);
    return [...this.#flows.values()].findLast((flow) => flow.local === name);
  }

  #send(flow: DatagramFlow, event: WireEvent, bytes: Uint8Array, narrator: Narrator): void {
    let asked = this.#asked.get(flow.local);
    if (asked === undefined) this.#asked.set(flow.local, asked = new Set());
    if (asked.size < MOST_PEERS) asked.add(formatEndpoint(flow.peer));
    flow.sending(event, bytes, narrator);
  }

  /** A client's datagram from an endpoint that was not asked: mistake 10. */
  #checkSender(flow: DatagramFlow, at: number, narrator: Narrator): void {
    const asked = this.#asked.get(flow.local);
    if (this.#options.role === "server" || flow.local === "" || asked === undefined) return;
    const sender = formatEndpoint(flow.peer);
    if (asked.has(sender) || asked.size === MOST_PEERS) return;
    const whom = asked.size === 1 ? [...asked].join() : `any of the ${asked.size} that we asked`;
    flow.mistake(narrator, at, 10, `This comes from ${sender}, not from ${whom}`);
  }

  /** A socket closes, and with it all its flows. */
  #close({ at, flow: id, local }: WireEvent, narrator: Narrator): void {
    const name = local === null ? "" : formatEndpoint(local);
    const one = this.#flows.get(id);
    const flows = one !== undefined ? [one] : [...this.#flows.values()].filter((flow) => flow.local === name);
    for (const flow of flows) {
      flow.close(at, narrator);
      this.#flows.delete(flow.id);
      this.#options.onForget(flow);
    }
    this.#asked.delete(name);
  }
}
