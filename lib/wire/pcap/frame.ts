/**
 * A packet as a capture file holds it. Pure.
 *
 * @module
 */
import type { Direction } from "../event.ts";

/** A packet, still with its link layer. */
export interface Frame {
  /** Milliseconds since the epoch, with a fraction. */
  readonly at: number;
  /** Its link type, see `Link`. */
  readonly link: number;
  /** What was captured of it: a view that is valid until the next frame. */
  readonly data: Uint8Array;
  /** As seen by the machine that captured it; `null` where the file does not say. */
  readonly direction: Direction | null;
  readonly comments: readonly string[];
  /** Whether it is in one of our own captures, whose packets tell calls. */
  readonly ours: boolean;
  /** Whether its payload is the plain text of TLS. */
  readonly tls: boolean;
}

/** No comments: one array for all frames without. */
export const NO_COMMENTS: readonly string[] = [];
