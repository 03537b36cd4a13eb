/**
 * A fault that has happened, and who is told. Pure.
 *
 * @module
 */
import type { FaultName, FaultPlan } from "./plan.ts";

/** The faults of one socket, or of all that share a network. Both plans may be replaced while it runs. */
export interface Faults {
  /** What chance begins with (0 to 2³²-1): the same seed and the same input give the same faults. */
  readonly seed: number;
  /** What happens to what we send… */
  out: FaultPlan;
  /** …and to what we receive. */
  in: FaultPlan;
  /** Whether the cable is pulled: streams stand still, datagrams are lost. */
  cut: boolean;
}

/** One fault as it happened. */
export interface Fault {
  /** The connection's number, or the flow's. */
  readonly flow: number;
  readonly direction: "out" | "in";
  readonly kind: FaultName | "cut";
  /** Which datagram of its flow and direction (from 1), or which byte of the stream (from 0). */
  readonly where: number;
  /** What it did, in a few words: `200 ms later`, `cut after 3 bytes`. */
  readonly detail: string;
}

/** Told each fault as it happens. */
export type FaultSink = (fault: Fault) => void;
