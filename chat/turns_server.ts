/**
 * Conversations over TCP, one guest at a time and strictly in turn.
 *
 * @module
 */
import type { Events } from "../lib/events.ts";
import type { Connection } from "../lib/connection.ts";
import type { ServeOptions, ServeTotals } from "../lib/server.ts";
import type { StreamListener } from "../lib/socket.ts";
import type { Desk } from "./desk.ts";
import { receiveAll } from "./door.ts";
import { BUSY, Host } from "./host.ts";
import { TcpPartner } from "./partner.ts";
import { GOODBYE } from "./protocol.ts";

/** How conversations are served. */
export interface TurnsServerOptions extends Omit<ServeOptions, "timeout" | "signal" | "events"> {
  readonly events: Events;
  /** Stops the server. */
  readonly signal: AbortSignal;
  readonly idle: number;
  readonly desk: Desk;
}

/**
 * Serves conversations on a bound listener until the signal fires; whoever comes while one is under way is told that the line is busy.
 *
 * @param listener Already listening; owned by this function from here on.
 */
export async function serveTurns(listener: StreamListener, options: TurnsServerOptions): Promise<ServeTotals> {
  const { events, signal, idle, desk, ...serving } = options;
  const host = new Host({ events, goodbye: GOODBYE, idle, ...desk });
  try {
    return await receiveAll(listener, (guest) => host.busy ? refuse(guest, events) : receive(host, guest), {
      ...serving,
      events,
      signal,
      goodbye: () => host.close("the server stops"),
    });
  } finally {
    host.close("the server stops");
  }
}

async function receive(host: Host, connection: Connection): Promise<void> {
  using partner = new TcpPartner(connection);
  await host.receive(partner, connection);
}

async function refuse(connection: Connection, events: Events): Promise<void> {
  events.emit({ event: "refused", peer: connection.peer, reason: "the line is busy" });
  await connection.write(`${BUSY}\n`);
  await connection.finish();
}
