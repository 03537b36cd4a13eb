/**
 * A capture as wire events. Pure.
 *
 * @module
 */
import { CaptureFile } from "./file.ts";
import type { Step } from "./flow.ts";
import { type CaptureSummary, Reading, type ReadingOptions } from "./reading.ts";

export type { CaptureSummary, Step };

/** How a capture is told. */
export interface WireEventsOptions extends ReadingOptions {
  /** The file, for errors. */
  readonly name?: string;
}

/**
 * Tells the calls of one side of each connection and datagram flow in a capture: pcapng or pcap, by tcpdump, Wireshark or `--capture`.
 *
 * A segment with data is a read, or a write as it is issued and as it returns: in the captures of this project, these are the calls as
 * they were. Streams are put in order; bytes that the capture lacks are told by a remark with the next event. A file that is cut off
 * ends quietly after its last whole packet.
 */
export class CaptureReader {
  #file: CaptureFile;
  #reading: Reading;
  #error: unknown;
  #failed = false;

  constructor({ name = "the capture", ...options }: WireEventsOptions = {}) {
    this.#file = new CaptureFile(name);
    this.#reading = new Reading(options);
  }

  /**
   * Adds a chunk of the file, whose memory it keeps.
   *
   * @returns What it tells.
   * @throws {ProtocolError} The file is no capture, or breaks its format: "Cannot read FILE: …, at byte N". What comes before the break was
   * returned by the last call.
   */
  push(chunk: Uint8Array): readonly Step[] {
    this.#check();
    try {
      this.#file.push(chunk);
      for (let frame = this.#file.next(); frame !== null; frame = this.#file.next()) this.#reading.packet(frame);
    } catch (error) {
      this.#error = error;
      this.#failed = true;
    }
    return this.#reading.steps.splice(0);
  }

  /**
   * The file has ended.
   *
   * @returns What is left to tell, and what the capture holds.
   * @throws {ProtocolError} As above; or it is empty.
   */
  end(): { readonly steps: readonly Step[]; readonly summary: CaptureSummary } {
    this.#check();
    const summary = this.#reading.end(this.#file.end().cut);
    return { steps: this.#reading.steps.splice(0), summary };
  }

  #check(): void {
    if (this.#failed) throw this.#error;
  }
}

/**
 * As {@linkcode CaptureReader}, for a file that comes in pieces of any size; they must not be used again.
 *
 * @param options `onEnd` takes what the capture holds.
 * @throws {ProtocolError} The file is no capture, is empty, or breaks its format.
 *
 * @example Usage
 * ```ts
 * import { wireSteps } from "./events.ts";
 * import { assertRejects } from "@std/assert";
 *
 * const chunks = [new TextEncoder().encode("not a capture")];
 * await assertRejects(() => Array.fromAsync(wireSteps(chunks, { name: "x" })), Error, "it is neither pcapng nor pcap");
 * ```
 */
export async function* wireSteps(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { onEnd, ...options }: WireEventsOptions & { readonly onEnd?: (summary: CaptureSummary) => void } = {},
): AsyncGenerator<Step> {
  const reader = new CaptureReader(options);
  for await (const chunk of chunks) {
    for (const step of reader.push(chunk)) yield step;
  }
  const { steps, summary } = reader.end();
  for (const step of steps) yield step;
  onEnd?.(summary);
}
