/**
 * The datagrams between two endpoints of a capture, as the calls of one side. Pure.
 *
 * @module
 */
import type { Role } from "../../events.ts";
import { plural } from "../../text.ts";
import type { Direction } from "../event.ts";
import type { Route } from "./route.ts";
import { FlowLog, type Step, viewOf } from "./flow.ts";
import type { Frame } from "./frame.ts";

/** A datagram with its frame's facts. */
export interface UdpPacket {
  readonly frame: Frame;
  readonly direction: Direction | null;
  readonly route: Route;
  /** What was captured of it. */
  readonly payload: Uint8Array;
  /** How many bytes it has, also where fewer were captured. */
  readonly length: number;
}

/** Tells datagrams as calls. The sender of the first one is the client. */
export class DatagramFlow {
  #log: FlowLog;
  #comments: boolean;

  /** @param packet The first one. */
  constructor(
    id: number,
    { route, direction }: UdpPacket,
    { as, comments, steps }: { as: Role | null; comments: boolean; steps: Step[] },
  ) {
    this.#log = new FlowLog(id, viewOf(route, "client", direction, as), "udp", steps);
    this.#comments = comments;
  }

  /** Takes a datagram. */
  packet({ frame: { at, comments }, direction, route, payload, length }: UdpPacket): void {
    if (this.#comments) { for (const comment of comments) this.#log.remark("data", at, comment); }
    if (payload.length < length) {
      this.#log.remark("trouble", at, `The capture has only ${payload.length} of ${plural(length, "byte")}`);
    }
    const bytes = payload.slice();
    if (this.#log.directionOf(route, direction) === "in") return this.#log.add("receive", at, bytes);
    this.#log.add("sending", at, bytes);
    this.#log.add("send", at, bytes);
  }

  /** A datagram of ours did not arrive: the system tells that with the next call. */
  unreachable(route: Route, at: number, error: string): void {
    if (this.#log.directionOf(route, "out") === "out") this.#log.add("receive", at, null, { error });
  }
}
