/**
 * A stream socket as the stream that `node:tls` runs over.
 *
 * @module
 */
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
/** No more is received while this many decrypted bytes wait for a reader: `node:tls` would buffer everything that arrives. */
const MAX_UNREAD = 16 * 1024;

/** Options of {@linkcode SocketDuplex}. */
export interface SocketDuplexOptions {
  /** The first bytes are not the start of a ClientHello: a plaintext client. `null` = accept any. */
  readonly onPlaintext: ((first: Uint8Array) => void) | null;
  /** How many decrypted bytes wait for a reader. */
  readonly unread: () => number;
  /** The peer has sent FIN. */
  readonly onEnd: () => void;
  readonly onFail: (reason: unknown) => void;
}

/**
 * The encrypted side of a TLS socket: reads and writes records. It never signals FIN to `node:tls`, which would take FIN without
 * `close_notify` for a proper end.
 *
 * It has what `node:tls` uses of a Duplex. A whole one, with its queues, takes 3 kB of each connection.
 */
export class SocketDuplex {
  readonly readable = true;
  readonly writable = true;
  readonly allowHalfOpen = true;
  /** Whether any byte was received; a peer that sends none may expect the server to speak first. */
  receivedAny = false;
  /** Whether a record was sent; from then on everything must be encrypted. */
  sentAny = false;
  /** Counts the buffer when it is larger than the initial one; released by its owner. */
  memory: MemoryShare | null = null;
  #raw: StreamSocket;
  #options: SocketDuplexOptions;
  /** Grows when a read fills it, and shrinks after a small read. `node:tls` copies what it is given. */
  #buffer = new Uint8Array(MIN_BUFFER);
  #onData: (chunk: Uint8Array) => void = () => {};
  #flowing = false;
  #reading: Promise<void> | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(raw: StreamSocket, options: SocketDuplexOptions) {
    this.#raw = raw;
    this.#options = options;
  }

  /** For `node:tls`, as the next five: it listens to several events, and needs one. */
  on(event: string, listener: (chunk: Uint8Array) => void): this {
    if (event === "data") this.#onData = listener;
    return this;
  }

  once(): this {
    return this;
  }

  pause(): void {
    this.#flowing = false;
  }

  resume(): void {
    this.#flowing = true;
    this.receive();
  }

  destroy(): void {
    this.#flowing = false;
  }

  /** One record or more; the next come after `done`. */
  write(bytes: Uint8Array, done: () => void): void {
    this.sentAny = true;
    this.#writing = this.#send(bytes).then(done);
    this.#writing.catch(this.#options.onFail);
  }

  /** Waits until every record has been sent. */
  async flush(): Promise<void> {
    for (let last; last !== this.#writing;) await (last = this.#writing);
  }

  /** Starts to read, if data is wanted. */
  receive(): void {
    if (this.#reading !== null || !this.#flowing || this.#options.unread() >= MAX_UNREAD) return;
    this.#reading = this.#raw.read(this.#buffer).then(this.#received).catch(this.#options.onFail);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) sent += await this.#raw.write(sent === 0 ? bytes : bytes.subarray(sent));
  }

  /**
   * Sends some last bytes unencrypted and reads until the peer's FIN: closing while it still sends would cause a reset, which can
   * destroy those bytes (RFC 9112 9.6).
   */
  async sendFinal(bytes: Uint8Array): Promise<void> {
    this.#flowing = false;
    await this.#send(bytes);
    await this.#raw.closeWrite();
    await this.#reading;
    while (await this.#raw.read(this.#buffer) !== null);
  }

  #received = (count: number | null): void => {
    if (count === null) return this.#options.onEnd();
    const bytes = this.#buffer.subarray(0, count);
    const { onPlaintext } = this.#options;
    const first = !this.receivedAny;
    this.receivedAny = true;
    if (first && onPlaintext !== null && bytes[0] !== CLIENT_HELLO[0]) return onPlaintext(bytes);
    this.#onData(bytes);
    this.#adapt(count);
    this.#reading = null;
    this.receive();
  };

  /** Prepares the buffer for the next read; the last one has received `count` bytes. */
  #adapt(count: number): void {
    const { length } = this.#buffer;
    const size = count === length ? Math.min(length * 4, MAX_BUFFER) : count < MIN_BUFFER ? MIN_BUFFER : length;
    if (size === length || this.memory?.hold(size > MIN_BUFFER ? size * COPIES : 0) === false) return;
    this.#buffer = new Uint8Array(size);
  }
}
