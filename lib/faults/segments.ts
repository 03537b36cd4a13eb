/**
 * The segments of a stream, and what chance does to each. Pure.
 *
 * Nothing above TCP can lose a segment below it. But what a loss costs is known: the segment, and everything behind it, comes later,
 * since it has to be sent again. That is modelled here.
 *
 * @module
 */
import { Chance, Losses } from "./chance.ts";
import type { FaultPlan } from "./plan.ts";

/** How many bytes a segment carries: an Ethernet frame's 1,500 less the headers of IP (20) and TCP (20, and 12 of timestamps). */
export const SEGMENT = 1448;
/** The shortest and the longest time after which a lost segment is sent again (ms): Linux's, where RFC 6298 2.4 and 2.5 have 1 and 60 s. */
const MIN_TIMEOUT = 200;
const MAX_TIMEOUT = 120_000;
/** How often a segment is sent again: Linux's `tcp_retries2`. */
const MAX_RETRIES = 15;
/** How many later segments must arrive before the sender takes a segment for lost (RFC 5681 3.2). */
const DUPLICATES = 3;

/** A segment: all of its bytes are treated alike, however many writes they came in. */
export interface Segment {
  readonly index: number;
  /** How much later than planned it comes (ms); earlier, if negative. */
  readonly jitter: number;
  /** How often it is lost before it arrives; `Infinity` if it never does. */
  readonly losses: number;
  /** When the third segment behind it was sent; `Infinity` as long as there is none. */
  overtaken: number;
}

/** Cuts a stream into segments, and decides about each, in their order. */
export class Segments {
  #losses: Losses;
  #again: Chance;
  #jitter: Chance;
  /** The last ones, the newest first. */
  #recent: Segment[] = [];

  constructor(seed: number, flow: number, direction: "out" | "in") {
    const chance = (kind: string): Chance => new Chance(seed, flow, `${direction} ${kind}`);
    this.#losses = new Losses(chance("loss"));
    this.#again = chance("loss again");
    this.#jitter = chance("jitter");
  }

  /**
   * The segment of the byte at an offset, at least that of the byte before.
   *
   * @param sent When that byte was sent (ms).
   * @returns Whether it is the first byte of its segment, too.
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
 * How much later a lost segment arrives (ms): after a timeout, which doubles each time; the first time after a round trip, if by then
 * three later segments have been sent (fast retransmit). The round trip is that of the delay alone.
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

/** The sum of so many timeouts. */
function timeouts(timeout: number, count: number): number {
  let sum = 0;
  for (let done = 0; done < count; done++) sum += Math.min(timeout * 2 ** done, MAX_TIMEOUT);
  return sum;
}
