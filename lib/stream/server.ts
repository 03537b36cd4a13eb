/**
 * Accepting connections, and stopping without dropping anybody.
 *
 * @module
 */
import { Acceptor } from "./accept.ts";
import { Admission, type AdmissionOptions } from "./admission.ts";
import { Connection } from "./connection.ts";
import { CutOffError, ProtocolError, stateOf } from "../errors.ts";
import { EventRate } from "../event_rate.ts";
import { type Events, NO_EVENTS } from "../events.ts";
import { FairGate } from "./fair.ts";
import type { MemoryBudget } from "../memory.ts";
import { Bag } from "../bag.ts";
import { compose, type Layers } from "../net/layers.ts";
import { type RawSocket, type StreamListener, type StreamSocket, streamSocket } from "../net/socket.ts";
import { type ConnectionLimits, stallTime } from "./limits.ts";
import { securedEvent } from "./report.ts";
import { plural } from "../text.ts";
import type { ServeTotals } from "../totals.ts";
import { within } from "../within.ts";

/** How a server treats its clients. Times are in milliseconds. */
export interface ServeOptions extends ConnectionLimits, AdmissionOptions {
  readonly events?: Events;
  /** Stops the server: no new connections, open exchanges may end within {@linkcode ServeOptions.drainTime}. */
  readonly signal?: AbortSignal;
  /** How long open exchanges may take when the server stops (5 s). */
  readonly drainTime?: number;
  /** Serve one connection, then stop. */
  readonly once?: boolean;
  /** Whether received and sent messages become events. */
  readonly report?: boolean;
  /** What goes over each accepted socket, before anybody reads from it. */
  readonly layers?: Layers;
  /** Gives the next connection its number, where several servers count together; from 1 otherwise. */
  readonly nextId?: () => number;
  /** What all connections together may hold in messages; the caller may hold other things of it. */
  readonly memory?: MemoryBudget;
}

/** How long open exchanges may take when the server stops (ms). */
const DRAIN = 5000;
/** How long handlers may take to notice that their connections are cut (ms). */
const CUT_GRACE = 1000;

/**
 * Serves connections until the signal fires: each gets `handler`, all at the same time. The listener is closed at the end.
 *
 * A client can end its own connection only: whatever a handler throws becomes an event. A client that resets before it is accepted
 * and a process out of descriptors do not end the loop ({@link https://man7.org/linux/man-pages/man2/accept.2.html accept(2)}).
 *
 * @param listener Already listening; `serveTcp` owns it from here on.
 * @param handler Serves one connection; it is closed when the handler is done.
 * @returns When everything is closed.
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
  served: Promise<void>;
  /** Whether its TLS handshake is not over. */
  handshaking: boolean;
}

const SERVED = Promise.resolve();

class TcpServer {
  #acceptor: Acceptor;
  #handler: Handler;
  #signal: AbortSignal | undefined;
  #options: Omit<ServeOptions, "signal">;
  #events: Events;
  #gate = new FairGate();
  /** Owner of every connection and of the promise that serves it. */
  #open = new Bag<Client>();
  /** Clients that are turned away come back at once, if they like: they must not fill the log. */
  #refusals: EventRate;
  #admission: Admission;
  /** Whether the drain has cut what was left: those ends are ours, and told in one line. */
  #cut = false;
  #stopped = Promise.withResolvers<void>();
  #ids = 0;
  #totals = { connections: 0, refused: 0, bytesIn: 0, bytesOut: 0 };

  constructor(
    listener: StreamListener,
    handler: Handler,
    { signal, ...options }: ServeOptions,
  ) {
    this.#handler = handler;
    this.#signal = signal;
    this.#options = options;
    this.#events = options.events ?? NO_EVENTS;
    this.#acceptor = new Acceptor(listener, this.#events);
    this.#refusals = new EventRate(this.#events);
    this.#admission = new Admission(options, this.#refusals);
  }

