/**
 * The numbers of datagram flows.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../addr.ts";
import { BoundedMap } from "../bounded_map.ts";
import { counter } from "../counter.ts";

/** How many peers of a socket keep their numbers: forged source addresses must not exhaust memory. */
const FLOWS = 4096;

/**
 * Numbers the peers of one socket, so that the datagrams exchanged with one of them can be told from others'.
 *
 * @example Usage
 * ```ts
 * import { FlowNumbers } from "./flow_numbers.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const flows = new FlowNumbers();
 * assertEquals(flows.of({ hostname: "192.0.2.1", port: 53 }), 1);
 * assertEquals(flows.of({ hostname: "192.0.2.2", port: 53 }), 2);
 * assertEquals(flows.of({ hostname: "192.0.2.1", port: 53 }), 1);
 * ```
 */
export class FlowNumbers {
  #next: () => number;
  /** The newest last. */
  #numbers = new BoundedMap<string, number>(FLOWS);

  /** @param next Gives the numbers, for sockets that share a counter. */
  constructor(next: () => number = counter()) {
    this.#next = next;
  }

  /** The number of the flow between the socket and a peer. */
  of(peer: Endpoint): number {
    const key = formatEndpoint(peer);
    const number = this.#numbers.get(key) ?? this.#next();
    // Behind the others: of too many, the one that was silent longest loses its number.
    this.#numbers.delete(key);
    this.#numbers.set(key, number);
    return number;
  }
}
