/**
 * One flow of datagrams between two endpoints, and what `--explain` says of it. Pure.
 *
 * @module
 */
import { type Endpoint, formatEndpoint, isLoopback } from "../../addr.ts";
import { decodeText, milliseconds } from "../../text.ts";
import type { WireEvent } from "../event.ts";
import { examine } from "./content.ts";
import { excerptOf } from "./excerpt.ts";
import type { MistakeNumber } from "./mistakes.ts";
import type { Narrator } from "./narrator.ts";
import { Pace, Tally } from "./pace.ts";
import { Sequence, type SequenceFinding } from "./sequence.ts";
import type { Role } from "./stream_flow.ts";
import { counted, errnoOf, inWords, isOurClose, later, thousands } from "./words.ts";

/** The most datagrams of one flow that are told one by one in a second. */
const MOST = 24;
/** How often a mistake is told for one flow; the rest is counted. */
const TIMES = 8;
/** The most of a datagram that is kept to compare with the answer (bytes). */
const KEPT = 4096;
/** A shorter answer that is the beginning of our datagram says little (bytes). */
const CUT = 16;
/** What fits into one Ethernet packet beside the headers (bytes): IPv4, IPv6. */
const UNFRAGMENTED = { ipv4: 1472, ipv6: 1452 };

/** A peer of UDP: what it has answered, over all flows. */
export interface PeerRecord {
  sent: number;
  answered: number;
  /** When the last datagram that has an answer was sent. */
  lastAnswered: number;
}

/** A flow of datagrams. */
export class DatagramFlow {
  readonly id: number;
  readonly role: Role;
  readonly peer: Endpoint;
  /** Our address and port; "" while it is unknown. */
  readonly local: string;
  readonly record: PeerRecord;
  last: number;
  /** The beginning of the last datagram sent, its length, and when; `null` before the first. */
  sent: { readonly at: number; readonly start: Uint8Array; readonly length: number } | null = null;
  /** How many answers the last one has; -1 once it was told that none came. */
  answers = 0;
  /** How many sends were issued and have not returned. */
  pending = 0;
  lost = false;
  lastReceived: { readonly at: number; readonly start: Uint8Array; readonly length: number } | null = null;
  received = 0;
  readonly pace = new Pace(MOST);
  readonly untold = new Tally();
  #sequence = new Sequence();
  #mistakes = new Map<MistakeNumber, number>();

  constructor({ flow, at, local }: WireEvent, peer: Endpoint, role: Role, record: PeerRecord) {
    this.id = flow;
    this.role = role;
    this.peer = peer;
    this.local = local === null ? "" : formatEndpoint(local);
    this.record = record;
    this.last = at;
  }

  mistake(narrator: Narrator, at: number, number: MistakeNumber, text: string): void {
    const times = (this.#mistakes.get(number) ?? 0) + 1;
    this.#mistakes.set(number, times);
    if (times <= TIMES) narrator.mistake(at, this.id, number, text);
    else this.untold.mistake(number);
  }

  #tells(narrator: Narrator, { at, call, bytes }: WireEvent): boolean {
    const tally = !this.pace.take(at) ? this.untold : narrator.hears(at) ? null : narrator.untold;
    tally?.add(at, call, bytes?.length ?? 0);
    return tally === null;
  }

  /** A datagram is being sent. */
  sending(event: WireEvent, bytes: Uint8Array, narrator: Narrator): void {
    const { at } = event;
    const again = this.sent !== null && this.answers <= 0 && same(bytes, this.sent);
    if (this.#tells(narrator, event)) {
      const where = formatEndpoint(this.peer);
      narrator.say(at, this.id, "data", `sendto(2) ${where}: ${this.#datagram(bytes, at)}`, "sending");
      if (bytes.length === 0) narrator.say(at, this.id, "data", "An empty datagram", "empty");
      if (again) {
        narrator.say(
          at,
          this.id,
          "data",
          `The same again after ${milliseconds(this.#sinceSent(at))} without an answer: a retry`,
          "repeat",
        );
      }
      this.#fragments(at, bytes.length, narrator);
    }
    this.record.sent++;
    this.sent = { at, start: bytes.slice(0, KEPT), length: bytes.length };
    this.answers = 0;
    this.last = at;
  }

