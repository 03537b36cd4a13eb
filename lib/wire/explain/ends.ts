/**
 * What `--explain` says of the ends of a TCP connection, and of silence on it. Pure.
 *
 * @module
 */
import { milliseconds } from "../../text.ts";
import type { Narrator } from "./narrator.ts";
import type { StreamFlow } from "./stream_flow.ts";
import { counted, later, size } from "./words.ts";

/** How soon a FIN that follows ours counts as its answer (ms). */
const ANSWER = 1000;
/** More than this is a file sent to whoever takes it, not a message that wants an answer (bytes). */
const FILE = 65_536;

/** A read that gave the end of the stream. */
export function explainEof(flow: StreamFlow, at: number, narrator: Narrator): void {
  if (flow.in.fin !== null) return;
  flow.in.fin = at;
  const can = flow.out.fin === null ? "; you can still send" : ": both directions are closed now";
  narrator.say(
    at,
    flow.id,
    "state",
    `read(2): 0 bytes, ${later(at - flow.last)}: the peer has finished sending (FIN)${can}`,
    "eof",
  );
  openEnd(flow, at, narrator);
  const { unanswered, out } = flow;
  if (unanswered === null || out.fin === null || at - out.fin > ANSWER || flow.role === "server") return;
  flow.misunderstood = true;
  if (flow.in.total > 0 || unanswered === "part") {
    flow.mistake(
      narrator,
      at,
      4,
      "The peer answered our FIN by closing, and our last message not at all: it took the FIN for a hang-up",
    );
  } else {
    narrator.say(at, flow.id, "data", "The peer has closed without a word of its own", "sink");
  }
}

/** A message that the end of the stream ends. */
function openEnd(flow: StreamFlow, at: number, narrator: Narrator): void {
  const { messages } = flow.in;
  const { http } = messages;
  if (messages.kind === "http" && http !== null && !http.done && messages.open > 0) {
    narrator.say(at, flow.id, "trouble", `The HTTP message is cut off: ${http.missing} is missing`, "incomplete");
  }
}

/** Our half-close. */
export function explainHalfClose(flow: StreamFlow, at: number, narrator: Narrator): void {
  if (flow.out.fin !== null) return;
  flow.out.fin = at;
  const { messages, total } = flow.out;
  const asked = flow.direction === "out" && total > 0 && total < FILE && messages.kind !== "opaque";
  flow.unanswered = !asked ? null : messages.open > 0 ? "part" : "message";
  const rest = flow.in.fin === null ? "we can still receive" : "the peer's came before: both directions are closed now";
  narrator.say(
    at,
    flow.id,
    "state",
    `shutdown(2): we have finished sending (FIN), ${later(at - flow.last)}; ${rest}`,
    "halfClose",
  );
}

/** Our close. */
export function explainClose(flow: StreamFlow, at: number, narrator: Narrator, call: "close" | "reset"): void {
  flow.sumUp(narrator, at, true);
  const traffic = `${size(flow.in.total)} in, ${size(flow.out.total)} out, open for ${
    milliseconds(Math.max(0, at - flow.opened))
  }`;
  if (call === "reset") {
    narrator.say(at, flow.id, "state", `We reset the connection (RST): ${traffic}`, "reset");
    return;
  }
  const ours = flow.out.fin ?? at;
  const first = flow.broken ? null : flow.in.fin !== null && flow.in.fin <= ours ? "peer" : "we";
  const waits = first === null
    ? ""
    : first === "peer"
    ? ". The peer closed first: TIME_WAIT is on its side"
    : ". We closed first: TIME_WAIT is on our side";
  narrator.say(at, flow.id, "state", `close(2): ${traffic}${waits}`, "close");
}

/** From which silence on something is said (ms). */
export const SILENCE = 2000;
/** From which time on a pending write is told (ms). */
const BLOCKED = 1000;
const FILLED = 16_384;
/** How often silence is told for one connection. */
const SILENCES = 2;

/**
 * What is to be said because nothing happens on a connection.
 *
 * @returns Whether nothing more can be said until something happens.
 */
export function explainSilence(flow: StreamFlow, now: number, narrator: Narrator): boolean {
  flow.sumUp(narrator, now);
  const { pending, blocked } = flow;
  if (pending !== null) {
    if (blocked || now - pending.since < BLOCKED) return blocked;
    flow.blocked = true;
    if (flow.out.total + pending.bytes >= FILLED) {
      const since = `${size(pending.bytes)} for ${milliseconds(now - pending.since)}`;
      flow.mistake(narrator, now, 3, `write(2) has been waiting with ${since}: the peer does not read`);
    }
    return true;
  }
  const silence = now - flow.last;
  if (silence < SILENCE) return false;
  if (flow.untold.empty && !flow.silent && flow.silences < SILENCES && waits(flow, now, silence, narrator)) {
    flow.silences++;
  }
  flow.silent = true;
  return flow.untold.empty;
}

/** Both sides wait: mistakes 5 and 14. Returns whether something was said. */
function waits(flow: StreamFlow, now: number, silence: number, narrator: Narrator): boolean {
  const { role, in: incoming, out, direction } = flow;
  if (incoming.fin !== null || out.fin !== null || direction === null) return false;
  const time = `Nothing for ${milliseconds(silence)}`;
  const { messages } = direction === "in" ? incoming : out;
  if (messages.kind === "http" && messages.open > 0) {
    const missing = messages.http?.missing ?? "";
    const whose = direction === "in" ? "the peer's" : "our";
    if (role === "client" && direction === "in") {
      narrator.say(now, flow.id, "trouble", `${time}, and ${whose} HTTP message lacks ${missing}`, "incomplete");
    } else {
      flow.mistake(narrator, now, 5, `${time}: ${whose} HTTP message lacks ${missing}, so both sides wait to read`);
    }
    return true;
  }
  const open = counted(messages.open, "byte");
  if (role === "server") {
    if (direction === "out" || messages.open === 0) return false;
    flow.mistake(
      narrator,
      now,
      5,
      `${time}: the peer's last ${open} have no line end and no FIN after them, so both sides may be waiting to read`,
    );
    return true;
  }
  const silentPeer = incoming.total === 0;
  if (direction === "in" || (messages.open === 0 && !silentPeer)) return false;
  const text = messages.open > 0
    ? `our last ${open} have no line end and no FIN after them, so the peer may be waiting for more while we wait for its answer`
    : "we wait to read, and have sent no FIN. If the peer reads to the end of the stream, it waits for that";
  flow.mistake(narrator, now, 5, `${time}: ${text}`);
  if (silentPeer) {
    flow.mistake(
      narrator,
      now,
      14,
      "Or the server has not called accept(2) yet, being busy with another client: from here one cannot tell which",
    );
  }
  return true;
}
