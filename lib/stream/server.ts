/**
 * A TCP server with graceful shutdown.
 *
 * @module
 */
import { formatEndpoint } from "../addr.ts";
import { Acceptor } from "./accept.ts";
import { Admission, type AdmissionOptions, type AdmissionRefusal, refusalReason } from "./admission.ts";
import { Connection } from "./connection.ts";
import { counter } from "../counter.ts";
import { CutOffError, isClosedHere, PlaintextError, ProtocolError, stateOf } from "../errors.ts";
import { EventRate } from "../event_rate.ts";
import { type Events, NO_EVENTS } from "../events.ts";
import { FairGate } from "./fair.ts";
import type { MemoryBudget } from "../memory.ts";
import { Bag } from "../bag.ts";
import { compose, type Layer, type Layers } from "../net/layers.ts";
import { type RawSocket, type StreamListener, type StreamSocket, streamSocket } from "../net/socket.ts";
import { type ConnectionLimits, type ConnectionOptions, stallTime } from "./limits.ts";
import { securedEvent } from "./report.ts";
import { plural } from "../text.ts";
import type { ServeTotals } from "../totals.ts";
import type { Counted } from "../traffic.ts";
import type { WireSink } from "../wire/event.ts";
import { streamTap, tellListen } from "../wire/tap.ts";
import { within } from "../within.ts";

/** Options of a server. Times are in milliseconds. */
export interface ServeOptions extends ConnectionLimits, AdmissionOptions {
  readonly events?: Events;
  /** Stops the server: it accepts no more connections and gives open exchanges {@linkcode ServeOptions.drainTime} to finish. */
  readonly signal?: AbortSignal;
  /** Time for open exchanges to finish when the server stops (5 s). */
  readonly drainTime?: number;
  /** Serve one connection, then stop. */
  readonly once?: boolean;
  /** Whether received and sent messages become events. */
  readonly report?: boolean;
  /** The layers that wrap each accepted socket; with `wire`, the tap is its own; `faults` adds to them. */
  readonly layers?: Layers;
  /** Impairs the connections, below all other layers. */
  readonly faults?: Layer | undefined;
  /** Told every call on the listener and its connections. */
  readonly wire?: WireSink | undefined;
  /** Numbers the connections, for servers that share a counter; default: from 1. */
  readonly nextId?: () => number;
  /** The memory budget for the messages of all connections; the caller may charge other things to it. */
  readonly memory?: MemoryBudget;
}

/** Default time for open exchanges to finish when the server stops (ms). */
const DRAIN = 5000;
/** Time for handlers to notice that their connections were closed (ms). */
const CUT_GRACE = 1000;

/**
 * Serves connections concurrently, each with `handler`, until the signal is aborted. Closes the listener at the end.
 *
 * A client can end only its own connection: whatever a handler throws becomes an event. The loop survives clients that reset before
 * they are accepted, and running out of file descriptors
 * ({@link https://man7.org/linux/man-pages/man2/accept.2.html accept(2)}).
 *
 * @param listener Already listening; owned by `serveTcp` from now on.
 * @param handler Serves one connection, which is closed when the handler settles.
 * @returns The totals, once everything is closed.
 *
 * @example Usage
 * ```ts
 * import { connectTcp } from "./connect.ts";
 * import { serveTcp } from "./server.ts";
 * import { decodeText } from "../text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const serving = serveTcp(listener, async (connection) => {
 *   for (let bytes; (bytes = await connection.read()) !== null;) await connection.write(bytes);
 * }, { once: true });
 * using client = await connectTcp((at) => Deno.connect(at), { hostname: "127.0.0.1", port: listener.addr.port });
 * await client.write("echo\n");
 * assertEquals(decodeText((await client.readMessage()) ?? new Uint8Array()), "echo");
 * client.close();
 * assertEquals((await serving).connections, 1);
 * ```
 */
export async function serveTcp(
  listener: StreamListener,
  handler: Handler,
  options: ServeOptions = {},
): Promise<ServeTotals> {
  return await new TcpServer(listener, handler, options).run();
}

