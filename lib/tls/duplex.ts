/**
 * A stream socket in the form in which `node:tls` wants what is below it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { Exit, Failure } from "../errors.ts";
import type { MemoryShare } from "../memory.ts";
import type { StreamSocket } from "../net/socket.ts";
import { CLIENT_HELLO } from "../net/tls_hello.ts";

/** The most bytes of one read, and the buffer of a connection that has little to say: an idle one is mostly its buffer. */
const PIECE = 64 * 1024;
const FIRST_PIECE = 1024;
/**
 * What a connection under load holds for each byte of its buffer: what was decrypted of it, an answer as text and encrypted, and what
 * waits for the collector. Measured: 500 clients that send and never read, 600 kB each.
 */
const COPIES = 8;

/** How a wire is made. */
export interface WireOptions {
  /** Whether the first byte has to be one of TLS: there it can be told what speaks to us. */
  readonly strict: boolean;
  /** Whether more may be received: `node:tls` would take all there is and keep it. */
  readonly thirsty: () => boolean;
  /** The peer has sent FIN. */
  readonly onEnd: () => void;
  readonly onFail: (reason: unknown) => void;
}

/**
 * The encrypted side of a TLS socket: reads and writes records. Its end is kept back: without `close_notify` it would look to
 * `node:tls` like one with it.
 */
export class Wire {
  /** For `node:tls`. */
  readonly stream: Duplex;
  /** Whether anything was received; a peer that never says a word may be one who waits for ours. */
  heard = false;
  /** Whether a record was sent: what follows has to be encrypted. */
  answered = false;
  /** Counts the buffer where it is larger than the first one; released by its owner. */
  memory: MemoryShare | null = null;
  #raw: StreamSocket;
  #options: WireOptions;
  /** Grows with reads that fill it, and is given back with one that brings little. */
  #buffer = new Uint8Array(FIRST_PIECE);
  /** A read is wanted, and put off until somebody takes what has been received. */
  #put = false;
  #reading: Promise<void> = Promise.resolve();
  #writing: Promise<void> = Promise.resolve();

  constructor(raw: StreamSocket, options: WireOptions) {
    this.#raw = raw;
    this.#options = options;
    this.stream = new Duplex({
      readableHighWaterMark: PIECE,
      writableHighWaterMark: PIECE,
      read: () => {
        this.#put = true;
        this.flow();
      },
      write: (chunk: Uint8Array, _encoding, done) => {
        this.answered = true;
        this.#writing = this.#write(chunk);
        this.#writing.then(() => done()).catch(options.onFail);
      },
      final: (done) => {
        raw.closeWrite().then(() => done()).catch(options.onFail);
      },
    });
  }

  /** Whether all that was received has been taken. */
  get empty(): boolean {
    return this.stream.readableLength === 0;
  }

  /** Whether every record has gone out, or none will any more. */
  get flushed(): boolean {
    return this.stream.writableLength === 0 || this.stream.destroyed;
  }

  /** Waits until every record has gone out. */
  async flush(): Promise<void> {
    while (!this.flushed) await this.#writing;
  }

  /** Goes on reading, if that was put off and may be done now. */
  flow(): void {
    if (!this.#put || !this.#options.thirsty()) return;
    this.#put = false;
    this.#reading = this.#read().catch(this.#options.onFail);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#raw.write(bytes.subarray(at));
  }

  /** Sends a last word as it is, and stays to the end of what the peer is sending: closing on that would destroy the word (RFC 9112 9.6). */
  async lastWord(word: Uint8Array): Promise<void> {
    await this.#write(word);
    await this.#raw.closeWrite();
    await this.#reading;
    while (await this.#raw.read(this.#buffer) !== null);
  }

  async #read(): Promise<void> {
    const count = await this.#raw.read(this.#buffer);
    if (count === null) return this.#options.onEnd();
    const first = !this.heard;
    this.heard = true;
    if (first && this.#options.strict && this.#buffer[0] !== CLIENT_HELLO[0]) throw new PlainText();
    this.stream.push(Buffer.from(this.#buffer.subarray(0, count)));
    const { length } = this.#buffer;
    if (count === length && length < PIECE) this.#resize(length * 4);
    else if (count < FIRST_PIECE && length > FIRST_PIECE) this.#resize(FIRST_PIECE);
  }

  /** Takes a buffer of another size, if there is memory for it. */
  #resize(size: number): void {
    if (this.memory?.hold(size > FIRST_PIECE ? size * COPIES : 0) !== false) this.#buffer = new Uint8Array(size);
  }
}

/** The client does not speak TLS. */
export class PlainText extends Failure {
  override name = "PlainText";
  constructor() {
    super(Exit.untrusted, "the client does not speak TLS, but this port does");
  }
}
