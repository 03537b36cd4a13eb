/**
 * Finds messages in one direction of a byte stream, to compare them with its reads. Pure.
 *
 * A message is a line, or a message of HTTP where the stream begins as one; bytes that are no text have none.
 *
 * @module
 */
import { looksLikeText } from "./excerpt.ts";
import { beginsHttp, HttpMessage, mayBeginHttp } from "./http_message.ts";

const LF = 10;
/** The most of a first line that is kept to see whether it is HTTP (bytes). */
const KEPT = 2048;

/** What a direction carries. */
export type Kind = "unknown" | "lines" | "http" | "opaque";

/** Reads along in one direction of a connection. What it found in the last piece stands in its fields. */
export class MessageScanner {
  kind: Kind = "unknown";
  /** How many messages ended in the last piece. */
  ended = 0;
  /** The first of them: in how many pieces it came, how long it is, and the last two pieces with the pause between (ms). */
  pieces = 0;
  length = 0;
  pause = 0;
  parts: readonly [number, number] = [0, 0];
  /** The head that the last piece ended or continued; `null` where there is none. */
  http: HttpMessage | null = null;
  #open = 0;
  #openPieces = 0;
  #complete = false;
  #lastAt = 0;
  #lastSize = 0;
  #start = "";
  #methods: string[];

  /** @param methods See {@linkcode HttpMessage}. */
  constructor(methods: string[]) {
    this.#methods = methods;
  }

  /** How many bytes of a message that has not ended yet there are. */
  get open(): number {
    return this.kind === "opaque" ? 0 : this.#open;
  }

  /** Reads a piece. */
  push(bytes: Uint8Array, at: number): void {
    this.ended = 0;
    if (this.kind === "unknown" && !looksLikeText(bytes)) this.kind = "opaque";
    let from = 0;
    while (from < bytes.length && this.kind !== "opaque") {
      const end = this.kind === "http" ? this.#pushHttp(bytes, from) : this.#pushLine(bytes, from);
      this.#open += end - from;
      const piece = end - from;
      from = end;
      if (!this.#complete) {
        this.#openPieces++;
        this.#lastAt = at;
        this.#lastSize = piece;
        continue;
      }
      this.#end(at, piece);
    }
  }

  /** The message ends here although nothing marks its end: the other side has answered it, or the stream is over. */
  cut(): void {
    if (this.kind === "http") return;
    this.#open = this.#openPieces = 0;
    this.#start = "";
  }

  #end(at: number, piece: number): void {
    if (++this.ended === 1) {
      this.pieces = this.#openPieces + 1;
      this.length = this.#open;
      this.pause = at - this.#lastAt;
      this.parts = [this.#lastSize, piece];
    }
    this.#open = this.#openPieces = 0;
  }

  #pushLine(bytes: Uint8Array, from: number): number {
    const newline = bytes.indexOf(LF, from);
    const end = newline < 0 ? bytes.length : newline + 1;
    this.#complete = newline >= 0;
    if (this.kind === "lines") return end;
    // The first line decides what the stream carries.
    for (let at = from; at < end && this.#start.length < KEPT; at++) this.#start += String.fromCharCode(bytes[at] ?? 0);
    if (!this.#complete && mayBeginHttp(this.#start)) return end;
    const start = this.#start;
    this.#start = "";
    // A blank line may precede a message of HTTP (RFC 9112 2.2).
    if (start === "\r\n" || start === "\n") return end;
    this.kind = beginsHttp(start.replace(/\r?\n$/, "")) ? "http" : "lines";
    if (this.kind === "lines") return end;
    this.http = new HttpMessage(this.#methods);
    this.http.push(Uint8Array.from(start, (character) => character.charCodeAt(0)), 0);
    return this.#pushHttp(bytes, end);
  }

  #pushHttp(bytes: Uint8Array, from: number): number {
    if (this.http === null || this.http.done) this.http = new HttpMessage(this.#methods);
    const end = this.http.push(bytes, from);
    this.#complete = this.http.done;
    if (this.http.opaque || (this.#complete && this.http.upgrades)) this.kind = "opaque";
    return end;
  }
}
