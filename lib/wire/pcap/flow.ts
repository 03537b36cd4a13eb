/**
 * What the connections and the datagram flows of a capture have in common. Pure.
 *
 * @module
 */
import type { Endpoint } from "../../addr.ts";
import type { Mark, Role } from "../../events.ts";
import type { Direction, Remark, WireCall, WireEvent } from "../event.ts";
import { receiverOf, type Route, senderOf } from "./route.ts";

/** An event of a capture, and what there is to say about it: gaps in the capture and, where wanted, the comments of its packet. */
export interface Step {
  readonly event: WireEvent;
  readonly remarks: readonly Remark[];
}

const NO_REMARKS: readonly Remark[] = [];
/** The most remarks that wait for an event of their flow; the first of them are kept. A file may have comments without end. */
const MOST_REMARKS = 100;

/** Which end of a flow is ours. */
export interface View {
  readonly local: Endpoint;
  readonly peer: Endpoint;
  /** Whether we opened the connection, or sent the first datagram. */
  readonly isClient: boolean;
  /** The packets that we sent: see {@linkcode Route.forward}. */
  readonly outward: boolean | null;
}

/**
 * Decides whose calls a flow's events are.
 *
 * @param route Where its first packet goes.
 * @param first Which side sent that.
 * @param direction The way of the packet, if the capture says so: then we are the side that made the capture.
 * @param as The side that was asked for.
 */
export function viewOf(route: Route, first: Role, direction: Direction | null, as: Role | null): View {
  const [sender, receiver] = [senderOf(route), receiverOf(route)];
  const isOurs = as === null ? direction === "out" || (direction === null && first === "client") : as === first;
  const outward = route.forward === null ? null : route.forward === isOurs;
  const isClient = isOurs === (first === "client");
  return isOurs
    ? { local: sender, peer: receiver, isClient, outward }
    : { local: receiver, peer: sender, isClient, outward };
}

/** Collects the events of one flow. */
export class FlowLog {
  readonly id: number;
  readonly view: View;
  #transport: "tcp" | "udp";
  #steps: Step[];
  #last = 0;
  #remarks: Remark[] = [];

  /**
   * @param id Its number, in the order of appearance.
   * @param steps Where its events go.
   */
  constructor(id: number, view: View, transport: "tcp" | "udp", steps: Step[]) {
    this.id = id;
    this.view = view;
    this.#transport = transport;
    this.#steps = steps;
  }

  /**
   * Which way a packet went, as our end sees it.
   *
   * @param direction As the capture says: it decides where both ends are the same, as when a socket sends to itself.
   */
  directionOf({ forward }: Route, direction: Direction | null): Direction {
    if (forward === null) return direction ?? "out";
    return forward === this.view.outward ? "out" : "in";
  }

  /** Adds an event, with the remarks that wait. Its time does not go back behind the last one's. */
  add(call: WireCall, at: number, bytes: Uint8Array | null, more: Partial<WireEvent> = {}): void {
    this.#last = Math.max(this.#last, at);
    const { local, peer } = this.view;
    const event: WireEvent = {
      at: this.#last,
      transport: this.#transport,
      call,
      flow: this.id,
      // A connection that failed had no port, and our captures show 0.
      local: local.port === 0 ? null : local,
      peer,
      bytes,
      duration: 0,
      ...more,
    };
    if (this.#remarks.length === 0) return void this.#steps.push({ event, remarks: NO_REMARKS });
    this.#steps.push({ event, remarks: this.#remarks });
    this.#remarks = [];
  }

  /** Says something about the next event. */
  remark(mark: Mark, at: number, text: string): void {
    if (this.#remarks.length < MOST_REMARKS) this.#remarks.push({ at, flow: this.id, mark, text });
  }
}