/** Serves one connection. */
export type Handler = (connection: Connection) => Promise<void>;

/** A connection and the promise that serves it; never rejects. */
interface Client {
  readonly connection: Connection;
  readonly socket: StreamSocket;
  served: Promise<void>;
  /** Whether its TLS handshake is incomplete. */
  handshaking: boolean;
}

const SERVED = Promise.resolve();

class TcpServer {
  #acceptor: Acceptor;
  #handler: Handler;
  #signal: AbortSignal | undefined;
  #options: Omit<ServeOptions, "signal">;
  #connectionOptions: ConnectionOptions;
  #events: Events;
  #gate = new FairGate();
  /** Owns every connection and the promise that serves it. */
  #open = new Bag<Client>();
  /** Rate-limited: refused clients can reconnect at once and must not fill the log. */
  #refusals: EventRate;
  #admission: Admission;
  #layers: Layers;
  /** Whether the drain time is over and the remaining connections were closed: one line reports them all. */
  #forced = false;
  #stopped = Promise.withResolvers<void>();
  #nextId = counter();
  #totals = { connections: 0, refused: 0, bytesIn: 0, bytesOut: 0 };

  constructor(
    listener: StreamListener,
    handler: Handler,
    { signal, ...options }: ServeOptions,
  ) {
    this.#handler = handler;
    this.#signal = signal;
    this.#options = options;
    this.#connectionOptions = { stall: stallTime(options.timeout ?? 0), ...options, gate: this.#gate };
    this.#events = options.events ?? NO_EVENTS;
    this.#acceptor = new Acceptor(listener, this.#events);
    this.#refusals = new EventRate(this.#events);
    this.#admission = new Admission(options, this.#refusals);
    const { layers, wire, faults = layers?.faults } = options;
    const tap = wire === undefined ? layers?.tap : streamTap(wire, "accept");
    this.#layers = { ...layers, faults, tap };
    if (wire !== undefined) tellListen(wire, listener.addr);
  }

