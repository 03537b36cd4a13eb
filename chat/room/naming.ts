/**
 * The names of a room's members: who has which, and how they change. Pure.
 *
 * @module
 */
import type { Elsewhere } from "./elsewhere.ts";
import type { Journal } from "./journal.ts";
import type { Member, OwnMember } from "./member.ts";
import { NameBook } from "./name_book.ts";
import { checkName } from "../names.ts";
import { youAre } from "../protocol.ts";

/** What this needs of the room. */
export interface NamingHost {
  readonly journal: Journal;
  /** Other servers, whose members have names too; `null` if there are none. */
  readonly elsewhere: Elsewhere | null;
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
    const { elsewhere } = this.#host;
    return this.#names.guestName(elsewhere === null ? undefined : () => elsewhere.guestNumber());
  }

  /** Notes the name of a member that is new; it must be free. */
  take(member: OwnMember): void {
    this.#names.take(member.name, member, { operator: isOperator(member) });
    this.#host.elsewhere?.changed(member.name);
  }

  /** Frees the name of a member that leaves. */
  release(member: Member): void {
    this.#names.release(member.name);
    this.#host.elsewhere?.changed(member.name);
  }

  /**
   * Renames a member.
   *
   * @param certified Whether the name is the one in its certificate.
   * @returns `null` if it worked, else the problem as the end of a sentence; a promise only if other servers have to be asked.
   */
  rename(member: OwnMember, wanted: string, { certified = false } = {}): string | null | Promise<string | null> {
    if (member.certified && !certified) return "names here come from certificates";
    const checked = checkName(wanted);
    if ("problem" in checked) return checked.problem;
    const { name } = checked;
    const problem = this.#names.problem(name, member, { operator: isOperator(member) });
    if (problem !== null) return problem;
    if (this.#host.elsewhere !== null && name !== member.name) return this.#claim(this.#host.elsewhere, member, name);
    this.#rename(member, name);
    return null;
  }

  /** Gives a member the name of another one, which it takes the place of and which has left. */
  inherit(member: OwnMember, { name, introduced }: Pick<Member, "name" | "introduced">): void {
    const guest = member.name;
    this.#change(member, name);
    this.tell(member);
    if (member.introduced) this.#announce(guest, member);
    member.introduced ||= introduced;
  }

  /** Gives a member another free name, whether it wants it or not. */
  force(member: OwnMember, name: string): void {
    this.#change(member, name);
    this.tell(member);
  }

  /** Tells a member its name. */
  tell(member: OwnMember): void {
    member.named = true;
    this.#host.notify(member, youAre(member.name));
  }

  /** Meanwhile nobody else here can have the name. */
  async #claim(elsewhere: Elsewhere, member: OwnMember, name: string): Promise<string | null> {
    this.#names.reserve(name, member);
    try {
      const problem = await elsewhere.claim(name, member);
      if (problem === null && !member.gone) this.#rename(member, name);
      return problem;
    } finally {
      this.#names.unreserve(name);
      elsewhere.changed(name);
    }
  }

  #rename(member: OwnMember, name: string): void {
    const before = member.name;
    this.#change(member, name);
    this.tell(member);
    if (member.introduced || isOperator(member)) this.#announce(before, member);
  }

  #change(member: OwnMember, name: string): void {
    this.release(member);
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
