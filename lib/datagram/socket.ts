/**
 * The only owner of a datagram socket and its buffer.
 *
 * Receiving and sending chain their promises by hand: under load, an `async` function around each costs more than its work.
 *
 * @module
 */
import { canonicalAddress, type Endpoint, formatEndpoint, withoutZone } from "../addr.ts";
import { Exit, Failure, isClosedHere, isDisconnect } from "../errors.ts";
import { EventRate, firstThenCounts } from "../event_rate.ts";
import type { Events } from "../events.ts";
import { FlowNumbers } from "../net/flow_numbers.ts";
import { bindFor, type PacketOpener, type PacketSocket } from "../net/packet_socket.ts";
import { stateAt } from "../net/state.ts";
import { encodeText, lineText, plural } from "../text.ts";

/** The most bytes that one datagram carries over IPv4: 65,535 less the headers of IP (20) and UDP (8), RFC 768. */
export const MAX_DATAGRAM = 65_507;

/** Larger than the longest datagram (65,527 bytes over IPv6): the platform silently truncates what does not fit. */
const BUFFER = 65_536;

/** A received datagram. */
export interface Datagram {
  /** Its payload; a view of the socket's buffer, valid until the next {@linkcode DatagramSocket.receive}. */
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
}

/**
 * A UDP socket and its one buffer. One receive at a time: two would complete out of order and share the buffer.
 *
 * @example Usage
 * ```ts
 * import { DatagramSocket } from "./socket.ts";
 * import { decodeText } from "../text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * using ours = DatagramSocket.openFor((at) => Deno.listenDatagram(at), "127.0.0.1");
 * using theirs = DatagramSocket.openFor((at) => Deno.listenDatagram(at), "127.0.0.1");
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
  #flowOf: (peer: Endpoint) => number;
  #buffer = new Uint8Array(BUFFER);
  #closed = false;

  /**
   * @param socket Owned by this object from now on.
   * @param nextFlow Numbers the peers, for sockets that share a counter; unused if the socket numbers them itself.
   */
  constructor(socket: PacketSocket, nextFlow?: () => number) {
    const { hostname, port } = socket.addr as Deno.NetAddr;
    this.#socket = socket;
    const flows = new FlowNumbers(nextFlow);
    this.#flowOf = (peer) => socket.flowOf?.(peer) ?? flows.of(peer);
    this.local = { hostname, port };
  }

  /**
   * Opens a client's socket: on any free port, of the address's family, and bound to loopback if the address is loopback.
   *
   * @param open The platform's own call.
   * @param address The destination address (not a name).
   * @throws {Failure} The system lacks the address family, or Deno the permission.
   */
  static openFor(open: PacketOpener, address: string, nextFlow?: () => number): DatagramSocket {
    try {
      return new DatagramSocket(open(bindFor(address)), nextFlow);
    } catch (error) {
      throw failure(`open a socket for ${address}`, error);
    }
  }

  /** Whether {@linkcode DatagramSocket.close} was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Waits for the next datagram, which may be empty.
   *
   * @returns The datagram, or `null` once the socket is closed.
   * @throws {Failure} With code 4 if the system reports that nothing listens on a port we sent to (Windows does, RFC 1122 4.1.3.3);
   * the socket remains usable.
   */
  receive(): Promise<Datagram | null> {
    if (this.#closed) return Promise.resolve(null);
    return this.#socket.receive(this.#buffer).then(toDatagram, this.#notReceived);
  }

  #notReceived = (error: unknown): null => {
    if (this.#closed && isClosedHere(error)) return null;
    if (!isDisconnect(error)) throw failure(`receive on ${formatEndpoint(this.local)}`, error);
    throw new Failure(Exit.unreachable, "Cannot reach the peer: nothing listens on that port", { cause: error });
  };

  /**
   * Sends one datagram. Success does not mean that it arrives.
   *
   * @param data At most {@linkcode MAX_DATAGRAM} bytes; it may be empty.
   * @throws {Failure} With code 2, without sending, if it is longer; with code 4 if the peer is unreachable.
   */
  send(data: Uint8Array | string, to: Endpoint): Promise<void> {
    const bytes = typeof data === "string" ? encodeText(data) : data;
    if (bytes.length > MAX_DATAGRAM) return Promise.reject(tooLong(bytes.length, to));
    const address = { transport: "udp", hostname: to.hostname, port: to.port } as const;
    return this.#socket.send(bytes, address).then(nothing, (error) => {
      throw failure(`send to ${formatEndpoint(to)}`, error, to.hostname);
    });
  }

  /** The number of the flow between this socket and a peer: the `id` of its events. */
  flowOf(peer: Endpoint): number {
    return this.#flowOf(peer);
  }

  /**
   * Emits the event for a datagram received or sent, its text without a trailing newline (which nc adds). Call it only if
   * `events.detailed`: it decodes the text.
   */
  report(events: Events, event: "received" | "sent", bytes: Uint8Array, peer: Endpoint): void {
    const text = lineText(bytes);
    events.emit({ event, id: this.flowOf(peer), peer: formatEndpoint(peer), bytes: bytes.length, text });
  }

  /** Closes the socket; a pending receive returns `null`. Calling it again does nothing. */
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
 * Checks that the data fits into one datagram.
 *
 * @throws {Failure} With code 2 if it is too long.
 */
export function checkLength(length: number, to: Endpoint): void {
  if (length > MAX_DATAGRAM) throw tooLong(length, to);
}

function tooLong(length: number, to: Endpoint): Failure {
  const state = `one datagram carries at most ${MAX_DATAGRAM}`;
  return new Failure(Exit.misuse, `Cannot send ${length} bytes to ${formatEndpoint(to)}: ${state}`);
}

/**
 * Whether two endpoints are equal, however their addresses are written: an IPv4 peer of a dual-stack socket equals plain IPv4, and
 * zones are ignored, since the system omits them from source addresses.
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
  const one = canonicalAddress(withoutZone(a.hostname));
  return one !== null && one === canonicalAddress(withoutZone(b.hostname));
}

/**
 * Logs datagrams that cannot be answers, because they come from an endpoint that we did not send to (RFC 5452 9): the first at once,
 * then counts, so that others cannot flood the log.
 */
export class UnsolicitedDatagrams implements Disposable {
  #events: EventRate;
  #count = 0;

  constructor(events: Events) {
    this.#events = new EventRate(
      events,
      firstThenCounts((count, within) =>
        `Ignored ${count} more unsolicited datagram${count === "1" ? "" : "s"} in the last ${within}`
      ),
    );
  }

  /** How many datagrams were ignored. */
  get count(): number {
    return this.#count;
  }

  /** Counts a datagram, and logs it within the rate limit. */
  report({ bytes, from }: Datagram): void {
    this.#count++;
    const message = `Ignored ${plural(bytes.length, "unsolicited byte")} from ${formatEndpoint(from)}`;
    this.#events.emit({ event: "warning", message });
  }

  /** Logs the count since the last report. */
  [Symbol.dispose](): void {
    this.#events[Symbol.dispose]();
  }
}

function nothing(): void {}

function toDatagram([bytes, from]: [Uint8Array, Deno.Addr]): Datagram {
  return { bytes, from: from as Deno.NetAddr };
}

function failure(action: string, error: unknown, hostname = ""): Failure {
  const noFamily = error instanceof Error && "code" in error && error.code === "EAFNOSUPPORT";
  const { code, state } = noFamily
    ? { code: Exit.unreachable, state: "this machine has no such address family" }
    : stateAt(hostname, error);
  return new Failure(code, `Cannot ${action}: ${state}`, { cause: error });
}