  #sinceSent(at: number): number {
    return Math.max(0, at - (this.sent?.at ?? at));
  }

  #datagram(bytes: Uint8Array, at: number): string {
    const gap = this.sent === null && this.lastReceived === null ? "" : `, ${later(at - this.last)}`;
    return bytes.length === 0 ? `0 bytes${gap}` : `${counted(bytes.length, "byte")}${gap}: ${excerptOf(bytes)}`;
  }

  #fragments(at: number, length: number, narrator: Narrator): void {
    const most = this.peer.hostname.includes(":") ? UNFRAGMENTED.ipv6 : UNFRAGMENTED.ipv4;
    if (length <= most) return;
    const parts = Math.ceil((length + 8) / 1480);
    const here = isLoopback(this.peer.hostname) ? " (not here, on loopback)" : "";
    narrator.say(
      at,
      this.id,
      "data",
      `${thousands(length)} bytes are ${parts} packets on an Ethernet${here}`,
      "fragments",
    );
  }

  /** A send has failed. */
  failed({ at, call, error = "", bytes }: WireEvent, narrator: Narrator): void {
    if (isOurClose(error)) return;
    const name = call === "receive" ? "recvfrom(2)" : "sendto(2)";
    const errno = errnoOf(error);
    if (errno === "EMSGSIZE") {
      const length = bytes === null ? "the datagram" : counted(bytes.length, "byte");
      return this.mistake(
        narrator,
        at,
        7,
        `sendto(2): ${length} ${bytes === null ? "is" : "are"} ${inWords(error)}: 65,507 bytes at most over IPv4`,
      );
    }
    if (errno === "ECONNREFUSED") {
      return this.mistake(
        narrator,
        at,
        9,
        `${name}: ECONNREFUSED: the datagram before, whose sendto(2) succeeded, found nobody at ${
          formatEndpoint(this.peer)
        }`,
      );
    }
    narrator.say(at, this.id, "trouble", `${name}: ${inWords(error)}`);
  }

  /** A datagram has come. */
  receive(event: WireEvent, bytes: Uint8Array, narrator: Narrator): void {
    const { at } = event;
    const told = this.#tells(narrator, event);
    if (told) {
      narrator.say(
        at,
        this.id,
        "data",
        `recvfrom(2) ${formatEndpoint(this.peer)}: ${this.#datagram(bytes, at)}`,
        "receive",
      );
      if (bytes.length === 0) narrator.say(at, this.id, "data", "An empty datagram", "empty");
    }
    this.#compare(at, bytes, narrator, told);
    for (const finding of examine(bytes)) {
      if ("mistake" in finding) this.mistake(narrator, at, finding.mistake, finding.text);
      else if (told) narrator.say(at, this.id, "data", finding.text, finding.topic);
    }
    if (bytes.length <= KEPT) {
      for (const finding of this.#sequence.take(decodeText(bytes.subarray(0, 256)))) {
        this.#number(at, finding, narrator);
      }
    }
    this.received++;
    this.lastReceived = { at, start: bytes.slice(0, KEPT), length: bytes.length };
    this.last = at;
  }

  /** Compares what came with what was sent, and with what came before. */
  #compare(at: number, bytes: Uint8Array, narrator: Narrator, told: boolean): void {
    const { sent, lastReceived } = this;
    const repeats = lastReceived !== null && same(bytes, lastReceived);
    if (this.role === "server" || sent === null) {
      if (repeats && told && (sent === null || sent.at < lastReceived.at)) {
        narrator.say(at, this.id, "data", "The same as the one before: sent twice, or doubled on the way", "repeat");
      }
      return;
    }
    this.answers = Math.max(0, this.answers) + 1;
    if (this.answers === 1) {
      this.record.answered++;
      this.record.lastAnswered = Math.max(this.record.lastAnswered, sent.at);
      if (this.lost) {
        narrator.say(at, this.id, "data", `An answer after ${milliseconds(at - sent.at)}: it was late, not lost`);
      }
      this.lost = false;
    } else if (repeats) {
      this.mistake(narrator, at, 8, `The same answer again, ${later(at - lastReceived.at)}: a duplicate`);
    }
    if (bytes.length >= CUT && bytes.length < sent.length && bytes.length <= KEPT && startsWith(sent.start, bytes)) {
      const text = `The answer is the first ${counted(bytes.length, "byte")} of our ${
        thousands(sent.length)
      }: the peer's buffer is no longer, and the rest is gone`;
      this.mistake(narrator, at, 7, text);
    }
  }

  #number(at: number, finding: SequenceFinding, narrator: Narrator): void {
    if (finding.found === "gap") {
      const [from, to] = finding.missing;
      const which = from === to ? `Number ${from} has` : `Numbers ${from} to ${to} have`;
      return this.mistake(narrator, at, 8, `${which} not come: lost, or late`);
    }
    const { number, after } = finding;
    const text = finding.found === "late"
      ? `Number ${number} comes after ${after}: out of order`
      : `Number ${number} again: a duplicate`;
    this.mistake(narrator, at, 8, text);
  }

  /** What is to be said because no answer comes. Returns whether nothing more can be said until something happens. */
  silence(now: number, narrator: Narrator): boolean {
    this.sumUp(narrator, now);
    const { sent, role, answers } = this;
    if (role === "server" || sent === null || answers !== 0) return this.untold.empty;
    const waited = now - sent.at;
    const overtaken = this.record.lastAnswered > sent.at;
    if (waited < (overtaken ? 1000 : 2000)) return false;
    if (this.record.answered > 0 && !overtaken) return waited > 60_000;
    this.#unanswered(now, milliseconds(waited), narrator);
    return this.untold.empty;
  }

  #unanswered(at: number, waited: string, narrator: Narrator): void {
    this.answers = -1;
    this.lost = true;
    if (this.record.answered > 0) {
      this.mistake(
        narrator,
        at,
        8,
        `No answer for ${waited}, though later datagrams have one: it was lost, or its answer was`,
      );
    } else {
      this.mistake(
        narrator,
        at,
        9,
        `No answer for ${waited}: that sendto(2) succeeded does not say that anything arrived`,
      );
    }
  }

  /** The socket is closed. */
  close(at: number, narrator: Narrator): void {
    this.sumUp(narrator, at, true);
    if (this.role === "server" || this.sent === null || this.answers !== 0) return;
    const waited = milliseconds(this.#sinceSent(at));
    if (this.record.answered === 0 || this.received === 0) this.#unanswered(at, waited, narrator);
    else narrator.say(at, this.id, "data", `The last datagram has no answer after ${waited}`, "unanswered");
  }

  sumUp(narrator: Narrator, at: number, end = false): void {
    if (end ? this.untold.empty : !this.untold.due(at)) return;
    narrator.say(at, this.id, "data", `Also: ${this.untold.take(at)}`, "bulk");
  }
}

function same(bytes: Uint8Array, { start, length }: { start: Uint8Array; length: number }): boolean {
  return bytes.length === length && startsWith(bytes, start);
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  for (let at = 0; at < start.length; at++) if (bytes[at] !== start[at]) return false;
  return bytes.length >= start.length;
}
