/**
 * What a relay counts. Pure.
 *
 * @module
 */
import type { Fault, FaultSink } from "../../lib/faults/fault.ts";
import { LatencyStats } from "../../lib/stats.ts";

/** The two ways through a relay: `up` from client to server, `down` from server to client. */
export type Way = "up" | "down";

/** The ways, in the order in which they are told. */
export const WAYS: readonly Way[] = ["up", "down"];

/** Chunks of a stream, or datagrams, and their bytes. */
export class Amount {
  pieces = 0;
  bytes = 0;

  /** Counts one piece. */
  add(bytes: number): void {
    this.pieces++;
    this.bytes += bytes;
  }
}

/** What went one way. */
export class WayTally {
  /** What came from the sender… */
  readonly in = new Amount();
  /** …and what went out to the receiver. */
  readonly out = new Amount();
  /** How often each fault happened, by its kind. */
  readonly faults = new Map<Fault["kind"], number>();
  /** How long the relay had each piece (ms): from its arrival until the system, or the fault that holds it up, had taken it. */
  readonly times = new LatencyStats();
}

/** A connection of a relay, or a flow, for people who ask. */
export interface OpenFlow {
  readonly id: number;
  /** The client. */
  readonly peer: string;
  /** Bytes from the client, and to it. */
  readonly up: number;
  readonly down: number;
  /** How long it has been open, and since when nothing passed (ms). */
  readonly age: number;
  readonly idle: number;
}

/** What a relay has done. */
export class Tally {
  readonly up = new WayTally();
  readonly down = new WayTally();
  /** Connections, or over UDP flows: a client's endpoint each. */
  flows = 0;
  /** Those that were turned away. */
  refused = 0;
  /** Connections that the target did not take. */
  failed = 0;
  /** Connections that ended with RST, which was passed on. */
  resets = 0;
  /** Datagrams that came to a flow's socket from others than the target. */
  foreign = 0;
  /** Datagrams that the system did not take. */
  unsent = 0;

  /** Makes the sink that counts faults, and passes them on; `out` of the socket towards the server is up. */
  counting(next: FaultSink = () => {}): FaultSink {
    return (fault) => {
      const { faults } = fault.direction === "out" ? this.up : this.down;
      faults.set(fault.kind, (faults.get(fault.kind) ?? 0) + 1);
      next(fault);
    };
  }
}
