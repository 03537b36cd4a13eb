/**
 * A stream socket as the Duplex stream that `node:tls` runs over.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import type { MemoryShare } from "../memory.ts";
import type { StreamSocket } from "../net/socket.ts";
import { CLIENT_HELLO } from "../net/tls_hello.ts";

/** Read buffer sizes (bytes) under load and for a quiet connection: most of an idle connection's memory is its buffer. */
const MAX_BUFFER = 64 * 1024;
const MIN_BUFFER = 1024;
/**
 * How many bytes a connection under load holds per byte of its buffer: the decrypted data, an answer in plaintext and encrypted, and
 * garbage not yet collected. Measured: 500 clients that send and never read, 600 kB each.
 */
const COPIES = 8;

/** Options of {@linkcode SocketDuplex}. */
export interface SocketDuplexOptions {
  /** The first bytes are not the start of a ClientHello: a plaintext client. `null` = accept any. */
  readonly onPlaintext: ((first: Uint8Array) => void) | null;
  /** Whether to receive more: without back-pressure `node:tls` would buffer everything that arrives. */
  readonly wantsData: () => boolean;
  /** The peer has sent FIN. */
  readonly onEnd: () => void;
  readonly onFail: (reason: unknown) => void;
}

/**
 * The encrypted side of a TLS socket: reads and writes records. It never signals FIN to `node:tls`, which would take FIN without
 * `close_notify` for a proper end.
 */
export class SocketDuplex {
  /** For `node:tls`. */
  readonly stream: Duplex;
  /** Whether any byte was received; a peer that sends none may expect the server to speak first. */
  receivedAny = false;
  /** Whether a record was sent; from then on everything must be encrypted. */
  sentAny = false;
  /** Counts the buffer when it is larger than the initial one; released by its owner. */
  memory: MemoryShare | null = null;
  #raw: StreamSocket;
  #options: SocketDuplexOptions;
  /** Grows when a read fills it, and shrinks after a small read. */
  #buffer = new Uint8Array(MIN_BUFFER);
  /** The stream has requested a read that is deferred until received data has been consumed. */
  #readPending = false;
  #reading: Promise<void> = Promise.resolve();
  #writing: Promise<void> = Promise.resolve();

  constructor(raw: StreamSocket, options: SocketDuplexOptions) {
    this.#raw = raw;
    this.#options = options;
    this.stream = new Duplex({
      readableHighWaterMark: MAX_BUFFER,
      writableHighWaterMark: MAX_BUFFER,
      read: () => {
        this.#readPending = true;
        this.resume();
      },
      write: (chunk: Uint8Array, _encoding, done) => {
        this.sentAny = true;
        this.#writing = this.#write(chunk);
        this.#writing.then(() => done(), options.onFail);
      },
      final: (done) => {
        raw.closeWrite().then(() => done()).catch(options.onFail);
      },
    });
  }

  /** Whether all received bytes have been consumed. */
  get empty(): boolean {
    return this.stream.readableLength === 0;
  }

  /** Waits until every record has been sent. A destroyed stream has dropped its queue, but still sends what it has begun. */
  async flush(): Promise<void> {
    do await this.#writing; while (this.stream.writableLength > 0 && !this.stream.destroyed);
  }

  /** Starts a deferred read if data is wanted again. */
  resume(): void {
    if (!this.#readPending || !this.#options.wantsData()) return;
    this.#readPending = false;
    this.#reading = this.#read().catch(this.#options.onFail);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.#raw.write(rest));
  }

  /**
   * Sends some last bytes unencrypted and reads until the peer's FIN: closing while it still sends would cause a reset, which can
   * destroy those bytes (RFC 9112 9.6).
   */
  async sendFinal(bytes: Uint8Array): Promise<void> {
    await this.#write(bytes);
    await this.#raw.closeWrite();
    await this.#reading;
    while (await this.#raw.read(this.#buffer) !== null);
  }

  async #read(): Promise<void> {
    const buffer = this.#buffer;
    const count = await this.#raw.read(buffer);
    if (count === null) return this.#options.onEnd();
    const first = !this.receivedAny;
    this.receivedAny = true;
    const { onPlaintext } = this.#options;
    if (first && onPlaintext !== null && buffer[0] !== CLIENT_HELLO[0]) return onPlaintext(buffer.subarray(0, count));
    this.stream.push(Buffer.from(buffer.buffer, 0, count));
    this.#adapt(count);
  }

  /** Prepares the buffer for the next read; the last one has received `count` bytes, which may still be in the stream. */
  #adapt(count: number): void {
    const { length } = this.#buffer;
    const size = count === length ? Math.min(length * 4, MAX_BUFFER) : count < MIN_BUFFER ? MIN_BUFFER : length;
    const resized = size !== length && this.memory?.hold(size > MIN_BUFFER ? size * COPIES : 0) !== false;
    if (resized || !this.empty) this.#buffer = new Uint8Array(resized ? size : length);
  }
}
