/**
 * How a request is turned down. Pure.
 *
 * @module
 */

/** What an error answer says besides its status and its reason. */
export interface RefusalFields {
  /** The methods that would be right, for 405. */
  readonly allow?: readonly string[];
  /** Seconds after which another try makes sense, for 503. */
  readonly retryAfter?: number;
}

/**
 * A request that gets an error answer. What HTTP cannot agree about must not be guessed at, so that the connection is closed
 * after it: where the next request begins is anybody's opinion (RFC 9112 11.2).
 */
export class Refusal extends Error {
  override name = "Refusal";

  /**
   * @param status The status of the answer, 400 to 505.
   * @param reason What is wrong, in words; the answer escapes what is not printable in it.
   */
  constructor(readonly status: number, reason: string, readonly fields: RefusalFields = {}) {
    super(reason);
  }
}

/** The refusal of a malformed request. */
export function malformed(reason: string): Refusal {
  return new Refusal(400, reason);
}

/** The refusal of a request that needs more memory than all connections together have left. */
export function outOfMemory(): Refusal {
  return new Refusal(503, "the server has no memory left for this request; try again later", { retryAfter: 5 });
}
