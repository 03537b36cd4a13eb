/**
 * Conversations over TCP, one guest at a time and strictly in turn.
 *
 * @module
 */
import type { Events } from "../../lib/events.ts";
import type { Connection } from "../../lib/stream/connection.ts";
import type { Handler, ServeOptions } from "../../lib/stream/server.ts";
import type { ServeTotals } from "../../lib/totals.ts";
import type { StreamListener } from "../../lib/net/socket.ts";
import type { TimeSource } from "../../lib/time.ts";
import type { Desk } from "../input.ts";
import { receiveAll, STOPS, turnAway } from "../transport/tcp.ts";
import { BUSY, Host } from "./host.ts";
import { TcpPartner } from "./partner.ts";
import { GOODBYE } from "../protocol.ts";

/** How conversations are served. */
export interface TurnsServerOptions extends Omit<ServeOptions, "timeout" | "signal" | "events"> {
  readonly events: Events;
  /** Stops the server. */
  readonly signal: AbortSignal;
  readonly idle: number;
  /** How long (ms) a guest that has closed its side keeps the line when somebody else wants it. */
  readonly giveWay?: number;
  readonly time?: TimeSource;
  readonly desk: Desk;
}

/**
 * Serves conversations on a bound listener until the signal fires; a guest who comes while one is under way is told that the line is busy,
 * unless its guest has left, or closed its side a while ago: such a guest makes way.
 *
 * @param listener Already listening; owned by this function from here on.
 */
export async function serveTurns(listener: StreamListener, options: TurnsServerOptions): Promise<ServeTotals> {
  const { events, signal, desk, ...serving } = options;
  const host = new Host({ ...options, goodbye: GOODBYE, ...desk });
  try {
    const busy = { events, reason: "the line is busy", line: BUSY };
    const serve: Handler = async (guest) => {
      while (host.busy && !signal.aborted) if (!await host.makeWay()) return await turnAway(guest, busy);
      if (signal.aborted) return await turnAway(guest, { events, reason: STOPS });
      await receive(host, guest);
    };
    return await receiveAll(listener, serve, {
      ...serving,
      // A guest that has left makes way for one who waits.
      waiting: 1,
      events,
      signal,
      goodbye: () => host.close(STOPS),
    });
  } finally {
    host.close(STOPS);
  }
}

async function receive(host: Host, connection: Connection): Promise<void> {
  using partner = new TcpPartner(connection);
  await host.receive(partner, connection);
}
