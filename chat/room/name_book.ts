/**
 * The names in use in a room, and the reserved ones. Pure.
 *
 * @module
 */
import { isGuestName, nameKeys, RESERVED_NAMES } from "../name_keys.ts";

/** The names of a room; no two of them look the same. */
export class NameBook<Holder> {
  /** The holder of each name, by key; most names have one key, some several, and no two holders share one. */
  #holders = new Map<string, Holder>();
  /** The keys of reserved names and of those that the operator uses or has used. */
  #reserved = new Set(RESERVED_NAMES.flatMap(nameKeys));
  #guests = 0;

  /** The holder of a name, ignoring case, width, accents and punctuation. */
  find(name: string): Holder | null {
    const key = nameKeys(name).find((each) => this.#holders.has(each));
    return this.#holders.get(key ?? "") ?? null;
  }

  /** The next free `guest-N`. */
  guestName(): string {
    let name: string;
    do name = `guest-${++this.#guests}`; while (this.find(name) !== null);
    return name;
  }

  /**
   * Why a name is not available, as the end of a sentence; `null` if it is.
   *
   * @param operator Whether the holder is the operator, who may use a reserved name.
   */
  problem(name: string, holder: Holder, { operator }: { operator: boolean }): string | null {
    const keys = nameKeys(name);
    if (keys.some((key) => (this.#holders.get(key) ?? holder) !== holder)) return `the name ${name} is taken`;
    if (operator || !isGuestName(keys) && !keys.some((key) => this.#reserved.has(key))) return null;
    return `the name ${name} is reserved`;
  }

  /**
   * Assigns a free name.
   *
   * @param operator Whether the holder is the operator: the name then stays reserved even after the operator changes it.
   */
  take(name: string, holder: Holder, { operator }: { operator: boolean }): void {
    for (const key of nameKeys(name)) {
      this.#holders.set(key, holder);
      if (operator) this.#reserved.add(key);
    }
  }

  /** Frees a name. */
  release(name: string): void {
    for (const key of nameKeys(name)) this.#holders.delete(key);
  }
}
