/**
 * How a request is turned down. Pure.
 *
 * @module
 */

/**
 * A request that gets an error answer. What HTTP cannot agree about must not be guessed at, so that the connection is closed
 * after it: where the next request begins is anybody's opinion (RFC 9112 11.2).
 */
export class Refusal extends Error {
  override name = "Refusal";

  /**
   * @param status The status of the answer, 400 to 505.
   * @param reason What is wrong, in words that are safe to send back and to print: nothing of the request is in it.
   * @param allow The methods that would be right, for 405.
   */
  constructor(readonly status: number, reason: string, readonly allow?: readonly string[]) {
    super(reason);
  }
}

/** The refusal of a malformed request. */
export function malformed(reason: string): Refusal {
  return new Refusal(400, reason);
}
