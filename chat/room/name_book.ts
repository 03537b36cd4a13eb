/**
 * Which names of a room are taken, by whom, and which nobody can take. Pure.
 *
 * @module
 */
import { isGuestName, nameKeys, RESERVED_NAMES } from "../name_keys.ts";

/** The names of a room; no two of them are the same to a reader. */
export class NameBook<Holder> {
  /** Who goes by a name with that key; most names have one, some several, and no two holders share any. */
  #holders = new Map<string, Holder>();
  /** The keys of names that only the operator goes by, or has gone by. */
  #reserved = new Set(RESERVED_NAMES.flatMap(nameKeys));
  #guests = 0;

  /** Who goes by a name, whatever its case, width, accents and punctuation. */
  find(name: string): Holder | null {
    const key = nameKeys(name).find((each) => this.#holders.has(each));
    return this.#holders.get(key ?? "") ?? null;
  }

  /** The next `guest-N` that is free. */
  guestName(): string {
    let name: string;
    do name = `guest-${++this.#guests}`; while (this.find(name) !== null);
    return name;
  }

  /**
   * Tells why somebody may not go by a name, as the end of a sentence; `null` = it may.
   *
   * @param operator May take a reserved one.
   */
  problem(name: string, holder: Holder, { operator }: { operator: boolean }): string | null {
    const keys = nameKeys(name);
    if (keys.some((key) => (this.#holders.get(key) ?? holder) !== holder)) return `the name ${name} is taken`;
    if (operator || !isGuestName(keys) && !keys.some((key) => this.#reserved.has(key))) return null;
    return `the name ${name} is reserved`;
  }

  /**
   * Has somebody go by a name that is free.
   *
   * @param operator Then nobody else goes by it any more, not even when the operator has another.
   */
  take(name: string, holder: Holder, { operator }: { operator: boolean }): void {
    for (const key of nameKeys(name)) {
      this.#holders.set(key, holder);
      if (operator) this.#reserved.add(key);
    }
  }

  /** Nobody goes by a name any more. */
  release(name: string): void {
    for (const key of nameKeys(name)) this.#holders.delete(key);
  }
}
