/**
 * The one owner of a datagram socket and its buffer.
 *
 * @module
 */
import { canonicalAddress, type Endpoint, formatEndpoint } from "../addr.ts";
import { Exit, Failure, isClosedHere, isDisconnect, stateOf } from "../errors.ts";
import { EventRate, firstThenCounts } from "../event_rate.ts";
import type { Events } from "../events.ts";
import { type PacketOpener, type PacketSocket, toward } from "../net/packet_socket.ts";
import { encodeText, lineText, plural } from "../text.ts";

/** The most bytes that one datagram carries over IPv4: 65,535 less the headers of IP (20) and UDP (8), RFC 768. */
export const MAX_DATAGRAM = 65_507;

/** Room for the longest datagram there is (65,527 bytes over IPv6) and more: the platform cuts off in silence what does not fit. */
const BUFFER = 65_536;

/** How many peers keep their numbers: whoever forges senders must not fill the memory. */
const FLOWS = 4096;

/** Counts 1, 2, 3 …. */
export function counter(): () => number {
  let last = 0;
  return () => ++last;
}

/** A datagram that came. */
export interface Datagram {
  /** What it carries; a view into the socket's buffer, valid until the next {@linkcode DatagramSocket.receive}. */
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
}

/**
 * A UDP socket and its one buffer. One receive at a time: two at once complete out of order, and would share the buffer.
 *
 * @example Usage
 * ```ts
 * import { DatagramSocket } from "./socket.ts";
 * import { decodeText } from "../text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * using ours = DatagramSocket.toward((at) => Deno.listenDatagram(at), "127.0.0.1");
 * using theirs = DatagramSocket.toward((at) => Deno.listenDatagram(at), "127.0.0.1");
 * await ours.send("hello", theirs.local);
 * const datagram = await theirs.receive();
 * assertEquals(decodeText(datagram?.bytes ?? new Uint8Array()), "hello");
 * assertEquals(datagram?.from.port, ours.local.port);
 * ```
 */
export class DatagramSocket implements Disposable {
  /** The address and port that the socket is bound to. */
  readonly local: Endpoint;
  #socket: PacketSocket;
  #nextFlow: () => number;
  /** The number of each peer, the newest last. */
  #flows = new Map<string, number>();
  #buffer = new Uint8Array(BUFFER);
  #closed = false;

  /**
   * @param socket Owned by this object from here on.
   * @param nextFlow Numbers the peers, where several sockets count together.
   */
  constructor(socket: PacketSocket, nextFlow: () => number = counter()) {
    const { hostname, port } = socket.addr as Deno.NetAddr;
    this.#socket = socket;
    this.#nextFlow = nextFlow;
    this.local = { hostname, port };
  }

  /**
   * Opens a socket of a client: on a free port, of the family of an address, and closed to the network where the address is loopback.
   *
   * @param open The platform's own call.
   * @param address The address (no name) that datagrams will go to.
   * @throws {Failure} The system has no such family, or Deno no permission.
   */
  static toward(open: PacketOpener, address: string, nextFlow?: () => number): DatagramSocket {
    try {
      return new DatagramSocket(open(toward(address)), nextFlow);
    } catch (error) {
      throw failure(`open a socket toward ${address}`, error);
    }
  }

