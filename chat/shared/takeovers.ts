/**
 * Members whose sessions go on here: taken over from servers that they have lost. Pure.
 *
 * @module
 */
import type { Member } from "../room/member.ts";
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

  constructor(options: TakeoversOptions) {
    this.#options = options;
  }

  /** Whether a member's session was last heard of on another server. */
  knows(member: Member): boolean {
    return this.#elsewhere(member) !== null;
  }

  /** Takes over the member of the same session; returns its name, which is ours now, or `null` if that did not work. */
  async takeOver(member: Member): Promise<string | null> {
    const { bus, claims, peers } = this.#options;
    const there = this.#elsewhere(member);
    if (there === null || there.session === null || !bus.up) return null;
    // The broker may be gone before it has answered: then the member is still there.
    if (!await claims.claim(there.name, there.session).catch(() => false)) return null;
    peers.forget(there);
    this.#taken.set(there.session, there);
    this.#tell(there);
    return there.name;
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
