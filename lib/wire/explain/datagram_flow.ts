/**
 * One flow of datagrams between two endpoints, and what `--explain` says of it. Pure.
 *
 * @module
 */
import { type Endpoint, formatEndpoint, isLoopback } from "../../addr.ts";
import type { Role } from "../../events.ts";
import { counted, milliseconds, thousands } from "../../text.ts";
import type { WireEvent } from "../event.ts";
import { examine } from "./content.ts";
import { type DatagramPeer, Remembered } from "./datagram_peer.ts";
import { excerptOf } from "./excerpt.ts";
import { Flow } from "./flow.ts";
import type { Narrator } from "./narrator.ts";
import { Sequence, type SequenceFinding } from "./sequence.ts";
import { inWords, isOurClose, later } from "./words.ts";

/** How often a mistake is told for one flow; the rest is counted. */
const TIMES = 8;
/** A shorter answer may be the beginning of our datagram by chance (bytes). */
const CUT = 16;
/** What fits into one packet of an Ethernet, beside the headers (bytes). */
const UNFRAGMENTED = { ipv4: 1472, ipv6: 1452 };
/** How long an answer may take (ms): where later datagrams have one, and where none has. */
const PATIENCE = { overtaken: 1000, mute: 2000 };
/** After this, nobody asks for an answer any more (ms). */
const FORGOTTEN = 60_000;

/** A flow of datagrams. */
export class DatagramFlow extends Flow {
  readonly peer: Endpoint;
  /** Our address and port; "" while it is unknown. */
  readonly local: string;
  /** How many sends were issued and have not returned. */
  pending = 0;
  #record: DatagramPeer;
  #last: number;
  #sent: Remembered | null = null;
  #received: Remembered | null = null;
  /** How many answers the last datagram has; `null` once it was told that it has none. */
  #answers: number | null = 0;
  #sequence = new Sequence();

  constructor({ flow, at, local }: WireEvent, peer: Endpoint, role: Role, person: boolean, record: DatagramPeer) {
    super(flow, role, { person, times: TIMES });
    this.peer = peer;
    this.local = local === null ? "" : formatEndpoint(local);
    this.#record = record;
    this.#last = at;
  }

