/**
 * The options and limits of a connection.
 *
 * @module
 */
import type { Events } from "../events.ts";
import type { MemoryBudget } from "../memory.ts";
import type { TimeSource } from "../time.ts";
import type { FairGate } from "./fair.ts";

/** Limits of a connection. Times are in milliseconds. */
export interface ConnectionLimits {
  /** Idle timeout: closes the connection when a read waits this long; 0 = wait for ever (default). */
  readonly timeout?: number;
  /** Closes the connection when a message is incomplete this long after its first byte; 0 = no limit (default). */
  readonly messageTime?: number;
  /** Closes the connection when a write stalls this long because the peer does not read; 0 = wait for ever (default). */
  readonly stall?: number;
  /** The most bytes in one message (64 KiB). */
  readonly maxMessage?: number;
  /** The pause that ends a message without newline (100 ms); 0 = off. */
  readonly gap?: number;
  /** The size of the buffer, and so the most bytes that one read returns; by default it grows from 1 KiB to 64 KiB under load. */
  readonly chunk?: number;
}

/** Options of a connection. */
export interface ConnectionOptions extends ConnectionLimits {
  readonly events?: Events;
  /** Whether received and sent messages become events; `false` for scripts with their own events. */
  readonly report?: boolean;
  /** Closes the connection; pending operations reject with the signal's reason. */
  readonly signal?: AbortSignal;
  /** The server's gate, if any. */
  readonly gate?: FairGate;
  /** The clock: the system's, unless a test passes its own. */
  readonly time?: TimeSource;
  /** The memory budget that all connections share; without it, only the limits per connection apply. */
  readonly memory?: MemoryBudget;
}

/** How long a write may stall before the client is disconnected (ms), unless its idle limit is shorter. */
const STALL = 30_000;

/** The stall limit for a client with the given idle limit (ms; 0 = none). */
export function stallTime(idle: number): number {
  return idle > 0 ? Math.min(idle, STALL) : STALL;
}

/** The default limit on a message, in bytes. */
export const MAX_MESSAGE = 64 * 1024;
/** The default pause that ends a message without a newline (ms). */
export const GAP = 100;
/** The default limits on reading after our FIN: time (ms) and bytes. */
export const LINGER = { time: 1000, bytes: 1024 * 1024 };
/**
 * In a crowd, so many reads of a message go on at once: a pause in it is the peer's. The next waits for its turn, or messages that come
 * byte by byte would take everybody's.
 */
export const PIECES = 16;
