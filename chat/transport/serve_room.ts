/**
 * A room over TCP: the listener, the members, the operator and the log brought together.
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
import { encodeText } from "../../lib/text.ts";
import { Bans, placeOf } from "../room/bans.ts";
import { Console, type ConsoleOptions } from "./operator.ts";
import { receiveAll, STOPS, turnAway } from "./tcp.ts";
import { keptOut, MUTED } from "../room/moderator.ts";
import { MAX_LINE } from "../protocol.ts";
import { type RateLimit, RateLimits } from "../room/pace.ts";
import { Room, type RoomOptions } from "../room/room.ts";
import { roomLog } from "../room/log.ts";
import { TcpMember } from "./tcp_member.ts";

/** How a room is served. */
export interface RoomServerOptions extends Omit<ServeOptions, "timeout" | "signal" | "events"> {
  readonly events: Events;
  /** Stops the server. */
  readonly signal: AbortSignal;
  /** Lines per second that one client may write; 0 = as many as it likes. */
  readonly rate: number;
  /** A client that writes nothing for so long (ms) is let go; 0 = never. */
  readonly idle: number;
  /** How many of the last lines a newcomer gets. */
  readonly history: number;
  readonly operator: Omit<ConsoleOptions, "events" | "bans" | "clock">;
  /** By which bans and mutes end (ms); the time since the start if nothing else is said. */
  readonly clock?: () => number;
}

/** Why a client that comes and goes too often is turned away. */
const TOO_MANY = "too many come from your address; try again later";

/**
 * Serves a room on a bound listener until the signal fires; then everybody is told, gets what waits, and is let go.
 *
 * @param listener Already listening; owned by this function from here on.
 */
export async function serveRoom(listener: StreamListener, options: RoomServerOptions): Promise<ServeTotals> {
  using memory = options.memory?.share();
  const server = new RoomServer(options, memory === undefined ? {} : { memory });
  const over = new AbortController();
  const typing = server.seat.run(over.signal);
  try {
    return await receiveAll(listener, (connection) => server.receive(connection), {
      ...options,
      // The room tells of lines itself.
      report: false,
      goodbye: () => server.close(),
    });
  } finally {
    over.abort();
    await typing;
  }
}

/** Lets those who come into the room, or says why not. */
class RoomServer {
  /** Where the operator sits. */
  readonly seat: Console;
  #options: RoomServerOptions;
  #room: Room;
  #bans = new Bans();
  #limits: RateLimits;
  #clock: () => number;
  #stopping = new AbortController();

  constructor(options: RoomServerOptions, room: Pick<RoomOptions, "memory">) {
    const { events, history, rate, operator, clock = () => performance.now() } = options;
    this.#options = options;
    this.#clock = clock;
    this.#limits = new RateLimits(rate);
    this.#room = new Room({
      ...room,
      history,
      onEvent: (happened) => {
        const { member, interactive } = this.seat;
        const event = events.detailed ? roomLog(happened, member, { echoed: interactive }) : null;
        if (event !== null) events.emit(event);
      },
    });
    this.seat = new Console(this.#room, { events, bans: this.#bans, clock, ...operator });
  }

  /** Serves one connection, from the door to the goodbye. */
  async receive(connection: Connection): Promise<void> {
    // An IPv6 client chooses among the addresses of its network.
    const place = placeOf(connection.hostname) ?? connection.hostname;
    const limit = this.#limits.enter(place, performance.now());
    try {
      const reason = await this.#wait(place, limit) ?? this.#banned(connection);
      if (reason !== null) return await turnAway(connection, { events: this.#options.events, reason });
      await this.#seated(connection, limit).run();
    } finally {
      this.#limits.leave(place, limit, performance.now());
    }
  }

  /** Says goodbye to those who are here and to those who wait at the door. */
  close(): void {
    this.#stopping.abort();
    this.#room.close(STOPS);
  }

  /** Holds those up who come often; tells why one may not come in at all. Who comes and goes too often is not announced again before its time. */
  async #wait(place: string, limit: RateLimit): Promise<string | null> {
    const arrival = this.#limits.arrive(place, performance.now());
    if (arrival === null) return TOO_MANY;
    const wait = Math.max(arrival, limit.until(performance.now()));
    const { signal } = this.#stopping;
    if (wait > 0) await delay(wait, { signal }).catch(() => {});
    // The goodbye has been said to those who were in the room.
    return signal.aborted ? STOPS : null;
  }

  #banned(connection: Connection): string | null {
    const now = this.#clock();
    const ban = this.#bans.find("ban", whoIs(connection), now);
    return ban === null ? null : keptOut(ban, now);
  }

  #seated(connection: Connection, limit: RateLimit): TcpMember {
    const { events, rate, idle, memory, maxMessage = MAX_LINE, gap = GAP, report = false } = this.#options;
    const { id, peer, session: tls } = connection;
    const onLine = (text: string): void =>
      events.emit({ event: "received", id, peer, bytes: encodeText(text).length, text });
    const session = new TcpMember(connection, this.#room, {
      ...{ rate, limit, idle, maxMessage, gap, memory },
      review: (member) => this.seat.moderator.review(member),
      onLine: report ? onLine : undefined,
    });
    // Whoever has shown a certificate is called what it says, if that is a name and free, and nothing else.
    if (tls !== null && tls.fingerprint !== null) session.certify(tls.name ?? "");
    if (this.#bans.find("mute", whoIs(connection), this.#clock()) !== null) session.mute(MUTED);
    return session;
  }
}

function whoIs({ hostname, session }: Connection): { address: string; fingerprint: string | null } {
  return { address: hostname, fingerprint: session?.fingerprint ?? null };
}
