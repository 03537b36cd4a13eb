/**
 * A room over TCP: the listener, the members, the operator and the log brought together.
 *
 * @module
 */
import type { Events } from "../lib/events.ts";
import type { ServeOptions, ServeTotals, StreamListener } from "../lib/server.ts";
import { Console, type ConsoleOptions } from "./console.ts";
import { receiveAll } from "./door.ts";
import { Room } from "./room.ts";
import { roomLog } from "./room_log.ts";
import { Session, type SessionOptions } from "./session.ts";

/** How a room is served. */
export interface RoomServerOptions extends SessionOptions, Omit<ServeOptions, "timeout" | "signal" | "events"> {
  readonly events: Events;
  /** Stops the server. */
  readonly signal: AbortSignal;
  /** How many of the last lines a newcomer gets. */
  readonly history: number;
  readonly operator: Omit<ConsoleOptions, "events">;
}

/**
 * Serves a room on a bound listener until the signal fires; then everybody is told, gets what waits, and is let go.
 *
 * @param listener Already listening; owned by this function from here on.
 */
export async function serveRoom(listener: StreamListener, options: RoomServerOptions): Promise<ServeTotals> {
  const { events, signal, history, rate, idle, operator, ...serving } = options;
  const room = new Room({
    history,
    onEvent: (happened) => {
      const event = events.detailed ? roomLog(happened, seat.member, { echoed: seat.interactive }) : null;
      if (event !== null) events.emit(event);
    },
  });
  const seat = new Console(room, { events, ...operator });
  const over = new AbortController();
  const typing = seat.run(over.signal);
  try {
    return await receiveAll(listener, (connection) => new Session(connection, room, { rate, idle }).run(), {
      ...serving,
      events,
      signal,
      goodbye: () => room.close("the server stops"),
    });
  } finally {
    over.abort();
    await typing;
  }
}
