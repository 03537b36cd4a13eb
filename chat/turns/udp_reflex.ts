/**
 * Detects over UDP that the peer is a server that answers automatically and not a user: a forged datagram can set two servers on each
 * other. Pure.
 *
 * @module
 */
import { REFUSED } from "../../lib/refusal.ts";
import { isFarewell, UDP_GOODBYE } from "../protocol.ts";

/** Faster answers (ms) are not typed by a human. They need not come from a server: a client can read its lines from a file. */
const INSTANT = 20;
/** An echo of our message counts 2, a repetition of the peer's own counts 1; this many in a row mean a server. */
const CERTAIN = 3;

/** Messages that only this project's servers send automatically. */
const FIXED: ReadonlySet<string> = new Set([UDP_GOODBYE, "Hello from server!"]);

/** Whether a message is one that a server sends automatically. Such a message is never answered and starts no conversation. */
export function isAutomaticReply(text: string): boolean {
  return FIXED.has(text) || text.startsWith(REFUSED) || text.startsWith("Cannot take the question: ") ||
    text.startsWith('{"error":"Cannot ');
}

/**
 * Checks the first message after each of our answers. A server instantly sends back our own message or repeats its own. A client that
 * reads from a file is as fast, but sends something new each time. A client's retry may cross a late answer, but not three times in a
 * row within so short a time.
 *
 * @example Usage
 * ```ts
 * import { AutoReplyDetector } from "./udp_reflex.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const detector = new AutoReplyDetector();
 * detector.sent("hello?", 1000);
 * assertEquals(detector.received("hello?", 1001), false);
 * detector.sent("who is there?", 5000);
 * assertEquals(detector.received("who is there?", 5001), true); // an echo
 * ```
 */
export class AutoReplyDetector {
  #sent: string | null = null;
  #at = 0;
  #received: string | null = null;
  #suspicion = 0;

  /** Notes an answer that our user typed. */
  sent(text: string, now: number): void {
    this.#sent = text;
    this.#at = now;
  }

  /** Notes a message from the peer; `true` if the peer is a server. */
  received(text: string, now: number): boolean {
    if (this.#sent !== null && !isFarewell(text)) {
      const echoed = text === this.#sent;
      const suspect = now - this.#at < INSTANT && (echoed || text === this.#received);
      this.#suspicion = suspect ? this.#suspicion + (echoed ? 2 : 1) : 0;
      // Only the first message can be an answer to ours.
      this.#sent = null;
    }
    this.#received = text;
    return this.#suspicion >= CERTAIN;
  }
}
