/**
 * The network that a relay simulates: its faults, which may change while it runs. Pure.
 *
 * @module
 */
import type { Faults } from "../../lib/faults/fault.ts";
import { type FaultPlan, NO_FAULTS } from "../../lib/faults/plan.ts";
import { abortable } from "../../lib/within.ts";

/** The faults of a relay. Towards the server `out` is up, `in` is down. */
export class Network implements Faults {
  readonly seed: number;
  out: FaultPlan;
  in: FaultPlan;
  #cut = false;
  #healed = Promise.withResolvers<void>();

  constructor(
    { seed = 0, up = NO_FAULTS, down = NO_FAULTS }: { seed?: number; up?: FaultPlan; down?: FaultPlan } = {},
  ) {
    this.seed = seed;
    this.out = up;
    this.in = down;
  }

  get cut(): boolean {
    return this.#cut;
  }

  set cut(cut: boolean) {
    if (this.#cut === cut) return;
    this.#cut = cut;
    if (cut) this.#healed = Promise.withResolvers();
    else this.#healed.resolve();
  }

  /**
   * Waits until the cable is plugged in.
   *
   * @throws If the signal aborts, its reason.
   */
  async whole(signal: AbortSignal): Promise<void> {
    while (this.#cut) await abortable(this.#healed.promise, signal);
  }
}
