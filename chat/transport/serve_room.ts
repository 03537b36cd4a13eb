/**
 * A room over TCP: connects the listener, the members, the operator and the log.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Connection } from "../../lib/stream/connection.ts";
import type { Events } from "../../lib/events.ts";
import type { ServeOptions } from "../../lib/stream/server.ts";
import type { ServeTotals } from "../../lib/totals.ts";
import type { StreamListener } from "../../lib/net/socket.ts";
import { GAP } from "../../lib/stream/limits.ts";
import { addressRange, Bans } from "../room/bans.ts";
import { Console, type ConsoleOptions } from "./operator.ts";
import { type GoodbyeOptions, serveWithGoodbye, turnAway } from "./tcp.ts";
import { banNotice, MUTED } from "../room/moderator.ts";
import { MAX_LINE, SHUTTING_DOWN } from "../protocol.ts";
import { type RateLimit, RateLimits } from "../room/pace.ts";
import { Room, type RoomOptions } from "../room/room.ts";
import type { SharedRoom } from "../room/shared_room.ts";
import { roomLog } from "../room/log.ts";
import type { MemberStream } from "./member_stream.ts";
import { LineMember } from "./line_member.ts";
import type { RoomWeb, WebSettings } from "./web/room_web.ts";

/** Options of {@linkcode serveRoom}. */
export interface RoomServerOptions extends Omit<ServeOptions, "timeout" | "signal" | "events"> {
  readonly events: Events;
  /** Stops the server. */
  readonly signal: AbortSignal;
  /** Lines per second that one client may send; 0 = no limit. */
  readonly rate: number;
  /** Idle timeout of a client (ms); 0 = none. */
  readonly idle: number;
  /** How many of the last lines a new member gets. */
  readonly history: number;
  readonly operator: Omit<ConsoleOptions, "events" | "bans" | "clock">;
  /** What it shares with other servers; without it, the room is this server's alone. */
  readonly shared?: SharedRoom | null;
  /** Serves browsers on the same port; without it, or with `once`, every client is greeted at once. */
  readonly web?: WebSettings | null;
  /** The clock for bans and mutes (ms); `performance.now` by default. */
  readonly clock?: () => number;
}

/**
 * A silent connection that may be a browser's is announced after this time (ms), or with its first line. By then a browser has closed it:
 * the greeting is not what it expects.
 */
const SPARE = 20_000;
/** Why a client that reconnects too often is refused. */
const TOO_MANY = "too many connections from your address; try again later";

/**
 * Serves a room on a bound listener until the signal fires; then all members are told, get what is queued for them, and are
 * disconnected.
 *
 * @param listener Already listening; owned by this function from here on.
 */
export async function serveRoom(listener: StreamListener, options: RoomServerOptions): Promise<ServeTotals> {
  using memory = options.memory?.share();
  const { web = null, once = false } = options;
  // Loaded when the server listens, but not as late as with the first request: without a free descriptor, Deno panics when it is to load
  // a module. With `once`, the page would be all that is served.
  const Web = web === null || once ? null : (await import("./web/room_web.ts")).RoomWeb;
  const server = new RoomServer(options, memory === undefined ? {} : { memory }, Web);
  const over = new AbortController();
  const typing = server.operator.run(over.signal);
  try {
    return await serveWithGoodbye(listener, (connection) => server.serve(connection), {
      ...options,
      // The room reports lines itself.
      report: false,
      goodbye: () => server.close(),
      ...server.webLayer(),
    });
  } finally {
    over.abort();
    await typing;
  }
}

/** Lets clients into the room, or refuses them with the reason. */
class RoomServer {
  /** The operator's console. */
  readonly operator: Console;
  #options: RoomServerOptions;
  #room: Room;
  #bans = new Bans();
  #limits: RateLimits;
  #clock: () => number;
  #stopping = new AbortController();
  #web: RoomWeb | null;

