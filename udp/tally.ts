/**
 * Statistics of numbered requests and their answers. Pure.
 *
 * @module
 */
import { LatencyStats } from "../lib/stats.ts";
import { milliseconds, plural } from "../lib/text.ts";

/** Counts the answers to numbered requests. */
export class Tally {
  /** Requests sent; the sender increments this. */
  sent = 0;
  /** Requests answered. */
  received = 0;
  /** Further answers to a request. */
  duplicates = 0;
  /** First answers that arrived after the answer to a later request (as RFC 4737 counts). */
  outOfOrder = 0;
  /** First answers that arrived after their wait had expired. */
  late = 0;
  /** Round-trip times of the first answers. */
  readonly times = new LatencyStats();
  #wait: number;
  #newest = 0;

  /** @param wait How long a request waits for its answer (ms). */
  constructor(wait: number) {
    this.#wait = wait;
  }

  /**
   * Notes an answer.
   *
   * @param number The number of its request.
   * @param time The time since the request (ms).
   * @param again Whether the request was already answered.
   * @returns What is unusual about it, as text; empty for an answer in time and in order.
   */
  answer(number: number, time: number, again: boolean): string[] {
    if (again) {
      this.duplicates++;
      return ["duplicate"];
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

  /** The figures by name; times in milliseconds, omitted if nothing was received. */
  get figures(): Record<string, number> {
    const { sent, received, duplicates, outOfOrder, late, times } = this;
    const loss = sent === 0 ? 0 : (sent - received) / sent * 100;
    const { min, average: avg, max } = times;
    const figures = received > 0 ? { min, avg, max, p99: times.percentile(0.99) } : {};
    return { sent, received, loss, duplicates, outOfOrder, late, ...figures };
  }

  /** The figures as one line. */
  get line(): string {
    const { sent, received, duplicates, outOfOrder, late, times } = this;
    const loss = Number((this.figures.loss ?? 0).toFixed(1));
    const [min, avg, max, p99] = [times.min, times.average, times.max, times.percentile(0.99)].map(milliseconds);
    const figures = received > 0 ? `; min/avg/max/p99 ${min} / ${avg} / ${max} / ${p99}` : "";
    return `${sent} sent, ${received} received, ${loss} % lost, ${plural(duplicates, "duplicate")}, ` +
      `${outOfOrder} out of order, ${late} late${figures}`;
  }
}
