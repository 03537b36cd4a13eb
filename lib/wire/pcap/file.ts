/**
 * A capture file of any kind. Pure.
 *
 * @module
 */
import { ProtocolError } from "../../errors.ts";
import { Block } from "../formats.ts";
import { classicFormat, ClassicParser } from "./classic.ts";
import type { Frame } from "./frame.ts";
import { Input } from "./input.ts";
import { PcapngParser } from "./pcapng.ts";

/**
 * Reads a capture file, pcapng or pcap in either byte order, from chunks of any size.
 *
 * @example Usage
 * ```ts
 * import { CaptureFile } from "./file.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const file = new CaptureFile("empty.pcap");
 * // Version 2.4, any length, Ethernet; then nothing.
 * const header = Uint32Array.of(0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1);
 * file.push(new Uint8Array(header.buffer));
 * assertEquals(file.next(), null);
 * assertEquals(file.end(), { cut: false });
 * ```
 */
export class CaptureFile {
  #input: Input;
  #parser: PcapngParser | ClassicParser | null = null;

  /** @param name The file, for errors. */
  constructor(name: string) {
    this.#input = new Input(name);
  }

  /** Adds a chunk of the file; the last frame is no longer valid. */
  push(chunk: Uint8Array): void {
    this.#input.push(chunk);
  }

  /**
   * The next packet.
   *
   * @returns `null` until more chunks come.
   * @throws {ProtocolError} The file breaks its format; the message says where.
   */
  next(): Frame | null {
    this.#parser ??= this.#recognize();
    return this.#parser?.next() ?? null;
  }

  /**
   * The file has ended.
   *
   * @returns Whether it was cut off in the middle of a packet, as by a kill.
   * @throws {ProtocolError} It is empty.
   */
  end(): { readonly cut: boolean } {
    const { length, offset, name } = this.#input;
    if (length === 0 && offset === 0) throw new ProtocolError(`Cannot read ${name}: it is empty`);
    return { cut: length > 0 };
  }

  #recognize(): PcapngParser | ClassicParser | null {
    if (this.#input.length < 4) return null;
    // It reads the same in both byte orders.
    if (this.#input.view.getUint32(this.#input.at) === Block.section) return new PcapngParser(this.#input);
    const format = classicFormat(this.#input);
    if (format === null) throw new ProtocolError(`Cannot read ${this.#input.name}: it is neither pcapng nor pcap`);
    return new ClassicParser(this.#input, format);
  }
}
