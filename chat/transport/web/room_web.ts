/**
 * The room's side for browsers, on the chat's own port: its page, its WebSocket, and server-sent events with POST.
 *
 * @module
 */
import { upgradeHead, upgradeRefusal } from "../../../http/answer/upgrade.ts";
import type { RequestHead } from "../../../http/request/head.ts";
import { type HostRules, Hosts } from "../../../http/request/hosts.ts";
import { foreignOrigin } from "../../../http/request/origin.ts";
import { malformed, Refusal } from "../../../http/request/refusal.ts";
import type { Target } from "../../../http/request/target.ts";
import { BoundedMap } from "../../../lib/bounded_map.ts";
import type { Connection } from "../../../lib/stream/connection.ts";
import type { Events } from "../../../lib/events.ts";
import type { MemoryBudget } from "../../../lib/memory.ts";
import type { Layer } from "../../../lib/net/layers.ts";
import { encodeText } from "../../../lib/text.ts";
import { abortable } from "../../../lib/within.ts";
import { noticeLine } from "../../protocol.ts";
import { RateLimit } from "../../room/pace.ts";
import { isSessionKey, parseCursor, sessionCommand } from "../../session_lines.ts";
import { telnetFilter } from "../tcp.ts";
import type { MemberStream } from "../member_stream.ts";
import { answerBytes, emptyAnswer, errorText, eventStreamHead, pageAnswer, type WholeAnswer } from "./answers.ts";
import { EventStream } from "./event_stream.ts";
import type { Spoken } from "./first_line.ts";
import { Framing, lineEvents, textFrames } from "./framed.ts";
import { Openings } from "./opening.ts";
import { roomPage, type RoomPageOptions } from "./page.ts";
import { RequestReader } from "./request.ts";
import { WebSocketStream } from "./websocket_stream.ts";

/** What the room's web side needs to know of its server. */
export interface WebSettings {
  /** The hosts that it answers to. */
  readonly hosts: HostRules;
  /** What its page tells about its TLS certificate; `null` without TLS. */
  readonly tls: RoomPageOptions["tls"];
}

/** Options of {@linkcode RoomWeb}. */
export interface RoomWebOptions extends WebSettings {
  readonly events: Events;
  /** What the room is called, and the maximum length of a line in bytes. */
  readonly room: string;
  readonly maxLine: number;
  /** Requests per second from one address, without those of members that write; 0 = no limit. */
  readonly rate: number;
  readonly memory?: MemoryBudget | undefined;
  /** The server stops: what has not become a member by then is closed. */
  readonly signal: AbortSignal;
}

/** How many addresses to remember. */
const ADDRESSES = 1000;
/**
 * A browser opens more connections than it has requests, and keeps the others silent. One from an address from which a request came this
 * recently (ms) is not in the room before its first line, or before the browser has had time to close it (ms).
 */
const RECENT = 10_000;
const SPARE = 20_000;
const ADVICE = encodeText(`${noticeLine(`write a line to join the room, or wait ${SPARE / 1000} s`)}\n`);
const TOO_MANY = "too many requests from your address; try again later";

/** A request with all that its answer needs. */
interface Asked {
  readonly connection: Connection;
  readonly reader: RequestReader;
  readonly head: RequestHead;
  readonly query: URLSearchParams;
  /** Serves a member until it leaves. */
  readonly admit: (stream: MemberStream) => Promise<void>;
}

/** What there is at a path. */
interface Resource {
  readonly methods: readonly string[];
  readonly serve: (asked: Asked) => Promise<void>;
}

/** Serves browsers. */
export class RoomWeb {
  /** The layer between the text and the wire. */
  readonly filter: Layer;
  #options: RoomWebOptions;
  #openings = new Openings();
  #hosts: Hosts;
  #page: WholeAnswer;
  #frames = new Framing(textFrames);
  #lineEvents = new Framing(lineEvents);
  /** The event streams by the keys of their sessions: what a client posts is input of its stream. */
  #streams = new Map<string, EventStream>();
  /** Per address, how many requests it may still make, and when it made the last one (ms). */
  #visitors = new BoundedMap<string, { readonly limit: RateLimit; last: number }>(ADDRESSES);
  #resources: ReadonlyMap<string, Resource>;

