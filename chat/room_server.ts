/**
 * A room over TCP: the listener, the members, the operator and the log brought together.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Events } from "../lib/events.ts";
import type { Handler, ServeOptions, ServeTotals } from "../lib/server.ts";
import { GAP, type StreamListener } from "../lib/socket.ts";
import { encodeText } from "../lib/text.ts";
import { Bans, placeOf } from "./bans.ts";
import { Console, type ConsoleOptions } from "./console.ts";
import { receiveAll, STOPS, turnAway } from "./door.ts";
import type { Member } from "./member.ts";
import { keptOut, MUTED } from "./moderator.ts";
import { MAX_LINE } from "./protocol.ts";
import { RateLimits } from "./rate.ts";
import { Room } from "./room.ts";
import { roomLog } from "./room_log.ts";
import { Session } from "./session.ts";

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

/** Why those who come in a loop are turned away. */
const TOO_MANY = "too many come from your address; try again later";

/**
 * Serves a room on a bound listener until the signal fires; then everybody is told, gets what waits, and is let go.
 *
 * @param listener Already listening; owned by this function from here on.
 */
export async function serveRoom(listener: StreamListener, options: RoomServerOptions): Promise<ServeTotals> {
  const { events, signal, history, rate, idle, operator, report = false, ...serving } = options;
  const { clock = () => performance.now() } = options;
  using memory = serving.memory?.share();
  const room = new Room({
    history,
    ...(memory === undefined ? {} : { memory }),
    onEvent: (happened) => {
      const event = events.detailed ? roomLog(happened, seat.member, { echoed: seat.interactive }) : null;
      if (event !== null) events.emit(event);
    },
  });
  const bans = new Bans();
  const seat = new Console(room, { events, bans, clock, ...operator });
  const over = new AbortController();
  const goingOn = new AbortController();
  const limits = new RateLimits(rate);
  const typing = seat.run(over.signal);
  const serve: Handler = async (connection) => {
    const { id, peer, session: tls } = connection;
    const who = { address: connection.hostname, fingerprint: tls?.fingerprint ?? null };
    const onLine = (text: string): void =>
      events.emit({ event: "received", id, peer, bytes: encodeText(text).length, text });
    const { maxMessage = MAX_LINE, gap = GAP } = serving;
    // An IPv6 client chooses among the addresses of its network.
    const place = placeOf(connection.hostname) ?? connection.hostname;
    const limit = limits.enter(place, performance.now());
    try {
      // Who has come and gone too often is not announced again before its time.
      const arrival = limits.arrive(place, performance.now());
      if (arrival === null) return await turnAway(connection, { events, reason: TOO_MANY });
      const wait = Math.max(arrival, limit.until(performance.now()));
      if (wait > 0) await delay(wait, { signal: goingOn.signal }).catch(() => {});
      // The goodbye has been said to those who were in the room.
      if (goingOn.signal.aborted) return await turnAway(connection, { events, reason: STOPS });
      const now = clock();
      const ban = bans.find("ban", who, now);
      if (ban !== null) return await turnAway(connection, { events, reason: keptOut(ban, now) });
      const review = (member: Member): void => seat.moderator.review(member);
      const options = {
        rate,
        limit,
        idle,
        maxMessage,
        gap,
        memory: serving.memory,
        review,
        onLine: report ? onLine : undefined,
      };
      const session = new Session(connection, room, options);
      // Whoever has shown a certificate is called what it says, if that is a name and free, and nothing else.
      if (tls !== null && tls.fingerprint !== null) session.certify(tls.name ?? "");
      if (bans.find("mute", who, now) !== null) session.mute(MUTED);
      await session.run();
    } finally {
      limits.leave(place, limit, performance.now());
    }
  };
  try {
    return await receiveAll(listener, serve, {
      ...serving,
      events,
      signal,
      goodbye: () => {
        goingOn.abort();
        room.close(STOPS);
      },
    });
  } finally {
    over.abort();
    await typing;
  }
}
