/**
 * What the other servers of a room may do to it. Pure.
 *
 * @module
 */
import type { ElsewhereHost } from "./elsewhere.ts";
import type { Journal } from "./journal.ts";
import type { Member, OwnMember, RoomEvent } from "./member.ts";
import type { Naming } from "./naming.ts";
import { privateLine } from "../protocol.ts";
import type { Room } from "./room.ts";

/** A room's side of its other servers. */
export function elsewhereHost(
  room: Room,
  names: Naming,
  journal: Journal,
  emit: (event: RoomEvent) => void,
): ElsewhereHost {
  const announceAgain = (member: Member): void => {
    // An operator is not announced when it comes, but it was said to have left.
    if (!member.introduced && member.outbox !== null) return;
    journal.append({ kind: "joined", name: member.name }, member, null);
  };
  return {
    holder(name) {
      const member = room.find(name);
      return member?.name === name ? member : null;
    },
    sessionOf: (member) => room.comebacks.keyOf(member),
    receive(to, from, text) {
      const line = privateLine(from.name, text);
      room.send(to, line);
      emit({ kind: "told", member: from, to, text, line });
    },
    regain: (member, name) => names.inherit(member as OwnMember, { name, introduced: true }),
    depart: (member) => room.comebacks.depart(member),
    rename(member, name) {
      room.notify(member, `the name ${member.name} was given away while the room's other servers were out of reach`);
      names.force(member as OwnMember, name ?? names.guestName());
      announceAgain(member);
    },
    announceAgain,
    announceGone: (member, id) => journal.append({ kind: "left", name: member.name, why: "server gone" }, member, id),
  };
}
