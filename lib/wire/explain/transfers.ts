/**
 * What `--explain` says of reads and writes on a TCP connection. Pure.
 *
 * @module
 */
import { decodeText, milliseconds } from "../../text.ts";
import type { WireEvent } from "../event.ts";
import { examine, isTelnet } from "./content.ts";
import { hexOf, lengthAt } from "./excerpt.ts";
import type { Narrator } from "./narrator.ts";
import { cutCharacterOf, type StreamFlow, transferLine } from "./stream_flow.ts";
import { counted, inWords, isOurClose, size } from "./words.ts";

/** A longer piece is a file that passes, not a conversation: its lines are not counted (bytes). */
const BULK = 4096;
/** A shorter message whose pieces are counted (bytes); a longer one cannot come in one read. */
const COUNTED = 65_536;
/** From this on, a write has waited (ms), and buffers can be full (bytes). */
const WAITED = 50;
const FILLED = 16_384;

/** A read that gave bytes. */
export function explainRead(flow: StreamFlow, event: WireEvent, bytes: Uint8Array, narrator: Narrator): void {
  const { at } = event;
  const told = flow.tells(narrator, event);
  if (told) narrator.say(at, flow.id, "data", transferLine("read(2)", bytes, at - flow.last), "read");
  // An answer ends what we sent, even where nothing marks its end.
  if (flow.direction === "out") flow.out.messages.cut();
  flow.direction = "in";
  flow.in.total += bytes.length;
  flow.unanswered = null;
  if (isTelnet(bytes)) {
    if (told) { for (const finding of examine(bytes)) report(flow, at, finding, narrator); }
    return;
  }
  flow.in.messages.push(bytes, at);
  boundaries(flow, event, bytes, narrator);
  characters(flow, at, bytes, narrator);
  if (flow.in.messages.kind === "http") head(flow, at, narrator);
  else if (flow.in.messages.kind === "lines" || bytes.length <= 8) {
    for (const finding of examine(bytes)) {
      if (told || "mistake" in finding) report(flow, at, finding, narrator);
    }
  }
  if (flow.in.messages.kind === "lines") longLine(flow, at, narrator);
}

function report(flow: StreamFlow, at: number, finding: ReturnType<typeof examine>[number], narrator: Narrator): void {
  if ("mistake" in finding) flow.mistake(narrator, at, finding.mistake, finding.text);
  else narrator.say(at, flow.id, "data", finding.text, finding.topic);
}

/** Compares the read with the messages that ended in it: mistake 1, and 15 where a pause lay between. */
function boundaries(flow: StreamFlow, { at }: WireEvent, bytes: Uint8Array, narrator: Narrator): void {
  const { ended, pieces, length, kind } = flow.in.messages;
  if (ended === 0 || (kind === "lines" && bytes.length >= BULK)) return;
  if (pieces > 1 && length < COUNTED) {
    nagle(flow, at, narrator);
    const message = kind === "http"
      ? `HTTP message of ${counted(length, "byte")}`
      : `message of ${counted(length, "byte")}`;
    flow.mistake(narrator, at, 1, `This one ${message} came in ${pieces} reads`);
  }
  if (ended > 1) flow.mistake(narrator, at, 1, `${ended} messages in one read`);
}

/** The pauses of a delayed ACK: 40 ms on Linux, 200 ms on Windows and macOS. */
const DELAYS = [[36, 60], [195, 225]] as const;
/** The longest part that Nagle's algorithm would hold back: less than a segment (bytes). */
const SEGMENT = 1400;

function nagle(flow: StreamFlow, at: number, narrator: Narrator): void {
  const { pieces, pause, parts: [first, second] } = flow.in.messages;
  if (pieces !== 2 || first < 2 || first > SEGMENT || second > SEGMENT) return;
  if (!DELAYS.some(([low, high]) => pause >= low && pause <= high)) return;
  if (++flow.pauses < 2) return;
  const text = `Again ${
    milliseconds(pause)
  } between two small parts of one message: as when Nagle's algorithm waits for a delayed ACK`;
  flow.mistake(narrator, at, 15, text);
}

/** Characters that a read cut, and U+FFFD where we sent a character: mistake 6. */
function characters(flow: StreamFlow, at: number, bytes: Uint8Array, narrator: Narrator): void {
  const cut = flow.cutCharacter;
  const opaque = flow.in.messages.kind === "opaque";
  if (cut.length > 0 && !opaque) {
    const joined = new Uint8Array([...cut, ...bytes.subarray(0, 3)]);
    const length = lengthAt(joined, 0);
    if (length > cut.length) {
      const character = joined.subarray(0, length);
      const [before, after] = [hexOf(cut), hexOf(character.subarray(cut.length))];
      flow.mistake(narrator, at, 6, `“${decodeText(character)}” came in two reads: ⟨${before}…⟩, then ⟨…${after}⟩`);
    }
  }
  flow.cutCharacter = opaque ? cut.subarray(0, 0) : cutCharacterOf(bytes);
  if (flow.sentText === "" || bytes.length > COUNTED || bytes.indexOf(0xef) < 0) return;
  const text = decodeText(bytes);
  if (!text.includes("\uFFFD") || !bytesHold(bytes)) return;
  const ascii = (from: string): string => from.replace(/[^\x20-\x7e]/g, "");
  const lost = ascii(flow.sentText);
  if (lost === "" || !ascii(text).includes(lost)) return;
  flow.mistake(
    narrator,
    at,
    6,
    "U+FFFD (\uFFFD) comes back where we sent another character: the peer decodes each read for itself",
  );
}

