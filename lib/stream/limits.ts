/**
 * What a connection is made with, and the limits that it keeps.
 *
 * @module
 */
import type { Events } from "../events.ts";
import type { MemoryBudget } from "../memory.ts";
import type { TimeSource } from "../time.ts";
import type { FairGate } from "./fair.ts";

/** Limits of a connection. Times are in milliseconds. */
export interface ConnectionLimits {
  /** No word from the peer for so long while we wait for one ends the connection; 0 = wait for ever (default). */
  readonly timeout?: number;
  /** A message that is not complete so long after its first byte ends the connection; 0 = it may take its time (default). */
  readonly messageTime?: number;
  /** A write that makes no progress for so long ends the connection: the peer does not read; 0 = wait for ever (default). */
  readonly stall?: number;
  /** The most bytes of one message (64 KiB). */
  readonly maxMessage?: number;
  /** The pause that ends a message without newline (100 ms); 0 = off. */
  readonly gap?: number;
}

/** How a connection is made. */
export interface ConnectionOptions extends ConnectionLimits {
  readonly events?: Events;
  /** Whether received and sent messages become events; a script with events of its own says no. */
  readonly report?: boolean;
  /** Closes the connection; what waits then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** The server's gate, when there is one. */
  readonly gate?: FairGate;
  /** Where the time comes from: the system, unless a test brings its own. */
  readonly time?: TimeSource;
  /** What all connections together may hold; without it, each its own limits alone. */
  readonly memory?: MemoryBudget;
}

/** How long a write may make no progress before the client is dropped (ms), unless its idle limit is shorter. */
const STALL = 30_000;

/** The limit on a stalled write of a client whose idle limit (ms; 0 = none) is this. */
export function stallTime(idle: number): number {
  return idle > 0 ? Math.min(idle, STALL) : STALL;
}

/** The most bytes of a message where nothing else is said. */
export const MAX_MESSAGE = 64 * 1024;
/** The pause in milliseconds that ends a message without newline where nothing else is said. */
export const GAP = 100;
/** How long (ms) and how many bytes a connection that ends reads on where nothing else is said. */
export const LINGER = { time: 1000, bytes: 1024 * 1024 };
