/**
 * Which clients a server admits, and how it refuses the others.
 *
 * @module
 */
import { type AddressRange, rangeMatcher } from "../addr.ts";
import { Connection } from "./connection.ts";
import { stateOf, TooLongError } from "../errors.ts";
import type { Events } from "../events.ts";
import type { StreamSocket } from "../net/socket.ts";
import { type RefusalKind, REFUSED } from "../refusal.ts";
import { encodeText, escapeControls, plural } from "../text.ts";

/** Counts open connections against a limit. */
export interface Slots {
  /** Takes a slot; `false` if the limit is reached. */
  take(): boolean;
  /** Frees a slot. */
  free(): void;
}

/** The refusal of a client. */
export interface AdmissionRefusal {
  readonly kind: RefusalKind;
  /** The reason, worded for the client's user. */
  readonly reason: string;
}

/** Which clients a server admits. */
export interface AdmissionOptions {
  /** The maximum number of open connections; 0 = no limit. */
  readonly maxConnections?: number;
  /** How many connections beyond `maxConnections` to accept, in case an open one closes to make room. */
  readonly waiting?: number;
  /** Counts the open connections of several servers that share `maxConnections`; without it, only this server's count. */
  readonly slots?: Slots;
  /** The addresses that may connect; empty = all. */
  readonly allow?: readonly AddressRange[];
  /** Formats the sentence that a refused client receives, perhaps by what it sends first; default: one line of text. */
  readonly refusal?: (
    sentence: string,
    kind: RefusalKind,
    connection: Connection,
  ) => Uint8Array | Promise<Uint8Array>;
}

/** How long sending a refusal may stall (ms). */
const REFUSAL_STALL = 1000;
/** How many refusals may be in progress at once; in a flood, further clients are closed without a reason. */
const MAX_PENDING = 64;

/** Admits or refuses a server's clients. */
export class Admission {
  #options: AdmissionOptions;
  #events: Events;
  #allowed: (hostname: string) => boolean = () => true;
  #pending = new Set<Promise<void>>();

  constructor(options: AdmissionOptions, events: Events) {
    this.#options = options;
    this.#events = events;
  }

  /** Loads what `allow` needs; call it before the first client. */
  async prepare(): Promise<void> {
    const { allow = [] } = this.#options;
    if (allow.length > 0) this.#allowed = await rangeMatcher(allow);
  }

  /**
   * Decides whether to refuse a client; `null` = admitted, with a slot until {@linkcode Admission.release}.
   *
   * @param open How many connections this server has open.
   */
  refusalOf(socket: StreamSocket, open: number): AdmissionRefusal | null {
    const { maxConnections = 0, waiting = 0, slots } = this.#options;
    const { hostname } = socket.remoteAddr as Deno.NetAddr;
    if (!this.#allowed(hostname)) {
      return { kind: "not allowed", reason: "your address is not allowed here" };
    }
    if (maxConnections === 0 || (slots?.take() ?? open < maxConnections + waiting)) return null;
    const reason = `the server is full (${plural(maxConnections, "connection")} at most); try again later`;
    return { kind: "full", reason };
  }

  /** Frees the slot of an admitted client. */
  release(): void {
    if (this.#options.maxConnections) this.#options.slots?.free();
  }

  /** Sends a client the reason and closes its connection, in the background: the accept loop continues. */
  turnAway(socket: StreamSocket, { kind, reason }: AdmissionRefusal): void {
    const connection = new Connection(socket, { stall: REFUSAL_STALL });
    if (this.#pending.size >= MAX_PENDING) {
      this.#events.emit({ event: "refused", id: connection.id, peer: connection.peer, reason });
      return connection.close();
    }
    const pending = this.refuse(connection, { kind, reason }).finally(() => this.#pending.delete(pending));
    this.#pending.add(pending);
  }

  /** Sends a client the reason, reports the refusal, and ends the connection; never rejects. */
  async refuse(connection: Connection, { kind, reason }: AdmissionRefusal): Promise<void> {
    const told = await this.#tell(connection, `${REFUSED}${reason}`, kind);
    const { id, peer } = connection;
    this.#events.emit({ event: "refused", id, peer, reason, ...(told ? { kind } : {}) });
    if (told) await connection.finish();
  }

  /** Sends a sentence so that the peer can read it, then ends the connection; never rejects. */
  async closeWithReason(connection: Connection, sentence: string): Promise<void> {
    if (await this.#tell(connection, sentence, "protocol")) await connection.finish();
  }

  /** Sends a sentence; returns whether the client was still there. If not, the connection is closed. */
  async #tell(connection: Connection, sentence: string, kind: RefusalKind): Promise<boolean> {
    const { refusal = (why: string) => encodeText(`${why}\n`) } = this.#options;
    try {
      // The sentence may quote a certificate and end up on a terminal.
      await connection.write(await refusal(escapeControls(sentence), kind, connection));
      return true;
    } catch {
      connection.close();
      return false;
    }
  }

  /** Waits until every pending refusal is complete. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }
}

/** Why an error turns a client away, worded for the client; `null` if it does not. */
export function refusalReason(error: unknown): string | null {
  if (error instanceof TooLongError) return `your message is longer than ${error.max} bytes`;
  const { state } = stateOf(error);
  return state.startsWith(REFUSED) ? state.slice(REFUSED.length) : null;
}
