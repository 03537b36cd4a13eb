/**
 * A UDP server.
 *
 * @module
 */
import { type Endpoint, formatEndpoint, isLoopback, unmapped } from "../addr.ts";
import { type Datagram, DatagramSocket } from "./socket.ts";
import { AnswerBudget, fittingWording } from "./answer_budget.ts";
import { Deadlines } from "../deadlines.ts";
import { Exit, Failure, ProtocolError, stateOf, TimedOutError } from "../errors.ts";
import { EventRate, firstThenCounts } from "../event_rate.ts";
import { type Events, NO_EVENTS } from "../events.ts";
import { reachableAddresses } from "../net/listen.ts";
import type { PacketSocket } from "../net/packet_socket.ts";
import { encodeText } from "../text.ts";
import type { DatagramTotals } from "../totals.ts";

/**
 * Returns the answer to a datagram, or `null` for none. The bytes are valid until it settles.
 *
 * @param events For events about this peer; in a flood they are counted instead of logged.
 * @param flow Gives the number of the peer's flow, the `id` of those events.
 */
export type DatagramHandler = (
  bytes: Uint8Array,
  from: Endpoint,
  events: Events,
  flow: () => number,
) => Uint8Array | string | null | Promise<Uint8Array | string | null>;

/** Options of a UDP server. Times are in milliseconds. */
export interface ServeDatagramsOptions {
  readonly events?: Events;
  /** Stops the server; the current exchange has {@linkcode ServeDatagramsOptions.drainTime} to finish. */
  readonly signal?: AbortSignal;
  /** Time for the current exchange to finish when the server stops (5 s). */
  readonly drainTime?: number;
  /** Serve one exchange, then stop. */
  readonly once?: boolean;
  /** Whether received and sent datagrams become events. */
  readonly report?: boolean;
  /** Answers a second to one peer above which it looks like an answer loop ({@linkcode AnswerBudget}); 0 = no limit (100). */
  readonly maxRate?: number;
  /** Ends the server after this long without a datagram; 0 = wait for ever (default). */
  readonly timeout?: number;
}

/** Default time for the current exchange to finish when the server stops (ms). */
const DRAIN = 5000;
/** Answers a second: no person and few programs send requests that often from one port. */
export const MAX_RATE = 100;
/** Answers a second to all peers together: many times the load of a class or of all clients on one machine. */
const MAX_TOTAL_RATE = 50_000;

/**
 * Answers datagrams one at a time until the signal is aborted. Meanwhile, others wait in the socket's receive buffer (some 200 KiB);
 * beyond that the system drops them. Closes the socket at the end.
 *
 * A peer can disrupt only its own exchange: errors of the handler and answers that cannot be sent become events. If the handler throws
 * a {@linkcode ProtocolError}, the peer gets its message as the answer, truncated if it is too long for the request. Both the log
 * lines that a flood can cause ({@linkcode EventRate}) and the answers to one peer are rate-limited.
 *
 * @param socket Already bound; owned by `serveDatagrams` from now on.
 * @param handler Returns the answer.
 * @throws {TimedOutError} No datagram arrived for `timeout`.
 *
 * @example Usage
 * ```ts
 * import { requestDatagram } from "./request.ts";
 * import { serveDatagrams } from "./server.ts";
 * import { decodeText } from "../text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
 * const endpoint = socket.addr as Deno.NetAddr;
 * const serving = serveDatagrams(socket, (bytes) => bytes, { once: true });
 * const answer = await requestDatagram((at) => Deno.listenDatagram(at), endpoint, "echo", { retries: 3 });
 * assertEquals(decodeText(answer.bytes), "echo");
 * assertEquals((await serving).answered, 1);
 * ```
 */
export async function serveDatagrams(
  socket: PacketSocket,
  handler: DatagramHandler,
  options: ServeDatagramsOptions = {},
): Promise<DatagramTotals> {
  return await new DatagramServer(new DatagramSocket(socket), handler, options).run();
}

