/**
 * Request bodies out of bytes: by length, or in chunks with trailers (RFC 9112 6 and 7). Pure.
 *
 * @module
 */
import { CHUNKED } from "./framing.ts";
import { ChunkedDecoder } from "./chunked.ts";
import type { HeadLimits } from "./head.ts";
import { grown, type Holding } from "./holding.ts";
import { Refusal } from "./refusal.ts";
import { NOTHING } from "./syntax.ts";

/** How large a body may be; what is above is refused with 413. */
export interface BodyLimits extends HeadLimits {
  /** Bytes of a body; its chunk framing counts where it is kept. */
  readonly maxBody: number;
}

/** What of a body somebody wants: all of it, all of it as it came over the wire, its beginning (to be shown), or nothing. */
export type BodyNeed = "all" | "wire" | "sample" | "nothing";

/** How much of a body a sample has. */
const SAMPLE = 1024;
const FIRST_BUFFER = 4096;
/** Bytes of chunk framing that are no reason to refuse a body kept as it came over the wire: sizes, extensions, trailers. */
const FRAMING = 64 * 1024;
/** A buffer of this size is worth being freed at once; a smaller one is the collector's. */
const LARGE = 64 * 1024;

/** Reads one body out of pieces of any size. */
export class BodyReader {
  /** Bytes of the body so far, chunk framing not counted. */
  received = 0;
  /** Whether all of it is there. */
  done = false;
  #limits: BodyLimits;
  #left: number;
  #chunks: ChunkedDecoder | null = null;
  #need: BodyNeed;
  #holding: Holding | null;
  #kept: Uint8Array<ArrayBuffer> | null = null;
  #length = 0;
  /** The most that the buffer may have. */
  readonly #most: number;

  /**
   * @param length Bytes of the body, or {@linkcode CHUNKED}.
   * @param holding Counts the buffer; its owner releases it.
   * @throws {Refusal} 413: it is longer than the limit.
   */
  constructor(length: number, need: BodyNeed, limits: BodyLimits, holding: Holding | null = null) {
    this.#limits = limits;
    this.#need = need;
    this.#holding = holding;
    this.#most = length === CHUNKED ? limits.maxBody + FRAMING : length;
    this.#left = length;
    if (length === CHUNKED) this.#chunks = new ChunkedDecoder(limits, (piece) => this.#take(piece));
    else if (length > limits.maxBody) throw this.#tooLarge();
    else this.done = length === 0;
  }

  /** What was kept of the body: all, or a sample. Valid until the next call. */
  get bytes(): Uint8Array {
    return this.#kept?.subarray(0, this.#length) ?? NOTHING;
  }

  /** Frees what was kept, at once where it is large; nobody may look at it any more. */
  free(): void {
    if (this.#kept !== null && this.#kept.length >= LARGE) this.#kept.buffer.transfer(0);
    this.#kept = null;
    this.#length = 0;
  }

  /** The trailer lines, apart from the fields: nobody may take one for the other (RFC 9110 6.5.1). */
  get trailers(): readonly string[] {
    return this.#chunks?.trailers ?? [];
  }

  /**
   * Takes its part of what has arrived.
   *
   * @returns Where the part ends; what follows belongs to the next request.
   * @throws {Refusal} The framing is malformed (400), the body or its trailers are too large (413, 431), or there is no memory
   * left for it (503).
   */
  push(bytes: Uint8Array, from: number): number {
    let end: number;
    if (this.#chunks === null) {
      end = Math.min(bytes.length, from + this.#left);
      this.#left -= end - from;
      this.#take(bytes.subarray(from, end));
      this.done = this.#left === 0;
    } else {
      end = this.#chunks.push(bytes, from);
      this.done = this.#chunks.done;
      if (this.#need === "wire") this.#keep(bytes.subarray(from, end));
    }
    return end;
  }

  #take(piece: Uint8Array): void {
    this.received += piece.length;
    if (this.received > this.#limits.maxBody) throw this.#tooLarge();
    if (this.#need === "all" || (this.#need === "wire" && this.#chunks === null)) this.#keep(piece);
    else if (this.#need === "sample" && this.#length < SAMPLE) this.#keep(piece.subarray(0, SAMPLE - this.#length));
  }

  /** The buffer grows with what came, never with what was announced. */
  #keep(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#limits.maxBody + FRAMING) throw this.#tooLarge();
    const kept = length > (this.#kept?.length ?? 0) ? this.#grow(length) : this.#kept;
    kept?.set(piece, this.#length);
    this.#length = length;
  }

  /** While it grows, the old bytes and the new ones are there: both count. */
  #grow(length: number): Uint8Array {
    const old = this.#kept?.length ?? 0;
    const size = Math.max(length, Math.min(this.#most, Math.max(FIRST_BUFFER, old * 2)));
    this.#holding?.add(size);
    this.#kept = new Uint8Array(grown(this.#kept?.buffer ?? null, size));
    this.#holding?.add(-old);
    return this.#kept;
  }

  #tooLarge(): Refusal {
    return new Refusal(413, `the body is longer than ${this.#limits.maxBody} bytes`);
  }
}
