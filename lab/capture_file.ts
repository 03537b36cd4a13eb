/**
 * Capture files on disk: plain or compressed, or standard input.
 *
 * @module
 */
import { Exit, Failure, fileFailure } from "../lib/errors.ts";
import { type CaptureSummary, type Step, type WireEventsOptions, wireSteps } from "../lib/wire/pcap/events.ts";

/** How much is read at once (bytes). */
const PIECE = 256 * 1024;

/** The name of standard input. */
export const STDIN = "-";

/** A capture's steps; at the end, what it holds. */
export async function* stepsOf(
  path: string,
  options: Pick<WireEventsOptions, "as" | "comments">,
): AsyncGenerator<Step, CaptureSummary> {
  const name = path === STDIN ? "standard input" : path;
  using file = path === STDIN ? null : await open(path);
  let summary: CaptureSummary | null = null;
  const chunks = await unpacked(piecesOf(file ?? Deno.stdin, name), name);
  yield* wireSteps(chunks, { ...options, name, onEnd: (end) => summary = end });
  if (summary === null) throw new Error("A capture ends with its summary");
  return summary;
}

async function open(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (error) {
    throw fileFailure(`read ${path}`, error);
  }
}

/** The pieces of a file, each in memory of its own: what is left of one is used after the next was read. */
async function* piecesOf(
  file: { read(into: Uint8Array): Promise<number | null> },
  name: string,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (;;) {
    const piece = new Uint8Array(PIECE);
    let length: number | null;
    try {
      length = await file.read(piece);
    } catch (error) {
      throw fileFailure(`read ${name}`, error);
    }
    if (length === null) return;
    yield piece.subarray(0, length);
  }
}

/** Unpacks what gzip has packed (RFC 1952), as Wireshark does; passes on anything else. */
async function unpacked(
  pieces: AsyncGenerator<Uint8Array<ArrayBuffer>>,
  name: string,
): Promise<AsyncIterable<Uint8Array>> {
  const next = await pieces.next();
  const first = next.done === true ? new Uint8Array() : next.value;
  async function* all(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    yield first;
    yield* pieces;
  }
  if (first[0] !== 0x1f || first[1] !== 0x8b) return all();
  return checked(ReadableStream.from(all()).pipeThrough(new DecompressionStream("gzip")), name);
}

/** Names the file in the error of one that is not packed as it says. */
async function* checked(stream: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(Exit.protocol, `Cannot read ${name}: what gzip has packed in it is broken`, { cause: error });
  }
}
