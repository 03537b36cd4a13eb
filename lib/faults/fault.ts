/**
 * The faults of a socket, and the report of one that has happened. Pure.
 *
 * @module
 */
import type { FaultName, FaultPlan } from "./plan.ts";

/** The faults of one socket, or of all sockets on a network. Both plans may be replaced at any time. */
export interface Faults {
  /** 0 to 2³²-1. The same seed and the same input give the same faults. */
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
  /** What it did, in a few words: `200 ms later`, `split after 3 bytes`. */
  readonly detail: string;
}

/** Called with each fault as it happens. */
export type FaultSink = (fault: Fault) => void;
