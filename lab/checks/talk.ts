/**
 * One connection of a check, and everything received on it.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { isClosedHere, isDisconnect } from "../../lib/errors.ts";
import type { NodeSocket } from "../../lib/net/node_socket.ts";
import { encodeText } from "../../lib/text.ts";
import { within } from "../../lib/within.ts";
import type { Steps } from "./steps.ts";

/** How a stream has ended: the peer's FIN, its reset, or not yet. */
export type End = "end" | "reset" | null;

/** How many received bytes are kept; the rest are only counted. */
const MAX_KEPT = 4 * 1024 * 1024;
/** The most bytes per read. */
const CHUNK = 64 * 1024;

/** A connection, and what has been received on it so far. It reads all the time, unless it is meant to be a slow reader. */
export class Talk implements Disposable {
  readonly number: number;
  /** How the stream from the server has ended. */
  end: End = null;
  /** How many bytes were received. */
  count = 0;
  #socket: NodeSocket;
  #steps: Steps;
  #chunks: Uint8Array[] = [];
  #kept = 0;
  /** How many of the latest bytes are kept; `null` = the first ones are. */
  #last: number | null = null;
  #changed = Promise.withResolvers<void>();
  #closed = false;
  #reading = false;

  /** @param socket Owned by this object from now on. */
  constructor(socket: NodeSocket, number: number, steps: Steps, { reading = true } = {}) {
    this.#socket = socket;
    this.number = number;
    this.#steps = steps;
    if (reading) this.startReading();
  }

  /** Sends bytes. If the server no longer takes them, that is not an error here; {@linkcode Talk.end} shows it. */
  async send(data: string | Uint8Array, note?: string): Promise<void> {
    const bytes = typeof data === "string" ? encodeText(data) : data;
    this.#steps.add(this.number, "send", bytes, note);
    try {
      for (let at = 0; at < bytes.length;) at += await this.#socket.write(bytes.subarray(at));
    } catch (error) {
      if (!isDisconnect(error) && !isClosedHere(error)) throw error;
      this.#ended("reset");
    }
  }

  /** Sends pieces with pauses between them (ms), so that the server reads each separately. */
  async sendApart(pieces: readonly (string | Uint8Array)[], pause = 5): Promise<void> {
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) await new Promise((resolve) => setTimeout(resolve, pause));
      await this.send(piece);
    }
  }

  /** Sends FIN; the server can still answer. */
  async halfClose(): Promise<void> {
    this.#steps.add(this.number, "half-close");
    await this.#socket.closeWrite().catch(() => {});
  }

  /** Sends RST. */
  reset(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#steps.add(this.number, "reset");
    this.#socket.reset();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#steps.add(this.number, "close");
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** What was received, up to 4 MiB of it. */
  get received(): Uint8Array {
    const [only, more] = this.#chunks;
    if (only === undefined) return new Uint8Array();
    if (more === undefined) return only;
    const all = concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }

  /** What was received as text, invalid UTF-8 as U+FFFD. */
  get text(): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.received);
  }

  /** From now on keeps at least this many of the latest bytes instead of the first ones, for a connection that receives a great deal. */
  keepLast(bytes: number): void {
    this.#last = bytes;
  }

  /** Waits until enough was received, the stream ends or time is up; returns whether it was enough. */
  async until(enough: (text: string) => boolean, ms: number): Promise<boolean> {
    return await this.#until(() => enough(this.text), ms);
  }

  /** The same for a number of bytes; it costs the same however many there are. */
  async untilCount(bytes: number, ms: number): Promise<boolean> {
    return await this.#until(() => this.count >= bytes, ms);
  }

  /** The same as long as something comes: `ms` is how long nothing may. */
  async untilAll(bytes: number, ms: number): Promise<boolean> {
    for (let before = -1; this.count > before && this.end === null && this.count < bytes;) {
      before = this.count;
      await this.#until(() => this.count >= bytes, ms);
    }
    return this.count >= bytes;
  }

  async #until(enough: () => boolean, ms: number): Promise<boolean> {
    const deadline = performance.now() + ms;
    for (;;) {
      if (enough()) return true;
      const left = deadline - performance.now();
      if (this.end !== null) return false;
      if (left <= 0 || !await within(this.#changed.promise, left)) {
        this.#steps.add(this.number, "silence", undefined, `${Math.round(ms)} ms`);
        return enough();
      }
    }
  }

  /** Waits until the server has closed its side; returns how, or `null` if it has not within `ms`. */
  async untilEnd(ms: number): Promise<End> {
    await this.#until(() => false, ms);
    return this.end;
  }

  /** Starts reading on a connection that was opened without. Further calls do nothing. */
  startReading(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#read();
  }

  /** Reads to the end; never rejects. */
  async #read(): Promise<void> {
    const buffer = new Uint8Array(CHUNK);
    try {
      for (let count; (count = await this.#socket.read(buffer)) !== null;) this.#take(buffer.slice(0, count));
      this.#ended("end");
    } catch (error) {
      if (!this.#closed || !isClosedHere(error)) this.#ended("reset");
    }
  }

  #take(bytes: Uint8Array): void {
    this.#steps.add(this.number, "receive", bytes);
    this.count += bytes.length;
    if (this.#kept < MAX_KEPT || this.#last !== null) {
      this.#chunks.push(bytes);
      this.#kept += bytes.length;
    }
    if (this.#last !== null && this.#kept > 2 * this.#last) {
      this.#chunks = [this.received.slice(-this.#last)];
      this.#kept = this.#last;
    }
    this.#wake();
  }

  #ended(end: "end" | "reset"): void {
    if (this.end !== null) return;
    this.end = end;
    this.#steps.add(this.number, end === "end" ? "end" : "was reset");
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
