/**
 * An attempt to connect that takes only so long.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../../lib/addr.ts";
import { TimedOutError } from "../../lib/errors.ts";
import type { TimeSource } from "../../lib/time.ts";

/** One attempt to connect. */
export interface Attempt {
  /** Ends the attempt, and only that. */
  readonly signal: AbortSignal;
  /** Lifts the limit: the user is about to be asked something. */
  readonly lift: () => void;
}

/** Options of {@linkcode connectWithin}. */
export interface ConnectWithinOptions {
  /** The limit (s). */
  readonly limit: number;
  /** Ends the attempt; it means nothing to the connection that the attempt has made. */
  readonly signal: AbortSignal;
  readonly time: TimeSource;
}

/**
 * Connects within a limit.
 *
 * @throws {TimedOutError} It took too long.
 */
export async function connectWithin<T>(
  server: Endpoint,
  connect: (attempt: Attempt) => Promise<T>,
  { limit, signal, time }: ConnectWithinOptions,
): Promise<T> {
  signal.throwIfAborted();
  const attempt = new AbortController();
  const abort = (): void => attempt.abort(signal.reason);
  const late = new TimedOutError(`Cannot connect to ${formatEndpoint(server)}: no answer for ${limit} s`);
  const lift = time.after(limit * 1000, () => attempt.abort(late));
  signal.addEventListener("abort", abort);
  try {
    return await connect({ signal: attempt.signal, lift });
  } finally {
    signal.removeEventListener("abort", abort);
    lift();
  }
}
