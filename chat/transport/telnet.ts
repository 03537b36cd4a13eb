/**
 * Removes what a telnet client mixes into the text, and refuses every option that it asks about. Pure.
 *
 * @module
 */
import { ProtocolError } from "../../lib/errors.ts";

/** The maximum length of a subnegotiation in bytes; those of real clients have a few dozen. */
export const MAX_SUBNEGOTIATION = 1024;

/** Interpret As Command: the byte that starts every command (RFC 854). It does not occur in UTF-8. */
export const IAC = 255;
const SB = 250;
const SE = 240;
const WILL = 251;
const WONT = 252;
const DO = 253;
const DONT = 254;
/** The lowest byte that is a command after IAC (EOF, RFC 1184); a lower one is text, and the 255 before it a stray byte. */
const FIRST_COMMAND = 236;
const NOTHING = new Uint8Array(0);

/** A client sent invalid telnet. */
export class TelnetError extends ProtocolError {
  override name = "TelnetError";
}

type State = "text" | "command" | "option" | "subnegotiation" | "command in subnegotiation";

/**
 * Drops telnet commands and negotiations from a stream, however it is split into reads.
 *
 * It has to run before the line splitting: an option may have number 10, which is a newline elsewhere.
 *
 * @example Usage
 * ```ts
 * import { TelnetFilter } from "./telnet.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const filter = new TelnetFilter();
 * const bytes = Uint8Array.of(255, 251, 10, 104, 105); // IAC WILL 10, then "hi"
 * assertEquals(filter.strip(bytes), 2);
 * assertEquals(bytes.subarray(0, 2), Uint8Array.of(104, 105));
 * ```
 */
export class TelnetFilter {
  #state: State = "text";
  /** The length of the current subnegotiation. */
  #length = 0;
  /** The command whose option comes next. */
  #command = 0;
  #answers: number[] = [];

  /**
   * Moves the text in `bytes` to the front.
   *
   * @returns The number of bytes of text.
   * @throws {TelnetError} A subnegotiation is too long.
   */
  strip(bytes: Uint8Array): number {
    // The usual case costs one search: 255 does not occur in UTF-8.
    let from = this.#state === "text" ? bytes.indexOf(IAC) : 0;
    if (from < 0) return bytes.length;
    let kept = from;
    for (; from < bytes.length; from++) {
      const byte = bytes[from] ?? 0;
      if (this.#take(byte)) bytes[kept++] = byte;
    }
    return kept;
  }

  /**
   * The answers to the requests so far, not yet taken: no to each. A client that has sent DO TIMING-MARK, as at Ctrl-C, shows nothing
   * until it gets one (RFC 860). WONT and DONT are never answered, so there is no loop (RFC 854).
   */
  takeAnswers(): Uint8Array {
    if (this.#answers.length === 0) return NOTHING;
    return Uint8Array.from(this.#answers.splice(0));
  }

  /** Takes a byte; `true` if it is text. */
  #take(byte: number): boolean {
    switch (this.#state) {
      case "text":
        if (byte === IAC) this.#state = "command";
        return byte !== IAC;
      case "command":
        this.#state = byte === SB ? "subnegotiation" : byte >= WILL && byte <= DONT ? "option" : "text";
        this.#length = 0;
        this.#command = byte;
        return byte === IAC || byte < FIRST_COMMAND;
      case "option":
        this.#state = "text";
        if (this.#command === DO) this.#answers.push(IAC, WONT, byte);
        if (this.#command === WILL) this.#answers.push(IAC, DONT, byte);
        return false;
      case "subnegotiation":
        if (++this.#length > MAX_SUBNEGOTIATION) throw tooLong();
        if (byte === IAC) this.#state = "command in subnegotiation";
        return false;
      case "command in subnegotiation":
        this.#length++;
        this.#state = byte === SE ? "text" : "subnegotiation";
        return false;
    }
  }
}

function tooLong(): TelnetError {
  return new TelnetError(`Cannot accept the telnet subnegotiation: it is longer than ${MAX_SUBNEGOTIATION} bytes`);
}
