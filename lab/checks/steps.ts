/**
 * What a check did and what came back, for the report. Pure.
 *
 * @module
 */

/** One step of a check. */
export interface Step {
  /** Milliseconds since the check began. */
  readonly at: number;
  /** The connection's number in this check, from 1; 0 = the server's own terminal. */
  readonly connection: number;
  readonly kind:
    | "type"
    | "connect"
    | "refused"
    | "send"
    | "receive"
    | "half-close"
    | "end"
    | "reset"
    | "was reset"
    | "close"
    | "silence";
  /** The first bytes that were sent or received. */
  readonly bytes?: Uint8Array;
  /** How many bytes there were. */
  readonly length?: number;
  /** What the bytes do not show: `1,000 connections`. */
  readonly note?: string;
}

/** How many bytes of one step are kept. */
const KEPT = 512;
/** How many steps are kept: the first ones and the latest, half of each. */
const MAX_STEPS = 200;
/** The index after which steps are left out. */
const LEFT_AT = MAX_STEPS / 2;

/** The steps of one check: bounded, however much is sent. */
export class Steps {
  readonly list: Step[] = [];
  /** How many were left out between the two halves. */
  left = 0;
  #started = performance.now();

  /** Adds a step; what a connection sends or receives in one call is one step. */
  add(connection: number, kind: Step["kind"], bytes?: Uint8Array, note?: string): void {
    if (this.list.length >= MAX_STEPS) {
      this.list.splice(LEFT_AT, 1);
      this.left++;
    }
    const at = performance.now() - this.#started;
    const data = bytes === undefined ? {} : { bytes: bytes.slice(0, KEPT), length: bytes.length };
    this.list.push({ at, connection, kind, ...data, ...(note === undefined ? {} : { note }) });
  }
}
