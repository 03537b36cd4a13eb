/**
 * TLS over a stream socket.
 *
 * By `node:tls`, which Deno has too: `Deno.startTls` tells neither version nor cipher nor whose certificate it was, and
 * `Deno.listenTls` cannot ask for one.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import tls from "node:tls";
import { CutOffError, TimedOutError } from "../errors.ts";
import type { MemoryBudget } from "../memory.ts";
import { HANDSHAKE, type StreamSocket } from "../net/socket.ts";
import { alertRecord, handshakeFailure, sessionFailure } from "./failure.ts";
import { PlainText, Wire } from "./duplex.ts";
import { type HandshakeResult, handshakeResult, type Side } from "./handshake.ts";

/**
 * After the socket's end, how often and how long (ms) the reader looks for the end that the last record may hold: `node:tls` takes some
 * turns of the event loop to decrypt it, and on a busy machine a turn takes its time.
 */
const LOOKS = 20;
const LOOK = 10;
/** How long telling the other side that this is the end, or why the handshake failed, may take (ms). */
const LAST_WORD = 500;
const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * A socket whose bytes are encrypted on their way. The handshake begins at once, in the background, and each read and write waits for
 * it; `close_notify` is the end of the stream, as FIN is without TLS, and a FIN without it is a cut (RFC 8446 6.1).
 */
export class TlsSocket implements StreamSocket {
  readonly id: number;
  readonly localAddr: Deno.Addr;
  readonly remoteAddr: Deno.Addr;
  readonly #raw: StreamSocket;
  readonly #wire: Wire;
  readonly #tls: tls.TLSSocket;
  readonly #side: Side;
  /** Received and not yet taken. */
  #rest = NOTHING;
  #shaken = false;
  /** The peer's `close_notify` has come, or its FIN. */
  #ended = false;
  #rawEnded = false;
  #closing = false;
  /** Why nothing goes any more; the first reason counts. */
  #failure: { readonly reason: unknown } | null = null;
  #wake: () => void = () => {};
  /** Whoever waits for a write, to be told when it will never be done. */
  #writing = new Set<(reason: unknown) => void>();
  #secured = Promise.withResolvers<HandshakeResult>();
  #gone = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setTimeout>;

