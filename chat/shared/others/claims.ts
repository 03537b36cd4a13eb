/**
 * The names that this server holds for its members: no other server of the room gives them, or any that look the same. Pure.
 *
 * Each key of a name is an entry of a table; it says whose it is, and lasts some seconds. So a name is free again soon after its server
 * is gone. A member that comes back on another server has it at once: the entry says by which session.
 *
 * @module
 */
import { encodeText } from "../../../lib/text.ts";
import { isGuestName, nameKeys } from "../../name_keys.ts";
import type { Table } from "./bus.ts";

/** How long an entry lasts after it was written (ms), and how often it is written. */
export const CLAIM_TTL = 10_000;
export const REFRESH = 3000;
/** How many entries are written at once. */
const AT_ONCE = 64;
/** How often an entry is tried that another server changes at the same time. */
const TRIES = 3;

/** An entry that is ours. */
interface Claim {
  name: string;
  /** The hash of the session that may take it along; `null` if there is none. */
  session: string | null;
  revision: number;
}

/** What became of names when they were written again. */
export interface Refreshed {
  /** Taken along by their sessions to another server. */
  readonly moved: readonly string[];
  /** Another member's, who got them while this server was out of reach. */
  readonly lost: readonly string[];
}

/** The names of this server's members. */
export class Claims {
  #table: Table;
  #server: string;
  #held = new Map<string, Claim>();
  #removals = new Set<Promise<void>>();
  #refreshing = false;

  /** @param server Identifies this server, and none that was started before. */
  constructor(table: Table, server: string) {
    this.#table = table;
    this.#server = server;
  }

  /** Whether a name is ours already, so that claiming it asks nobody. */
  has(name: string): boolean {
    return keysOf(name).every((key) => this.#held.has(key));
  }

  /**
   * Claims a name. Of several servers that claim names which look the same, one gets its own.
   *
   * @param session The hash of a session; if it has the name on another server, we get it from there.
   * @returns Whether it is ours.
   * @throws {Error} The table cannot be reached; then it is not ours.
   */
  async claim(name: string, session: string | null): Promise<boolean> {
    const undo: (() => void)[] = [];
    let done = false;
    try {
      for (const key of keysOf(name)) {
        const held = this.#held.get(key);
        const before = held?.name ?? "";
        const claim = held ?? await this.#take(key, session);
        if (claim === null) return false;
        claim.name = name;
        this.#held.set(key, claim);
        undo.push(held === undefined ? () => this.#remove(key, claim) : () => held.name = before);
      }
      return done = true;
    } finally {
      if (!done) { for (const step of undo) step(); }
    }
  }

  /** Frees a name. */
  release(name: string): void {
    for (const key of keysOf(name)) {
      const claim = this.#held.get(key);
      if (claim?.name === name) this.#remove(key, claim);
    }
  }

  /** The session of a name's member has begun, or is another one. */
  note(name: string, session: string | null): void {
    for (const key of keysOf(name)) {
      const claim = this.#held.get(key);
      if (claim === undefined || claim.session === session) continue;
      claim.session = session;
      // If that fails, the next refresh does it.
      this.#write(key, claim).catch(() => {});
    }
  }

  /** Writes all names again, so that they last; those that are no longer ours are forgotten. Never rejects. */
  async refresh(): Promise<Refreshed> {
    const moved = new Set<string>();
    const lost = new Set<string>();
    // A slow broker is not asked faster than it answers.
    if (this.#refreshing) return { moved: [], lost: [] };
    this.#refreshing = true;
    try {
      const all = [...this.#held];
      for (let from = 0; from < all.length; from += AT_ONCE) {
        await Promise.all(
          all.slice(from, from + AT_ONCE).map(async ([key, claim]) => {
            const fate = await this.#renew(key, claim);
            if (fate !== "ours") (fate === "moved" ? moved : lost).add(claim.name);
          }),
        );
      }
    } catch {
      // The broker is gone; all is written again when it is back.
    } finally {
      this.#refreshing = false;
    }
    return { moved: [...moved], lost: [...lost] };
  }

  /** Waits until names that were freed are free. */
  async settle(): Promise<void> {
    await Promise.all(this.#removals);
  }

  async #take(key: string, session: string | null): Promise<Claim | null> {
    const claim = { name: "", session, revision: 0 };
    for (let tries = 0; tries < TRIES; tries++) {
      const created = await this.#table.create(key, this.#value(session));
      if (created !== null) return { ...claim, revision: created };
      const held = await this.#table.get(key);
      if (held === null) continue;
      const owner = ownerIn(held.value);
      // Ours, though we do not hold it: it is being removed, or we never learnt that it was written.
      const mayTake = owner.server === this.#server || session !== null && owner.session === session;
      if (!mayTake) return null;
      const updated = await this.#table.update(key, this.#value(session), held.revision);
      if (updated !== null) return { ...claim, revision: updated };
    }
    return null;
  }

  async #renew(key: string, claim: Claim): Promise<"ours" | "moved" | "lost"> {
    if (this.#held.get(key) !== claim || await this.#write(key, claim)) return "ours";
    const now = await this.#table.get(key);
    if (this.#held.get(key) !== claim) return "ours";
    const owner = now === null ? null : ownerIn(now.value);
    if (now === null || owner?.server === this.#server) {
      // It has expired; or an answer was lost, and it has another revision.
      const revision = now?.revision ?? await this.#table.create(key, this.#value(claim.session));
      // Otherwise it was taken just now, and the next refresh tells by whom.
      if (revision !== null) claim.revision = revision;
      return "ours";
    }
    this.#held.delete(key);
    return claim.session !== null && owner?.session === claim.session ? "moved" : "lost";
  }

  async #write(key: string, claim: Claim): Promise<boolean> {
    const revision = await this.#table.update(key, this.#value(claim.session), claim.revision);
    if (revision === null) return false;
    claim.revision = revision;
    // It was freed in between: the entry was then not of the revision that we knew.
    if (this.#held.get(key) !== claim) this.#remove(key, claim);
    return true;
  }

  #remove(key: string, claim: Claim): void {
    if (this.#held.get(key) === claim) this.#held.delete(key);
    // If that fails, it expires.
    const removal = this.#table.remove(key, claim.revision).catch(() => {}).finally(() =>
      this.#removals.delete(removal)
    );
    this.#removals.add(removal);
  }

  #value(session: string | null): string {
    return JSON.stringify({ server: this.#server, session });
  }
}

/**
 * The entries of a name, always in the same order, so that of two servers that want several of the same ones, one gets all. None for a
 * guest's: its number is unique.
 */
function keysOf(name: string): string[] {
  const keys = nameKeys(name);
  return isGuestName(keys) ? [] : keys.map((key) => encodeText(key).toHex()).toSorted();
}

function ownerIn(value: string): { server: unknown; session: unknown } {
  try {
    const { server, session }: Record<string, unknown> = Object(JSON.parse(value));
    return { server, session };
  } catch {
    // None of ours has written that.
    return { server: null, session: null };
  }
}
