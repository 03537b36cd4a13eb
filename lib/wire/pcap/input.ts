/**
 * The bytes of a capture file, of which some may still come. Pure.
 *
 * @module
 */
import { ProtocolError } from "../../errors.ts";

/**
 * Collects chunks until pieces of the file are whole, with few copies. Numbers are read at offsets of {@linkcode Input.view}, which is valid
 * until the next chunk.
 */
export class Input {
  /** The file, for errors. */
  readonly name: string;
  /** Over the bytes that are there; what was taken comes first. */
  view: DataView;
  /** Where in the view the next byte is. */
  at = 0;
  /** What was pushed last, and before it what was left of earlier chunks. */
  #bytes: Uint8Array = new Uint8Array();
  #end = 0;
  /** How many bytes of the file come before the view. */
  #before = 0;

  constructor(name: string) {
    this.name = name;
    this.view = viewOf(this.#bytes);
  }

  /** How many bytes are there to be taken. */
  get length(): number {
    return this.#end - this.at;
  }

  /** How many bytes of the file were taken. */
  get offset(): number {
    return this.#before + this.at;
  }

  /** Adds a chunk, whose memory it keeps. */
  push(chunk: Uint8Array): void {
    const { length, offset } = this;
    if (length === 0) {
      this.#use(chunk, chunk.length);
      this.#before = offset;
      return;
    }
    if (this.#end + chunk.length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(length + chunk.length, 2 * length));
      larger.set(this.#bytes.subarray(this.at, this.#end));
      this.#use(larger, length);
      this.#before = offset;
    }
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** The next bytes, which count as taken; there must be that many. */
  take(length: number): Uint8Array {
    const bytes = this.#bytes.subarray(this.at, this.at + length);
    this.at += length;
    return bytes;
  }

  /** Bytes at an offset of the view. */
  bytes(at: number, length: number): Uint8Array {
    return this.#bytes.subarray(at, at + length);
  }

  /** The error for a file that breaks its format at the next byte. */
  broken(why: string): ProtocolError {
    return new ProtocolError(`Cannot read ${this.name}: ${why}, at byte ${this.offset}`);
  }

  #use(bytes: Uint8Array, length: number): void {
    this.#bytes = bytes;
    this.view = viewOf(bytes);
    this.at = 0;
    this.#end = length;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
