/**
 * Remarks as events of the log. Pure.
 *
 * @module
 */
import type { Events } from "../../events.ts";
import type { Remark } from "../event.ts";

/** Tells remarks in a log, one event each; the number of the flow is the event's `id`. */
export function remarksIn(events: Events): (remarks: readonly Remark[]) => void {
  return (remarks) => {
    for (const { flow: id, ...remark } of remarks) events.emit({ event: "explain", id, ...remark });
  };
}
