/**
 * The pipe of `tcp:client`: input to the socket and the socket to output, concurrently and binary-safe.
 *
 * @module
 */
import { format as formatBytes } from "@std/fmt/bytes";
import type { Connection } from "../lib/stream/connection.ts";
import { CutOffError, Exit, Failure, RefusedError, stateOf } from "../lib/errors.ts";
import type { DataOutput } from "../lib/console/output.ts";
import { SYSTEM_TIME, type TimeSource } from "../lib/time.ts";

/** After the peer has closed: how long the input may be silent before the pipe ends (ms). */
const SILENCE = 1000;
/** How often to check that (ms). */
const CHECK_INTERVAL = 50;

/** Standard input or a substitute, read ahead by one chunk to detect an empty one. */
export class Input {
  #reader: ReadableStreamDefaultReader<Uint8Array>;
  #first: Promise<ReadableStreamReadResult<Uint8Array>> | null = null;
  #waitingSince: number | null = null;
  #time: TimeSource;
  /** Whether the input has ended without a byte, as far as known. */
  empty = false;
  /** Whether it was cancelled: then its end has no meaning. */
  cancelled = false;

  /** @param time The system's; tests pass their own. */
  constructor(stream: ReadableStream<Uint8Array>, time: TimeSource = SYSTEM_TIME) {
    this.#time = time;
    this.#reader = stream.getReader();
  }

  /** Waits until the input has a byte or has ended. */
  async ready(): Promise<void> {
    this.#first ??= this.#reader.read();
    this.empty = (await this.#next(this.#first)).done;
  }

  /** The next chunk; `null` is the end. */
  async read(): Promise<Uint8Array | null> {
    const reading = this.#first ?? this.#reader.read();
    this.#first = null;
    const { done, value } = await this.#next(reading);
    return done ? null : value;
  }

  async #next(reading: Promise<ReadableStreamReadResult<Uint8Array>>): Promise<ReadableStreamReadResult<Uint8Array>> {
    this.#waitingSince = this.#time.now();
    try {
      return await reading;
    } catch (error) {
      throw new Failure(Exit.failed, `Cannot read standard input: ${stateOf(error).state}`, { cause: error });
    } finally {
      this.#waitingSince = null;
    }
  }

  /** Waits until the input has been silent for `ms`, or another promise resolves. */
  async silent(ms: number, other: Promise<void>): Promise<void> {
    let over = false;
    const done = other.then(() => over = true);
    while (!over && !this.#isSilent(ms)) {
      let callOff = (): void => {};
      await Promise.race([done, new Promise<void>((resolve) => callOff = this.#time.after(CHECK_INTERVAL, resolve))]);
      callOff();
    }
  }

  #isSilent(ms: number): boolean {
    return this.#waitingSince !== null && this.#time.now() - this.#waitingSince >= ms;
  }

  /** Cancels the input, even during a read. That read may never return, so it is not awaited. */
  cancel(): void {
    this.cancelled = true;
    this.#reader.cancel().catch(() => {});
  }
}

/** Standard input, as the source of a pipe. */
export function stdinInput(): Input {
  return new Input(Deno.stdin.readable);
}

/**
 * Pumps both directions until the peer closes. At the end of the input it half-closes and reads on, so that a late answer (from `sort`,
 * say) is not lost. A peer that closes first may only have half-closed, so further input is still sent; if it has fully closed, the next
 * write fails. If the input is silent by then (`tail -f`), the pipe ends.
 *
 * @param message Sent if the input ends without a byte.
 * @returns The last line of the run.
 * @throws {RefusedError} The server turned us away: that is also why it took no more input.
 * @throws {CutOffError} The peer reset the connection, or did not accept the rest of the input.
 */
export async function pipe(connection: Connection, input: Input, message: string, output: DataOutput): Promise<string> {
  let failure: unknown;
  // On a failed write, read on before reporting it: the peer may have said why it closed. If the input failed, close at once.
  const sending = send(connection, input, message).catch((error) => {
    failure = error;
    if (!(error instanceof CutOffError)) connection.close();
  });
  try {
    for (let bytes; (bytes = await connection.read()) !== null;) await output.write(bytes);
    await output.end();
    await input.silent(SILENCE, sending);
  } catch (error) {
    throw error instanceof RefusedError ? error : failure ?? error;
  } finally {
    input.cancel();
  }
  if (failure !== undefined) throw failure;
  return `Done: ${formatBytes(connection.bytesOut)} out, ${
    formatBytes(connection.bytesIn)
  } in; ${connection.peer} closed`;
}

async function send(connection: Connection, input: Input, message: string): Promise<void> {
  for (let bytes; (bytes = await input.read()) !== null;) await connection.write(bytes);
  if (input.cancelled) return;
  if (connection.bytesOut === 0) await connection.write(message);
  await connection.closeWrite();
}
