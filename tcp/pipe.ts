/**
 * The pipe of `tcp:client`: input to the socket, the socket to output, both at once, to the byte.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { format as formatBytes } from "@std/fmt/bytes";
import type { Connection } from "../lib/connection.ts";
import type { DataOutput } from "../lib/output.ts";

/** Standard input, or what stands in for it, read ahead by one piece so that an empty one is known before it is used. */
export class Input {
  #reader: ReadableStreamDefaultReader<Uint8Array>;
  #first: Promise<ReadableStreamReadResult<Uint8Array>> | null = null;
  /** Whether the input has ended without a byte, as far as is known now. */
  empty = false;
  /** Whether it was given up: its end then says nothing. */
  cancelled = false;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** Waits until the input has a byte or has ended. */
  async ready(): Promise<void> {
    this.#first ??= this.#reader.read();
    this.empty = (await this.#first).done;
  }

  /** The next piece; `null` is the end. */
  async read(): Promise<Uint8Array | null> {
    const reading = this.#first ?? this.#reader.read();
    this.#first = null;
    const { done, value } = await reading;
    return done ? null : value;
  }

  /** Gives the input up, also while a read waits for it. */
  async cancel(): Promise<void> {
    this.cancelled = true;
    await this.#reader.cancel().catch(() => {});
  }
}

/** Standard input. */
export function stdinInput(): Input {
  return new Input(Deno.stdin.readable);
}

/** How long our bytes may stand still, once the peer has closed, before we take it that nobody wants them (ms). */
const STANDSTILL = 100;

/**
 * Pumps both directions until the peer closes; at the end of the input it half-closes and reads on, so that an answer which comes
 * after that (`sort`, say) is not lost. A peer that closes first may have half-closed only: input that still flows is sent, but an
 * input that nobody types into any more does not hold up the end.
 *
 * @param message Sent in place of an input that ends without a byte.
 * @returns The last line of the run.
 * @throws {CutOffError} The peer reset, or would not take the rest of the input.
 */
export async function pipe(connection: Connection, input: Input, message: string, output: DataOutput): Promise<string> {
  let allSent = false;
  let failure: unknown;
  // A failure is noted but the peer's last words are read first: it may have said why it hung up.
  const sending = send(connection, input, message).catch((error) => failure = error).finally(() => allSent = true);
  try {
    for (let bytes; (bytes = await connection.read()) !== null;) await output.write(bytes);
    await output.end();
    for (let before = -1; !allSent && connection.bytesOut > before;) {
      before = connection.bytesOut;
      await Promise.race([sending, delay(STANDSTILL)]);
    }
  } finally {
    await input.cancel();
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
