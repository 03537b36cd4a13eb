/**
 * What the answers of streams and of datagrams have in common. Pure.
 *
 * @module
 */

/**
 * How far the answer is that is due. `open`: more is expected. `settling`: more is expected, but what has arrived differs already, so
 * that nothing tells when it is over. `complete`: as much has arrived as in the capture.
 */
export type AnswerState = "open" | "settling" | "complete";

/** The answers of one conversation, taken as they arrive. */
export interface Answers {
  readonly state: AnswerState;
  /** How many bytes were received, or how many datagrams. */
  readonly received: number;
  /** Takes received bytes, or a datagram. */
  push(bytes: Uint8Array): void;
  /** Ends the answer that is due: what arrives now belongs to the next. */
  next(): void;
}
