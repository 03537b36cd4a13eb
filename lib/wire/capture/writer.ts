/**
 * Turns wire events into a pcapng file. Pure.
 *
 * @module
 */
import config from "../../../deno.json" with { type: "json" };
import { escapeControls } from "../../text.ts";
import type { Remark, WireEvent } from "../event.ts";
import { BoundedMap } from "../../bounded_map.ts";
import { OURS } from "../formats.ts";
import { endsOf, ipBytes, type OwnAddress } from "./addresses.ts";
import { BlockWriter } from "./blocks.ts";
import { commentsOf, NO_COMMENTS, WaitingComments } from "./comments.ts";
import type { Packet } from "./packets.ts";
import type { Space } from "./space.ts";
import { type PacketFacts, TcpFlow } from "./tcp_flow.ts";
import { UdpFlow } from "./udp_flow.ts";

/** What a capture says about the run. */
export interface CaptureOptions {
  /** The script: `tcp:server`. */
  readonly app: string;
  /** The number of its process. */
  readonly pid?: number;
  /** The operating system, as `Deno.build.os`. */
  readonly os?: string;
  /** This machine's addresses, read only if one is needed: for a socket that is bound to all of them. */
  readonly own?: readonly OwnAddress[];
}

/** The most connections that are remembered. The oldest is forgotten first; if it goes on, its numbers start anew. */
const MOST_CONNECTIONS = 65_536;
/** The most datagram flows: as many as a socket numbers. Nothing is lost with one that is forgotten. */
const MOST_DATAGRAM_FLOWS = 4096;
/** The most names that are repeated in the next file. */
const MOST_NAMES = 256;

/**
 * Writes a capture into a space: a file, or memory. One object serves a whole run, also if that fills several files.
 *
 * @example Usage
 * ```ts
 * import { CaptureWriter } from "./writer.ts";
 * import { Memory } from "./space.ts";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const memory = new Memory();
 * const writer = new CaptureWriter({ app: "udp:client" }, memory);
 * writer.header();
 * assertEquals(memory.take().subarray(0, 4), Uint8Array.of(0x0a, 0x0d, 0x0d, 0x0a));
 * const [local, peer] = [{ hostname: "127.0.0.1", port: 50000 }, { hostname: "127.0.0.1", port: 12345 }];
 * const datagram = { at: 0, transport: "udp", call: "receive", flow: 1, local, peer, bytes: Uint8Array.of(104, 105), duration: 0 } as const;
 * writer.event(datagram, []);
 * assert(memory.take().length > 30);
 * ```
 */
export class CaptureWriter {
  #options: CaptureOptions;
  #space: Space;
  #blocks: BlockWriter;
  #tcp = new BoundedMap<number, TcpFlow>(MOST_CONNECTIONS, (id, flow) => this.#finish(id, flow));
  #udp = new BoundedMap<number, UdpFlow>(MOST_DATAGRAM_FLOWS, (id, flow) => this.#finish(id, flow));
  #names = new Map<string, readonly Uint8Array[]>();
  #own = (): readonly OwnAddress[] => this.#options.own ?? [];
  /** Remarks that belong to no flow, or whose flow has no more packets. */
  #comments = new WaitingComments();
  #usesTls = false;
  /** Packets in this file, by interface. */
  #counts: [number, number] = [0, 0];
  /** The time of the last packet: none goes back behind it. */
  #last = 0;

  constructor(options: CaptureOptions, space: Space) {
    this.#options = options;
    this.#space = space;
    this.#blocks = new BlockWriter(space);
  }

