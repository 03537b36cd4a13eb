/**
 * Tells a web browser from a chat client by the first line that it sends. Pure.
 *
 * @module
 */
import { CR, LF, SP, TOKEN } from "../../../http/request/syntax.ts";

/** What a client speaks: HTTP, or lines of text. */
export type Spoken = "http" | "chat";

/**
 * The longest first line that is taken for a request, if only to be refused as too long: the most that a chat line can have. A web page
 * that makes a browser send a longer one must not get through what follows it as lines of chat.
 */
export const MAX_FIRST_LINE = 64 * 1024;
/** The longest method; the longest of IANA's registry has 17 letters. */
const MAX_METHOD = 32;

const VERSION = new TextEncoder().encode("HTTP/1.");
const ZERO = 0x30, ONE = 0x31, DEL = 0x7f;

/**
 * Looks at the first line as it arrives. Only `METHOD SP target SP HTTP/1.x` up to its LF is a request: somebody who types `GET` or
 * `GET /` in a chat means just that.
 *
 * The target may be anything but spaces and control characters. Browsers send some that RFC 3986 does not allow, such as the braces in
 * `/?{}`: HTTP refuses those. Taken for chat, the body of such a request would be lines that any page of the web makes a visitor say.
 *
 * @example Usage
 * ```ts
 * import { FirstLine } from "./first_line.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const told = (text: string) => new FirstLine().push(new TextEncoder().encode(text));
 * assertEquals(["GET / HTTP/1.1\r\n", "GET / HTTP/1.1", "GET /\n", "hello"].map(told), ["http", null, "chat", null]);
 * ```
 */
export class FirstLine {
  #part: "method" | "target" | "version" | "end" = "method";
  /** How many bytes of the current part have matched, and of the line. */
  #matched = 0;
  #length = 0;

  /**
   * Takes the next bytes; there must be no more once it is decided.
   *
   * @returns What the client speaks; `null` if that is still open.
   */
  push(bytes: Uint8Array): Spoken | null {
    for (const byte of bytes) {
      if (this.#part === "end" && byte === LF) return "http";
      if (++this.#length > MAX_FIRST_LINE || !this.#fits(byte)) return "chat";
    }
    return null;
  }

  #fits(byte: number): boolean {
    switch (this.#part) {
      case "method":
        return byte === SP ? this.#next("target") : this.#count(TOKEN[byte] === 1 && this.#matched < MAX_METHOD);
      case "target":
        return byte === SP ? this.#next("version") : this.#count(byte > SP && byte !== DEL);
      case "version":
        if (this.#matched < VERSION.length) return this.#count(byte === VERSION[this.#matched]);
        this.#next("end");
        return byte === ZERO || byte === ONE;
      case "end":
        // One CR; a line that ends in LF alone is a request too, which HTTP then refuses.
        return this.#count(byte === CR && this.#matched === 0);
    }
  }

  #count(fits: boolean): boolean {
    this.#matched++;
    return fits;
  }

  /** Goes on to the next part, unless the current one is empty. */
  #next(part: "target" | "version" | "end"): boolean {
    const begun = this.#matched > 0;
    this.#part = part;
    this.#matched = 0;
    return begun;
  }
}
