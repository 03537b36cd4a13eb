/**
 * How a client notices over UDP that the server turns it away.
 *
 * @module
 */
import { formatEndpoint } from "../addr.ts";
import { RefusedError } from "../errors.ts";
import type { Events } from "../events.ts";
import { refusalIn, REFUSED } from "../refusal.ts";
import type { Datagram, DatagramSocket } from "./socket.ts";

/** The error for an answer that is a refusal, which also becomes an event; `null` if the answer is anything else. */
export function refusalOf({ bytes, from }: Datagram, socket: DatagramSocket, events: Events): RefusedError | null {
  const reason = refusalIn(bytes);
  if (reason === null) return null;
  events.emit({ event: "refused", id: socket.flowOf(from), peer: formatEndpoint(from), reason });
  return new RefusedError(`${REFUSED}${reason}`, bytes.length);
}
