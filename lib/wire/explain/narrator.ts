/**
 * Collects remarks: the reason comes with the first of each kind, and no more are made than a person can read. Pure.
 *
 * @module
 */
import type { Mark } from "../../events.ts";
import type { Remark } from "../event.ts";
import { type MistakeNumber, whyOf } from "./mistakes.ts";
import { Pace, Tally } from "./pace.ts";
import { reasonOf, type Topic } from "./whys.ts";

/** The most remarks in a second, over all connections. */
const MOST = 120;
/** The most lines in a second, whatever they say: one call may make several, and a peer must not fill a disk with them. */
const MOST_LINES = 2 * MOST;
/** How many remarks a sum counts for. */
const SUM = 6;
/** The most remarks about one mistake in a second, over all connections. */
const MOST_MISTAKES = 10;

/** Makes the remarks of one run. */
export class Narrator {
  /** What was not told because too much happened at once. */
  readonly untold = new Tally();
  #pace = new Pace(MOST);
  #lines = new Pace(MOST_LINES);
  #mistakes = new Map<MistakeNumber, Pace>();
  #said = new Set<Topic | MistakeNumber>();
  #remarks: Remark[] = [];

  /** Counts a call that could be told; whether there is room to tell it. If not, the caller adds it to {@linkcode Narrator.untold}. */
  hears(at: number): boolean {
    return this.#pace.take(at);
  }

  /** Tells the sum of one connection's calls; where there are many such sums, they become one. */
  sum(at: number, flow: number, tally: Tally): void {
    if (this.#pace.take(at, SUM)) this.#push(at, flow, "data", `Also: ${tally.take(at)}`, "bulk");
    else tally.moveTo(this.untold, at);
  }

  /** Says something; the reason follows if it is the first of its kind. In a flood it is only counted. */
  say(at: number, flow: number, mark: Mark, text: string, topic?: Topic): void {
    if (this.#lines.take(at)) this.#push(at, flow, mark, text, topic);
    else this.untold.remark(at);
  }

  #push(at: number, flow: number, mark: Mark, text: string, topic?: Topic): void {
    const why = topic === undefined || this.#said.has(topic) ? undefined : reasonOf(topic);
    if (topic !== undefined) this.#said.add(topic);
    this.#remarks.push(why === undefined ? { at, flow, mark, text } : { at, flow, mark, text, why });
  }

  /** Names a mistake that was noticed. In a flood only the first are told, the rest counted. */
  mistake(at: number, flow: number, mistake: MistakeNumber, text: string): void {
    const first = !this.#said.has(mistake);
    let pace = this.#mistakes.get(mistake);
    if (pace === undefined) this.#mistakes.set(mistake, pace = new Pace(MOST_MISTAKES));
    if (!pace.take(at)) {
      this.untold.mistake(mistake);
      return;
    }
    this.#said.add(mistake);
    const remark = { at, flow, mark: "trouble", text, mistake } as const;
    this.#remarks.push(first ? { ...remark, why: whyOf(mistake) } : remark);
  }

  /** Sums up what was not told, once a second has passed, or at the end. */
  sumUp(at: number, end = false): void {
    if (end ? !this.untold.empty : this.untold.due(at)) {
      this.#push(at, 0, "data", `On all connections: ${this.untold.take(at)}`, "bulk");
    }
  }

  /** The remarks since the last call. */
  take(): readonly Remark[] {
    if (this.#remarks.length === 0) return NONE;
    const remarks = this.#remarks;
    this.#remarks = [];
    return remarks;
  }
}

const NONE: readonly Remark[] = [];
