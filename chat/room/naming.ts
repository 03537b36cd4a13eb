/**
 * The names of a room's members: who has which, and how they change. Pure.
 *
 * @module
 */
import type { Journal } from "./journal.ts";
import type { Member, OwnMember } from "./member.ts";
import { NameBook } from "./name_book.ts";
import { checkName } from "../names.ts";
import { youAre } from "../protocol.ts";

/** What this needs of the room. */
export interface NamingHost {
  readonly journal: Journal;
  notify(to: Member, text: string): void;
}

/** Names members, and renames them. */
export class Naming {
  #names = new NameBook<OwnMember>();
  #host: NamingHost;

  constructor(host: NamingHost) {
    this.#host = host;
  }

  /** Finds a member by name, ignoring case, width, accents and punctuation. */
  find(name: string): Member | null {
    return this.#names.find(name);
  }

  /** The next free `guest-N`. */
  guestName(): string {
    return this.#names.guestName();
  }

  /** Notes the name of a member that is new; it must be free. */
  take(member: OwnMember): void {
    this.#names.take(member.name, member, { operator: isOperator(member) });
  }

  /** Frees the name of a member that leaves. */
  release(member: Member): void {
    this.#names.release(member.name);
  }

  /**
   * Renames a member.
   *
   * @returns `null` if it worked, else the problem as the end of a sentence.
   */
  rename(member: OwnMember, wanted: string): string | null {
    if (member.certified) return "names here come from certificates";
    const checked = checkName(wanted);
    if ("problem" in checked) return checked.problem;
    const problem = this.#names.problem(checked.name, member, { operator: isOperator(member) });
    if (problem !== null) return problem;
    const before = member.name;
    this.#change(member, checked.name);
    this.tell(member);
    if (member.introduced || isOperator(member)) this.#announce(before, member);
    return null;
  }

  /** Gives a member the name of another one, which it takes the place of and which has left. */
  inherit(member: OwnMember, { name, introduced }: Member): void {
    const guest = member.name;
    this.#change(member, name);
    this.tell(member);
    if (member.introduced) this.#announce(guest, member);
    member.introduced ||= introduced;
  }

  /** Tells a member its name. */
  tell(member: OwnMember): void {
    member.named = true;
    this.#host.notify(member, youAre(member.name));
  }

  #change(member: OwnMember, name: string): void {
    this.#names.release(member.name);
    member.name = name;
    this.take(member);
  }

  #announce(before: string, member: Member): void {
    if (before !== member.name) {
      this.#host.journal.append({ kind: "renamed", name: before, to: member.name }, member, null);
    }
  }
}

function isOperator(member: Member): boolean {
  return member.outbox === null;
}
