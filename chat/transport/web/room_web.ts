/**
 * The room's side for browsers, on the chat's own port.
 *
 * @module
 */
import { upgradeHead, upgradeRefusal } from "../../../http/answer/upgrade.ts";
import { type HostRules, Hosts } from "../../../http/request/hosts.ts";
import type { Arrival } from "../../../http/request/origin.ts";
import { Refusal } from "../../../http/request/refusal.ts";
import { CloseCode, closeFrame } from "../../../http/websocket.ts";
import { concat } from "@std/bytes/concat";
import type { Connection } from "../../../lib/stream/connection.ts";
import type { Events } from "../../../lib/events.ts";
import type { MemoryBudget } from "../../../lib/memory.ts";
import type { Layer } from "../../../lib/net/layers.ts";
import { type RefusalKind, REFUSED } from "../../../lib/refusal.ts";
import { encodeText } from "../../../lib/text.ts";
import { abortable } from "../../../lib/within.ts";
import { noticeLine } from "../../protocol.ts";
import type { MemberStream } from "../member_stream.ts";
import { telnetFilter } from "../tcp.ts";
import { answerBytes, errorText, type WholeAnswer } from "./answers.ts";
import type { Spoken } from "./first_line.ts";
import { textFrames } from "./framed.ts";
import { Openings } from "./opening.ts";
import type { RoomPageOptions } from "./page.ts";
import { RequestReader } from "./request.ts";
import { Resources } from "./resources.ts";
import { WebStream } from "./stream.ts";
import { Visitors } from "./visitors.ts";

/** What the room's web side needs to know of its server. */
export interface WebSettings {
  /** What its page calls the room. */
  readonly room: string;
  /** The hosts that it answers to. */
  readonly hosts: HostRules;
  /** What its page tells about its TLS certificate; `null` without TLS. */
  readonly tls: RoomPageOptions["tls"];
}

/** Options of {@linkcode RoomWeb}. */
export interface RoomWebOptions extends WebSettings {
  readonly events: Events;
  /** The maximum length of a line in bytes. */
  readonly maxLine: number;
  /** Requests per second from one address, without those of members that write; 0 = no limit. */
  readonly rate: number;
  readonly memory?: MemoryBudget | undefined;
  /** The server stops: what has not become a member by then is closed. */
  readonly signal: AbortSignal;
}

const TOO_MANY = "too many requests from your address; try again later";
/** How long a client that is turned away may take for its request (ms). */
const REFUSAL_TIME = 1000;
/** How a client is turned away, by HTTP and by WebSocket. */
const REFUSALS: Readonly<Record<RefusalKind, { readonly status: number; readonly code: number }>> = {
  full: { status: 503, code: CloseCode.tryAgainLater },
  "not allowed": { status: 403, code: CloseCode.policy },
  protocol: { status: 400, code: CloseCode.protocolError },
};

/** Serves browsers. */
export class RoomWeb {
  /** The layer between the text and the wire. */
  readonly filter: Layer;
  #options: RoomWebOptions;
  #openings = new Openings();
  #hosts: Hosts;
  #resources: Resources;
  #visitors: Visitors;

  constructor(options: RoomWebOptions) {
    this.#options = options;
    this.#hosts = new Hosts(options.hosts);
    this.#resources = new Resources(options, options.memory);
    this.#visitors = new Visitors(options.rate);
    this.filter = this.#openings.layer(telnetFilter);
  }

  /**
   * Finds out what a client speaks.
   *
   * @param place Its address, or the network that counts as one.
   * @returns "spare" for a chat client that may be a browser: browsers open more connections than they have requests, and keep the
   * others silent.
   */
  async spokenBy(connection: Connection, place: string): Promise<Spoken | "spare"> {
    const { signal } = this.#options;
    try {
      const spoken = await abortable(this.#openings.spokenBy(connection), signal);
      if (spoken !== "silent") return spoken;
      return this.#visitors.isRecent(place, performance.now()) ? "spare" : "chat";
    } catch (error) {
      if (signal.aborted) return "chat";
      throw error;
    }
  }

  /**
   * Serves the one request of a connection.
   *
   * @param place As in {@linkcode RoomWeb.spokenBy}.
   * @returns The stream of a member, if the request opens one; its connection is for the caller to serve and close.
   */
  async serve(connection: Connection, place: string): Promise<MemberStream | null> {
    const { events, memory, signal } = this.#options;
    const reader = new RequestReader(connection, { hosts: this.#hosts, memory });
    try {
      const outcome = await this.#outcome(connection, reader, place);
      if (outcome === null || outcome instanceof WebStream) return outcome;
      await this.#send(connection, outcome, reader.isHead);
    } catch (error) {
      if (signal.aborted) return null;
      if (!(error instanceof Refusal)) throw error;
      const { id, peer } = connection;
      events.emit({ event: "refused", id, peer, reason: `${error.status}, ${error.message}` });
      await this.#send(connection, errorText(error), reader.isHead);
    } finally {
      reader.release();
    }
    return null;
  }

  /** What a request asks for; `null` if the client has left before it was complete. */
  async #outcome(
    connection: Connection,
    reader: RequestReader,
    place: string,
  ): Promise<WholeAnswer | WebStream | null> {
    const request = await abortable(reader.head(), this.#options.signal);
    if (request === null) return null;
    const { head, target } = request;
    // What a member writes is limited where all members are.
    if (target.path !== "/say" && !this.#visitors.admit(place, performance.now())) {
      throw new Refusal(429, TOO_MANY, { retryAfter: 5 });
    }
    const query = new URLSearchParams(target.query);
    const resource = this.#resources.at(target.path, head.method);
    return await resource.serve({ connection, reader, head, query, arrival: this.#arrivalOf(connection) });
  }

  async #send(connection: Connection, answer: WholeAnswer, headOnly: boolean): Promise<void> {
    await connection.write(answerBytes(answer, Date.now(), { headOnly }));
    await connection.finish();
  }

  /**
   * What a client gets that is turned away before it is served: one line, or the same in the words of HTTP or WebSocket.
   *
   * @param sentence Why.
   */
  async refusal(connection: Connection, sentence: string, kind: RefusalKind): Promise<Uint8Array> {
    const line = encodeText(`${sentence.startsWith(REFUSED) ? sentence : noticeLine(sentence)}\n`);
    if (await this.#openings.spokenBy(connection) !== "http") return line;
    const { status, code } = REFUSALS[kind];
    const reason = sentence.replace(REFUSED, "");
    const reader = new RequestReader(connection, { hosts: this.#hosts, time: REFUSAL_TIME });
    const request = await reader.head().catch(() => null);
    const isSocket = request !== null && request.target.path === "/room" &&
      upgradeRefusal(request.head, this.#arrivalOf(connection)) === null;
    if (isSocket) return concat([await upgradeHead(request.head), textFrames(line), closeFrame(code, reason)]);
    const fields = kind === "full" ? { retryAfter: 5 } : {};
    return answerBytes(errorText({ status, message: reason, fields }), Date.now(), { headOnly: reader.isHead });
  }

  #arrivalOf({ local, session }: Connection): Arrival {
    return { hosts: this.#hosts, local, secure: session !== null };
  }
}
