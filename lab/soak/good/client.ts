/**
 * What a good client is: it asks what anybody may ask, and knows every byte of the answer.
 *
 * @module
 */
import { ProtocolError } from "../../../lib/errors.ts";
import { Chance } from "../../../lib/faults/chance.ts";
import type { Fingerprint } from "../../../lib/tls/peer_identity.ts";
import { noise } from "../noise.ts";

/** A client that is connected. Not used by two at once. */
export interface GoodClient extends Disposable {
  /**
   * Asks once and compares the answer.
   *
   * @param number Grows with every call.
   * @throws {ProtocolError} The answer is another one than it must be.
   */
  exchange(number: number): Promise<void>;
}

/** The server, and who its client is. */
export interface Where {
  readonly port: number;
  /** The key that the server must have; `null` without TLS. */
  readonly pin: Fingerprint | null;
  /** Different for every client of the run. */
  readonly client: string;
  readonly seed: number;
  /** Aborted at the end of the part of the run in which the client takes part. */
  readonly signal: AbortSignal;
  /** Told when a datagram is sent again. */
  readonly retried: () => void;
}

/** Opens a client. */
export type OpenGood = (where: Where) => Promise<GoodClient>;

/**
 * Bytes that differ for each client and exchange, and are the same for the same seed.
 *
 * @example Usage
 * ```ts
 * import { payload } from "./client.ts";
 * import { assertEquals, assertNotEquals } from "@std/assert";
 *
 * const who = { seed: 7, client: "one" };
 * assertEquals(payload(who, 1, 100), payload(who, 1, 100));
 * assertNotEquals(payload(who, 1, 100), payload(who, 2, 100));
 * ```
 */
export function payload({ seed, client }: Pick<Where, "seed" | "client">, number: number, most: number): Uint8Array {
  const chance = new Chance(seed, number, client);
  return noise(chance, 1 + chance.below(most));
}

/** Compares bytes; says where they differ first. */
export function mustEqual(received: Uint8Array, expected: Uint8Array, what: string): void {
  const at = expected.findIndex((byte, index) => byte !== received[index]);
  if (at < 0 && received.length === expected.length) return;
  const where = at < 0 ? `${received.length} bytes instead of ${expected.length}` : `differs from byte ${at} on`;
  throw new ProtocolError(`Cannot accept ${what}: it ${at < 0 ? "has " : ""}${where}`);
}

/** Compares texts. */
export function mustBe(received: string, expected: string, what: string): void {
  if (received === expected) return;
  throw new ProtocolError(`Cannot accept ${what}: it is ${JSON.stringify(received)}, not ${JSON.stringify(expected)}`);
}
