/**
 * Looks at a store every second: whether it has lines that nobody was told of, and whether it is still the same one. Pure.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { SYSTEM_TIME, type TimeSource } from "../../../lib/time.ts";
import type { LineStore, StoreState } from "./line_store.ts";

/** How often the store is looked at (ms). */
const LOOK = 1000;

/** Whom a lookout reports to. */
export interface LookoutHost {
  /** The number of the last line that was read. */
  last(): number;
  /** The store answers, and is the same as before. */
  seen(state: StoreState): void;
  /** The store is another one of the same name, or an older state of itself: its numbers mean other lines now. */
  renumbered(state: StoreState, what: "another" | "older"): void;
  failed(error: unknown): void;
}

/** Watches one store. */
export class Lookout implements Disposable {
  #store: LineStore;
  #host: LookoutHost;
  #time: TimeSource;
  #identity: string;
  #epoch: string;
  /** Whether the store seemed to have gone back. */
  #suspect = false;
  #looking = false;
  #cancel: () => void = () => {};
  #closed = false;

  /** @param state What the store was when it was looked at first. */
  constructor(store: LineStore, { identity }: StoreState, host: LookoutHost, time: TimeSource = SYSTEM_TIME) {
    this.#store = store;
    this.#host = host;
    this.#time = time;
    this.#identity = identity;
    this.#epoch = wordOf(identity);
    this.#later();
  }

  /** Names the numbering of the store in one word, the same on every server. */
  get epoch(): string {
    return this.#epoch;
  }

  /** Looks now. It never rejects. */
  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const last = this.#host.last();
    try {
      const state = await this.#store.look();
      if (!this.#closed) this.#compare(state, last);
    } catch (error) {
      if (!this.#closed) this.#host.failed(error);
    }
    this.#looking = false;
    this.#later();
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#cancel();
  }

  #later(): void {
    this.#cancel();
    if (!this.#closed) this.#cancel = this.#time.after(LOOK, () => void this.look());
  }

  /** @param before The number of the last line that had been read when the store was asked. */
  #compare(state: StoreState, before: number): void {
    const another = state.identity !== this.#identity;
    const older = !another && state.last < before;
    // In a cluster, the answer of a leader that has just been replaced may be old: the second one counts.
    const renumbered = another || older && this.#suspect;
    this.#suspect = older && !this.#suspect;
    if (!renumbered) return this.#host.seen(state);
    // Servers that agree on what the numbering was, and where it went back to, agree on its new name.
    this.#epoch = wordOf(another ? state.identity : `${this.#epoch} ${state.last}`);
    this.#identity = state.identity;
    this.#host.renumbered(state, another ? "another" : "older");
  }
}

function wordOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}