  async run(): Promise<ServeTotals> {
    this.#signal?.addEventListener("abort", this.#stop);
    if (this.#signal?.aborted) this.#stop();
    try {
      if (this.#options.allow !== undefined) await this.#admission.prepare();
      await this.#acceptor.run((raw) => this.#take(raw));
      // With `--once`, the one client has no time limit unless the server is stopped.
      if (this.#options.once === true) await Promise.race([this.#allServed(), this.#stopped.promise]);
      // A closed listener means stop, no matter who closed it.
      else this.#stop();
      await this.#drain();
    } finally {
      this.#signal?.removeEventListener("abort", this.#stop);
      this.#refusals[Symbol.dispose]();
    }
    return this.#totals;
  }

  #stop = (): void => {
    this.#acceptor.close();
    for (const { connection } of this.#open) connection.drain();
    this.#stopped.resolve();
  };

  #take(raw: RawSocket): void {
    const id = (this.#options.nextId ?? this.#nextId)();
    let socket: StreamSocket;
    try {
      socket = compose(streamSocket(raw, id), this.#layers);
    } catch (error) {
      raw.close();
      return this.#report({ id, peer: formatEndpoint(raw.remoteAddr as Deno.NetAddr) }, error);
    }
    const refusal = this.#admission.refusalOf(socket, this.#open.size);
    if (refusal !== null) {
      this.#totals.refused++;
      return this.#admission.turnAway(socket, refusal);
    }
    this.#totals.connections++;
    const connection = new Connection(socket, this.#connectionOptions);
    this.#events.emit({ event: "accepted", id: socket.id, peer: connection.peer });
    const client: Client = { connection, socket, served: SERVED, handshaking: socket.handshake !== undefined };
    client.served = this.#serve(client, this.#open.add(client));
    if (this.#options.once) this.#acceptor.close();
  }

  /** Serves one connection; never rejects. Not an async function: its state would take half a kilobyte of each idle connection. */
  #serve(client: Client, slot: number): Promise<void> {
    return this.#handle(client).then(
      () => this.#end(client, slot),
      (error: unknown) => this.#endWith(client, error).finally(() => this.#end(client, slot)),
    );
  }

  #handle(client: Client): Promise<void> {
    try {
      return client.handshaking ? this.#handleSecured(client) : this.#handler(client.connection);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Waits for the TLS handshake first. A client that is refused gets the reason over TLS. */
  async #handleSecured(client: Client): Promise<void> {
    const { connection, socket } = client;
    const session = await socket.handshake?.() ?? null;
    client.handshaking = false;
    connection.session = session;
    if (session !== null) this.#events.emit(securedEvent(connection, session));
    const reason = session?.refusal ?? null;
    await (reason === null ? this.#handler(connection) : this.#refuse(connection, { reason, kind: "not allowed" }));
  }

  async #end({ connection, socket }: Client, slot: number): Promise<void> {
    connection.close();
    await socket.gone;
    this.#open.remove(slot);
    this.#admission.release();
    this.#count(connection);
  }

  #count({ bytesIn, bytesOut }: Counted): void {
    this.#totals.bytesIn += bytesIn;
    this.#totals.bytesOut += bytesOut;
  }

  /** Reports why serving a client has failed, and tells it where the protocol allows that. */
  async #endWith({ connection, handshaking }: Client, error: unknown): Promise<void> {
    // The stopping server closes what is still in its handshake.
    if (handshaking && isClosedHere(error)) return;
    const reason = refusalReason(error);
    if (reason === null) {
      this.#report(connection, error);
      if (error instanceof ProtocolError) await this.#admission.closeWithReason(connection, error.message);
    } else if (error instanceof PlaintextError) {
      this.#countRefused();
      this.#refusals.emit({ event: "refused", id: connection.id, peer: connection.peer, reason, kind: "protocol" });
      connection.report.closed(error);
      // Its plain text passed below the connection, which counted nothing.
      this.#count(error);
    } else await this.#refuse(connection, { reason, kind: "protocol" });
  }

  async #refuse(connection: Connection, refusal: AdmissionRefusal): Promise<void> {
    this.#countRefused();
    await this.#admission.refuse(connection, refusal);
  }

  /** Counts an accepted client as refused instead of served. */
  #countRefused(): void {
    this.#totals.connections--;
    this.#totals.refused++;
  }

  #report({ id, peer }: { id: number; peer: string }, error: unknown): void {
    if (this.#forced) return;
    const { code, state } = stateOf(error);
    if (error instanceof CutOffError) this.#events.emit({ event: "reset", id, peer, message: state });
    else this.#events.emit({ event: "error", id, peer, code, message: state });
  }

  #allServed(): Promise<unknown> {
    return Promise.all([...Array.from(this.#open, ({ served }) => served), this.#admission.settled()]);
  }

  /** Waits for open exchanges, then closes the rest. */
  async #drain(): Promise<void> {
    const { drainTime = DRAIN } = this.#options;
    // A handshake is not yet an exchange: unless it completes soon, it is closed, and the client can retry elsewhere.
    if (Array.from(this.#open).some(({ handshaking }) => handshaking) && !await this.#allServedWithin(CUT_GRACE)) {
      for (const { handshaking, connection } of this.#open) if (handshaking) connection.close();
    }
    if (await this.#allServedWithin(drainTime)) return;
    if (this.#open.size > 0) {
      const cut = plural(this.#open.size, "connection");
      const message = `Cannot wait any longer: ${cut} cut mid-exchange after ${drainTime / 1000} s`;
      this.#events.emit({ event: "warning", message });
    }
    this.#forced = true;
    for (const { connection } of this.#open) connection.close();
    // A handler that waits for something other than its connection is abandoned.
    await this.#allServedWithin(CUT_GRACE);
  }

  /** Waits at most `ms` until all clients are served; returns whether they are. */
  #allServedWithin(ms: number): Promise<boolean> {
    return within(this.#allServed(), ms);
  }
}