  /** @param raw Owned by the TLS socket from here on. */
  constructor(raw: StreamSocket, side: Side) {
    this.#raw = raw;
    this.#side = side;
    this.id = raw.id;
    this.localAddr = raw.localAddr;
    this.remoteAddr = raw.remoteAddr;
    // Whoever reads or writes hears of it.
    this.#secured.promise.catch(() => {});
    const { patience = HANDSHAKE } = side;
    const late = new TimedOutError(`no TLS handshake within ${patience / 1000} s; does the other side speak TLS?`);
    this.#timer = setTimeout(() => this.#fail(late), patience);
    const isServer = side.kind === "server";
    this.#wire = new Wire(raw, {
      strict: isServer,
      thirsty: () => this.#tls === undefined || this.#tls.readableLength < this.#tls.readableHighWaterMark,
      onEnd: () => this.#endOfWire(),
      onFail: (reason) => this.#fail(reason),
    });
    const stream = this.#wire.stream as never;
    this.#tls = isServer
      ? new tls.TLSSocket(stream, { ...side.options, isServer })
      : tls.connect({ ...side.options, socket: stream, rejectUnauthorized: false });
    this.#tls.on(isServer ? "secure" : "secureConnect", () => this.#secure());
    this.#tls.on("readable", () => this.#wake());
    this.#tls.on("end", () => {
      this.#ended = true;
      this.#wake();
    });
    this.#tls.on("error", (error) => this.#fail(this.#shaken ? sessionFailure(error) : handshakeFailure(error)));
    this.#tls.on("close", () => this.#fail(new Deno.errors.BadResource("closed")));
  }

  /** When the socket is closed and the other side has been told. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /**
   * Waits for the handshake.
   *
   * @throws {Failure} It failed: with code 7 where it is a matter of trust, 5 when it took too long, 6 when the peer has left.
   */
  handshake(): Promise<HandshakeResult> {
    return this.#secured.promise;
  }

  async read(into: Uint8Array): Promise<number | null> {
    await this.#secured.promise;
    for (let looks = 0;;) {
      if (this.#rest.length === 0) this.#rest = this.#tls.read() ?? NOTHING;
      if (this.#rest.length > 0) {
        const count = Math.min(into.length, this.#rest.length);
        into.set(this.#rest.subarray(0, count));
        this.#rest = this.#rest.subarray(count);
        return count;
      }
      this.#wire.flow();
      if (this.#closing && this.#failure === null) throw new Deno.errors.BadResource("closed");
      if (this.#ended) return null;
      if (this.#failure !== null) throw this.#failure.reason;
      if (!this.#rawEnded || !this.#wire.empty) looks = 0;
      else if (++looks > LOOKS) throw new Deno.errors.UnexpectedEof("no close_notify");
      await this.#news();
    }
  }

  async write(bytes: Uint8Array): Promise<number> {
    await this.#secured.promise;
    const view = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
    await this.#done((done) => this.#tls.write(view, done));
    return bytes.length;
  }

  /** Says that no more will come (`close_notify`); FIN goes out when the socket closes. */
  async closeWrite(): Promise<void> {
    await this.#secured.promise;
    if (!this.#tls.writableFinished) await this.#done((done) => this.#tls.end(() => done()));
    // `node:tls` has finished before its last record has gone out; closing then would cut the stream off.
    if (!this.#wire.flushed) await this.#done((done) => this.#wire.flush().then(() => done(), done));
  }

  /** Closes, and says so to the other side where that can be done at once; whoever wants to be sure waits for {@linkcode gone}. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#wake();
    // A failed handshake closes when it has said why. A peer that does not read what is written has no ear for the end of it.
    if (!this.#shaken && this.#failure !== null) return;
    if (!this.#shaken || this.#failure !== null || this.#writing.size > 0) return this.#shut();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#shut(), LAST_WORD);
    this.closeWrite().catch(() => {}).finally(() => this.#shut());
  }

  reset(): void {
    this.#raw.reset();
    this.#shut();
  }

  countIn(memory: MemoryBudget): void {
    this.#wire.memory = memory.share();
  }

  setNoDelay(noDelay?: boolean): void {
    this.#raw.setNoDelay?.(noDelay);
  }

  setKeepAlive(keepAlive?: boolean): void {
    this.#raw.setKeepAlive?.(keepAlive);
  }

  /** Waits for something to happen; after the socket's end not for long. */
  async #news(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#rawEnded) timer = setTimeout(resolve, LOOK);
    });
    clearTimeout(timer);
  }

  /** Waits for a write, or for what makes it impossible: `node:tls` forgets those whose socket has gone. */
  async #done(begin: (done: (error?: Error | null) => void) => void): Promise<void> {
    if (this.#failure !== null) throw this.#failure.reason;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#writing.add(reject);
    begin((error) => error ? reject(this.#failure?.reason ?? error) : resolve());
    try {
      await promise;
    } finally {
      this.#writing.delete(reject);
    }
  }

  #secure(): void {
    clearTimeout(this.#timer);
    this.#shaken = true;
    try {
      this.#secured.resolve(handshakeResult(this.#tls, this.#side));
    } catch (error) {
      // A certificate that cannot be read is nobody's.
      this.#fail(handshakeFailure(error));
    }
  }

  #endOfWire(): void {
    this.#rawEnded = true;
    if (!this.#shaken) return this.#fail(new CutOffError("closed during the TLS handshake"));
    this.#wake();
  }

  /** The end of everything. */
  #fail(reason: unknown): void {
    if (this.#failure !== null) return;
    clearTimeout(this.#timer);
    this.#failure = { reason };
    this.#secured.reject(reason);
    this.#wake();
    for (const reject of this.#writing) reject(reason);
    if (this.#shaken || this.#wire.answered || this.#rawEnded) return this.#shut();
    // Over a stream, node:tls keeps the alert to itself that tells the other side why (RFC 8446 6.2).
    const side = this.#side;
    // Who has not said a word may be waiting for ours, as people with `nc` do.
    const deaf = side.kind === "server" && (reason instanceof PlainText || !this.#wire.heard);
    this.#timer = setTimeout(() => this.#shut(), LAST_WORD);
    this.#wire.lastWord(deaf ? side.plain : alertRecord(reason)).catch(() => {}).finally(() => this.#shut());
  }

  #shut(): void {
    clearTimeout(this.#timer);
    this.#closing = true;
    this.#wire.memory?.[Symbol.dispose]();
    this.#tls.destroy();
    try {
      this.#raw.close();
    } catch {
      // Twice.
    }
    this.#wake();
    this.#gone.resolve();
  }
}
