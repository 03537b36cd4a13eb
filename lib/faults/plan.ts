/**
 * What a network is to do wrong on purpose: each fault's syntax, its limits, and what it means. Pure.
 *
 * @module
 */

/** How text splits into writes: pieces of N bytes, of random length, or cut inside UTF-8 characters. */
export type Split = number | "random" | "utf8";

/** The faults of one direction. Times are in milliseconds, probabilities from 0 to 1, rates in bytes per second. */
export interface FaultPlan {
  /** Everything arrives this much later. */
  readonly delay: number;
  /** …and by up to this much more or less, at random. Datagrams overtake each other; a stream stays in order. */
  readonly jitter: number;
  /** How fast bytes pass; `Infinity` is no limit. */
  readonly rate: number;
  /** The share of datagrams lost; on a stream, of segments that come late, since they are sent again. */
  readonly loss: number;
  /** The mean number of losses in a row (Gilbert's model); 1 = each on its own. */
  readonly burst: number;
  /** The share of datagrams that arrive twice. */
  readonly duplicate: number;
  /** The share of datagrams that arrive after the one sent next. */
  readonly reorder: number;
  /** The share of datagrams in which one bit is flipped. */
  readonly corrupt: number;
  /** The most bytes of a datagram that arrive. */
  readonly truncate: number;
  /** How many datagrams wait for `rate`; more are lost. */
  readonly queue: number;
  /** How a stream's bytes are cut into pieces; `null` is not at all. */
  readonly split: Split | null;
  /** What is written within this time arrives at once. */
  readonly coalesce: number;
  /** How fast a stream is read. */
  readonly slowRead: number;
  /** After how many bytes of a stream nothing more passes… */
  readonly stallAfter: number;
  /** …and for how long. */
  readonly stallFor: number;
  /** After how many bytes of a stream its end follows, whatever is still to come. */
  readonly halfCloseAfter: number;
  /** After how many bytes of a stream the connection is reset. */
  readonly resetAfter: number;
}

/** The name of a fault: a field of the plan, and in kebab case its flag. */
export type FaultName = keyof FaultPlan;

/** A network that does nothing wrong. */
export const NO_FAULTS: FaultPlan = {
  delay: 0,
  jitter: 0,
  rate: Infinity,
  loss: 0,
  burst: 1,
  duplicate: 0,
  reorder: 0,
  corrupt: 0,
  truncate: Infinity,
  queue: 100,
  split: null,
  coalesce: 0,
  slowRead: Infinity,
  stallAfter: Infinity,
  stallFor: Infinity,
  halfCloseAfter: Infinity,
  resetAfter: Infinity,
};
