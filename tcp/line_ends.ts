/**
 * The line ends of what `tcp:client` sends. Pure.
 *
 * @module
 */
const LF = 10;
const CR = 13;

/** What is sent. */
export interface Outgoing {
  /** With its line end. */
  readonly message: string;
  /** What ends each line that is typed. */
  readonly lineEnd: string;
}

/**
 * Gives a message its line end.
 *
 * @param options With `crlf`, every line of it ends with CR LF, as HTTP (RFC 9112 2.1), SMTP and Redis want it.
 *
 * @example Usage
 * ```ts
 * import { outgoing } from "./line_ends.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { message } = outgoing("GET / HTTP/1.0\n", { crlf: true, noNewline: false });
 * assertEquals(message, "GET / HTTP/1.0\r\n\r\n");
 * ```
 */
export function outgoing(text: string, { crlf, noNewline }: { crlf: boolean; noNewline: boolean }): Outgoing {
  const lineEnd = noNewline ? "" : crlf ? "\r\n" : "\n";
  return { message: `${crlf ? text.replace(/(?<!\r)\n/g, "\r\n") : text}${lineEnd}`, lineEnd };
}

/** Puts a CR before each LF that has none, in a stream that comes in pieces, however they are cut. */
export class CrlfFilter {
  #last = 0;

  /** The next piece with its line ends. */
  filter(bytes: Uint8Array): Uint8Array {
    const out = new Uint8Array(bytes.length * 2);
    let length = 0;
    for (const byte of bytes) {
      if (byte === LF && this.#last !== CR) out[length++] = CR;
      this.#last = out[length++] = byte;
    }
    return out.subarray(0, length);
  }
}
