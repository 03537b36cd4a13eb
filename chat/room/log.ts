/**
 * Turns a room's events into log events. Pure.
 *
 * @module
 */
import type { NetEvent } from "../../lib/events.ts";
import { isHere, type Member, type RemoteMember, type RoomEvent } from "./member.ts";

/**
 * Makes the log event for a room event; its prose is the line that the members got.
 *
 * @param operator The member that reads the log; private messages between others stay out of it.
 * @param options With `echoed`, the operator's own lines are already on the screen.
 * @returns `null` if the event does not belong in the log.
 */
export function roomLog(event: RoomEvent, operator: Member, options: { echoed: boolean }): NetEvent | null {
  const { kind, line: prose } = event;
  if (kind === "notice") return { event: "message", kind, text: event.text, prose };
  if (kind === "told" && event.to !== operator) return null;
  if (event.member === null) return { event: "result", text: event.kind === "told" ? event.text : "", prose };
  const who = identify(event.member);
  switch (event.kind) {
    case "joined":
      return { event: "joined", ...who, prose };
    case "left":
      return { event: "left", ...who, why: event.why, prose };
    case "told":
      return { event: "message", kind: "private", ...who, to: event.to.name, text: event.text, prose };
    case "said": {
      const own = event.member === operator && options.echoed;
      return { event: "message", kind, ...who, text: event.text, prose: own ? "" : prose };
    }
  }
}

/** A member as the log names it; one of another server has no connection here, and its server stands for its address. */
function identify(member: Member | RemoteMember): { id: number; peer: string; name: string } {
  const { name } = member;
  return isHere(member) ? { id: member.link.id, peer: member.link.peer, name } : { id: 0, peer: member.server, name };
}
