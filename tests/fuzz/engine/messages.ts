/**
 * What a thread and its starter tell each other.
 *
 * @module
 */
import type { Hunted } from "./hunt.ts";

/** What a thread is to do. */
export interface Task {
  readonly name: string;
  readonly seed: number;
  readonly bytes: number;
  readonly corpus: readonly Uint8Array[];
  /** The number of inputs so far and the length of the current one (32 bits each), then that input. */
  readonly watched: SharedArrayBuffer;
}

/** What a thread reports. */
export type Report =
  | { readonly kind: "progress"; readonly bytes: number; readonly inputs: number }
  | ({ readonly kind: "done" } & Hunted)
  /** It could not do its work, which says nothing about the target. */
  | { readonly kind: "failed"; readonly message: string };
