/**
 * The segments of a stream, and what chance does to each. Pure.
 *
 * A program above TCP cannot make TCP lose a segment. What a loss costs is known, though: the segment and everything behind it arrive
 * later, because it has to be retransmitted. That delay is modelled here.
 *
 * @module
 */
import { Chance, Losses } from "./chance.ts";
import type { FaultPlan } from "./plan.ts";

/** The bytes in a segment: an Ethernet frame's 1,500 less the headers of IP (20) and TCP (20, plus 12 for timestamps). */
export const SEGMENT = 1448;
/** The shortest and longest retransmission timeout (ms): those of Linux; RFC 6298 2.4 and 2.5 suggest 1 s and 60 s. */
const MIN_TIMEOUT = 200;
const MAX_TIMEOUT = 120_000;
/** How often a segment is retransmitted before the connection is given up: `tcp_retries2` in tcp(7). */
const MAX_RETRIES = 15;
/** How many duplicate acknowledgements, one for each later segment, trigger a fast retransmit (RFC 5681 3.2). */
const DUPLICATES = 3;

/** A segment. All of its bytes share its fate, however many writes they came in. */
export interface Segment {
  readonly index: number;
  /** How much later than the delay it arrives (ms); earlier if negative. */
  readonly jitter: number;
  /** How often it is lost before it arrives; `Infinity` = it never does. */
  readonly losses: number;
  /** When the third segment after it was sent; `Infinity` until then. */
  overtaken: number;
}

/** Cuts a stream into segments, and decides the fate of each in order. */
export class Segments {
  #losses: Losses;
  #again: Chance;
  #jitter: Chance;
  /** The most recent segments, the newest first. */
  #recent: Segment[] = [];

  constructor(seed: number, flow: number, direction: "out" | "in") {
    const chance = (kind: string): Chance => new Chance(seed, flow, `${direction} ${kind}`);
    this.#losses = new Losses(chance("loss"));
    this.#again = chance("loss again");
    this.#jitter = chance("jitter");
  }

  /**
   * The segment of the byte at an offset. Offsets must not decrease.
   *
   * @param sent When that byte was sent (ms).
   * @returns The segment, and whether the byte is its first.
   */
  at(offset: number, sent: number, plan: FaultPlan): { readonly segment: Segment; readonly first: boolean } {
    const index = Math.floor(offset / SEGMENT);
    const [newest] = this.#recent;
    if (newest !== undefined && newest.index === index) return { segment: newest, first: false };
    const jitter = this.#jitter.spread(plan.jitter);
    const segment = { index, jitter, losses: this.#lossesOf(plan), overtaken: Infinity };
    this.#recent = [segment, ...this.#recent.slice(0, DUPLICATES)];
    const overtaken = this.#recent[DUPLICATES];
    if (overtaken !== undefined) overtaken.overtaken = sent;
    return { segment, first: true };
  }

  #lossesOf({ loss, burst }: FaultPlan): number {
    if (!this.#losses.next(loss, burst)) return 0;
    let losses = 1;
    while (losses <= MAX_RETRIES && this.#again.happens(loss)) losses++;
    return losses <= MAX_RETRIES ? losses : Infinity;
  }
}

/**
 * How much later a lost segment arrives (ms): after a timeout that doubles with each loss, or the first time a round trip after the third
 * later segment was sent, if that is sooner (fast retransmit). The round trip is twice the delay.
 *
 * @param sent When the segment was sent first.
 * @param delay How long everything takes (ms).
 */
export function retransmission({ losses, overtaken }: Segment, sent: number, delay: number): number {
  if (losses === 0) return 0;
  if (losses === Infinity) return Infinity;
  const timeout = MIN_TIMEOUT + 2 * delay;
  const byTimeout = timeouts(timeout, losses);
  if (overtaken >= sent + timeout) return byTimeout;
  const roundTrip = Math.max(1, 2 * delay);
  return Math.min(byTimeout, Math.max(0, overtaken - sent) + roundTrip + timeouts(timeout, losses - 1));
}

/** The sum of this many timeouts, each double the last. */
function timeouts(timeout: number, count: number): number {
  let sum = 0;
  for (let done = 0; done < count; done++) sum += Math.min(timeout * 2 ** done, MAX_TIMEOUT);
  return sum;
}
