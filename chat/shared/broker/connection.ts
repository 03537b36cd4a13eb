/**
 * The connection to a room's broker: one for all that the room has there, and kept up for as long as the room is open.
 *
 * The client library dials again for ever, each broker of the list in turn. What is subscribed is subscribed again; what was asked is
 * lost: the asker asks again.
 *
 * @module
 */
import type { NatsConnection, Status } from "@nats-io/nats-core";
import { NatsConnectionImpl } from "@nats-io/nats-core/internal";
import type { Events } from "../../../lib/events.ts";
import { abortable, within } from "../../../lib/within.ts";
import { connectFailure } from "./join_failure.ts";
import type { Credentials } from "./credentials.ts";
import { useBrokerSockets } from "./socket.ts";

/** The longest that one broker may take to answer (ms). */
const DIAL = 5000;
/** Between two tries to reach a broker again (ms): at least, and by chance up to so much more, so that not all servers come at once. */
const RETRY = 100;
const RETRY_JITTER = 300;
/** A broker that has not answered this many pings, this far apart (ms), is gone. */
const PING = 2000;
const MISSED_PINGS = 2;
/** How long the last messages may take on the way out (ms). */
const DRAIN = 1000;

/** Options of {@linkcode openBroker}. */
export interface BrokerOptions {
  /** `host:port` each; which one is tried first is left to chance. */
  readonly servers: readonly string[];
  /** Whether TLS is demanded. A broker that offers it gets it in any case, and its certificate is checked. */
  readonly tls: boolean;
  /** The CA to trust, in PEM; otherwise those that come with Deno. */
  readonly ca?: string | undefined;
  readonly credentials: Credentials;
  /** What the broker's own monitoring calls this connection. */
  readonly name: string;
  /** Is told when the broker is gone, and back. */
  readonly events: Events;
  /** Gives up connecting. */
  readonly signal: AbortSignal;
}

/** The broker of a room. Disposing of it sends what is still to be sent, for a second at most. */
export class Broker implements AsyncDisposable {
  /** The client library's connection; {@linkcode Broker} alone closes it. */
  readonly nats: NatsConnection;
  #events: Events;
  #tls: boolean;
  #up = true;
  #listeners = new Set<(up: boolean) => void>();
  #said = "";

  /** @param nats Connected. */
  constructor(nats: NatsConnection, { events, tls }: Pick<BrokerOptions, "events" | "tls">) {
    this.#events = events;
    this.#tls = tls;
    this.nats = nats;
    // It ends when the connection is closed, and throws nothing.
    this.#follow();
  }

  /** Whether the broker can be reached. What is published otherwise may be lost, or overtaken by what is published later. */
  get up(): boolean {
    // The library knows a little earlier than its status events say.
    return this.#up && this.nats.info !== undefined;
  }

  /** Whether the connection is encrypted. */
  get encrypted(): boolean {
    return this.#tls || this.nats.info?.tls_required === true || this.nats.info?.tls_available === true;
  }

  /** The broker that we are, or were, connected to: `host:port`. */
  get server(): string {
    return this.nats.getServer();
  }

  /**
   * Calls back when the broker is gone (`false`) and when it is back (`true`).
   *
   * @returns Ends the calls.
   */
  watch(listener: (up: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.clear();
    if (this.up) await within(this.nats.drain().catch(() => {}), DRAIN);
    await this.nats.close();
  }

  async #follow(): Promise<void> {
    for await (const status of this.nats.status()) this.#learn(status);
  }

  #learn(status: Status): void {
    if (status.type === "disconnect" && this.#up) this.#change(false);
    if (status.type === "reconnect" && !this.#up) this.#change(true);
    // A forbidden subject, or credentials that have expired: the same again and again is said once.
    if (status.type !== "error" || status.error.message === this.#said) return;
    this.#said = status.error.message;
    this.#events.emit({ event: "warning", message: `The broker says: ${status.error.message}` });
  }

  #change(up: boolean): void {
    this.#up = up;
    const at = this.server;
    const message = up ? `The broker ${at} is back` : `The broker ${at} is gone; trying to reach it again`;
    this.#events.emit({ event: up ? "notice" : "warning", message });
    for (const listener of this.#listeners) listener(up);
  }
}

/**
 * Connects to the first broker that answers. Own messages do not come back to this connection's subscriptions.
 *
 * @throws {Failure} None can be reached: 3 no such name, 4 refused, 5 no answer, 7 not trusted, 1 wrong credentials.
 */
export async function openBroker(options: BrokerOptions): Promise<Broker> {
  const { servers, tls, ca, credentials, name, signal } = options;
  const ended = useBrokerSockets();
  const opening = NatsConnectionImpl.connect({
    servers: [...servers],
    ...(tls || ca !== undefined ? { tls: ca === undefined ? {} : { ca } } : {}),
    ...credentials,
    name,
    noEcho: true,
    timeout: DIAL,
    maxReconnectAttempts: -1,
    // Credentials that are refused may be accepted again: the broker's operator may be changing them.
    ignoreAuthErrorAbort: true,
    reconnectDelayHandler: () => RETRY + Math.random() * RETRY_JITTER,
    pingInterval: PING,
    maxPingOut: MISSED_PINGS,
    noAsyncTraces: true,
  });
  try {
    return new Broker(await abortable(opening, signal), options);
  } catch (error) {
    // Given up here, it may still come about.
    opening.then((late) => late.close()).catch(() => {});
    if (signal.aborted) throw signal.reason;
    const silent = error instanceof Error && error.name === "TimeoutError";
    throw connectFailure(servers, silent ? ended() ?? error : error);
  }
}
