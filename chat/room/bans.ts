/**
 * Bans and mutes, with their time limits; reconnecting does not end them. Pure: the caller supplies the clock.
 *
 * A ban applies to the client's certificate if it presented one, else to its address. Several users may share an address (a class behind
 * one router); those already in the room stay. For IPv6 the /64 network is banned: a client chooses the other 64 bits itself (RFC 8981).
 *
 * @module
 */
import { canonicalAddress, withoutZone } from "../../lib/addr.ts";

/** What identifies a client that reconnects. */
export interface ClientIdentity {
  readonly address: string;
  /** The fingerprint of its certificate's key. */
  readonly fingerprint: string | null;
}

/** Kept out, or silenced. */
export type BanKind = "ban" | "mute";

/** A ban or a mute. */
export interface Ban {
  readonly kind: BanKind;
  /** The certificate's fingerprint, or the address range: {@linkcode addressRange}. */
  readonly id: string;
  /** The client's name at the time. */
  readonly name: string | null;
  /** When it expires, on the caller's clock (ms). */
  readonly until: number;
}

/** The maximum number of entries; beyond it, the one that expires first is dropped. */
const MAX_ENTRIES = 1000;

/**
 * The bans and mutes of a room.
 *
 * @example Usage
 * ```ts
 * import { Bans } from "./bans.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const bans = new Bans();
 * const eve = { address: "192.0.2.7", fingerprint: null };
 * bans.add({ kind: "ban", id: "192.0.2.7", name: "eve", until: 60_000 }, 0);
 * assertEquals(bans.find("ban", eve, 30_000)?.name, "eve");
 * assertEquals(bans.find("ban", eve, 60_000), null);
 * ```
 */
export class Bans {
  #entries = new Map<string, Ban>();

  /** Adds an entry, replacing one of the same kind for the same client. */
  set(ban: Ban, now: number): Ban {
    this.#entries.set(keyOf(ban), ban);
    if (this.#entries.size > MAX_ENTRIES) this.#forget(now);
    return ban;
  }

  /**
   * Adds an entry unless one of the same kind for the same client lasts longer: a kick does not shorten a ban.
   *
   * @returns The entry in force.
   */
  add(ban: Ban, now: number): Ban {
    const before = this.#entries.get(keyOf(ban));
    return before !== undefined && before.until > ban.until ? before : this.set(ban, now);
  }

  /** The entry in force for a client; one for its address applies even if it has a certificate. */
  find(kind: BanKind, { address, fingerprint }: ClientIdentity, now: number): Ban | null {
    for (const id of [fingerprint, addressRange(address)]) {
      const ban = this.#entries.get(`${kind} ${id}`);
      if (ban !== undefined && ban.until > now) return ban;
    }
    return null;
  }

  /** Removes and returns the entries for an address, a fingerprint or (`isNamed`) a name. */
  lift(kind: BanKind, id: string | null, isNamed: (name: string) => boolean = () => false): Ban[] {
    const lifted: Ban[] = [];
    for (const [key, ban] of this.#entries) {
      if (ban.kind !== kind || !(ban.id === id || (ban.name !== null && isNamed(ban.name)))) continue;
      this.#entries.delete(key);
      lifted.push(ban);
    }
    return lifted;
  }

  /** All entries in force, oldest first. */
  list(now: number): Ban[] {
    return [...this.#entries.values()].filter(({ until }) => until > now);
  }

  #forget(now: number): void {
    for (const [key, { until }] of this.#entries) if (until <= now) this.#entries.delete(key);
    if (this.#entries.size <= MAX_ENTRIES) return;
    const [first] = [...this.#entries].toSorted(([, one], [, other]) => one.until - other.until);
    if (first !== undefined) this.#entries.delete(first[0]);
  }
}

function keyOf({ kind, id }: Ban): string {
  return `${kind} ${id}`;
}

/**
 * The range that a ban of an address covers: an IPv4 address itself, the /64 of an IPv6 address; `null` if it is not an address.
 *
 * @example Usage
 * ```ts
 * import { addressRange } from "./bans.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(addressRange("::ffff:192.0.2.7"), "192.0.2.7");
 * assertEquals(addressRange("2001:db8::1:2:3:4"), "2001:db8:0:0::/64");
 * ```
 */
export function addressRange(address: string): string | null {
  const plain = canonicalAddress(withoutZone(address));
  if (plain === null || !plain.includes(":")) return plain;
  const [head = [], tail = []] = plain.split("::").map((half) => half.split(":").filter((group) => group !== ""));
  const zeros = new Array<string>(8 - head.length - tail.length).fill("0");
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(":")}::/64`;
}

/** What a ban of a client applies to: its certificate, or else its address range. */
export function banId({ address, fingerprint }: ClientIdentity): string {
  return fingerprint ?? addressRange(address) ?? address;
}
