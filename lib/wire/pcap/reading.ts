/**
 * Sorts the packets of a capture into connections and datagram flows. Pure.
 *
 * @module
 */
import type { Role } from "../../events.ts";
import type { Direction } from "../event.ts";
import { Flag, Protocol } from "../formats.ts";
import { BoundedMap } from "../../bounded_map.ts";
import { routeOf } from "./route.ts";
import type { Step } from "./flow.ts";
import { Fragments } from "./fragments.ts";
import type { Frame } from "./frame.ts";
import { readUnreachable } from "./icmp.ts";
import { type IpPacket, readIp } from "./ip.ts";
import { linked } from "./link.ts";
import type { Budget } from "./stream.ts";
import { TcpConnection, type TcpPacket } from "./tcp.ts";
import { DatagramFlow } from "./udp.ts";

/** How a capture is read. */
export interface ReadingOptions {
  /** Whose calls are told. Without it: those of the side that made the capture, if it says so, or else the client's. */
  readonly as?: Role;
  /** Whether the comments of packets are told, as remarks. */
  readonly comments?: boolean;
}

/** What a capture holds. */
export interface CaptureSummary {
  readonly packets: number;
  readonly connections: number;
  readonly datagramFlows: number;
  /** How many packets carry nothing that is told, by the reason. */
  readonly skipped: ReadonlyMap<string, number>;
  /** How many bytes of connections the capture lacks. */
  readonly missing: number;
  /** Whether the file was cut off in the middle of a packet, as by a kill. */
  readonly cut: boolean;
}

/** The most flows that are followed at once; the oldest gives way. */
const MOST_FLOWS = 65_536;
/** What is kept of segments that are ahead of their turn, in all connections together, in bytes. */
const BUDGET = 64 * 1024 * 1024;

/** Takes the packets of a capture and tells the calls that they stand for. */
export class Reading {
  /** What the packets so far stand for; the caller that takes the steps empties it. */
  readonly steps: Step[] = [];
  #as: Role | null;
  #comments: boolean;
  #budget: Budget = { left: BUDGET };
  #fragments = new Fragments();
  #connections = new BoundedMap<string, TcpConnection>(MOST_FLOWS, (_, connection) => this.#finish(connection));
  #datagrams = new BoundedMap<string, DatagramFlow>(MOST_FLOWS);
  #counts = { packets: 0, connections: 0, datagramFlows: 0, missing: 0 };
  #skipped = new Map<string, number>();
  /** The time of the last packet. */
  #now = 0;
  /** The connection of the last packet in one of our captures, if it was a SYN. */
  #waiting: TcpConnection | null = null;
  /** The last outgoing packet of a cooked capture: on loopback, it comes in next. */
  #sent: Uint8Array | null = null;

  constructor({ as, comments = false }: ReadingOptions = {}) {
    this.#as = as ?? null;
    this.#comments = comments;
  }

