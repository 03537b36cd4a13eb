/**
 * A connection as a pipe, for `tcp:client` and `tcp:server --pipe`: input to the socket and the socket to output, concurrently and
 * binary-safe.
 *
 * @module
 */
import type { Connection } from "../lib/stream/connection.ts";
import type { DataOutput } from "../lib/console/output.ts";
import { CutOffError, RefusedError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { withProgress } from "../lib/progress.ts";
import type { Input } from "./input.ts";
import { Traffic } from "../lib/traffic.ts";

/** After the peer has closed: how long the input may be silent before the pipe ends (ms). */
export const SILENCE = 1000;

/** Options of {@linkcode pipe}. */
export interface PipeOptions {
  /**
   * Sent if the input ends without a byte. With `null`, an empty input ends nothing: `/dev/null` as standard input must not cut off
   * what is received, and many a peer (ncat is one) stops sending when the other side half-closes. As no answer is expected either, the
   * run says when it only waits for the peer to close.
   */
  readonly message: string | null;
  /** Whether the data is delivered as events. Otherwise nothing is told of a chunk. */
  readonly json: boolean;
  readonly events: Events;
}

/**
 * Pumps both directions until the peer closes. At the end of the input it half-closes and reads on, so that a late answer (from `sort`,
 * say) is not lost. A peer that closes first may only have half-closed, so further input is still sent; if it has fully closed, the next
 * write fails. If the input is silent by then (`tail -f`), the pipe ends. The connection is closed in any case.
 *
 * @returns The last line of the run.
 * @throws {RefusedError} The server turned us away: that is also why it took no more input.
 * @throws {CutOffError} The peer reset the connection, or did not accept the rest of the input.
 */
export async function pipe(
  connection: Connection,
  input: Input,
  output: DataOutput,
  { message, json, events }: PipeOptions,
): Promise<string> {
  connection.report.data = json ? "stream" : "none";
  const traffic = new Traffic(() => connection);
  let received = false;
  const piping = bothWays(connection, {
    send: async (signal) => {
      const write = async (data: Uint8Array | string): Promise<void> => {
        await connection.write(data);
        traffic.end();
      };
      for (let bytes; (bytes = await input.read(signal)) !== null;) await write(bytes);
      if (connection.bytesOut === 0) {
        if (message === null) return;
        await write(message);
      }
      await connection.closeWrite();
      if (message !== null || received) return;
      await output.pause();
      events.emit({ event: "notice", message: `Everything is sent; waiting for ${connection.peer} to close` });
    },
    receive: async (sending) => {
      try {
        for (let bytes; (bytes = await connection.read()) !== null;) await output.write(bytes);
      } finally {
        // Before the connection says that it is closed: on a terminal, that starts on a new row.
        await output.end();
      }
      traffic.end();
      received = true;
      await input.silent(SILENCE, sending);
    },
  });
  // A terminal that shows the data has no row to spare.
  const status = (): string => output.terminal && connection.bytesIn > 0 ? "" : traffic.now();
  await withProgress(piping, events, status, { after: 250, every: 250 });
  return `Done: ${traffic.total()}; ${connection.peer} closed`;
}

/** The two directions of a connection. */
export interface Directions {
  /** Sends until there is no more to send, or until the signal aborts: then the connection is over. */
  readonly send: (signal: AbortSignal) => Promise<void>;
  /** Receives until the connection is over, given the promise of the other direction, which never rejects. */
  readonly receive: (sending: Promise<void>) => Promise<void>;
}

/**
 * Runs both directions until receiving is over, then closes the connection.
 *
 * After a failed write it reads on before it reports that: the peer may have said why it closed. If the input failed, it closes at once.
 */
export async function bothWays(connection: Connection, { send, receive }: Directions): Promise<void> {
  const over = new AbortController();
  let failure: unknown;
  const sending = send(over.signal).catch((error) => {
    if (over.signal.aborted) return;
    failure = error;
    if (!(error instanceof CutOffError)) connection.close();
  });
  try {
    await receive(sending);
  } catch (error) {
    throw error instanceof RefusedError ? error : failure ?? error;
  } finally {
    over.abort();
    connection.close();
    await sending;
  }
  if (failure !== undefined) throw failure;
}
