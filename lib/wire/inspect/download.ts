/**
 * What the inspector keeps, as a capture that Wireshark opens. Pure.
 *
 * @module
 */
import { type CaptureOptions, CaptureWriter } from "../capture/writer.ts";
import { Memory } from "../capture/space.ts";
import { FIELDS } from "./gate.ts";
import type { History, Kept } from "./history.ts";

/** How many events and bytes are encoded at a time (about): meanwhile the run waits. */
const [EVENTS, BYTES] = [500, 1024 * 1024];

/**
 * Answers `capture.pcapng`: the events that still have their bytes, from the oldest to the newest of this moment. With `flow=N`, only
 * those of a flow. They are encoded while the browser takes them.
 */
export function captureAnswer(history: History, query: URLSearchParams, options: CaptureOptions): Response {
  const flow = /^[1-9]\d{0,14}$/.exec(query.get("flow") ?? "")?.[0];
  const pieces = capture(history, flow === undefined ? null : Number(flow), options);
  const body = new ReadableStream<Uint8Array>({
    pull(controller): void {
      const { done, value } = pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  }, { highWaterMark: 0 });
  const name = `${options.app.replace(/\W+/g, "-")}${flow === undefined ? "" : `-${flow}`}.pcapng`;
  const headers = {
    ...FIELDS,
    "Content-Type": "application/vnd.tcpdump.pcap",
    "Content-Disposition": `attachment; filename="${name}"`,
  };
  return new Response(body, { headers });
}

function* capture(history: History, flow: number | null, options: CaptureOptions): Generator<Uint8Array> {
  const memory = new Memory();
  const writer = new CaptureWriter(options, memory);
  writer.header();
  const end = history.next;
  let seq = 0;
  do {
    // What loses its bytes while the browser takes its time is left out: a packet of the wrong length would mislead.
    seq = Math.max(seq, history.firstWithBytes);
    const stop = Math.min(end, seq + EVENTS);
    for (let length = 0; seq < stop && length < BYTES; seq++) {
      const kept = history.at(seq);
      if (kept === undefined || (flow !== null && kept.flow !== flow)) continue;
      length += kept.size;
      write(writer, kept);
    }
    const piece = memory.take();
    if (piece.length > 0) yield piece;
  } while (seq < end);
  writer.end({ last: true });
  yield memory.take();
}

function write(writer: CaptureWriter, { event, remarks }: Kept): void {
  if (event === null) writer.silence(remarks);
  else writer.event(event, remarks);
}
