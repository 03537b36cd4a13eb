/**
 * What `--explain` says of writes on a TCP connection, and of calls that fail. Pure.
 *
 * @module
 */
import { counted, decodeText, milliseconds, thousands } from "../../text.ts";
import type { WireEvent } from "../event.ts";
import type { Narrator } from "./narrator.ts";
import { checkHead } from "./reads.ts";
import { FILLED, type StreamFlow, transferLine } from "./stream_flow.ts";
import { inWords, isOurClose } from "./words.ts";

/** From this on a write has waited (ms). */
const WAITED = 50;
/** Text that is kept to compare with its echo (bytes). */
const ECHOED = 4096;
/** A pause that was taken for the end of a message (ms): tcp:server's is 100. */
const PAUSE = 80;

/** A write that was issued. */
export function explainWriting(flow: StreamFlow, event: WireEvent, bytes: Uint8Array, narrator: Narrator): void {
  const { at } = event;
  if (flow.tells(narrator, event)) {
    if (flow.direction === "in") openMessage(flow, at, narrator);
    narrator.say(at, flow.id, "data", transferLine("write(2)", bytes, at - flow.last), "write");
  }
  if (flow.pending === null) flow.pending = { since: at, bytes: bytes.length };
  else flow.pending.bytes += bytes.length;
  // After a short write, the rest of the same bytes comes again.
  const fresh = bytes.subarray(Math.min(flow.repeated, bytes.length));
  flow.repeated = Math.max(0, flow.repeated - bytes.length);
  // An answer ends what it answers, even where nothing marks its end; an echo is none.
  if (flow.direction === "in" && !isEcho(bytes, flow.lastRead)) flow.in.messages.cut();
  flow.moves("out", at);
  flow.out.messages.push(fresh, at);
  checkHead(flow, flow.out, at, narrator);
  if (fresh.length <= ECHOED && fresh.some((byte) => byte >= 0x80)) flow.sentText = decodeText(fresh);
}

function isEcho(bytes: Uint8Array, read: Uint8Array): boolean {
  if (bytes.length !== read.length) return false;
  for (let at = 0; at < bytes.length; at++) if (bytes[at] !== read[at]) return false;
  return true;
}

/** We answer a message that has no line end. */
function openMessage(flow: StreamFlow, at: number, narrator: Narrator): void {
  const { messages, fin } = flow.in;
  if (flow.person || flow.role === "client" || fin !== null || flow.noLineEnd) return;
  if (messages.open === 0 || messages.kind === "http" || at - flow.moved < PAUSE) return;
  flow.noLineEnd = true;
  const text = `No line end for ${milliseconds(at - flow.moved)}: we take what has come as the whole message`;
  narrator.say(at, flow.id, "data", text, "noLineEnd");
}

/** A write that has returned. */
export function explainWrite(flow: StreamFlow, event: WireEvent, narrator: Narrator): void {
  const { at, bytes, duration, offered } = event;
  const length = bytes?.length ?? 0;
  // A capture file has no call that was only issued.
  if (flow.pending === null && bytes !== null) explainWriting(flow, event, bytes, narrator);
  flow.pending = null;
  flow.blocked = false;
  flow.out.total += length;
  flow.untold.waited(duration);
  const time = milliseconds(duration);
  if (offered !== undefined && offered > length) {
    flow.repeated = offered - length;
    const waited = duration >= WAITED ? `, after ${time}` : "";
    const text = `write(2) took only ${thousands(length)} of ${
      counted(offered, "byte")
    }${waited}: the rest is still to be written`;
    flow.mistake(narrator, at, 3, text);
  } else if (duration >= WAITED && flow.out.total >= FILLED) {
    flow.mistake(
      narrator,
      at,
      3,
      `write(2) waited ${time}: the buffers are full, since the peer reads more slowly than we write`,
    );
  } else if (duration >= WAITED && narrator.hears(at)) {
    narrator.say(at, flow.id, "data", `write(2) took ${time}`, "slowWrite");
  }
}

/** A read, a write or a half-close that failed. */
export function explainFailure(flow: StreamFlow, event: WireEvent, error: string, narrator: Narrator): void {
  const { at, call } = event;
  flow.pending = null;
  if (isOurClose(error)) return;
  flow.sumUp(narrator, at, true);
  flow.broken = true;
  const name = call === "read" ? "read(2)" : call === "closeWrite" ? "shutdown(2)" : "write(2)";
  const reset = error === "ECONNRESET" || error === "EPIPE";
  const silence = error === "ETIMEDOUT" ? "timeout" : undefined;
  narrator.say(at, flow.id, "trouble", `${name} fails: ${inWords(error)}`, reset ? "reset" : silence);
  if (reset) misunderstood(flow, at, narrator);
}

/** A reset after a FIN: one side took it for the end of both directions. Mistake 4. */
function misunderstood(flow: StreamFlow, at: number, narrator: Narrator): void {
  if (flow.misunderstood) return;
  flow.misunderstood = true;
  if (flow.in.fin !== null && flow.direction === "out" && flow.moved >= flow.in.fin) {
    const text =
      "The peer's FIN was no half-close: it had closed both directions, and what we sent after it was thrown away";
    flow.mistake(narrator, at, 4, text);
  } else if (flow.role === "client" && flow.out.fin !== null && flow.unanswered !== null) {
    flow.mistake(
      narrator,
      at,
      4,
      "The peer answers our FIN with a reset, and our last message not at all: it seems to take a FIN for a hang-up",
    );
  }
}
