/**
 * When the next bytes of a line may pass.
 *
 * @module
 */
import type { TimeSource } from "../time.ts";
import type { Faults } from "./fault.ts";
import type { Line } from "./line.ts";

/** How often to look whether the cable is in again, or the plan another (ms): nobody tells. */
const LOOK = 50;

/** What stands before one direction of a stream. */
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

  /** How long to wait before asking again (ms); 0 = what comes next may pass. `Infinity` if nothing comes. */
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

  /** Whether what is due waits for ever. */
  get stuck(): boolean {
    const now = this.#time.now();
    return this.#line.due <= now && this.#line.stalledUntil(now, this.#faults[this.#direction]) === Infinity;
  }
}
