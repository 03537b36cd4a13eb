/**
 * The order of steps across conversations. Pure.
 *
 * @module
 */
import type { Conversation } from "./conversation.ts";

/** Lets each step of ours wait for its turn. */
export interface Order {
  /** Waits until the next step of a conversation may be taken. */
  turn(flow: number): Promise<void>;
  /** That step was taken. */
  taken(flow: number): void;
  /** The conversation takes no more steps. */
  leave(flow: number): void;
}

/** Every step when its conversation wants. */
export const NO_ORDER: Order = { turn: () => Promise.resolve(), taken: () => {}, leave: () => {} };

/**
 * The order of the capture: a step, connecting included, waits for all steps of other conversations that came before it. What one
 * client is sent may depend on what another one did, as in a chat.
 *
 * @example Usage
 * ```ts
 * import { CapturedOrder } from "./order.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const side = { transport: "tcp", client: null, server: null, tls: false, opened: 0, refused: false } as const;
 * const order = new CapturedOrder([
 *   { ...side, flow: 1, start: 0, steps: [{ do: "halfClose", at: 2 }] },
 *   { ...side, flow: 2, start: 1, steps: [] },
 * ]);
 * const steps: string[] = [];
 * const second = order.turn(2).then(() => steps.push("2 connects"));
 * await order.turn(1);
 * steps.push("1 connects");
 * order.taken(1);
 * await second;
 * assertEquals(steps, ["1 connects", "2 connects"]);
 * ```
 */
export class CapturedOrder implements Order {
  /** Whose step is next, the last first. */
  #flows: number[];
  #gone = new Set<number>();
  #waiting = new Map<number, () => void>();

  constructor(conversations: readonly Conversation[]) {
    this.#flows = conversations.flatMap(({ flow, start, steps }) => [
      { flow, at: start },
      ...steps.filter((step) => step.do !== "expect" && step.do !== "expectEnd").map(({ at }) => ({ flow, at })),
    ]).sort((one, other) => other.at - one.at).map(({ flow }) => flow);
  }

  turn(flow: number): Promise<void> {
    if (this.#flows.at(-1) === flow) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.set(flow, resolve));
  }

  taken(flow: number): void {
    if (this.#flows.at(-1) === flow) this.#flows.pop();
    this.#wake();
  }

  leave(flow: number): void {
    this.#gone.add(flow);
    this.#wake();
  }

  #wake(): void {
    let next = this.#flows.at(-1);
    while (next !== undefined && this.#gone.has(next)) {
      this.#flows.pop();
      next = this.#flows.at(-1);
    }
    if (next === undefined) return;
    this.#waiting.get(next)?.();
    this.#waiting.delete(next);
  }
}
