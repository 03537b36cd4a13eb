/**
 * Who is kept out of a room or silenced in it, and for how long: a new connection does not end that. Pure: the caller brings the clock.
 *
 * What is banned is a client's certificate where it has shown one, and else its address: several people may share that (a class behind
 * one router), and those who are here already stay. Of an IPv6 address the network counts, its first 64 bits: the rest a client chooses
 * itself (RFC 8981).
 *
 * @module
 */
import { canonicalAddress } from "../../lib/addr.ts";

/** How a client is known when it comes again. */
export interface Who {
  readonly address: string;
  /** The fingerprint of its certificate's key. */
  readonly fingerprint: string | null;
}

/** Not let in, or not heard. */
export type Kind = "ban" | "mute";

/** Somebody who is kept out or silenced. */
export interface Ban {
  readonly kind: Kind;
  /** The certificate's fingerprint, or the address: {@linkcode placeOf}. */
  readonly id: string;
  /** The name that the client went by. */
  readonly name: string | null;
  /** When it ends, on the clock of the caller (ms). */
  readonly until: number;
}

/** The most entries; then the one that ends first is forgotten. */
const MOST = 1000;

/**
 * Remembers who is kept out.
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

  /** Adds an entry, in place of one of the same kind for the same client. */
  set(ban: Ban, now: number): Ban {
    this.#entries.set(keyOf(ban), ban);
    if (this.#entries.size > MOST) this.#forget(now);
    return ban;
  }

  /**
   * Adds an entry unless one of the same kind for the same client holds for longer: a kick does not shorten a ban.
   *
   * @returns The entry that holds.
   */
  add(ban: Ban, now: number): Ban {
    const before = this.#entries.get(keyOf(ban));
    return before !== undefined && before.until > ban.until ? before : this.set(ban, now);
  }

  /** What holds for a client now; an address holds for those with a certificate as well. */
  find(kind: Kind, { address, fingerprint }: Who, now: number): Ban | null {
    for (const id of [fingerprint, placeOf(address)]) {
      const ban = this.#entries.get(`${kind} ${id}`);
      if (ban !== undefined && ban.until > now) return ban;
    }
    return null;
  }

  /** Lifts what holds for an address, a fingerprint or (`isNamed`) somebody's name; tells what that was. */
  lift(kind: Kind, id: string | null, isNamed: (name: string) => boolean = () => false): Ban[] {
    const lifted: Ban[] = [];
    for (const [key, ban] of this.#entries) {
      if (ban.kind !== kind || !(ban.id === id || (ban.name !== null && isNamed(ban.name)))) continue;
      this.#entries.delete(key);
      lifted.push(ban);
    }
    return lifted;
  }

  /** All that hold now, the oldest first. */
  list(now: number): Ban[] {
    return [...this.#entries.values()].filter(({ until }) => until > now);
  }

  #forget(now: number): void {
    for (const [key, { until }] of this.#entries) if (until <= now) this.#entries.delete(key);
    if (this.#entries.size <= MOST) return;
    const [first] = [...this.#entries].toSorted(([, one], [, other]) => one.until - other.until);
    if (first !== undefined) this.#entries.delete(first[0]);
  }
}

function keyOf({ kind, id }: Ban): string {
  return `${kind} ${id}`;
}

/**
 * Where an address is as far as bans go: an IPv4 address itself, of an IPv6 address its /64; `null` when it is none.
 *
 * @example Usage
 * ```ts
 * import { placeOf } from "./bans.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(placeOf("::ffff:192.0.2.7"), "192.0.2.7");
 * assertEquals(placeOf("2001:db8::1:2:3:4"), "2001:db8:0:0::/64");
 * ```
 */
export function placeOf(address: string): string | null {
  const plain = canonicalAddress(address.replace(/%.*$/, ""));
  if (plain === null || !plain.includes(":")) return plain;
  const [head = [], tail = []] = plain.split("::").map((half) => half.split(":").filter((group) => group !== ""));
  const zeros = new Array<string>(8 - head.length - tail.length).fill("0");
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(":")}::/64`;
}

/** How a client is banned: by its certificate, or else by where it is. */
export function banId({ address, fingerprint }: Who): string {
  return fingerprint ?? placeOf(address) ?? address;
}