  /** Takes a packet. */
  packet(frame: Frame): void {
    this.#counts.packets++;
    this.#now = frame.at;
    const found = linked(frame.link, frame.data);
    if (found === undefined) return this.#skip(`on a link of type ${frame.link}`);
    const part = found === null ? null : readIp(found.packet);
    if (found === null || part === null) return this.#skip("without a whole IP header");
    if (this.#isEcho(found.packet, found.direction)) return this.#skip("captured twice");
    const whole = this.#fragments.add(part);
    if (whole === null) return;
    const direction = frame.direction ?? found.direction;
    if (whole.protocol === Protocol.tcp) this.#tcp(frame, direction, whole);
    else if (whole.protocol === Protocol.udp) this.#udp(frame, direction, whole);
    else if (!this.#unreachable(frame.at, whole)) {
      this.#skip(`of ${PROTOCOLS.get(whole.protocol) ?? `protocol ${whole.protocol}`}`);
    }
  }

  /** The capture has ended: tells what is left. */
  end(cut: boolean): CaptureSummary {
    for (const connection of this.#connections.values()) this.#finish(connection);
    const { lost } = this.#fragments;
    if (lost > 0) this.#skip("in fragments, of which some are missing", lost);
    return { ...this.#counts, skipped: this.#skipped, cut };
  }

  #tcp(frame: Frame, direction: Direction | null, ip: IpPacket): void {
    const { payload } = ip;
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    const header = payload.length < 20 ? 0 : (view.getUint8(12) >> 4) * 4;
    if (header < 20 || header > ip.length) return this.#skip("without a whole TCP header");
    const [fromPort, toPort, seq, flags] = [view.getUint16(0), view.getUint16(2), view.getUint32(4), view.getUint8(13)];
    const { at, comments } = frame;
    const packet: TcpPacket = {
      frame,
      direction,
      route: routeOf(ip, fromPort, toPort),
      segment: {
        at,
        // A SYN counts as a byte before the data.
        seq: (seq + ((flags & Flag.syn) === 0 ? 0 : 1)) >>> 0,
        payload: payload.subarray(Math.min(header, payload.length)),
        length: ip.length - header,
        flags,
        fin: (flags & Flag.fin) !== 0,
        comments,
      },
      ack: view.getUint32(8),
    };
    const connection = this.#connectionOf(packet);
    connection.packet(packet);
    if (frame.ours && connection.isWaiting) this.#waiting = connection;
  }

  #connectionOf(packet: TcpPacket): TcpConnection {
    const { key } = packet.route;
    const known = this.#connections.get(key);
    // In our captures, the answer to a SYN follows at once.
    if (this.#waiting !== null && this.#waiting !== known) this.#finish(this.#waiting);
    this.#waiting = null;
    if (known !== undefined && !known.isOver(packet)) return known;
    if (known !== undefined) this.#finish(known);
    this.#connections.delete(key);
    this.#counts.connections++;
    const connection = new TcpConnection(this.#nextId(), packet, {
      as: this.#as,
      comments: this.#comments,
      budget: this.#budget,
      steps: this.steps,
    });
    this.#connections.set(key, connection);
    return connection;
  }

  #udp(frame: Frame, direction: Direction | null, ip: IpPacket): void {
    const { payload } = ip;
    if (payload.length < 8) return this.#skip("without a whole UDP header");
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    const [fromPort, toPort] = [view.getUint16(0), view.getUint16(2)];
    // A jumbogram's length does not fit (RFC 2675); offload may leave it out too.
    const length = (view.getUint16(4) || ip.length) - 8;
    if (length < 0 || length > ip.length - 8) return this.#skip("without a whole UDP header");
    const route = routeOf(ip, fromPort, toPort);
    const packet = { frame, direction, route, payload: payload.subarray(8, 8 + length), length };
    let flow = this.#datagrams.get(route.key);
    if (flow === undefined) {
      this.#counts.datagramFlows++;
      flow = new DatagramFlow(this.#nextId(), packet, { as: this.#as, comments: this.#comments, steps: this.steps });
      this.#datagrams.set(route.key, flow);
    }
    flow.packet(packet);
  }

  /** Whether a packet says that another one did not arrive, which is told to the flow of that. */
  #unreachable(at: number, ip: IpPacket): boolean {
    if (ip.protocol !== Protocol.icmp && ip.protocol !== Protocol.icmpV6) return false;
    const lost = readUnreachable(ip);
    const flows = lost?.protocol === Protocol.tcp ? this.#connections : this.#datagrams;
    const flow = lost === null ? undefined : flows.get(lost.route.key);
    if (lost === null || flow === undefined) return false;
    flow.unreachable(lost.route, at, lost.error);
    return true;
  }

  #nextId(): number {
    return this.#counts.connections + this.#counts.datagramFlows;
  }

  #finish(connection: TcpConnection): void {
    connection.end(this.#now);
    this.#counts.missing += connection.missing;
    connection.missing = 0;
  }

  /** Whether a packet of a cooked capture (`tcpdump -i any`) is the one that was just sent: over loopback it comes in again. */
  #isEcho(packet: Uint8Array, direction: Direction | null): boolean {
    const sent = this.#sent;
    this.#sent = direction === "out" ? packet.slice() : null;
    return direction === "in" && sent !== null && sent.length === packet.length &&
      sent.every((byte, at) => byte === packet[at]);
  }

  #skip(why: string, count = 1): void {
    this.#skipped.set(why, (this.#skipped.get(why) ?? 0) + count);
  }
}

/** The names of other protocols. */
const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [Protocol.icmp, "ICMP"],
  [Protocol.icmpV6, "ICMPv6"],
  [2, "IGMP"],
  [132, "SCTP"],
]);
