/**
 * The sentence with which a server turns a client away, and how a client recognises it. Pure.
 *
 * It is one line, and the last thing that the server says:
 *
 * ```
 * Cannot serve you: the server is full (1 connection at most); try again later
 * ```
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { lineText } from "./text.ts";

/** How every refusal starts. */
export const REFUSED = "Cannot serve you: ";

/** Why a client is refused: its address, too many connections, or a protocol violation. */
export type RefusalKind = "not allowed" | "full" | "protocol";

/** The most bytes in a refusal, its line end included: a longer line is data. */
export const MAX_REFUSAL = 1024;

const START = new TextEncoder().encode(REFUSED);
const LF = 10;
const NOTHING = new Uint8Array(0);

/** Whether these bytes are a refusal, or may become one. */
function mayRefuse(bytes: Uint8Array): boolean {
  if (bytes.length > MAX_REFUSAL || !START.every((byte, index) => index >= bytes.length || bytes[index] === byte)) {
    return false;
  }
  const newline = bytes.indexOf(LF);
  return newline < 0 || newline === bytes.length - 1;
}

/**
 * The reason in a whole message, a datagram for example, if it is a refusal.
 *
 * @returns What follows {@linkcode REFUSED}, without a line end; `null` if the message is anything else.
 *
 * @example Usage
 * ```ts
 * import { refusalIn } from "./refusal.ts";
 * import { encodeText } from "./text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(refusalIn(encodeText("Cannot serve you: the line is busy\n")), "the line is busy");
 * assertEquals(refusalIn(encodeText("Cannot serve you: first\nand more")), null);
 * ```
 */
export function refusalIn(message: Uint8Array): string | null {
  const reason = mayRefuse(message) ? lineText(message).slice(REFUSED.length) : "";
  return reason === "" ? null : reason;
}

/** Where a refusal may stand: it is all that a server says, or the last of its lines (a chat's, which also sends members away). */
export type RefusalPlace = "only" | "last";

/**
 * Separates data from a refusal that may end the stream. It holds back only bytes that are, or may become, a refusal.
 *
 * @example Usage
 * ```ts
 * import { RefusalFilter } from "./refusal.ts";
 * import { decodeText, encodeText } from "./text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const filter = new RefusalFilter("last");
 * assertEquals(decodeText(filter.push(encodeText("bob: hi\nCan"))), "bob: hi\n");
 * filter.push(encodeText("not serve you: the operator has banned you\n"));
 * assertEquals(filter.reason({ cutOff: false }), "the operator has banned you");
 * ```
 */
export class RefusalFilter {
  #place: RefusalPlace;
  #held: Uint8Array = NOTHING;
  /** Whether the next byte may start a refusal. */
  #atStart = true;

  constructor(place: RefusalPlace) {
    this.#place = place;
  }

  /** How many bytes are held back. */
  get held(): number {
    return this.#held.length;
  }

  /** Whether everything from here on is data. */
  get over(): boolean {
    return this.#place === "only" && !this.#atStart;
  }

  /** Takes received bytes; returns those that are certainly data, valid as long as `bytes` are. */
  push(bytes: Uint8Array): Uint8Array {
    const all = this.held > 0 ? concat([this.#held, bytes]) : bytes;
    const from = this.#candidate(all);
    // A copy: the caller reuses its buffer.
    this.#held = all.slice(from);
    return this.#pass(all.subarray(0, from));
  }

  /** Gives up what is held back: it is data. */
  flush(): Uint8Array {
    const held = this.#held;
    this.#held = NOTHING;
    return this.#pass(held);
  }

  /**
   * The reason, if what is held back is a refusal. Call it at the end of the stream.
   *
   * @param end Whether the stream was cut off: then only a whole line counts.
   */
  reason({ cutOff }: { cutOff: boolean }): string | null {
    return cutOff && this.#held.at(-1) !== LF ? null : refusalIn(this.#held);
  }

  /** Where a possible refusal starts: in the last line, or nowhere. */
  #candidate(bytes: Uint8Array): number {
    if (this.over) return bytes.length;
    const start = this.#place === "only" ? 0 : bytes.subarray(0, -1).lastIndexOf(LF) + 1;
    return (start > 0 || this.#atStart) && mayRefuse(bytes.subarray(start)) ? start : bytes.length;
  }

  #pass(data: Uint8Array): Uint8Array {
    if (data.length > 0) this.#atStart = this.#place === "last" && data.at(-1) === LF;
    return data;
  }
}
