/**
 * Answering datagrams.
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
 * What a server makes of a datagram: the answer, or `null` for none. The bytes are valid until it has answered.
 *
 * @param events Where the handler tells about this peer; in a flood of datagrams they are counted rather than told.
 */
export type DatagramHandler = (
  bytes: Uint8Array,
  from: Endpoint,
  events: Events,
) => Uint8Array | string | null | Promise<Uint8Array | string | null>;

/** How a server treats its peers. Times are in milliseconds. */
export interface ServeDatagramsOptions {
  readonly events?: Events;
  /** Stops the server: the exchange under way may end within {@linkcode ServeDatagramsOptions.drainTime}. */
  readonly signal?: AbortSignal;
  /** How long the exchange under way may take when the server stops (5 s). */
  readonly drainTime?: number;
  /** Serve one exchange, then stop. */
  readonly once?: boolean;
  /** Whether received and sent datagrams become events. */
  readonly report?: boolean;
  /** Answers a second to one peer that look like two servers answering each other ({@linkcode AnswerBudget}); 0 = no limit (100). */
  readonly maxRate?: number;
  /** No datagram for so long ends the server; 0 = wait for ever (default). */
  readonly timeout?: number;
}

/** How long the exchange under way may take when the server stops (ms). */
const DRAIN = 5000;
/** No person and few programs ask that often from one port (answers a second). */
export const MAX_RATE = 100;
/** Many times what a class, or all the clients of one machine, ask for (answers a second to all peers together). */
const MAX_TOTAL_RATE = 50_000;

/**
 * Answers datagrams until the signal fires, one after the other: what comes meanwhile waits in the system's queue, and beyond that
 * queue (some 200 KiB) the system drops it. The socket is closed at the end.
 *
 * A peer can spoil only its own exchange: what the handler throws, and an answer that cannot be sent, become events. A peer whose
 * datagram makes the handler throw a {@linkcode ProtocolError} gets its message as the answer, cut where it is long for the question.
 * What a flood of datagrams may write into the log is bounded ({@linkcode EventRate}), and so is what one peer gets for an answer.
 *
 * @param socket Already bound; `serveDatagrams` owns it from here on.
 * @param handler Makes the answer.
 * @throws {TimedOutError} When `timeout` has passed without a datagram.
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
  /** For what concerns the run as a whole. */
  #events: Events;
  /** For what peers cause. */
  #peerEvents: EventRate;
  #heldBack: EventRate;
  #budget: AnswerBudget;
  /** The addresses of this socket, once somebody seems to send from them. */
  #own: Set<string> | null = null;
  #totals = { received: 0, answered: 0, bytesIn: 0, bytesOut: 0 };
  #deadlines: Deadlines;
  #expired: TimedOutError | null = null;
  /** Waiting for a datagram: no exchange is under way. */
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
    this.#heldBack = new EventRate(
      this.#events,
      firstThenCounts((count, within) => `Held back ${count} more within ${within}`),
    );
    this.#budget = new AnswerBudget({ rate: options.maxRate ?? MAX_RATE, load: true, all: MAX_TOTAL_RATE });
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

  /** Gives up the exchange under way. */
  #cut(): void {
    this.#events.emit({ event: "warning", message: "Cannot wait any longer: cut in mid-exchange" });
    this.#late.resolve();
  }

  #expire(): void {
    const { timeout = 0 } = this.#options;
    const where = formatEndpoint(this.#socket.local);
    this.#expired = new TimedOutError(`Cannot go on listening on ${where}: no datagram for ${timeout / 1000} s`);
    this.#socket.close();
  }

  async #serveAll(): Promise<void> {
    while (!this.#stopping) {
      const datagram = await this.#next();
      if (datagram === null) return;
      await this.#serve(datagram);
      if (this.#options.once === true) return;
    }
  }

  async #next(): Promise<Datagram | null> {
    for (;;) {
      this.#idle = true;
      this.#deadlines.reading(true);
      try {
        return await this.#socket.receive();
      } catch (error) {
        // A peer that has left before its answer came: nothing to do with whoever is next.
        if (!(error instanceof Failure && error.code === Exit.unreachable)) throw error;
      } finally {
        this.#deadlines.reading(false);
        this.#idle = false;
      }
    }
  }

  /** Serves one exchange; never rejects. */
  async #serve({ bytes, from }: Datagram): Promise<void> {
    this.#totals.received++;
    this.#totals.bytesIn += bytes.length;
    if (this.#reports) this.#socket.report(this.#peerEvents, "received", bytes, from);
    // A datagram that seems to come from this very socket is forged: the answer would be the next question, and so on for ever.
    if (this.#isOwn(from)) return this.#fail(from, new ProtocolError("Cannot answer: it says that it comes from here"));
    try {
      const answer = await this.#handler(bytes, from, this.#peerEvents);
      if (answer !== null) await this.#answer(answer, from);
    } catch (error) {
      this.#fail(from, error);
      if (!(error instanceof ProtocolError)) return;
      await this.#answer(fittingWording([error.message], bytes.length), from).catch(() => {});
    }
  }

  async #answer(answer: Uint8Array | string, to: Endpoint): Promise<void> {
    if (!this.#budget.take(to)) return this.#holdBack(to);
    const bytes = typeof answer === "string" ? encodeText(answer) : answer;
    await this.#socket.send(bytes, to);
    this.#totals.answered++;
    this.#totals.bytesOut += bytes.length;
    if (this.#reports) this.#socket.report(this.#peerEvents, "sent", bytes, to);
  }

  /** Counts an answer that a peer does not get; told of the first, then by count. */
  #holdBack(peer: Endpoint): void {
    const { maxRate = MAX_RATE } = this.#options;
    const why = this.#budget.totalExceeded
      ? `all peers together ask more than ${MAX_TOTAL_RATE} times a second`
      : `more than ${maxRate} a second look like two servers that answer each other`;
    const message = `Held back an answer to ${formatEndpoint(peer)}: ${why}`;
    this.#heldBack.emit({ event: "warning", message });
  }

  /** Whether a datagram says that it comes from the socket that it came to. */
  #isOwn(from: Endpoint): boolean {
    if (from.port !== this.#socket.local.port) return false;
    const { hostname } = this.#socket.local;
    // The sender chooses its port, so this must be cheap.
    this.#own ??= new Set([hostname, ...reachableAddresses(hostname)]);
    return isLoopback(from.hostname) || this.#own.has(unmapped(from.hostname));
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
