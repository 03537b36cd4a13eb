/**
 * One TCP connection as `--explain` follows it. Pure.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../../addr.ts";
import { counted } from "../../text.ts";
import { cutStart, sequenceLength } from "../../utf8.ts";
import type { WireEvent } from "../event.ts";
import { excerptOf } from "./excerpt.ts";
import { MessageScanner } from "./message_scanner.ts";
import type { MistakeNumber } from "./mistakes.ts";
import type { Narrator } from "./narrator.ts";
import { Pace, Tally } from "./pace.ts";
import { later } from "./words.ts";

/** The most reads and writes of one connection that are told one by one in a second. */
const MOST = 24;
/** A longer piece belongs to a file that passes: fewer of them are told (bytes, and how many it counts for). */
const LARGE = { bytes: 4096, weight: 3 };
/** How often a mistake is told for one connection; the rest is counted. */
const TIMES = 3;

export const NO_BYTES = new Uint8Array();

/** So much must have been sent before buffers can be full (bytes). */
export const FILLED = 16_384;

/** The kind of program that we are: a mistake of a client is none of a server. */
export type Role = "client" | "server";

/** What one side has sent. */
export class Half {
  /** Bytes so far. */
  total = 0;
  /** When its FIN was sent or read. */
  fin: number | null = null;
  readonly messages: MessageScanner;

  constructor(methods: string[]) {
    this.messages = new MessageScanner(methods);
  }
}

/** A connection: what has passed, and what is waited for. */
export class StreamFlow {
  readonly id: number;
  readonly role: Role;
  /** Whether a person answers: then silence is no sign of a mistake. */
  readonly person: boolean;
  readonly opened: number;
  peer: Endpoint | null;
  readonly in: Half;
  readonly out: Half;
  /** When the last call was told of. */
  last: number;
  /** Which way the last bytes went, and when. */
  direction: "in" | "out" | null = null;
  moved = 0;
  /** The bytes of the last read, if they were few. */
  lastRead: Uint8Array = NO_BYTES;
  /** The writes that have been issued and have not returned: when the first was, and how many bytes they hold. */
  pending: { readonly since: number; bytes: number } | null = null;
  /** How many bytes the next write repeats, since the last was short. */
  repeated = 0;
  /** How many silences were told; a connection that is quiet by nature is left alone. */
  silences = 0;
  /** Whether a pending write was told. */
  blocked = false;
  /** The bytes of a character that the last read cut; empty if it cut none. */
  cut: Uint8Array = NO_BYTES;
  /** The last text sent that has characters beyond ASCII, to compare with what comes back. */
  sentText = "";
  /** Whether our FIN was sent while a message of ours had no answer. */
  unanswered: "message" | "part" | null = null;
  /** Pauses that look like Nagle's. */
  pauses = 0;
  /** Whether the line that is too long was told. */
  longLine = false;
  /** Whether it was told that a message of the peer's has no line end. */
  noLineEnd = false;
  /** Whether it was told how an end was misunderstood (mistake 4). */
  misunderstood = false;
  /** Whether the connection has failed: nobody keeps TIME_WAIT then. */
  broken = false;
  /** Whether it carries TLS: its ends are marked by close_notify then, and the FINs below it are not seen. */
  tls = false;
  /** Whether its TLS handshake has failed: what passed was no data. */
  unsecured = false;
  readonly pace = new Pace(MOST);
  readonly untold = new Tally();
  #mistakes = new Map<MistakeNumber, number>();

  constructor(event: WireEvent, role: Role, person: boolean) {
    this.id = event.flow;
    this.role = role;
    this.person = person;
    this.opened = this.last = event.at;
    this.peer = event.peer;
    const methods: string[] = [];
    this.in = new Half(methods);
    this.out = new Half(methods);
  }

  /** The peer's address and port. */
  get peerName(): string {
    return this.peer === null ? "the peer" : formatEndpoint(this.peer);
  }

  /** Notes that bytes have passed. */
  moves(direction: "in" | "out", at: number): void {
    this.direction = direction;
    this.moved = at;
  }

  /** Names a mistake, the first times. */
  mistake(narrator: Narrator, at: number, number: MistakeNumber, text: string): void {
    const times = (this.#mistakes.get(number) ?? 0) + 1;
    this.#mistakes.set(number, times);
    if (times <= TIMES) narrator.mistake(at, this.id, number, text);
    else this.untold.mistake(number);
  }

  /** Whether a read or write is to be told one by one; if not, it is counted. */
  tells(narrator: Narrator, event: WireEvent): boolean {
    const { at, call } = event;
    const length = event.bytes?.length ?? 0;
    if (!this.pace.take(at, length >= LARGE.bytes ? LARGE.weight : 1)) {
      this.untold.add(at, call, length);
      return false;
    }
    if (narrator.hears(at)) return true;
    narrator.untold.add(at, call, length);
    return false;
  }

  /** Sums up what was not told, if a second has passed or `now` is the end. */
  sumUp(narrator: Narrator, at: number, end = false): void {
    if (end ? this.untold.empty : !this.untold.due(at)) return;
    narrator.sum(at, this.id, this.untold);
  }
}

/** A line about a read or write: `read(2): 19 bytes, 0.42 ms later: “Hello”`; for `rest` see {@linkcode excerptOf}. */
export function transferLine(call: string, bytes: Uint8Array, gap: number, rest = 0): string {
  return `${call}: ${counted(bytes.length, "byte")}, ${later(gap)}: ${excerptOf(bytes, rest)}`;
}

/** How many of the bytes go on with a character that the read before cut; 0 if they do not. */
export function restOfCharacter(cut: Uint8Array, bytes: Uint8Array): number {
  if (cut.length === 0) return 0;
  const length = sequenceLength(new Uint8Array([...cut, ...bytes.subarray(0, 3)]), 0);
  return Math.min(bytes.length, Math.max(0, length - cut.length));
}

/** The bytes of a character that the end of a read cuts. */
export function cutCharacterOf(bytes: Uint8Array): Uint8Array {
  return bytes.slice(cutStart(bytes));
}
