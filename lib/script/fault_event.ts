/**
 * A fault as an event of the log. Pure.
 *
 * @module
 */
import type { EventRateOptions } from "../event_rate.ts";
import type { Faulted } from "../events.ts";
import type { Fault } from "../faults/fault.ts";

/** What happens to all bytes alike: it is told once for each flow and direction, and has no count. */
export const TO_ALL: Readonly<Record<string, string>> = {
  delay: "everything delayed",
  rate: "everything slowed down",
  slowRead: "everything read slowly",
  coalesce: "writes joined",
};

/** Said of `--loss` over TCP. */
export const MODELLED =
  "Nothing can be lost under TCP from here: what is lost comes later, as if it had been sent again";

/** What is told of single faults: in prose about 150 at once, then some 20 a second; to programs as much as of all else together. */
export function faultRate(json: boolean): EventRateOptions {
  return json ? {} : { burst: 8 * 1024, rate: 1024 };
}

/**
 * The event that tells one fault: `Fault, #1, out, datagram 3: lost`.
 *
 * @param as Another number and direction than the fault's own: those of a relay.
 */
export function faultEvent(
  { flow, direction, kind, where, detail }: Fault,
  transport: "tcp" | "udp",
  as: Pick<Faulted, "id" | "direction"> = { id: flow, direction },
): Faulted {
  const place = kind in TO_ALL ? "" : `, ${transport === "udp" ? "datagram" : "byte"} ${where}`;
  const text = `Fault, #${as.id}, ${as.direction}${place}: ${detail}`;
  return { event: "fault", ...as, transport, kind, where, detail, prose: [{ mark: "trouble", text }] };
}
