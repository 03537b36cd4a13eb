/**
 * What `--explain` says of the ends of a TCP connection, and of silence on it. Pure.
 *
 * @module
 */
import { counted, milliseconds } from "../../text.ts";
import type { Narrator } from "./narrator.ts";
import { FILLED, type StreamFlow } from "./stream_flow.ts";
import { later, size } from "./words.ts";

/** How soon a FIN that follows ours counts as its answer (ms). */
const ANSWER = 1000;
/** More than this is a file being sent, not a message that wants an answer (bytes). */
const FILE = 65_536;

/** A read that gave the end of the stream. */
export function explainEof(flow: StreamFlow, at: number, narrator: Narrator): void {
  if (flow.in.fin !== null) return;
  flow.in.fin = at;
  flow.sumUp(narrator, at, true);
  const state = flow.out.fin === null ? "; we can still send" : ", and so have we";
  const gap = later(at - flow.last);
  const mark = flow.tls ? `close_notify in, ${gap}` : `read(2): 0 bytes, ${gap}: FIN`;
  const text = `${mark}: the peer has finished sending${state}`;
  if (narrator.hears(at)) narrator.say(at, flow.id, "state", text, flow.tls ? "closeNotify" : "eof");
  const { messages } = flow.in;
  if (messages.kind === "http" && messages.open > 0) {
    narrator.say(
      at,
      flow.id,
      "trouble",
      `Its HTTP message is cut off: it lacks ${messages.http?.missing}`,
      "incomplete",
    );
  }
  hangUp(flow, at, narrator);
}

/** The peer closes as soon as it has read our FIN, without an answer: mistake 4. */
function hangUp(flow: StreamFlow, at: number, narrator: Narrator): void {
  const { unanswered, out, role } = flow;
  // Nobody owes a person an answer: a room takes a line, and says nothing.
  // And TLS 1.2 demands that a peer answer our close_notify with its own at once (RFC 5246 7.2.1).
  if (
    flow.person || flow.tls || role === "server" || unanswered === null || out.fin === null || at - out.fin > ANSWER
  ) return;
  flow.misunderstood = true;
  if (flow.in.total > 0 || unanswered === "part") {
    const text =
      "The peer answers our FIN by closing, and our last message not at all: it seems to take a FIN for a hang-up";
    flow.mistake(narrator, at, 4, text);
  } else {
    narrator.say(at, flow.id, "data", "The peer closes without sending anything", "sink");
  }
}

/** Our half-close. */
export function explainHalfClose(flow: StreamFlow, at: number, narrator: Narrator): void {
  if (flow.out.fin !== null) return;
  flow.out.fin = at;
  flow.sumUp(narrator, at, true);
  const { messages, total } = flow.out;
  const asked = flow.direction === "out" && total > 0 && total < FILE && messages.kind !== "opaque";
  flow.unanswered = !asked ? null : messages.open > 0 ? "part" : "message";
  const state = flow.in.fin === null ? "; we can still receive" : ", and so has the peer";
  const gap = later(at - flow.last);
  const mark = flow.tls ? `close_notify out, ${gap}` : `shutdown(2), ${gap}: FIN`;
  const text = `${mark}: we have finished sending${state}`;
  if (narrator.hears(at)) narrator.say(at, flow.id, "state", text, flow.tls ? "closeNotify" : "halfClose");
  else narrator.untold.add(at, "closeWrite", 0);
}

/** Our close. */
export function explainClose(flow: StreamFlow, at: number, narrator: Narrator, call: "close" | "reset"): void {
  flow.sumUp(narrator, at, true);
  const open = milliseconds(Math.max(0, at - flow.opened));
  if (flow.unsecured) return narrator.say(at, flow.id, "state", `close(2): no data has passed, open for ${open}`);
  const traffic = `${size(flow.in.total)} in, ${size(flow.out.total)} out, open for ${open}`;
  if (call === "reset") return narrator.say(at, flow.id, "state", `We reset the connection (RST): ${traffic}`, "reset");
  const end = timeWait(flow, at);
  narrator.say(at, flow.id, "state", `close(2): ${traffic}${end}`, end === "" ? undefined : "close");
}

