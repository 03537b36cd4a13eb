/**
 * When the next bytes of a line may pass.
 *
 * @module
 */
import type { TimeSource } from "../time.ts";
import type { Faults } from "./fault.ts";
import type { Line } from "./line.ts";

/** How often to check whether the cable is plugged in again or the plan has changed (ms): there is no notification. */
const LOOK = 50;

/** Holds back one direction of a stream. */
export class Gate {
  #line: Line;
  #faults: Faults;
  #direction: "out" | "in";
  #time: TimeSource;
  #cut = false;

  constructor(line: Line, faults: Faults, direction: "out" | "in", time: TimeSource) {
    this.#line = line;
    this.#faults = faults;
    this.#direction = direction;
    this.#time = time;
  }

  /** How long to wait before asking again (ms); 0 = the next bytes may pass, `Infinity` = there are none. */
  get wait(): number {
    const now = this.#time.now();
    const { due } = this.#line;
    if (due > now) return due - now;
    const isNew = this.#faults.cut && !this.#cut;
    this.#cut = this.#faults.cut;
    if (isNew) this.#line.tellCut();
    if (this.#cut) return LOOK;
    return Math.min(LOOK, Math.max(0, this.#line.stalledUntil(now, this.#faults[this.#direction]) - now));
  }

  /** Whether bytes are due that will never pass. */
  get stuck(): boolean {
    const now = this.#time.now();
    return this.#line.due <= now && this.#line.stalledUntil(now, this.#faults[this.#direction]) === Infinity;
  }
}
