/**
 * What a relay counts. Pure.
 *
 * @module
 */
import type { Fault, FaultSink } from "../../lib/faults/fault.ts";
import { LatencyStats } from "../../lib/stats.ts";

/** The two directions through a relay: `up` from client to server, `down` from server to client. */
export type Way = "up" | "down";

/** Both, in the order in which they are reported. */
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

/** What went in one direction. */
export class WayTally {
  /** What arrived from the sender… */
  readonly in = new Amount();
  /** …and what went out to the receiver. */
  readonly out = new Amount();
  /** How often each fault happened, by its kind. */
  readonly faults = new Map<Fault["kind"], number>();
  /** How long the relay took over each piece (ms): from its arrival until the system, or the fault that holds it up, had taken it. */
  readonly times = new LatencyStats();
}

/** An open connection or flow of a relay, as `list` shows it. */
export interface OpenFlow {
  readonly id: number;
  /** The client. */
  readonly peer: string;
  /** Bytes from the client, and to it. */
  readonly up: number;
  readonly down: number;
  /** How long it has been open, and how long idle (ms). */
  readonly age: number;
  readonly idle: number;
}

/** What a relay has done. */
export class Tally {
  readonly up = new WayTally();
  readonly down = new WayTally();
  /** Connections; over UDP flows, one for each client endpoint. */
  flows = 0;
  /** How many of them were turned away. */
  refused = 0;
  /** Connections that the target did not accept. */
  failed = 0;
  /** Connections that ended with RST, which was passed on. */
  resets = 0;
  /** Datagrams that reached a flow's socket from anywhere but the target. */
  foreign = 0;
  /** Datagrams that the system did not send. */
  unsent = 0;

  /** Makes a sink that counts faults and passes them on. The faults are those of the socket towards the server, whose `out` is up. */
  counting(next: FaultSink = () => {}): FaultSink {
    return (fault) => {
      const { faults } = fault.direction === "out" ? this.up : this.down;
      faults.set(fault.kind, (faults.get(fault.kind) ?? 0) + 1);
      next(fault);
    };
  }
}
