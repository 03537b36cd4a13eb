/**
 * TLS over a stream socket.
 *
 * Uses `node:tls`: `Deno.startTls` exposes neither the version nor the cipher nor the peer's certificate, and `Deno.listenTls` cannot
 * request a client certificate. It runs over a stream of ours: over a socket of `node:net` it costs less, but there a FIN and a
 * `close_notify` are the same end.
 *
 * @module
 */
import tls from "node:tls";
import { formatEndpoint } from "../addr.ts";
import { CutOffError, PlaintextError, TimedOutError } from "../errors.ts";
import type { MemoryBudget } from "../memory.ts";
import { HANDSHAKE, type StreamSocket } from "../net/socket.ts";
import { alertRecord, handshakeFailure, sessionFailure } from "./failure.ts";
import { SocketDuplex } from "./duplex.ts";
import { type HandshakeResult, handshakeResult, type Side } from "./handshake.ts";
import { Incoming } from "./incoming.ts";

/** How long sending `close_notify`, or the alert of a failed handshake, may take (ms). */
const FINAL_WRITE_LIMIT = 500;
const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * An encrypted socket. The handshake starts at once in the background; reads and writes wait for it. `close_notify` ends the stream, as
 * FIN does without TLS; FIN without `close_notify` is a truncation attack or a crash, and reads as cut off (RFC 8446 6.1).
 */
export class TlsSocket implements StreamSocket {
  readonly id: number;
  readonly localAddr: Deno.Addr;
  readonly remoteAddr: Deno.Addr;
  readonly #raw: StreamSocket;
  readonly #duplex: SocketDuplex;
  readonly #tls: tls.TLSSocket;
  readonly #side: Side;
  #incoming = new Incoming(() => this.#duplex.receive());
  #handshakeDone = false;
  /** The handshake has succeeded. */
  #ready = false;
  /** The peer has sent FIN. */
  #rawEnded = false;
  #closing = false;
  /** Everything is closed, the socket below too. */
  #shutDone = false;
  /** Why the socket has failed; the first reason counts. */
  #failure: { readonly reason: unknown } | null = null;
  /** Rejects each pending write when the socket fails. */
  #writing = new Set<(reason: unknown) => void>();
  #handshake = Promise.withResolvers<HandshakeResult>();
  #gone = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setTimeout>;

