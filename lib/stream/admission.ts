/**
 * Who may connect, and what the others are told.
 *
 * @module
 */
import { type AddressRange, rangeMatcher } from "../addr.ts";
import { Connection } from "./connection.ts";
import type { Events } from "../events.ts";
import type { StreamSocket } from "../net/socket.ts";
import { encodeText, escapeControls, plural } from "../text.ts";

/** Counts open connections against a limit. */
export interface Slots {
  /** Counts one more; `false` when there are as many as may be. */
  take(): boolean;
  /** Counts one less. */
  free(): void;
}

/** Why a client gets no service: by its address, because there are too many, or for what it said. */
export type RefusalKind = "not allowed" | "full" | "protocol";

/** A client that may not come in, and why. */
export interface AdmissionRefusal {
  readonly kind: RefusalKind;
  /** The reason, for people to read. */
  readonly reason: string;
}

/** Whom a server admits. */
export interface AdmissionOptions {
  /** How many connections may be open at once; 0 = as many as the system allows. */
  readonly maxConnections?: number;
  /** How many more may come to the door, to find out whether somebody makes way. */
  readonly waiting?: number;
  /** Counts the open connections where several servers share `maxConnections`; this server's own are counted otherwise. */
  readonly slots?: Slots;
  /** Who may connect; empty = everybody. */
  readonly allow?: readonly AddressRange[];
  /** What a client that is turned away gets to read: the sentence as a line, unless the protocol has another form for it. */
  readonly refusal?: (sentence: string, kind: RefusalKind) => Uint8Array;
}

/** How long telling a client why it is turned away may make no progress (ms). */
const REFUSAL_STALL = 1000;
/** How many turned-away clients may be told why at the same time; in a flood the others are just closed. */
const AT_ONCE = 64;

/** The door of a server. */
export class Admission {
  #options: AdmissionOptions;
  #events: Events;
  #allowed: (hostname: string) => boolean;
  #telling = new Set<Promise<void>>();

  constructor(options: AdmissionOptions, events: Events) {
    this.#options = options;
    this.#events = events;
    const { allow = [] } = options;
    this.#allowed = allow.length === 0 ? () => true : rangeMatcher(allow);
  }

  /**
   * Tells why a client may not come in; `null` = it may, and has its slot until {@linkcode Admission.release}.
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

  /** Gives back the slot of one that was let in. */
  release(): void {
    if (this.#options.maxConnections) this.#options.slots?.free();
  }

  /** Closes a client's connection after telling it why, in the background: the accept loop goes on. */
  turnAway(socket: StreamSocket, { kind, reason }: AdmissionRefusal): void {
    const connection = new Connection(socket, { stall: REFUSAL_STALL });
    this.#events.emit({ event: "refused", id: connection.id, peer: connection.peer, reason });
    if (this.#telling.size >= AT_ONCE) return connection.close();
    const telling = this.tell(connection, `Cannot serve you: ${reason}`, kind)
      .finally(() => this.#telling.delete(telling));
    this.#telling.add(telling);
  }

  /** Says why a connection ends, so that the peer gets to read it, and ends it; never rejects. */
  async tell(connection: Connection, sentence: string, kind: RefusalKind = "protocol"): Promise<void> {
    const { refusal = (why: string) => encodeText(`${why}\n`) } = this.#options;
    try {
      // It may quote a certificate, and somebody reads it at a terminal.
      await connection.write(refusal(escapeControls(sentence), kind));
      await connection.finish();
    } catch {
      // It is gone already.
      connection.close();
    }
  }

  /** Waits until everybody who was turned away has been told. */
  async settled(): Promise<void> {
    await Promise.all(this.#telling);
  }
}