  /** Whether {@linkcode DatagramSocket.close} was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Waits for the next datagram; an empty one is one too.
   *
   * @returns The datagram, or `null` once the socket is closed.
   * @throws {Failure} With code 4 where the system passes on that nobody listens at a port we sent to (Windows does, RFC 1122
   * 4.1.3.3); the socket is as good as before.
   */
  async receive(): Promise<Datagram | null> {
    if (this.#closed) return null;
    try {
      const [bytes, from] = await this.#socket.receive(this.#buffer);
      return { bytes, from: from as Deno.NetAddr };
    } catch (error) {
      if (this.#closed && isClosedHere(error)) return null;
      if (!isDisconnect(error)) throw failure(`receive on ${formatEndpoint(this.local)}`, error);
      throw new Failure(Exit.unreachable, "Cannot reach the peer: nobody listens on that port", { cause: error });
    }
  }

  /**
   * Sends one datagram. That it was sent says nothing about whether it arrives.
   *
   * @param data At most {@linkcode MAX_DATAGRAM} bytes; none is a datagram too.
   * @throws {Failure} With code 2, and without sending, when it is longer; with code 4 when there is no way to the peer.
   */
  async send(data: Uint8Array | string, to: Endpoint): Promise<void> {
    const bytes = typeof data === "string" ? encodeText(data) : data;
    checkLength(bytes.length, to);
    try {
      await this.#socket.send(bytes, { transport: "udp", hostname: to.hostname, port: to.port });
    } catch (error) {
      throw failure(`send to ${formatEndpoint(to)}`, error);
    }
  }

  /** The number of the flow between this socket and a peer, which events about it carry as their `id`. */
  flowOf(peer: Endpoint): number {
    const key = formatEndpoint(peer);
    let flow = this.#flows.get(key);
    if (flow === undefined) {
      flow = this.#nextFlow();
      if (this.#flows.size >= FLOWS) {
        for (const [oldest] of this.#flows.entries().take(1)) this.#flows.delete(oldest);
      }
      this.#flows.set(key, flow);
    }
    return flow;
  }

  /**
   * Says that a datagram came or went, its text without a newline at its end (as users of nc send). Only for where `events.detailed`:
   * the text is decoded here.
   */
  report(events: Events, event: "received" | "sent", bytes: Uint8Array, peer: Endpoint): void {
    const text = lineText(bytes);
    events.emit({ event, id: this.flowOf(peer), peer: formatEndpoint(peer), bytes: bytes.length, text });
  }

  /** Closes the socket; a pending receive says `null`. Calling it again does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Refuses what no datagram can carry.
 *
 * @throws {Failure} With code 2, naming the length.
 */
export function checkLength(length: number, to: Endpoint): void {
  if (length <= MAX_DATAGRAM) return;
  throw new Failure(
    Exit.misuse,
    `Cannot send ${length} bytes to ${formatEndpoint(to)}: one datagram carries at most ${MAX_DATAGRAM}`,
  );
}

/**
 * Tells whether two endpoints are the same, whatever way their addresses are written: an IPv4 peer of a dual-stack
 * socket as IPv4, and without a zone, which the system leaves off where it names a sender.
 *
 * @example Usage
 * ```ts
 * import { sameEndpoint } from "./socket.ts";
 * import { assert } from "@std/assert";
 *
 * assert(sameEndpoint({ hostname: "::ffff:127.0.0.1", port: 53 }, { hostname: "127.0.0.1", port: 53 }));
 * ```
 */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  if (a.port !== b.port) return false;
  if (a.hostname === b.hostname) return true;
  const one = canonicalAddress(a.hostname.replace(/%.*$/, ""));
  return one !== null && one === canonicalAddress(b.hostname.replace(/%.*$/, ""));
}

/**
 * Tells of datagrams from peers that were not asked, which are no answers (RFC 5452 9): of the first at once, then by count. A stranger
 * must not write our log.
 */
export class UnsolicitedDatagrams implements Disposable {
  #events: EventRate;
  #count = 0;

  constructor(events: Events) {
    this.#events = new EventRate(
      events,
      firstThenCounts((count, within) => `Ignored ${count} more from peers that were not asked, within ${within}`),
    );
  }

  /** How many datagrams there were. */
  get count(): number {
    return this.#count;
  }

  /** Counts a datagram, and tells of it if it is time. */
  report({ bytes, from }: Datagram): void {
    this.#count++;
    const message = `Ignored ${plural(bytes.length, "byte")} from ${formatEndpoint(from)}, which was not asked`;
    this.#events.emit({ event: "warning", message });
  }

  /** Tells how many there were since the last was told. */
  [Symbol.dispose](): void {
    this.#events[Symbol.dispose]();
  }
}

function failure(action: string, error: unknown): Failure {
  const noFamily = error instanceof Error && "code" in error && error.code === "EAFNOSUPPORT";
  const { code, state } = noFamily
    ? { code: Exit.unreachable, state: "this machine has no such address family" }
    : stateOf(error);
  return new Failure(code, `Cannot ${action}: ${state}`, { cause: error });
}
