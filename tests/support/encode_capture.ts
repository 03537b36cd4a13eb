/**
 * Captures in memory, as `--capture` writes them.
 *
 * @module
 */
import type { Remark, WireEvent } from "../../lib/wire/event.ts";
import { Memory } from "../../lib/wire/capture/space.ts";
import { type CaptureOptions, CaptureWriter } from "../../lib/wire/capture/writer.ts";

/** Turns events into a pcapng file, piece by piece. */
export class CaptureEncoder {
  #memory = new Memory();
  #writer: CaptureWriter;

  constructor(options: CaptureOptions) {
    this.#writer = new CaptureWriter(options, this.#memory);
  }

  header(): Uint8Array<ArrayBuffer> {
    this.#writer.header();
    return this.#memory.take();
  }

  encode(event: WireEvent, remarks: readonly Remark[] = []): Uint8Array<ArrayBuffer> {
    this.#writer.event(event, remarks);
    return this.#memory.take();
  }

  silence(remarks: readonly Remark[]): void {
    this.#writer.silence(remarks);
  }

  end(): Uint8Array<ArrayBuffer> {
    this.#writer.end({ last: true });
    return this.#memory.take();
  }
}

/** Turns events into a whole pcapng file. */
export function encodeCapture(
  events: Iterable<{ readonly event: WireEvent; readonly remarks?: readonly Remark[] }>,
  options: CaptureOptions,
): Uint8Array<ArrayBuffer> {
  const memory = new Memory();
  const writer = new CaptureWriter(options, memory);
  writer.header();
  for (const { event, remarks = [] } of events) writer.event(event, remarks);
  writer.end({ last: true });
  return memory.take();
}
