/**
 * The pipe of `tcp:client`: input to the socket, the socket to output, both at once, to the byte.
 *
 * @module
 */
import { format as formatBytes } from "@std/fmt/bytes";
import type { Connection } from "../lib/stream/connection.ts";
import { CutOffError, Exit, Failure, stateOf } from "../lib/errors.ts";
import type { DataOutput } from "../lib/console/output.ts";
import { SYSTEM_TIME, type TimeSource } from "../lib/time.ts";

/** How long the input may be silent, once the peer has closed, before that is the end (ms). */
const SILENCE = 1000;
/** How often to look whether it is (ms). */
const LOOK = 50;

/** Standard input, or what stands in for it, read ahead by one piece so that an empty one is known before it is used. */
export class Input {
  #reader: ReadableStreamDefaultReader<Uint8Array>;
  #first: Promise<ReadableStreamReadResult<Uint8Array>> | null = null;
  #waitingSince: number | null = null;
  #time: TimeSource;
  /** Whether the input has ended without a byte, as far as is known now. */
  empty = false;
  /** Whether it was given up: its end then says nothing. */
  cancelled = false;

  /** @param time The system's, unless a test brings its own. */
  constructor(stream: ReadableStream<Uint8Array>, time: TimeSource = SYSTEM_TIME) {
    this.#time = time;
    this.#reader = stream.getReader();
  }

  /** Waits until the input has a byte or has ended. */
  async ready(): Promise<void> {
    this.#first ??= this.#reader.read();
    this.empty = (await this.#next(this.#first)).done;
  }

  /** The next piece; `null` is the end. */
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

  /** Waits until it has been silent for so long (ms), or another promise is done. */
  async silent(ms: number, other: Promise<void>): Promise<void> {
    let over = false;
    const done = other.then(() => over = true);
    while (!over && !this.#isSilent(ms)) {
      let callOff = (): void => {};
      await Promise.race([done, new Promise<void>((resolve) => callOff = this.#time.after(LOOK, resolve))]);
      callOff();
    }
  }

  #isSilent(ms: number): boolean {
    return this.#waitingSince !== null && this.#time.now() - this.#waitingSince >= ms;
  }

  /** Gives the input up, also while a read waits for it. That read may never return, so nobody waits for it. */
  cancel(): void {
    this.cancelled = true;
    this.#reader.cancel().catch(() => {});
  }
}

/** Standard input. */
export function stdinInput(): Input {
  return new Input(Deno.stdin.readable);
}

/**
 * Pumps both directions until the peer closes; at the end of the input it half-closes and reads on, so that an answer which comes
 * after that (`sort`, say) is not lost. A peer that closes first may have half-closed only, so input that comes is still sent: a peer
 * that has closed for good refuses the next write. An input that is silent by then (`tail -f`) does not hold up the end.
 *
 * @param message Sent in place of an input that ends without a byte.
 * @returns The last line of the run.
 * @throws {CutOffError} The peer reset, or would not take the rest of the input.
 */
export async function pipe(connection: Connection, input: Input, message: string, output: DataOutput): Promise<string> {
  let failure: unknown;
  // A failure is noted but the peer's last words are read first: it may have said why it hung up. Without input there are none.
  const sending = send(connection, input, message).catch((error) => {
    failure = error;
    if (!(error instanceof CutOffError)) connection.close();
  });
  try {
    for (let bytes; (bytes = await connection.read()) !== null;) await output.write(bytes);
    await output.end();
    await input.silent(SILENCE, sending);
  } catch (error) {
    throw failure ?? error;
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