  /** @param Web Serves browsers, with `options.web`; `null` = no page. */
  constructor(options: RoomServerOptions, room: Pick<RoomOptions, "memory">, Web: typeof RoomWeb | null) {
    const { events, history, rate, operator, shared, clock = () => performance.now() } = options;
    this.#options = options;
    this.#clock = clock;
    this.#limits = new RateLimits(rate);
    const { web = null, memory, maxMessage = MAX_LINE } = options;
    const ours = { events, rate, memory, maxLine: maxMessage, signal: this.#stopping.signal };
    this.#web = web === null || Web === null ? null : new Web({ ...web, ...ours });
    this.#room = new Room({
      ...room,
      history,
      ...(shared ? { journal: shared.journal, elsewhere: shared.elsewhere } : {}),
      onEvent: (happened) => {
        const { member, interactive } = this.operator;
        const event = events.detailed ? roomLog(happened, member, { echoed: interactive }) : null;
        if (event !== null) events.emit(event);
      },
    });
    shared?.tellMembers((text, to) => to === null ? this.#room.announceHere(text) : this.#room.notify(to, text));
    this.operator = new Console(this.#room, {
      ...{ events, bans: this.#bans, clock, ...operator },
      name: shared?.operatorName ?? operator.name,
    });
  }

  /** What the accepting side needs to know of browsers. */
  webLayer(): Pick<GoodbyeOptions, "filter" | "refusal"> {
    const web = this.#web;
    if (web === null) return {};
    return {
      filter: web.filter,
      refusal: (sentence, kind, connection) => web.refusal(connection, sentence, kind),
    };
  }

  /** Serves one connection, from its first bytes to goodbye. */
  async serve(connection: Connection): Promise<void> {
    // An IPv6 client can pick any address of its network.
    const place = addressRange(connection.hostname) ?? connection.hostname;
    const spoken = this.#web === null ? "chat" : await this.#web.spokenBy(connection, place);
    const stream = spoken === "http" ? await this.#web?.serve(connection, place) : connection;
    if (!stream) return;
    try {
      await this.#serveMember(stream, place, spoken === "spare" ? SPARE : undefined);
    } finally {
      // A stream over the connection has a timer.
      if (stream !== connection) stream.close();
    }
  }

  /**
   * Serves one member, from admission to goodbye.
   *
   * @param grace How long it may be silent before it is announced (ms).
   */
  async #serveMember(connection: MemberStream, place: string, grace: number | undefined): Promise<void> {
    const limit = this.#limits.enter(place, performance.now());
    try {
      const reason = await this.#wait(place, limit) ?? this.#banned(connection);
      if (reason !== null) return await turnAway(connection, { events: this.#options.events, reason });
      await this.#admit(connection, limit, grace).run();
    } finally {
      this.#limits.leave(place, limit, performance.now());
    }
  }

  /** Says goodbye to all members and to the clients that wait for admission. */
  close(): void {
    this.#stopping.abort();
    this.#room.close(SHUTTING_DOWN);
  }

  /** Delays the admission of clients that reconnect often, so that they are not announced too often; returns why one is refused. */
  async #wait(place: string, limit: RateLimit): Promise<string | null> {
    const arrival = this.#limits.arrive(place, performance.now());
    if (arrival === null) return TOO_MANY;
    const wait = Math.max(arrival, limit.until(performance.now()));
    const { signal } = this.#stopping;
    if (wait > 0) await delay(wait, { signal }).catch(() => {});
    // The members already got their goodbye; this client was not one yet.
    return signal.aborted ? SHUTTING_DOWN : null;
  }

  #banned(connection: MemberStream): string | null {
    const now = this.#clock();
    const ban = this.#bans.find("ban", identityOf(connection), now);
    return ban === null ? null : banNotice(ban, now);
  }

  #admit(connection: MemberStream, limit: RateLimit, grace: number | undefined): LineMember {
    const { events, rate, idle, memory, maxMessage = MAX_LINE, gap = GAP, report = false } = this.#options;
    const { id, peer, session: tls } = connection;
    const onLine = (text: string, bytes: number): void => events.emit({ event: "received", id, peer, bytes, text });
    const session = new LineMember(connection, this.#room, {
      ...{ rate, limit, grace, idle, maxMessage, gap, memory },
      checkMute: (member) => this.operator.moderator.checkMute(member),
      onLine: report ? onLine : undefined,
    });
    // A client that presented a certificate gets the name in it, if valid and free, and cannot choose another.
    if (tls !== null && tls.fingerprint !== null) session.certify(tls.name ?? "");
    if (this.#bans.find("mute", identityOf(connection), this.#clock()) !== null) session.mute(MUTED);
    return session;
  }
}

function identityOf({ hostname, session }: MemberStream): { address: string; fingerprint: string | null } {
  return { address: hostname, fingerprint: session?.fingerprint ?? null };
}
