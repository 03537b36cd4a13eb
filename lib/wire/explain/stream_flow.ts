/**
 * One TCP connection as `--explain` follows it. Pure.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../../addr.ts";
import type { Role } from "../../events.ts";
import { counted } from "../../text.ts";
import { cutStart, sequenceLength } from "../../utf8.ts";
import type { Direction, WireEvent } from "../event.ts";
import { excerptOf } from "./excerpt.ts";
import { Flow } from "./flow.ts";
import { MessageScanner } from "./message_scanner.ts";
import type { Narrator } from "./narrator.ts";
import { later } from "./words.ts";

/** A longer piece belongs to a file that passes: fewer of them are told (bytes, and how many it counts for). */
const LARGE = { bytes: 4096, weight: 3 };
/** How often a mistake is told for one connection; the rest is counted. */
const TIMES = 3;

/** Stands for no bytes: one array for all. */
export const NO_BYTES = new Uint8Array();

/** So much must have been sent before buffers can be full (bytes). */
export const FILLED = 16_384;

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
export class StreamFlow extends Flow {
  readonly opened: number;
  peer: Endpoint | null;
  readonly in: Half;
  readonly out: Half;
  /** When the last call was told of. */
  last: number;
  /** Which way the last bytes went, and when. */
  direction: Direction | null = null;
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

  constructor(event: WireEvent, role: Role, person: boolean) {
    super(event.flow, role, { person, times: TIMES });
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
  moves(direction: Direction, at: number): void {
    this.direction = direction;
    this.moved = at;
  }

  /** Whether a read or write is to be told one by one; if not, it is counted. */
  override tells(narrator: Narrator, event: WireEvent): boolean {
    return super.tells(narrator, event, (event.bytes?.length ?? 0) >= LARGE.bytes ? LARGE.weight : 1);
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