  constructor(options: RoomWebOptions) {
    this.#options = options;
    this.#hosts = new Hosts(options.hosts);
    this.#page = pageAnswer(roomPage(options));
    this.filter = this.#openings.layer(telnetFilter);
    this.#resources = new Map<string, Resource>([
      ["/", { methods: ["GET", "HEAD"], serve: (asked) => this.#answer(asked, this.#page) }],
      ["/favicon.ico", { methods: ["GET", "HEAD"], serve: (asked) => this.#answer(asked, emptyAnswer(204)) }],
      ["/room", { methods: ["GET"], serve: (asked) => this.#open(asked) }],
      ["/events", { methods: ["GET"], serve: (asked) => this.#stream(asked) }],
      ["/say", { methods: ["POST"], serve: (asked) => this.#say(asked) }],
    ]);
  }

  /**
   * Finds out what a client speaks.
   *
   * @param place Its address, or the network that counts as one.
   * @returns `null` if it has left without a word, or must be left alone.
   */
  async spokenBy(connection: Connection, place: string): Promise<Spoken | null> {
    const { signal } = this.#options;
    let advised = false;
    let over = false;
    const spoken = await abortable(
      this.#openings.spokenBy(connection, async () => {
        if (performance.now() - (this.#visitors.get(place)?.last ?? -Infinity) > RECENT) return;
        advised = true;
        await connection.write(ADVICE);
        over = await connection.readyWithin(SPARE) && connection.buffered === 0;
      }),
      signal,
    ).catch((error) => {
      if (!signal.aborted) throw error;
      return "chat" as const;
    });
    // After the advice it is too late for an answer that a browser would understand: it asks again by another connection.
    return over || (advised && spoken === "http") ? null : spoken;
  }

  /**
   * Serves the one request of a connection.
   *
   * @param place As in {@linkcode RoomWeb.spokenBy}.
   * @param admit Serves a member until it leaves.
   */
  async serve(connection: Connection, place: string, admit: Asked["admit"]): Promise<void> {
    const { signal, events } = this.#options;
    const reader = new RequestReader(connection, this.#hosts);
    try {
      const request = await abortable(reader.head(), signal);
      if (request === null) return;
      await this.#serve(request, { connection, reader, place, admit });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Refusal)) throw error;
      const { id, peer } = connection;
      events.emit({ event: "refused", id, peer, reason: `${error.status}, ${error.message}` });
      await this.#send(connection, errorText(error), reader.isHead);
    }
  }

  async #serve(
    { head, target: { path, query } }: { head: RequestHead; target: Target },
    { place, ...asked }: Pick<Asked, "connection" | "reader" | "admit"> & { place: string },
  ): Promise<void> {
    // What a member writes is limited where all members are.
    if (path !== "/say") this.#count(place);
    const resource = this.#resources.get(path);
    if (resource === undefined) throw new Refusal(404, "there is nothing at this path; the room's page is at /");
    const { methods, serve } = resource;
    if (!methods.includes(head.method)) {
      throw new Refusal(405, `this path allows ${methods.join(" and ")} only`, { allow: methods });
    }
    await serve({ ...asked, head, query: new URLSearchParams(query) });
  }

  /** Counts a request: pages are not announced to anyone, but each costs a connection. */
  #count(place: string): void {
    const now = performance.now();
    const visitor = this.#visitors.get(place) ?? { limit: new RateLimit(this.#options.rate, now), last: now };
    this.#visitors.set(place, visitor);
    visitor.last = now;
    if (visitor.limit.until(now) > 0) throw new Refusal(429, TOO_MANY, { retryAfter: 5 });
    visitor.limit.take(now);
  }

  async #answer({ connection, head }: Asked, answer: WholeAnswer): Promise<void> {
    await this.#send(connection, answer, head.method === "HEAD");
  }

  async #send(connection: Connection, answer: WholeAnswer, headOnly: boolean): Promise<void> {
    await connection.write(answerBytes(answer, Date.now(), { headOnly }));
    await connection.finish();
  }

  /** Opens a WebSocket. */
  async #open({ connection, reader, head, query, admit }: Asked): Promise<void> {
    const refusal = upgradeRefusal(head, this.#arrivalOf(connection));
    if (refusal !== null) throw refusal;
    const lines = naming(query.get("name"));
    await connection.write(await upgradeHead(head));
    await admit(
      new WebSocketStream(connection, {
        ...{ first: reader.rest, lines, framing: this.#frames },
        memory: this.#options.memory,
      }),
    );
  }

  /** Opens a stream of events. */
  async #stream({ connection, head, query, admit }: Asked): Promise<void> {
    this.#checkOrigin(connection, head);
    const key = keyIn(query);
    // A browser that comes back by itself tells how far it got, not its page (HTML 9.2.4).
    const place = head.field("last-event-id") ?? query.get("after");
    const cursor = place === null ? null : parseCursor(place);
    if (place !== null && cursor === null) throw malformed("a place that is not EPOCH-N in after or Last-Event-ID");
    const lines = `${sessionCommand(key, cursor)}\n${naming(query.get("name"))}`;
    await connection.write(eventStreamHead(Date.now()));
    const stream = new EventStream(connection, { lines, framing: this.#lineEvents });
    this.#streams.set(key, stream);
    try {
      await admit(stream);
    } finally {
      if (this.#streams.get(key) === stream) this.#streams.delete(key);
    }
  }

  /** Takes lines for a stream. */
  async #say(asked: Asked): Promise<void> {
    const { connection, head, query, reader } = asked;
    this.#checkOrigin(connection, head);
    const stream = this.#streams.get(keyIn(query));
    if (stream === undefined) throw new Refusal(409, "this session has no stream of events here; open /events first");
    const lines = await abortable(reader.body(head), this.#options.signal);
    const whole = lines.length === 0 || lines.at(-1) === 10
      ? lines
      : encodeText(`${new TextDecoder().decode(lines)}\n`);
    if (!await stream.post(whole)) throw new Refusal(409, "the stream of this session has ended");
    await this.#answer(asked, emptyAnswer(204));
  }

  #checkOrigin(connection: Connection, head: RequestHead): void {
    const refusal = foreignOrigin(head, this.#arrivalOf(connection));
    if (refusal !== null) throw refusal;
  }

  #arrivalOf({ local, session }: Connection): { hosts: Hosts; local: string; secure: boolean } {
    return { hosts: this.#hosts, local, secure: session !== null };
  }
}

/** The line that takes the name in a URL; it is one line, whatever the name is. */
function naming(name: string | null): string {
  return name === null ? "" : `/nick ${name.replace(/[\r\n]/g, " ")}\n`;
}

function keyIn(query: URLSearchParams): string {
  const key = query.get("session") ?? "";
  if (!isSessionKey(key)) throw malformed("no session=KEY, or one that is not 22 to 64 characters of base64url");
  return key;
}
