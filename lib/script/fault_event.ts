/**
 * A fault as an event of the log. Pure.
 *
 * @module
 */
import type { EventRateOptions } from "../event_rate.ts";
import type { Faulted } from "../events.ts";
import type { Fault } from "../faults/fault.ts";

/** Faults that happen to all bytes alike. They are reported once for each flow and direction, and not counted. */
export const TO_ALL: Readonly<Record<string, string>> = {
  delay: "everything delayed",
  rate: "everything slowed down",
  slowRead: "everything read slowly",
  coalesce: "writes joined",
};

/** What `--loss` means over TCP. */
export const MODELLED =
  "Nothing can be lost under TCP from here: what is lost comes later, as if it had been sent again";

/**
 * How many faults are logged: in prose about 150 at once and then some 20 a second; for programs all of them, since the record of a run
 * is to be compared with another's.
 */
export function faultRate(json: boolean): EventRateOptions {
  return json ? { burst: Infinity } : { burst: 8 * 1024, rate: 1024 };
}

/**
 * The event for a fault: `Fault, #1, out, datagram 3: lost`.
 *
 * @param as A relay's number and direction, if not the fault's own.
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
