/**
 * Members whose sessions go on here: taken over from servers that they have lost. Pure.
 *
 * @module
 */
import type { Member } from "../../room/member.ts";
import type { Bus } from "./bus.ts";
import type { Claims } from "./claims.ts";
import { encode } from "./others_json.ts";
import type { OwnMembers } from "./own_members.ts";
import type { Known, Peers } from "./peers.ts";

/** What this needs. */
export interface TakeoversOptions {
  readonly bus: Bus;
  readonly claims: Claims;
  readonly members: OwnMembers;
  readonly peers: Peers;
}

/** Takes members over. */
export class Takeovers {
  #options: TakeoversOptions;
  /** Where those came from that are here, by their sessions. */
  #taken = new Map<string, Known>();
  /** The guests that came while the broker was gone, and whose names are elsewhere. */
  #owed = new Set<string>();

  constructor(options: TakeoversOptions) {
    this.#options = options;
  }

  /** Whether a member's session was last heard of on another server. */
  knows(member: Member): boolean {
    return this.#elsewhere(member) !== null;
  }

  /**
   * Takes over the member of the same session; returns its name, which is ours now, or `null` if that did not work. If the broker is gone,
   * {@linkcode Takeovers.catchUp} tries it again.
   */
  async takeOver(member: Member): Promise<string | null> {
    const { bus, claims, peers } = this.#options;
    const there = this.#elsewhere(member);
    if (there === null || there.session === null) return null;
    try {
      if (!bus.up) throw new Error("the broker is gone");
      if (!await claims.claim(there.name, there.session)) return null;
    } catch {
      this.#owed.add(member.name);
      return null;
    }
    peers.forget(there);
    this.#taken.set(there.session, there);
    this.#tell(there);
    return there.name;
  }

  /** The broker is there again: calls back with the members that came meanwhile, and the names that they had. */
  async catchUp(regain: (member: Member, name: string) => void): Promise<void> {
    const guests = [...this.#owed];
    this.#owed.clear();
    for (const guest of guests) {
      // It may have left, or have another name now.
      const member = this.#options.members.find(guest);
      const name = member === null ? null : await this.takeOver(member);
      if (name !== null && member?.gone === false) regain(member, name);
    }
  }

  /** Tells it again to servers that were out of reach when their members were taken over. */
  repeat(): void {
    const { members, peers } = this.#options;
    for (const [session, there] of this.#taken) {
      const member = members.find(there.name);
      if (member === null || members.sessionOf(member) !== session) this.#taken.delete(session);
      else if (peers.ofSession(session)?.id === there.id) this.#tell(there);
    }
  }

  #elsewhere(member: Member): Known | null {
    const session = this.#options.members.sessionOf(member);
    return session === null ? null : this.#options.peers.ofSession(session);
  }

  #tell({ id, name, session }: Known): void {
    if (session !== null) this.#options.bus.publish(`to.${id}`, encode({ ask: "moved", name, session }));
  }
}