/** Who keeps the pair of addresses, as far as the calls tell. */
function timeWait(flow: StreamFlow, at: number): string {
  if (flow.broken || flow.tls) return "";
  const ours = flow.out.fin ?? at;
  const theirs = flow.in.fin;
  // A server that had closed answers what a client sent after its FIN with a reset, which nobody reads.
  if (flow.role === "client" && theirs !== null && flow.direction === "out" && flow.moved >= theirs) return "";
  if (theirs === null) {
    return ". We have read no FIN: unless one is on its way, ours is the first, so TIME_WAIT will be on our side";
  }
  if (theirs <= ours) return ". The peer's FIN was the first, so TIME_WAIT is on its side";
  // The peer's may have been waiting to be read.
  return ". Our FIN was the first, as far as we can tell, so TIME_WAIT is on our side";
}

/** From which silence on something is said (ms). */
const SILENCE = 2000;
/** From which time on a pending write is told (ms). */
const BLOCKED = 1000;
/** How often silence is told for one connection. */
const SILENCES = 2;

/**
 * What is to be said because nothing happens on a connection.
 *
 * @returns Whether nothing more can be said until something happens.
 */
export function explainSilence(flow: StreamFlow, now: number, narrator: Narrator): boolean {
  flow.sumUp(narrator, now);
  if (flow.pending !== null) return explainBlocked(flow, now, flow.pending, narrator);
  const silence = now - flow.last;
  if (silence < SILENCE || !flow.untold.empty) return false;
  if (flow.silences < SILENCES && explainWait(flow, now, silence, narrator)) flow.silences++;
  return true;
}

/** A write that does not return: mistake 3. */
function explainBlocked(
  flow: StreamFlow,
  now: number,
  { since, bytes }: { since: number; bytes: number },
  narrator: Narrator,
): boolean {
  if (flow.blocked || now - since < BLOCKED) return flow.blocked;
  flow.blocked = true;
  if (flow.out.total + bytes < FILLED) return true;
  const time = milliseconds(now - since);
  flow.mistake(
    narrator,
    now,
    3,
    `write(2) has been waiting for ${time}: the buffers are full, and the peer does not read`,
  );
  return true;
}

/** Both sides wait to read: mistakes 5 and 14. Returns whether something was said. */
function explainWait(flow: StreamFlow, now: number, silence: number, narrator: Narrator): boolean {
  const { role, in: incoming, out, direction } = flow;
  if (flow.person || incoming.fin !== null || out.fin !== null || direction === null) return false;
  const { messages } = direction === "in" ? incoming : out;
  const time = `Nothing for ${milliseconds(silence)}`;
  if (messages.kind === "http" && messages.open > 0) return waitForHttp(flow, now, time, narrator);
  const open = counted(messages.open, "byte");
  if (role === "server") {
    if (direction === "out" || messages.open === 0) return false;
    const text =
      `${time}: the peer's last ${open} have no line end, and no FIN follows: a server that waits for either waits as long as the peer`;
    flow.mistake(narrator, now, 5, text);
    return true;
  }
  const mute = incoming.total === 0;
  if (direction === "in" || (messages.open === 0 && !mute)) return false;
  if (messages.open === 0) return waitForFirst(flow, now, time, narrator);
  const why =
    `our last ${open} have no line end, and we have sent no FIN. The peer may be waiting for either, as we wait for its answer`;
  flow.mistake(narrator, now, 5, `${time}: ${why}`);
  if (mute) {
    const text =
      "Or the server is busy with another client, and has not called accept(2): from here we cannot tell which";
    flow.mistake(narrator, now, 14, text);
  }
  return true;
}

/** What we sent is complete, and the server has not sent a byte yet. */
function waitForFirst(flow: StreamFlow, now: number, time: string, narrator: Narrator): boolean {
  const text = `${time} from the server: it may be busy with another client, and not have called accept(2) yet`;
  flow.mistake(narrator, now, 14, text);
  // A request over HTTP says where it ends.
  if (flow.out.messages.kind === "http") return true;
  const or = "Or it reads to the end of the stream, and we have sent no FIN: from here we cannot tell which";
  flow.mistake(narrator, now, 5, or);
  return true;
}

/** An HTTP message that does not go on. */
function waitForHttp(flow: StreamFlow, now: number, time: string, narrator: Narrator): boolean {
  const incoming = flow.direction === "in";
  // A server may make its answer slowly.
  if (!incoming && flow.role === "server") return false;
  const { http } = (incoming ? flow.in : flow.out).messages;
  const text = `${time}: ${incoming ? "the peer's" : "our"} HTTP message lacks ${http?.missing}`;
  // An answer that stops halfway is no deadlock: it is the peer's turn.
  if (incoming && flow.role === "client") narrator.say(now, flow.id, "trouble", text, "incomplete");
  else flow.mistake(narrator, now, 5, `${text}. If the other side is waiting for an answer, both wait for ever`);
  return true;
}
