/**
 * The bytes that the page asks for: of one event, or of a whole direction of a connection. Pure.
 *
 * @module
 */
import type { WireCall } from "../event.ts";
import { FIELDS, refusal } from "./gate.ts";
import type { History, Kept } from "./history.ts";

/** The most bytes of a stream that are sent to the page, the newest ones: it shows them all at once. */
const MAX_STREAM = 4 * 1024 * 1024;
/** The most bytes that are sent to the page at the end of a run, and in one message (about). */
const MAX_LAST = 4 * 1024 * 1024;
const MAX_MESSAGE = 256 * 1024;
/** The length of the header of each chunk of a stream: the event's number and its length, two numbers of 8 bytes. */
const CHUNK_HEADER = 16;

/** Calls that have transferred bytes. */
const RECEIVED: ReadonlySet<WireCall> = new Set(["read", "receive"]);
const SENT: ReadonlySet<WireCall> = new Set(["write", "send"]);

/** Answers `bytes?seq=N`: the bytes of an event. They are nobody's markup, so they are sent as bytes. */
export function bytesAnswer(history: History, query: URLSearchParams): Response {
  const kept = history.at(numberOf(query, "seq"));
  const bytes = kept?.event?.bytes;
  if (kept === undefined) return refusal(404, "This event is no longer kept.");
  if (!bytes || bytes.length !== kept.size) return refusal(410, "The bytes of this event are no longer kept.");
  return octets(bytes);
}

/**
 * Answers `stream?flow=N&way=in`: what a flow received, or with `way=out` sent. Each read or write is a chunk: the event's number and
 * the length (as 64-bit floating point, big endian), then the bytes.
 */
export function streamAnswer(history: History, query: URLSearchParams): Response {
  const flow = numberOf(query, "flow");
  const calls = query.get("way") === "out" ? SENT : RECEIVED;
  const chunks: Kept[] = [];
  let length = 0;
  for (let seq = history.next - 1; seq >= history.firstWithBytes; seq--) {
    const kept = history.at(seq);
    if (kept?.flow !== flow || !kept.event?.bytes || !calls.has(kept.event.call)) continue;
    if (length + kept.event.bytes.length > MAX_STREAM && chunks.length > 0) break;
    length += kept.event.bytes.length;
    chunks.push(kept);
  }
  return octets(joined(chunks.reverse(), length));
}

/** The bytes that a run transferred last, by the numbers of their events, in base64: the newest first. */
export function* newestBytes(history: History): Generator<Record<number, string>> {
  let [all, length] = [0, 0];
  let some: Record<number, string> = {};
  for (let seq = history.next - 1; seq >= history.firstWithBytes && all < MAX_LAST; seq--) {
    const { call = "close", bytes = null } = history.at(seq)?.event ?? {};
    if (bytes === null || bytes.length === 0 || !(SENT.has(call) || RECEIVED.has(call))) continue;
    some[seq] = bytes.toBase64();
    all += bytes.length;
    length += bytes.length;
    if (length < MAX_MESSAGE) continue;
    yield some;
    [some, length] = [{}, 0];
  }
  if (length > 0) yield some;
}

function joined(chunks: readonly Kept[], length: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(length + chunks.length * CHUNK_HEADER);
  const view = new DataView(all.buffer);
  let offset = 0;
  for (const { seq, event } of chunks) {
    const bytes = event?.bytes ?? new Uint8Array(0);
    view.setFloat64(offset, seq);
    view.setFloat64(offset + 8, bytes.length);
    all.set(bytes, offset + CHUNK_HEADER);
    offset += CHUNK_HEADER + bytes.length;
  }
  return all;
}

function octets(bytes: Uint8Array): Response {
  const headers = { ...FIELDS, "Content-Type": "application/octet-stream" };
  return new Response(bytes as Uint8Array<ArrayBuffer>, { headers });
}

/** A number of the query; -1, which no event and no flow has, if it is invalid. */
function numberOf(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : -1;
}
