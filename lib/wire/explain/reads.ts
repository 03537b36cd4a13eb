/**
 * What `--explain` says of the bytes that a TCP connection brings. Pure.
 *
 * @module
 */
import { counted, decodeText, milliseconds } from "../../text.ts";
import type { WireEvent } from "../event.ts";
import { examine, type Finding, isTelnet } from "./content.ts";
import { hexOf } from "./excerpt.ts";
import type { Narrator } from "./narrator.ts";
import { cutCharacterOf, type Half, NO_BYTES, restOfCharacter, type StreamFlow, transferLine } from "./stream_flow.ts";
import { size } from "./words.ts";

/** A longer piece is a file that passes, not a conversation: its lines are not counted (bytes). */
const BULK = 4096;
/** A longer message, or line, cannot be expected to come in one read (bytes). */
const LONG = 65_536;

/** A read that gave bytes. */
export function explainRead(flow: StreamFlow, event: WireEvent, bytes: Uint8Array, narrator: Narrator): void {
  const { at } = event;
  const rest = restOfCharacter(flow.cut, bytes);
  const told = flow.tells(narrator, event);
  if (told) narrator.say(at, flow.id, "data", transferLine("read(2)", bytes, at - flow.last, rest), "read");
  lateAnswer(flow, at, narrator);
  // An answer ends what we sent, even where nothing marks its end.
  if (flow.direction === "out") flow.out.messages.cut();
  flow.moves("in", at);
  flow.in.total += bytes.length;
  flow.lastRead = bytes.length <= BULK ? bytes : NO_BYTES;
  flow.unanswered = null;
  const { messages } = flow.in;
  const telnet = isTelnet(bytes);
  if (!telnet) {
    messages.push(bytes, at);
    boundaries(flow, at, bytes, narrator);
    cutCharacter(flow, at, bytes, rest, narrator);
    lostCharacter(flow, at, bytes, narrator);
    checkHead(flow, flow.in, at, narrator);
    longLine(flow, at, narrator);
  }
  // What is in an HTTP body or a file is none of our business.
  if (messages.kind !== "lines" && !telnet && bytes.length > 8) return;
  for (const finding of examine(bytes.subarray(rest))) {
    if (told || "mistake" in finding) report(flow, at, finding, narrator);
  }
}

function report(flow: StreamFlow, at: number, finding: Finding, narrator: Narrator): void {
  if ("mistake" in finding) flow.mistake(narrator, at, finding.mistake, finding.text);
  else narrator.say(at, flow.id, "data", finding.text, finding.topic);
}

/** An answer that followed our FIN, and not our message, was waiting for it: mistake 5 (ms). */
const WAITED_FOR_FIN = { message: 1000, answer: 200 };

function lateAnswer(flow: StreamFlow, at: number, narrator: Narrator): void {
  const { fin } = flow.out;
  if (flow.role === "server" || flow.direction !== "out" || fin === null) return;
  if (fin - flow.moved < WAITED_FOR_FIN.message || at - fin > WAITED_FOR_FIN.answer) return;
  const [message, answer] = [milliseconds(fin - flow.moved), milliseconds(at - fin)];
  const text =
    `The answer came ${answer} after our FIN, which came ${message} after our last bytes: the peer was waiting for the end`;
  flow.mistake(narrator, at, 5, text);
}

/** Compares the read with the messages that ended in it: mistake 1, and 15 where a pause lay between. */
function boundaries(flow: StreamFlow, at: number, bytes: Uint8Array, narrator: Narrator): void {
  const { ended, pieces, length, kind } = flow.in.messages;
  if (ended === 0 || (kind === "lines" && bytes.length >= BULK)) return;
  if (pieces > 1 && length < LONG) {
    const message = `${kind === "http" ? "HTTP message" : "message"} of ${counted(length, "byte")}`;
    flow.mistake(narrator, at, 1, `This one ${message} came in ${pieces} reads`);
    delayedAck(flow, at, narrator);
  }
  if (ended > 1) flow.mistake(narrator, at, 1, `${ended} messages in one read`);
}

