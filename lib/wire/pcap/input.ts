/**
 * The bytes of a capture file, of which some may still come. Pure.
 *
 * @module
 */
import { ProtocolError } from "../../errors.ts";

/** Collects chunks and gives out whole pieces, with few copies. */
export class Input {
  /** The file, for errors. */
  readonly name: string;
  /** What was pushed last, and before it what is left of earlier chunks. */
  #bytes: Uint8Array = new Uint8Array();
  #start = 0;
  #end = 0;
  /** Where in the file `#start` is. */
  #offset = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** How many bytes are there to be taken. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** How many bytes were taken. */
  get offset(): number {
    return this.#offset;
  }

  /** Adds a chunk; what was peeked or taken before is no longer valid. */
  push(chunk: Uint8Array): void {
    const length = this.length;
    if (length === 0) this.#use(chunk, chunk.length);
    else if (this.#end + chunk.length <= this.#bytes.length) this.#append(chunk);
    else {
      const larger = new Uint8Array(Math.max(length + chunk.length, 2 * length));
      larger.set(this.#bytes.subarray(this.#start, this.#end));
      this.#use(larger, length);
      this.#append(chunk);
    }
  }

  /** A view of the next bytes, which stay; `null` until there are that many. */
  peek(length: number): DataView | null {
    if (this.length < length) return null;
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#start, length);
  }

  /** Takes the next bytes; there must be that many. */
  take(length: number): Uint8Array {
    const bytes = this.#bytes.subarray(this.#start, this.#start + length);
    this.#start += length;
    this.#offset += length;
    return bytes;
  }

  /** The error for a file that breaks its format at the next byte. */
  broken(why: string): ProtocolError {
    return new ProtocolError(`Cannot read ${this.name}: ${why}, at byte ${this.#offset}`);
  }

  #use(bytes: Uint8Array, length: number): void {
    this.#bytes = bytes;
    this.#start = 0;
    this.#end = length;
  }

  #append(chunk: Uint8Array): void {
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }
}
