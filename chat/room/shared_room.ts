/**
 * What a room shares with other servers. Pure: an interface.
 *
 * @module
 */
import type { Elsewhere } from "./elsewhere.ts";
import type { Journal } from "./journal.ts";
import type { Member } from "./member.ts";

/** A room that other servers have too. */
export interface SharedRoom {
  readonly journal: Journal;
  readonly elsewhere: Elsewhere;
  /** The operator's name here: the one that was wanted, or, if another server's operator has it, that with a number. */
  readonly operatorName: string;
  /** Says who tells the members of this server, or one that comes meanwhile, that the others are out of reach, or back. */
  tellMembers(tell: (text: string, to: Member | null) => void): void;
}