/** How long an ACK is delayed (ms): 40 on Linux, 200 on Windows. */
const DELAYS = [[36, 60], [195, 225]] as const;
/** Nagle's algorithm holds back what is less than a segment (bytes). */
const SEGMENT = 1400;

function delayedAck(flow: StreamFlow, at: number, narrator: Narrator): void {
  const { pieces, pause, parts: [first, second] } = flow.in.messages;
  if (pieces !== 2 || first < 2 || first > SEGMENT || second > SEGMENT) return;
  if (!DELAYS.some(([low, high]) => pause >= low && pause <= high)) return;
  // One such pause may be chance.
  if (++flow.pauses < 2) return;
  const text = `Again ${
    milliseconds(pause)
  } between two small parts of one message: that is how long an ACK is delayed`;
  flow.mistake(narrator, at, 15, text);
}

/** A character that the read before cut: mistake 6. */
function cutCharacter(flow: StreamFlow, at: number, bytes: Uint8Array, rest: number, narrator: Narrator): void {
  const { cut } = flow;
  const joined = rest === 0 ? cut : new Uint8Array([...cut, ...bytes.subarray(0, rest)]);
  if (flow.in.messages.kind === "opaque") flow.cut = NO_BYTES;
  // A read that brings only the middle of a character cuts it again.
  else flow.cut = cutCharacterOf(rest === bytes.length ? joined : bytes);
  if (rest === 0 || flow.in.messages.kind === "opaque" || (rest === bytes.length && flow.cut.length > 0)) return;
  const [before, after] = [hexOf(cut), hexOf(joined.subarray(cut.length))];
  flow.mistake(narrator, at, 6, `“${decodeText(joined)}” came in two reads: ⟨${before}…⟩, then ⟨…${after}⟩`);
}

/** U+FFFD comes back where we sent a character: the peer, too, decodes each read for itself. */
function lostCharacter(flow: StreamFlow, at: number, bytes: Uint8Array, narrator: Narrator): void {
  if (flow.sentText === "" || bytes.length > BULK || !holdsReplacement(bytes)) return;
  const ascii = (text: string): string => text.replace(/[^\x20-\x7e]/g, "");
  const sent = ascii(flow.sentText);
  if (sent === "" || !ascii(decodeText(bytes)).includes(sent)) return;
  flow.mistake(
    narrator,
    at,
    6,
    "U+FFFD (\uFFFD) comes back where we sent another character: the peer did not decode it whole",
  );
}

/** Whether the bytes hold U+FFFD itself, and not only what decodes to it. */
function holdsReplacement(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(0xef); at >= 0; at = bytes.indexOf(0xef, at + 1)) {
    if (bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd) return true;
  }
  return false;
}

/** A line of an HTTP head that ends with LF alone, the peer's or ours: mistake 17. */
export function checkHead(flow: StreamFlow, half: Half, at: number, narrator: Narrator): void {
  const { http } = half.messages;
  if (http === null || http.bareLines === 0 || http.reported) return;
  http.reported = true;
  const { bareLines, lines } = http;
  const which = lines === 1
    ? "The first line"
    : bareLines === lines
    ? `All ${lines} lines`
    : `${bareLines} of ${lines} lines`;
  const whose = half === flow.in ? "this HTTP head" : "our HTTP head";
  flow.mistake(
    narrator,
    at,
    17,
    `${which} of ${whose} end${lines === 1 ? "s" : ""} with LF alone (⏎) instead of CR LF (␍⏎)`,
  );
}

/** A line that does not end: mistake 18. */
function longLine(flow: StreamFlow, at: number, narrator: Narrator): void {
  const { open, kind } = flow.in.messages;
  if (kind !== "lines" || open < LONG || flow.longLine) return;
  flow.longLine = true;
  flow.mistake(narrator, at, 18, `${size(open)} so far without a line end: a program that waits for one needs a limit`);
}
