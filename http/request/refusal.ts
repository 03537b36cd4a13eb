/**
 * Requests that are refused with an error status. Pure.
 *
 * @module
 */

/** Fields of an error answer. */
export interface RefusalFields {
  /** The allowed methods, for 405. */
  readonly allow?: readonly string[];
  /** Seconds after which to retry, for 503. */
  readonly retryAfter?: number;
  /** The protocol to use instead and its version, for 426. */
  readonly upgrade?: { readonly protocol: string; readonly version: string };
}

/**
 * A request that gets an error answer. The connection is closed after it: where the next request begins is ambiguous, and must not be
 * guessed (RFC 9112 11.2).
 */
export class Refusal extends Error {
  override name = "Refusal";

  /**
   * @param status The status of the answer, 400 to 505.
   * @param reason What is wrong; the answer escapes its control characters.
   */
  constructor(readonly status: number, reason: string, readonly fields: RefusalFields = {}) {
    super(reason);
  }
}

/** The refusal of a malformed request. */
export function malformed(reason: string): Refusal {
  return new Refusal(400, reason);
}

/** The refusal of a PUT of a part only, which would be taken for the whole (RFC 9110 14.5). */
export function partial(): Refusal {
  return malformed("Content-Range in a PUT: this server takes no parts (RFC 9110 14.5)");
}

/** The refusal of a request that needs more memory than all connections together have left. */
export function outOfMemory(): Refusal {
  return new Refusal(503, "the server has no memory left for this request; try again later", { retryAfter: 5 });
}