/** Whether the bytes hold U+FFFD itself, not only what decodes to it. */
function bytesHold(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(0xef); at >= 0; at = bytes.indexOf(0xef, at + 1)) {
    if (bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd) return true;
  }
  return false;
}

/** A head with bare LF: mistake 17. */
function head(flow: StreamFlow, at: number, narrator: Narrator): void {
  const http = flow.in.messages.http;
  if (http === null || http.bareLines === 0 || http.reported) return;
  http.reported = true;
  const of = http.bareLines === http.lines ? `All ${http.lines} lines` : `${http.bareLines} of ${http.lines} lines`;
  const lines = http.lines === 1 ? "The first line" : of;
  flow.mistake(
    narrator,
    at,
    17,
    `${lines} of this HTTP head end${http.lines === 1 ? "s" : ""} with LF alone (⏎), not with CR LF (␍⏎)`,
  );
}

/** A line that does not end: mistake 18. */
function longLine(flow: StreamFlow, at: number, narrator: Narrator): void {
  const { open } = flow.in.messages;
  if (open < COUNTED || flow.longLine) return;
  flow.longLine = true;
  flow.mistake(narrator, at, 18, `${size(open)} without a line end: a program that waits for it needs a limit`);
}

/** A write that was issued. */
export function explainWriting(flow: StreamFlow, event: WireEvent, bytes: Uint8Array, narrator: Narrator): void {
  const { at } = event;
  if (flow.tells(narrator, event)) {
    narrator.say(at, flow.id, "data", transferLine("write(2)", bytes, at - flow.last), "write");
  }
  if (flow.pending === null) flow.pending = { since: at, bytes: bytes.length };
  else flow.pending.bytes += bytes.length;
  const fresh = bytes.subarray(Math.min(flow.repeated, bytes.length));
  flow.repeated = Math.max(0, flow.repeated - bytes.length);
  if (flow.direction === "in") flow.in.messages.cut();
  flow.direction = "out";
  flow.out.messages.push(fresh, at);
  if (bytes.length < BULK && fresh.some((byte) => byte >= 0x80)) flow.sentText = decodeText(fresh);
}

/** A write that has returned. */
export function explainWrite(flow: StreamFlow, event: WireEvent, narrator: Narrator): void {
  const { at, error, bytes, duration, offered } = event;
  if (error !== undefined) return;
  const length = bytes?.length ?? 0;
  // A capture file has no call that was only issued.
  if (flow.pending === null && bytes !== null) explainWriting(flow, event, bytes, narrator);
  flow.pending = null;
  flow.blocked = false;
  flow.out.total += length;
  flow.untold.waited(duration);
  const short = offered !== undefined && offered > length;
  if (short) flow.repeated = offered - length;
  const waited = duration >= WAITED ? ` after ${milliseconds(duration)}` : "";
  if (short) {
    flow.mistake(
      narrator,
      at,
      3,
      `write(2) took only ${length} of ${counted(offered, "byte")}${waited}: the rest has to be written again`,
    );
  } else if (duration >= WAITED && flow.out.total >= FILLED) {
    flow.mistake(
      narrator,
      at,
      3,
      `write(2) waited ${milliseconds(duration)}: the peer does not read as fast as we write, and the buffers are full`,
    );
  } else if (duration >= WAITED) {
    narrator.say(at, flow.id, "data", `write(2) took ${milliseconds(duration)} to return`, "slowWrite");
  }
}

/** A read or write that failed. */
export function explainFailure(flow: StreamFlow, event: WireEvent, error: string, narrator: Narrator): void {
  const { at, call } = event;
  flow.pending = null;
  if (isOurClose(error)) return;
  const name = call === "read" ? "read(2)" : call === "closeWrite" ? "shutdown(2)" : "write(2)";
  const reset = /ECONNRESET|ConnectionReset|EPIPE|BrokenPipe/.test(error);
  narrator.say(at, flow.id, "trouble", `${name} failed: ${inWords(error)}`, reset ? "reset" : undefined);
  flow.broken = true;
  if (!reset || flow.misunderstood) return;
  flow.misunderstood = true;
  if (flow.in.fin !== null && flow.direction === "out") {
    flow.mistake(
      narrator,
      at,
      4,
      "The peer's FIN was the end of both directions: it had closed, and what we sent after it was thrown away",
    );
  } else if (flow.out.fin !== null && flow.unanswered !== null) {
    flow.mistake(
      narrator,
      at,
      4,
      "The peer answered our FIN with a reset, not with an answer: it took the FIN for a hang-up",
    );
  }
}
