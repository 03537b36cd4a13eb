/**
 * Tells a server that answers by itself from a person, over UDP, where anybody can forge the datagram that brings one to us. Pure.
 *
 * @module
 */
import { isFarewell, UDP_GOODBYE } from "../protocol.ts";

/** An answer that comes sooner (ms) is a machine's: nobody reads and types that fast. Our own clients fed from a file are as fast. */
const REFLEX = 20;
/** An echo of our words counts 2, the same words as before count 1; so many in a row are a server's. */
const SURE = 3;

/** What servers of this project say by themselves and people do not. */
const FIXED: ReadonlySet<string> = new Set([UDP_GOODBYE, "Hello from server!"]);

/** Tells whether a message is what a server says by itself. It is never answered, and begins no conversation. */
export function isServersWord(text: string): boolean {
  return FIXED.has(text) || text.startsWith("Cannot take the question: ") || text.startsWith('{"error":"Cannot ');
}

/**
 * Watches what comes right after each of our answers. A server sends our own words back, or its own again, and at once; a file of lines
 * that is fed to a client is as fast but has something new to say. A client that asks again because an answer is late may cross it with
 * the same words, but not three times in a row within so short a time.
 *
 * @example Usage
 * ```ts
 * import { Reflexes } from "./udp_reflex.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const reflexes = new Reflexes();
 * reflexes.said("hello?", 1000);
 * assertEquals(reflexes.heard("hello?", 1001), false);
 * reflexes.said("who is there?", 5000);
 * assertEquals(reflexes.heard("who is there?", 5001), true); // an echo
 * ```
 */
export class Reflexes {
  #said: string | null = null;
  #at = 0;
  #heard: string | null = null;
  #suspicion = 0;

  /** We answered, with the words of a person. */
  said(text: string, now: number): void {
    this.#said = text;
    this.#at = now;
  }

  /** The other side said something; `true` when it is a server. */
  heard(text: string, now: number): boolean {
    if (this.#said !== null && !isFarewell(text)) {
      const echoed = text === this.#said;
      const suspect = now - this.#at < REFLEX && (echoed || text === this.#heard);
      this.#suspicion = suspect ? this.#suspicion + (echoed ? 2 : 1) : 0;
      // What comes after the first is no answer to us.
      this.#said = null;
    }
    this.#heard = text;
    return this.#suspicion >= SURE;
  }
}
