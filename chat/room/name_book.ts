/**
 * The names in use in a room, and the reserved ones. Pure.
 *
 * @module
 */
import { isGuestName, isReservedName, nameKeys } from "../name_keys.ts";

/** The names of a room; no two of them look the same. */
export class NameBook<Holder> {
  /** The holder of each name, by key; most names have one key, some several, and no two holders share one. */
  #holders = new Map<string, Holder>();
  /** The keys of names that the operator uses or has used. */
  #reserved = new Set<string>();
  /** The keys of names that are to be taken soon. */
  #claimed = new Map<string, Holder>();
  #guests = 0;

  /** The holder of a name, ignoring case, width, accents and punctuation. */
  find(name: string): Holder | null {
    const key = nameKeys(name).find((each) => this.#holders.has(each));
    return this.#holders.get(key ?? "") ?? null;
  }

  /**
   * The next free `guest-N`.
   *
   * @param number Where the numbers come from, if not from here.
   */
  guestName(number = (): number => ++this.#guests): string {
    let name: string;
    do name = `guest-${number()}`; while (this.find(name) !== null);
    return name;
  }

  /**
   * Why a name is not available, as the end of a sentence; `null` if it is.
   *
   * @param operator Whether the holder is the operator, who may use a reserved name.
   */
  problem(name: string, holder: Holder, { operator }: { operator: boolean }): string | null {
    const keys = nameKeys(name);
    const isOthers = (key: string): boolean =>
      (this.#holders.get(key) ?? holder) !== holder || (this.#claimed.get(key) ?? holder) !== holder;
    if (keys.some(isOthers)) return `the name ${name} is taken`;
    if (operator) return null;
    const reserved = isGuestName(keys) || isReservedName(name) || keys.some((key) => this.#reserved.has(key));
    return reserved ? `the name ${name} is reserved` : null;
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

  /** Keeps a name that is available for its next holder. */
  reserve(name: string, holder: Holder): void {
    for (const key of nameKeys(name)) this.#claimed.set(key, holder);
  }

  /** Ends the reservation. */
  unreserve(name: string): void {
    for (const key of nameKeys(name)) this.#claimed.delete(key);
  }

  /** Frees a name. */
  release(name: string): void {
    for (const key of nameKeys(name)) this.#holders.delete(key);
  }
}
