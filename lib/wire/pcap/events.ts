/**
 * A capture as wire events. Pure.
 *
 * @module
 */
import type { WireEvent } from "../event.ts";
import { CaptureFile } from "./file.ts";
import type { Side, Step } from "./flow.ts";
import { type CaptureSummary, Reading, type ReadingOptions } from "./reading.ts";

export type { CaptureSummary, Side, Step };

/** How a capture is told. */
export interface WireEventsOptions extends ReadingOptions {
  /** The file, for errors. */
  readonly name?: string;
  /** Called at the end with what the capture holds. */
  readonly onEnd?: (summary: CaptureSummary) => void;
}

/**
 * Tells the calls of one side of each connection and datagram flow in a capture: pcapng or pcap, by tcpdump, Wireshark or `--capture`.
 *
 * A segment with data is a read, or a write as it is issued and as it returns: in the captures of this project, these are the calls as
 * they were. Streams are put in order; bytes that the capture lacks are told by a remark with the next event. A file that is cut off
 * ends quietly after its last whole packet.
 *
 * @param chunks The file, in pieces of any size.
 * @throws {ProtocolError} The file is no capture, or breaks its format: "Cannot read FILE: …, at byte N". The events before that are told.
 */
export async function* wireSteps(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { name = "the capture", onEnd, ...options }: WireEventsOptions = {},
): AsyncGenerator<Step> {
  const file = new CaptureFile(name);
  const reading = new Reading(options);
  for await (const chunk of chunks) {
    file.push(chunk);
    for (let frame = file.next(); frame !== null; frame = file.next()) {
      reading.packet(frame);
      if (reading.steps.length > 0) yield* reading.steps.splice(0);
    }
  }
  const summary = reading.end(file.end().cut);
  yield* reading.steps.splice(0);
  onEnd?.(summary);
}

/**
 * As {@linkcode wireSteps}, the events alone.
 *
 * @example Usage
 * ```ts
 * import { wireEvents } from "./events.ts";
 * import { assertRejects } from "@std/assert";
 *
 * const chunks = [new TextEncoder().encode("not a capture")];
 * await assertRejects(() => Array.fromAsync(wireEvents(chunks, { name: "x" })), Error, "it is neither pcapng nor pcap");
 * ```
 */
export async function* wireEvents(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options?: WireEventsOptions,
): AsyncGenerator<WireEvent> {
  for await (const { event } of wireSteps(chunks, options)) yield event;
}
