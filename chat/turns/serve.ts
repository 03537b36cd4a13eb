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
import type { User } from "../input.ts";
import { serveWithGoodbye, turnAway } from "../transport/tcp.ts";
import { Host } from "./host.ts";
import { TcpPartner } from "./partner.ts";
import { BUSY, GOODBYE, SHUTTING_DOWN } from "../protocol.ts";

/** Options of {@linkcode serveTurns}. */
export interface TurnsServerOptions extends Omit<ServeOptions, "timeout" | "signal" | "events"> {
  readonly events: Events;
  /** Stops the server. */
  readonly signal: AbortSignal;
  readonly idle: number;
  /** How long a half-closed guest keeps the line when another client wants it (ms). */
  readonly yieldAfter?: number;
  readonly time?: TimeSource;
  readonly user: User;
}

/**
 * Serves conversations on a bound listener until the signal fires. A client that connects during one is told that the line is busy,
 * unless the current guest has left, or half-closed a while ago: then it loses the line.
 *
 * @param listener Already listening; owned by this function from here on.
 */
export async function serveTurns(listener: StreamListener, options: TurnsServerOptions): Promise<ServeTotals> {
  const { events, signal, user, ...serving } = options;
  const host = new Host({ ...options, goodbye: GOODBYE, ...user });
  try {
    const serve: Handler = async (guest) => {
      while (host.busy && !signal.aborted) {
        if (!await host.freeLine()) return await turnAway(guest, { events, reason: BUSY });
      }
      if (signal.aborted) return await turnAway(guest, { events, reason: SHUTTING_DOWN });
      await receive(host, guest);
    };
    return await serveWithGoodbye(listener, serve, {
      ...serving,
      // One connection beyond the limit may wait, in case the current guest has left.
      waiting: 1,
      events,
      signal,
      goodbye: () => host.close(SHUTTING_DOWN),
    });
  } finally {
    host.close(SHUTTING_DOWN);
  }
}

async function receive(host: Host, connection: Connection): Promise<void> {
  using partner = new TcpPartner(connection);
  await host.receive(partner, connection);
}