  async run(): Promise<ServeTotals> {
    this.#signal?.addEventListener("abort", this.#stop);
    if (this.#signal?.aborted) this.#stop();
    try {
      await this.#acceptor.run((raw) => this.#take(raw));
      // After `--once` the one client takes as long as it takes, unless the signal comes.
      if (this.#options.once === true) await Promise.race([this.#allServed(), this.#stopped.promise]);
      // Whoever closed the listener, that is a stop as well.
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
    const { timeout = 0, layers = {}, nextId = this.#nextId, once = false } = this.#options;
    const socket = compose(streamSocket(raw, nextId()), layers);
    const no = this.#admission.refusalOf(socket, this.#open.size);
    if (no !== null) {
      this.#totals.refused++;
      return this.#admission.turnAway(socket, no);
    }
    this.#totals.connections++;
    const connection = new Connection(socket, { stall: stallTime(timeout), ...this.#options, gate: this.#gate });
    this.#events.emit({ event: "accepted", id: socket.id, peer: connection.peer });
    const client: Client = { connection, served: SERVED, handshaking: socket.handshake !== undefined };
    client.served = this.#serve(client, socket, this.#open.add(client));
    if (once) this.#acceptor.close();
  }

  #nextId = (): number => ++this.#ids;

  /** Serves one connection; never rejects. */
  async #serve(client: Client, socket: StreamSocket, place: number): Promise<void> {
    const { connection } = client;
    try {
      if (!client.handshaking || await this.#secured(client, socket)) await this.#handler(connection);
    } catch (error) {
      this.#report(connection, error);
      if (error instanceof ProtocolError) await this.#admission.tell(connection, error.message);
    } finally {
      connection.close();
      await socket.gone;
      this.#open.remove(place);
      this.#admission.release();
      this.#totals.bytesIn += connection.bytesIn;
      this.#totals.bytesOut += connection.bytesOut;
    }
  }

  /** Waits for the TLS handshake; tells whether the client may come in. One that may not is told why where it can read it. */
  async #secured(client: Client, socket: StreamSocket): Promise<boolean> {
    const { connection } = client;
    const session = await socket.handshake?.() ?? null;
    client.handshaking = false;
    connection.session = session;
    if (session === null) return true;
    this.#events.emit(securedEvent(connection, session));
    if (session.refusal === null) return true;
    this.#totals.connections--;
    this.#totals.refused++;
    this.#refusals.emit({ event: "refused", id: connection.id, peer: connection.peer, reason: session.refusal });
    await this.#admission.tell(connection, `Cannot serve you: ${session.refusal}`, "not allowed");
    return false;
  }

  #report({ id, peer }: Connection, error: unknown): void {
    if (this.#cut) return;
    const { code, state } = stateOf(error);
    if (error instanceof CutOffError) this.#events.emit({ event: "reset", id, peer, message: state });
    else this.#events.emit({ event: "error", id, peer, code, message: state });
  }

  #allServed(): Promise<unknown> {
    return Promise.all([...Array.from(this.#open, ({ served }) => served), this.#admission.settled()]);
  }

  /** Waits for open exchanges, then closes what is left. */
  async #drain(): Promise<void> {
    const { drainTime = DRAIN } = this.#options;
    // A handshake is no exchange yet: one that is not over in a moment may be begun again elsewhere.
    if (Array.from(this.#open).some(({ handshaking }) => handshaking) && !await this.#servedWithin(CUT_GRACE)) {
      for (const { handshaking, connection } of this.#open) if (handshaking) connection.close();
    }
    if (await this.#servedWithin(drainTime)) return;
    if (this.#open.size > 0) {
      const cut = plural(this.#open.size, "connection");
      this.#warn(`Cannot wait any longer: ${cut} cut in mid-exchange after ${drainTime / 1000} s`);
    }
    this.#cut = true;
    for (const { connection } of this.#open) connection.close();
    // A handler that waits for something else than its connection is left to itself.
    await this.#servedWithin(CUT_GRACE);
  }

  /** Waits until everybody is served, or for `ms`; says which. */
  #servedWithin(ms: number): Promise<boolean> {
    return within(this.#allServed(), ms);
  }

  #warn(message: string): void {
    this.#events.emit({ event: "warning", message });
  }
}
