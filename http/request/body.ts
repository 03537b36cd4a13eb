/**
 * Reads request bodies: by length, or in chunks with trailers (RFC 9112 6 and 7). Pure.
 *
 * @module
 */
import { CHUNKED } from "./framing.ts";
import { ChunkedDecoder } from "./chunked.ts";
import type { HeadLimits } from "./head.ts";
import { growBuffer, type Holding } from "./holding.ts";
import { Refusal } from "./refusal.ts";
import { NOTHING } from "./syntax.ts";

/** The size limit of a body; a larger one is refused with 413. */
export interface BodyLimits extends HeadLimits {
  /** Bytes of a body; its chunk framing counts if it is kept. */
  readonly maxBody: number;
}

/** How much of a body to keep: all of it, all of it with its chunk framing, its beginning (for display), or nothing. */
export type BodyNeed = "all" | "wire" | "sample" | "nothing";

/** Bytes of a sample. */
const SAMPLE = 1024;
const FIRST_BUFFER = 4096;
/** Bytes of chunk framing (sizes, extensions, trailers) allowed on top of `maxBody` for a body that is kept with its framing. */
const FRAMING = 64 * 1024;
/** A buffer from this size on is freed at once; smaller ones are left to the garbage collector. */
const LARGE = 64 * 1024;

/** Reads one body from pieces of any size. */
export class BodyReader {
  /** Bytes of the body so far, without chunk framing. */
  received = 0;
  /** Whether the body is complete. */
  done = false;
  #limits: BodyLimits;
  #left: number;
  #chunks: ChunkedDecoder | null = null;
  #need: BodyNeed;
  #holding: Holding | null;
  #kept: Uint8Array<ArrayBuffer> | null = null;
  #length = 0;
  /** The largest possible buffer. */
  readonly #maxLength: number;

  /**
   * @param length Bytes of the body, or {@linkcode CHUNKED}.
   * @param holding Counts the buffer; its owner releases it.
   * @throws {Refusal} 413: it exceeds the limit.
   */
  constructor(length: number, need: BodyNeed, limits: BodyLimits, holding: Holding | null = null) {
    this.#limits = limits;
    this.#need = need;
    this.#holding = holding;
    this.#maxLength = length === CHUNKED ? limits.maxBody + FRAMING : length;
    this.#left = length;
    if (length === CHUNKED) this.#chunks = new ChunkedDecoder(limits, (piece) => this.#take(piece));
    else if (length > limits.maxBody) throw this.#tooLarge();
    else this.done = length === 0;
  }

  /** The kept part of the body: all, or a sample. Valid until the next call. */
  get bytes(): Uint8Array {
    return this.#kept?.subarray(0, this.#length) ?? NOTHING;
  }

  /** Frees the kept part, at once if it is large; views of it become invalid. */
  free(): void {
    if (this.#kept !== null && this.#kept.length >= LARGE) this.#kept.buffer.transfer(0);
    this.#kept = null;
    this.#length = 0;
  }

  /** The trailer lines, kept apart from the fields: they must not be merged (RFC 9110 6.5.1). */
  get trailers(): readonly string[] {
    return this.#chunks?.trailers ?? [];
  }

  /**
   * Consumes the received bytes that belong to the body.
   *
   * @returns Where they end; the bytes after that belong to the next request.
   * @throws {Refusal} The framing is malformed (400), the body or its trailers are too large (413, 431), or the memory limit is
   * reached (503).
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

  /** The buffer grows with the received bytes, never with the announced length. */
  #keep(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#limits.maxBody + FRAMING) throw this.#tooLarge();
    const kept = length > (this.#kept?.length ?? 0) ? this.#grow(length) : this.#kept;
    kept?.set(piece, this.#length);
    this.#length = length;
  }

  /** While it grows, the old and the new buffer both count. */
  #grow(length: number): Uint8Array {
    const old = this.#kept?.length ?? 0;
    const size = Math.max(length, Math.min(this.#maxLength, Math.max(FIRST_BUFFER, old * 2)));
    this.#holding?.add(size);
    this.#kept = new Uint8Array(growBuffer(this.#kept?.buffer ?? null, size));
    this.#holding?.add(-old);
    return this.#kept;
  }

  #tooLarge(): Refusal {
    return new Refusal(413, `the body is longer than ${this.#limits.maxBody} bytes`);
  }
}