class DatagramServer {
  #socket: DatagramSocket;
  #handler: DatagramHandler;
  #options: ServeDatagramsOptions;
  /** For events about the run as a whole. */
  #events: Events;
  /** For events that peers cause. */
  #peerEvents: EventRate;
  #heldBack: EventRate;
  #budget: AnswerBudget;
  /** The addresses of this socket, determined when a datagram first carries its port as the source. */
  #ownAddresses: Set<string> | null = null;
  #totals = { received: 0, answered: 0, bytesIn: 0, bytesOut: 0 };
  #deadlines: Deadlines;
  #expired: TimedOutError | null = null;
  /** Waiting for a datagram, between exchanges. */
  #idle = false;
  #stopping = false;
  #late = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: DatagramSocket, handler: DatagramHandler, options: ServeDatagramsOptions) {
    this.#socket = socket;
    this.#handler = handler;
    this.#options = options;
    this.#events = options.events ?? NO_EVENTS;
    this.#peerEvents = new EventRate(this.#events);
    const heldBack = firstThenCounts((count, within) => `Held back ${count} more in the last ${within}`);
    this.#heldBack = new EventRate(this.#events, heldBack);
    this.#budget = new AnswerBudget({ rate: options.maxRate ?? MAX_RATE, load: true, total: MAX_TOTAL_RATE });
    this.#deadlines = new Deadlines({ idle: options.timeout ?? 0, stall: 0 }, () => this.#expire());
  }

  get #reports(): boolean {
    return this.#events.detailed && this.#options.report !== false;
  }

  async run(): Promise<DatagramTotals> {
    const { signal } = this.#options;
    signal?.addEventListener("abort", this.#stop);
    if (signal?.aborted) this.#stop();
    try {
      await Promise.race([this.#serveAll(), this.#late.promise]);
    } finally {
      signal?.removeEventListener("abort", this.#stop);
      clearTimeout(this.#timer);
      this.#deadlines.stop();
      this.#socket.close();
      this.#peerEvents[Symbol.dispose]();
      this.#heldBack[Symbol.dispose]();
    }
    if (this.#expired !== null) throw this.#expired;
    return this.#totals;
  }

  #stop = (): void => {
    this.#stopping = true;
    if (this.#idle) this.#socket.close();
    else this.#timer = setTimeout(() => this.#cut(), this.#options.drainTime ?? DRAIN);
  };

  /** Abandons the current exchange. */
  #cut(): void {
    this.#events.emit({ event: "warning", message: "Cannot wait any longer: cut mid-exchange" });
    this.#late.resolve();
  }

  #expire(): void {
    const { timeout = 0 } = this.#options;
    const where = formatEndpoint(this.#socket.local);
    this.#expired = new TimedOutError(`Cannot keep listening on ${where}: no datagram for ${timeout / 1000} s`);
    this.#socket.close();
  }

  async #serveAll(): Promise<void> {
    while (!this.#stopping) {
      this.#waiting(true);
      let datagram;
      try {
        datagram = await this.#socket.receive();
      } catch (error) {
        // An earlier peer left before its answer arrived; this does not concern the next one.
        if (error instanceof Failure && error.code === Exit.unreachable) continue;
        throw error;
      } finally {
        this.#waiting(false);
      }
      if (datagram === null) return;
      await this.#serve(datagram);
      if (this.#options.once === true) return;
    }
  }

  #waiting(on: boolean): void {
    this.#idle = on;
    this.#deadlines.reading(on);
  }

  /** Serves one exchange; never rejects. */
  async #serve({ bytes, from }: Datagram): Promise<void> {
    this.#totals.received++;
    this.#totals.bytesIn += bytes.length;
    if (this.#reports) this.#socket.report(this.#peerEvents, "received", bytes, from);
    // A datagram with this socket's own source address is forged: our answer would be the next request, and so on for ever.
    if (this.#isOwnAddress(from)) {
      return this.#fail(from, new ProtocolError("Cannot answer: its source address is ours"));
    }
    let answer;
    try {
      answer = this.#handler(bytes, from, this.#peerEvents, () => this.#socket.flowOf(from));
      // Most handlers answer at once, and do not wait a turn for it.
      if (answer instanceof Promise) answer = await answer;
    } catch (error) {
      this.#fail(from, error);
      answer = error instanceof ProtocolError ? fittingWording([error.message], bytes.length) : null;
    }
    if (answer === null) return;
    if (!this.#budget.take(from)) return this.#holdBack(from);
    const sent = typeof answer === "string" ? encodeText(answer) : answer;
    try {
      await this.#socket.send(sent, from);
    } catch (error) {
      return this.#fail(from, error);
    }
    this.#totals.answered++;
    this.#totals.bytesOut += sent.length;
    if (this.#reports) this.#socket.report(this.#peerEvents, "sent", sent, from);
  }

  /** Counts an answer that is held back; the first is logged, then counts. */
  #holdBack(peer: Endpoint): void {
    const { maxRate = MAX_RATE } = this.#options;
    const reason = this.#budget.totalExceeded
      ? `all peers together send more than ${MAX_TOTAL_RATE} requests a second`
      : `more than ${maxRate} a second look like two servers answering each other`;
    const message = `Held back an answer to ${formatEndpoint(peer)}: ${reason}`;
    this.#heldBack.emit({ event: "warning", message });
  }

  /** Whether a datagram's source address is the socket's own. */
  #isOwnAddress(from: Endpoint): boolean {
    if (from.port !== this.#socket.local.port) return false;
    const { hostname } = this.#socket.local;
    // The sender chooses its port, so this must be cheap.
    this.#ownAddresses ??= new Set([hostname, ...reachableAddresses(hostname)]);
    return isLoopback(from.hostname) || this.#ownAddresses.has(unmapped(from.hostname));
  }

  #fail(from: Endpoint, error: unknown): void {
    if (this.#socket.closed) return;
    const { code, state } = stateOf(error);
    this.#peerEvents.emit({
      event: "error",
      id: this.#socket.flowOf(from),
      peer: formatEndpoint(from),
      code,
      message: state,
    });
  }
}