  #tell(narrator: Narrator, call: "sendto(2)" | "recvfrom(2)", bytes: Uint8Array, at: number): void {
    const which = call === "sendto(2)" ? `${call} to` : `${call} from`;
    const gap = this.#sent === null && this.#received === null ? "" : `, ${later(at - this.#last)}`;
    const excerpt = bytes.length === 0 ? "" : `: ${excerptOf(bytes)}`;
    const text = `${which} ${formatEndpoint(this.peer)}: ${counted(bytes.length, "byte")}${gap}${excerpt}`;
    narrator.say(at, this.id, "data", text, call === "sendto(2)" ? "sending" : "receive");
    if (bytes.length === 0) narrator.say(at, this.id, "data", "An empty datagram", "empty");
  }

  /** A datagram is being sent. */
  sending(event: WireEvent, bytes: Uint8Array, narrator: Narrator): void {
    const { at } = event;
    const record = this.#record;
    if (this.tells(narrator, event)) {
      this.#tell(narrator, "sendto(2)", bytes, at);
      if (this.role === "client" && !record.lastAnswered && record.last?.equals(bytes)) {
        const since = milliseconds(Math.max(0, at - record.last.at));
        narrator.say(at, this.id, "data", `The same datagram as ${since} ago, which has no answer yet`, "repeat");
      }
      this.#fragments(at, bytes.length, narrator);
    }
    record.last = this.#sent = new Remembered(bytes, at);
    record.lastAnswered = false;
    this.#answers = 0;
    this.#last = at;
  }

  #fragments(at: number, length: number, narrator: Narrator): void {
    const most = this.peer.hostname.includes(":") ? UNFRAGMENTED.ipv6 : UNFRAGMENTED.ipv4;
    if (length <= most) return;
    // The header of UDP has 8 bytes, and a fragment carries 1,480.
    const packets = Math.ceil((length + 8) / 1480);
    const text = isLoopback(this.peer.hostname)
      ? `On Ethernet this would be ${packets} packets; loopback carries it whole`
      : `On Ethernet these are ${packets} packets`;
    narrator.say(at, this.id, "data", text, "fragments");
  }

  /** A call has failed. */
  failed({ at, call, error = "", offered = 0 }: WireEvent, narrator: Narrator): void {
    if (isOurClose(error)) return;
    const name = call === "receive" ? "recvfrom(2)" : "sendto(2)";
    if (error === "EMSGSIZE") {
      const text = `${name}: ${
        thousands(offered)
      } bytes are too many for a datagram (EMSGSIZE): 65,507 at most, over IPv4`;
      return this.mistake(narrator, at, 7, text);
    }
    if (error === "ECONNREFUSED") {
      const text = `${name}: refused (ECONNREFUSED): a datagram before, sent without an error, found nobody at ${
        formatEndpoint(this.peer)
      }`;
      return this.mistake(narrator, at, 9, text);
    }
    narrator.say(at, this.id, "trouble", `${name}: ${inWords(error)}`);
  }

  /** A datagram has come. */
  receive(event: WireEvent, bytes: Uint8Array, narrator: Narrator): void {
    const { at } = event;
    const told = this.tells(narrator, event);
    if (told) this.#tell(narrator, "recvfrom(2)", bytes, at);
    if (this.role === "client" && this.#sent !== null) this.#answer(at, bytes, this.#sent, narrator);
    else if (told && this.#received?.equals(bytes) === true && (this.#sent?.at ?? 0) <= this.#received.at) {
      narrator.say(at, this.id, "data", "The same datagram as the one before", "repeat");
    }
    for (const finding of examine(bytes)) {
      if ("mistake" in finding) this.mistake(narrator, at, finding.mistake, finding.text);
      else if (told) narrator.say(at, this.id, "data", finding.text, finding.topic);
    }
    for (const finding of this.#sequence.take(bytes)) this.#outOfSequence(at, finding, narrator);
    this.#received = new Remembered(bytes, at);
    this.#last = at;
  }

  /** An answer to what was sent; or one more. */
  #answer(at: number, bytes: Uint8Array, sent: Remembered, narrator: Narrator): void {
    const record = this.#record;
    const late = this.#answers === null;
    this.#answers = (this.#answers ?? 0) + 1;
    if (this.#answers === 1) {
      const time = milliseconds(Math.max(0, at - sent.at));
      if (late) narrator.say(at, this.id, "data", `The answer comes after ${time}: it was late, not lost`);
      if (record.latest > sent.at && !late) {
        this.mistake(
          narrator,
          at,
          8,
          `This answer, after ${time}, comes after the answer to a later datagram: out of order`,
        );
      }
      record.answered++;
      record.latest = Math.max(record.latest, sent.at);
      if (record.last === sent) record.lastAnswered = true;
    } else if (this.#received?.equals(bytes) === true) {
      this.mistake(narrator, at, 8, `The same answer again, ${later(at - this.#received.at)}: a duplicate`);
    }
    if (bytes.length < CUT || !sent.beginsWith(bytes)) return;
    const text = `The answer is our datagram, cut off: ${thousands(bytes.length)} of ${
      thousands(sent.length)
    } bytes, probably as much as the peer's buffer holds`;
    this.mistake(narrator, at, 7, text);
  }

  #outOfSequence(at: number, finding: SequenceFinding, narrator: Narrator): void {
    if (finding.found === "gap") {
      const [from, to] = finding.missing;
      const which = from === to ? `Number ${from} has` : `Numbers ${from} to ${to} have`;
      return this.mistake(narrator, at, 8, `${which} not come: lost, or late`);
    }
    const { number, after, found } = finding;
    const text = found === "late"
      ? `Number ${number} comes after ${after}: out of order`
      : `Number ${number} again: a duplicate`;
    this.mistake(narrator, at, 8, text);
  }

  /**
   * What is to be said because no answer comes.
   *
   * @returns Whether nothing more can be said until something happens.
   */
  silence(now: number, narrator: Narrator): boolean {
    this.sumUp(narrator, now);
    const { answered, latest } = this.#record;
    if (this.role === "server" || this.#sent === null || this.#answers !== 0 || this.person) return this.untold.empty;
    const waited = now - this.#sent.at;
    if (latest > this.#sent.at) {
      if (waited < PATIENCE.overtaken) return false;
    } else if (answered > 0) return waited > FORGOTTEN && this.untold.empty;
    else if (waited < PATIENCE.mute) return false;
    this.#unanswered(now, milliseconds(waited), narrator);
    return this.untold.empty;
  }

  #unanswered(at: number, waited: string, narrator: Narrator): void {
    const record = this.#record;
    this.#answers = null;
    if (record.answered > 0) {
      const text = `No answer for ${waited}, though other datagrams have one: it, or its answer, is lost or late`;
      this.mistake(narrator, at, 8, text);
    } else if (!record.mute) {
      record.mute = true;
      const text = `No answer for ${waited}: sendto(2) succeeded, but that does not say that anything arrived`;
      this.mistake(narrator, at, 9, text);
    } else narrator.say(at, this.id, "data", `No answer for ${waited} to this one either`, "unanswered");
  }

  /** The socket is closed. */
  close(at: number, narrator: Narrator): void {
    this.sumUp(narrator, at, true);
    if (this.role === "server" || this.#sent === null || this.#answers !== 0 || this.person) return;
    const waited = milliseconds(Math.max(0, at - this.#sent.at));
    if (this.#received === null) this.#unanswered(at, waited, narrator);
    else narrator.say(at, this.id, "data", `The last datagram has no answer after ${waited}`, "unanswered");
  }
}