  /** @param raw Owned by the TLS socket from here on. */
  constructor(raw: StreamSocket, side: Side) {
    this.#raw = raw;
    this.#side = side;
    this.id = raw.id;
    this.localAddr = raw.localAddr;
    this.remoteAddr = raw.remoteAddr;
    // Reads and writes report it.
    this.#handshake.promise.catch(() => {});
    const { handshakeTimeout = HANDSHAKE } = side;
    const isServer = side.kind === "server";
    const refuse = isServer
      ? (first: Uint8Array): void => this.#fail(new PlaintextError(first.length, side.plaintextReply(first)))
      : null;
    this.#timer = setTimeout(() => {
      // A silent client may expect the server to speak first, as a user of `nc` does.
      if (refuse !== null && !this.#duplex.receivedAny) return refuse(NOTHING);
      this.#fail(new TimedOutError(`no TLS handshake within ${handshakeTimeout / 1000} s; does the peer speak TLS?`));
    }, handshakeTimeout);
    this.#duplex = new SocketDuplex(raw, {
      onPlaintext: refuse,
      unread: () => this.#incoming.unread,
      onEnd: () => this.#onRawEnd(),
      onFail: (reason) => this.#fail(reason),
    });
    const stream = this.#duplex as never;
    this.#tls = isServer
      ? new tls.TLSSocket(stream, { ...side.options, isServer })
      : tls.connect({ ...side.options, socket: stream, rejectUnauthorized: false });
    this.#tls.on(isServer ? "secure" : "secureConnect", () => this.#onHandshake());
    this.#tls.on("data", (chunk: Uint8Array) => this.#incoming.push(chunk));
    this.#tls.on("end", () => this.#incoming.end());
    this.#tls.on("error", (error) => this.#fail(this.#handshakeDone ? sessionFailure(error) : handshakeFailure(error)));
    const closed = (): void => this.#fail(new Deno.errors.BadResource("closed"));
    // `node:tls` closes by itself once both directions have ended: its last record may still be on its way.
    this.#tls.on("close", () => this.#duplex.flush().then(closed, closed));
  }

  /** Resolves when the socket is closed, after an attempt to notify the peer, and the one below has sent all of it. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /**
   * Waits for the handshake.
   *
   * @throws {Failure} It failed: code 7 for trust and protocol errors, 5 for a timeout, 6 if the peer disconnected.
   */
  handshake(): Promise<HandshakeResult> {
    return this.#handshake.promise;
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#incoming.read(into);
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (!this.#ready) await this.#handshake.promise;
    await this.#untilWritten((done) => this.#tls.write(bytes, done));
    return bytes.length;
  }

  /** Half-closes with `close_notify`; FIN is sent when the socket closes. */
  async closeWrite(): Promise<void> {
    await this.#handshake.promise;
    if (!this.#tls.writableFinished) {
      // Once both directions have ended, `node:tls` closes with all that it has not written yet: close_notify must not be among it.
      await this.#untilSent();
      // Not with a callback of `end()`: an error is made for it when the peer has gone, which costs a twentieth of a handshake.
      await this.#untilWritten((done) => this.#tls.once("finish", done).end());
    }
    // `node:tls` finishes before its last record is sent; closing then would cut the stream off.
    await this.#untilSent();
  }

  /** Closes, after `close_notify` if it can be sent now; {@linkcode gone} resolves when that is over. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#incoming.close();
    // A failed handshake closes after its alert. A peer that has stopped reading will not read close_notify.
    if (!this.#handshakeDone && this.#failure !== null) return;
    if (!this.#handshakeDone || this.#failure !== null || this.#writing.size > 0) return this.#shut();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#shut(), FINAL_WRITE_LIMIT);
    this.closeWrite().catch(() => {}).finally(() => this.#shut());
  }

  reset(): void {
    if (this.#shutDone) return;
    this.#raw.reset();
    this.#shut();
  }

  get resets(): boolean | undefined {
    return this.#raw.resets;
  }

  countIn(memory: MemoryBudget): void {
    this.#duplex.memory = memory.share();
  }

  setNoDelay(noDelay?: boolean): void {
    this.#raw.setNoDelay?.(noDelay);
  }

  setKeepAlive(keepAlive?: boolean): void {
    this.#raw.setKeepAlive?.(keepAlive);
  }

  /** Waits until every record so far has been sent. */
  #untilSent(): Promise<void> {
    return this.#untilWritten((done) => this.#duplex.flush().then(() => done(), done));
  }

  /** Waits for a write or for the socket's failure: `node:tls` never calls back for a write to a destroyed socket. */
  #untilWritten(begin: (done: (error?: Error | null) => void) => void): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure.reason);
    return new Promise((resolve, reject) => {
      this.#writing.add(reject);
      begin((error) => {
        this.#writing.delete(reject);
        if (error) reject(this.#failure?.reason ?? error);
        else resolve();
      });
    });
  }

  #onHandshake(): void {
    clearTimeout(this.#timer);
    this.#handshakeDone = true;
    try {
      this.#handshake.resolve(handshakeResult(this.#tls, this.#side));
      this.#ready = true;
      this.#incoming.open();
    } catch (error) {
      // A certificate that cannot be parsed cannot be verified.
      this.#fail(handshakeFailure(error));
    }
  }

  #onRawEnd(): void {
    this.#rawEnded = true;
    if (!this.#handshakeDone) return this.#fail(new CutOffError(this.#closedEarly()));
    this.#incoming.cutOff();
  }

  /** Connecting names the server and the action itself, for whatever ends a client's handshake. */
  #closedEarly(): string {
    if (this.#side.kind === "client") return "it closed during the handshake";
    return `Cannot speak TLS with ${formatEndpoint(this.remoteAddr as Deno.NetAddr)}: it closed during the handshake`;
  }

  #fail(reason: unknown): void {
    if (this.#failure !== null) return;
    clearTimeout(this.#timer);
    this.#failure = { reason };
    this.#handshake.reject(reason);
    this.#incoming.fail(reason);
    for (const reject of this.#writing) reject(reason);
    this.#writing.clear();
    if (this.#shutDone) return;
    if (this.#handshakeDone || this.#duplex.sentAny || this.#rawEnded) return this.#shut();
    // Over a Duplex, node:tls does not send the fatal alert (RFC 8446 6.2), so we do.
    const last = reason instanceof PlaintextError ? reason.reply : alertRecord(reason);
    this.#timer = setTimeout(() => this.#shut(), FINAL_WRITE_LIMIT);
    this.#duplex.sendFinal(last).catch(() => {}).finally(() => this.#shut());
  }

  #shut(): void {
    if (this.#shutDone) return;
    this.#shutDone = true;
    clearTimeout(this.#timer);
    this.#closing = true;
    this.#duplex.memory?.[Symbol.dispose]();
    this.#tls.destroy();
    try {
      this.#raw.close();
    } catch {
      // Already closed.
    }
    this.#incoming.close();
    this.#gone.resolve(this.#raw.gone);
  }
}
