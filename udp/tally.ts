/**
 * What became of numbered requests, in figures. Pure.
 *
 * @module
 */
import { LatencyStats } from "../lib/stats.ts";
import { milliseconds, plural } from "../lib/text.ts";

/** Counts what became of numbered requests. */
export class Tally {
  /** Requests that were sent; whoever sends them counts here. */
  sent = 0;
  /** Requests that were answered. */
  received = 0;
  /** Answers to requests that were answered before. */
  duplicates = 0;
  /** First answers behind that to a later request (as RFC 4737 counts). */
  outOfOrder = 0;
  /** First answers after their wait was over. */
  late = 0;
  /** How long the first answers took. */
  readonly times = new LatencyStats();
  #wait: number;
  #newest = 0;

  /** @param wait How long an answer is waited for (ms). */
  constructor(wait: number) {
    this.#wait = wait;
  }

  /**
   * Notes an answer.
   *
   * @param number The number of the request that it answers.
   * @param time How long after its request it came (ms).
   * @param again Whether that request was answered before.
   * @returns What is odd about it, in words; nothing for one in time and in order.
   */
  answer(number: number, time: number, again: boolean): string[] {
    if (again) {
      this.duplicates++;
      return ["once more"];
    }
    this.received++;
    this.times.add(time);
    const outOfOrder = number < this.#newest;
    const late = time > this.#wait;
    if (outOfOrder) this.outOfOrder++;
    if (late) this.late++;
    this.#newest = Math.max(this.#newest, number);
    return [...(outOfOrder ? ["out of order"] : []), ...(late ? ["late"] : [])];
  }

  /** The figures by name; times in milliseconds, left out when nothing was received. */
  get figures(): Record<string, number> {
    const { sent, received, duplicates, outOfOrder, late, times } = this;
    const loss = sent === 0 ? 0 : (sent - received) / sent * 100;
    const { min, average: avg, max } = times;
    return { sent, received, loss, duplicates, outOfOrder, late, ...(received > 0 ? { min, avg, max } : {}) };
  }

  /** The figures as a line. */
  get line(): string {
    const { sent, received, duplicates, outOfOrder, late, times } = this;
    const loss = Number((this.figures.loss ?? 0).toFixed(1));
    const [min, avg, max] = [times.min, times.average, times.max].map(milliseconds);
    return `${sent} sent, ${received} received, ${loss} % lost, ${plural(duplicates, "duplicate")}, ` +
      `${outOfOrder} out of order, ${late} late${received > 0 ? `; min/avg/max ${min} / ${avg} / ${max}` : ""}`;
  }
}