  /** Begins a file. */
  header(): void {
    const { app, pid, os = "unknown" } = this.#options;
    const who = process(app, pid);
    this.#counts = [0, 0];
    this.#blocks.section({
      os,
      app: `${OURS.app}${config.version} (${app})`,
      comment:
        `What ${who} saw at its sockets. Payloads, their order, boundaries and times are real; the headers, sequence ` +
        "numbers and acknowledgements around them are made up.",
    });
    this.#blocks.interface({ name: app, description: who, comment: `The sockets of ${who}` });
    if (this.#usesTls) this.#tlsInterface();
    for (const [name, addresses] of this.#names) this.#blocks.names(name, addresses);
  }

  /** Adds what an event stands for: packets, or none. */
  event(event: WireEvent, remarks: readonly Remark[]): void {
    const comments = commentsOf(remarks);
    const { call, flow } = event;
    if (call === "resolve") this.#resolved(event);
    // Lookups, listeners, and sockets of datagrams concern no flow.
    if (call === "resolve" || (flow === 0 && call !== "connect")) this.#comments.add(comments);
    else if (event.transport === "tcp") this.#tcpEvent(event, comments);
    else this.#udpEvent(event, comments);
  }

  /** Keeps remarks about silence for the next packets of their flows. */
  silence(remarks: readonly Remark[]): void {
    for (const remark of remarks) {
      const flow = this.#tcp.get(remark.flow) ?? this.#udp.get(remark.flow);
      (flow?.comments ?? this.#comments).add(commentsOf([remark]));
    }
  }

  /** Ends a file with its statistics. At the end of a run, they carry the remarks that are left. */
  end({ last }: { last: boolean }): void {
    if (last) {
      for (const id of this.#tcp.keys()) this.#forget(this.#tcp, id);
      for (const id of this.#udp.keys()) this.#forget(this.#udp, id);
    }
    for (const [number, packets] of this.#counts.entries()) {
      if (number === 1 && !this.#usesTls) continue;
      const comments = last ? this.#comments.take() : NO_COMMENTS;
      this.#blocks.statistics({ interface: number, at: this.#last, packets, comments });
    }
  }

  #tcpEvent(event: WireEvent, comments: readonly string[]): void {
    const { flow: id, call } = event;
    let flow = this.#tcp.get(id);
    if (call === "connect" || call === "accept") {
      flow = this.#newTcpFlow(event);
      flow.open(event, comments);
      if (event.error !== undefined) this.#forget(this.#tcp, id);
      return;
    }
    if (flow === undefined) {
      // Its connection is over, or it began before the capture.
      if (event.bytes === null) return this.#comments.add(comments.map((comment) => `(flow ${id}) ${comment}`));
      flow = this.#newTcpFlow(event);
    }
    flow.event(event, comments);
    if (flow.over) this.#forget(this.#tcp, id);
  }

  #newTcpFlow(event: WireEvent): TcpFlow {
    this.#forget(this.#tcp, event.flow);
    const ends = endsOf(event.local, event.peer, this.#own);
    const flow = new TcpFlow(event.flow, ends, (packet, facts) => this.#packet(packet, facts));
    this.#tcp.set(event.flow, flow);
    return flow;
  }

  #udpEvent(event: WireEvent, comments: readonly string[]): void {
    let flow = this.#udp.get(event.flow);
    if (flow === undefined) {
      if (event.bytes === null) return this.#comments.add(comments);
      flow = new UdpFlow((packet, facts) => this.#packet(packet, facts), this.#own);
      this.#udp.set(event.flow, flow);
    }
    flow.event(event, comments);
    if (event.call === "close") this.#forget(this.#udp, event.flow);
  }

  #forget(flows: Map<number, TcpFlow | UdpFlow>, id: number): void {
    const flow = flows.get(id);
    if (flow === undefined) return;
    flows.delete(id);
    this.#finish(id, flow);
  }

  #finish(id: number, flow: TcpFlow | UdpFlow): void {
    flow.finish();
    // They come with a packet of another flow.
    this.#comments.add(flow.comments.take().map((comment) => `(flow ${id}) ${comment}`));
  }

  #packet(packet: Packet, { at, direction, tls, comments }: PacketFacts): void {
    if (tls && !this.#usesTls) {
      this.#usesTls = true;
      this.#tlsInterface();
    }
    const number = tls ? 1 : 0;
    // A write is recorded with the time when it was issued, which may be before that of what others did since.
    this.#last = Math.max(this.#last, at);
    const head = { interface: number, at: this.#last, direction, comments: this.#comments.take(comments) };
    this.#blocks.packet(head, packet);
    this.#counts[number]++;
  }

  /** TLS has its own interface, so that nobody takes its plain text for what passed over the network. */
  #tlsInterface(): void {
    const { app, pid } = this.#options;
    this.#blocks.interface({
      name: `${app}${OURS.tls}`,
      description: `${process(app, pid)}, inside TLS`,
      comment: "The plain text of TLS connections, with their real endpoints: over the network it was encrypted",
    });
  }

  #resolved({ name = "", addresses = [] }: WireEvent): void {
    const known = addresses.flatMap((address) => ipBytes(address) ?? []);
    const text = escapeControls(name).slice(0, 255);
    if (known.length === 0 || text === "" || this.#names.size >= MOST_NAMES) return;
    this.#names.set(text, known);
    this.#blocks.names(text, known);
  }
}

/** The process, in words. */
function process(app: string, pid?: number): string {
  return pid === undefined ? app : `${app}, process ${pid}`;
}
