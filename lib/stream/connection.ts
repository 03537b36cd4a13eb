/**
 * The one owner of a stream socket and its bytes.
 *
 * @module
 */
import { formatEndpoint, unmapped } from "../addr.ts";
import { Deadlines, type WaitLimits } from "../deadlines.ts";
import { isClosedHere, isDisconnect, peerFailure, TimedOutError } from "../errors.ts";
import { NO_EVENTS, type TlsSession } from "../events.ts";
import type { MemoryShare } from "../memory.ts";
import { ByteReader, type MessageRules } from "../reader.ts";
import { Drain } from "./drain.ts";
import { ConnectionReport } from "./report.ts";
import { type StreamSocket, tune } from "../net/socket.ts";
import { linger } from "./linger.ts";
import { type ConnectionOptions, GAP, LINGER, MAX_MESSAGE, PIECES } from "./limits.ts";
import { encodeText } from "../text.ts";
import { SYSTEM_TIME, type TimeSource } from "../time.ts";

/**
 * A connected socket that reads and writes messages.
 *
 * One reader and one writer at a time. Every error is a `Failure`: {@linkcode TimedOutError} when a time limit expired,
 * `CutOffError` when the peer reset or vanished. An abort rejects with the signal's reason.
 *
 * @example Usage
 * ```ts
 * import { Connection } from "./connection.ts";
 * import { streamSocket } from "../net/socket.ts";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * using ours = new Connection(streamSocket(await Deno.connect({ port: listener.addr.port }), 1));
 * using theirs = new Connection(streamSocket(await listener.accept(), 1));
 * await ours.write("hello\n");
 * assertEquals(await theirs.readMessage(), new TextEncoder().encode("hello"));
 * ```
 */
export class Connection implements Disposable, AsyncDisposable {
  /** The connection's number in events. */
  readonly id: number;
  /** How messages end, unless a call overrides it. */
  readonly framing: MessageRules;
  /** The TLS session; `null` without TLS. */
  session: TlsSession | null = null;
  /** Bytes sent so far. */
  bytesOut = 0;
  /** Its events; a script may choose which data they tell. */
  readonly report: ConnectionReport;
  #socket: StreamSocket;
  #memory: MemoryShare | null;
  #reader: ByteReader;
  #options: ConnectionOptions;
  #closed = false;
  #waiting = false;
  /** How many reads the current message has had, besides the first. */
  #pieces = 0;
  #expired: TimedOutError | null = null;
  #time: TimeSource;
  /** Made when they are needed: a server may have thousands of idle connections. */
  #deadlines: Deadlines | null = null;
  #drain: Drain | null = null;

  constructor(socket: StreamSocket, options: ConnectionOptions = {}) {
    this.#socket = socket;
    this.#options = options;
    this.#time = options.time ?? SYSTEM_TIME;
    this.id = socket.id;
    this.framing = { max: options.maxMessage ?? MAX_MESSAGE, gap: options.gap ?? GAP };
    const { events = NO_EVENTS, report = true } = options;
    this.report = new ConnectionReport(events, this, report ? "messages" : "none");
    this.#memory = options.memory?.share() ?? null;
    this.#reader = new ByteReader({ read: (into) => this.#receive(into) }, this.#memory, options.chunk);
    if (options.timeout || options.messageTime) this.#watch();
    options.gate?.enter();
    options.signal?.addEventListener("abort", this.#closeSocket);
    if (options.signal?.aborted) this.#closeSocket();
    tune(socket, options.memory);
  }

  /** The peer's address and port. */
  get peer(): string {
    return formatEndpoint(this.#socket.remoteAddr as Deno.NetAddr);
  }

  /** The peer's address alone. */
  get hostname(): string {
    return unmapped((this.#socket.remoteAddr as Deno.NetAddr).hostname);
  }

  /** Bytes received so far. */
  get bytesIn(): number {
    return this.#reader.received;
  }

  /** How many received bytes wait to be read. */
  get buffered(): number {
    return this.#reader.buffered;
  }

  /** Our address and port. */
  get local(): string {
    return formatEndpoint(this.#socket.localAddr as Deno.NetAddr);
  }

  /** Whether the socket was closed on this side: by {@linkcode Connection.close}, a limit, the signal or the drain. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Waits until a read would not block: there are bytes, the end, or an error. Never rejects. */
  ready(): Promise<void> {
    return this.#reader.ready();
  }

  /** The same, for at most `ms`; returns whether a read would not block. */
  readyWithin(ms: number): Promise<boolean> {
    return this.#reader.readyWithin(ms);
  }

  /** Reads the next chunk, for scripts that work on the raw stream. While the server stops, data in flight is still read. */
  read(): Promise<Uint8Array | null> {
    if (this.#drain?.done) return Promise.resolve(null);
    this.#waiting = true;
    this.#deadlines?.reading(true);
    if (this.#drain?.requested) this.#drain.request();
    // Not an async function: its state would take half a kilobyte of each idle connection.
    return this.#reader.ready().then(this.#taken);
  }

  #taken = (): Uint8Array | null => {
    let bytes;
    try {
      bytes = this.#reader.take();
    } catch (error) {
      return this.#readFailed(error);
    }
    this.#readDone(bytes);
    if (bytes !== null) this.report.chunk(bytes);
    return bytes;
  };

  /** Reads a line without its line end. */
  readLine(): Promise<Uint8Array | null> {
    return this.readMessage({ gap: 0 });
  }

  /**
   * Reads a message: bytes up to a newline, the end of the stream, or a pause.
   *
   * @param rules Override the connection's own; with `keepEnd`, the message keeps its line end.
   */
  async readMessage(rules: Partial<MessageRules> = {}): Promise<Uint8Array | null> {
    if (this.#drained()) return null;
    let bytes: Uint8Array | null;
    try {
      bytes = await this.#reader.readMessage({ ...this.framing, ...rules });
    } catch (error) {
      return this.#readFailed(error);
    }
    this.#readDone(bytes);
    if (bytes !== null) this.report.message("received", bytes, this.#reader.consumed);
    return bytes;
  }

  /** Writes all bytes, waiting while the peer's window is full. */
  async write(data: Uint8Array | string): Promise<void> {
    const bytes = typeof data === "string" ? encodeText(data) : data;
    if (this.#deadlines === null && this.#options.stall && !this.#closed) this.#watch();
    try {
      for (let offset = 0; offset < bytes.length;) {
        this.#deadlines?.writing(true);
        const written = await this.#socket.write(offset === 0 ? bytes : bytes.subarray(offset));
        offset += written;
        this.bytesOut += written;
      }
    } catch (error) {
      throw this.#toFailure("write to", error);
    } finally {
      this.#deadlines?.writing(false);
    }
    this.report.message("sent", bytes);
  }

  /** Half-close: sends FIN after the data written so far; the peer can still send (RFC 9293 3.6). */
  async closeWrite(): Promise<void> {
    await this.#socket.closeWrite().catch((error) => {
      if (!isDisconnect(error)) throw this.#toFailure("half-close", error);
    });
  }

  /**
   * Ends the connection so that the peer gets everything we wrote: sends FIN, reads until the peer's FIN, then closes.
   *
   * @param linger How long (ms; default one second) and how many bytes (1 MiB) to keep reading; more for a peer that sends much.
   */
  finish({ time = LINGER.time, bytes = LINGER.bytes }: { time?: number; bytes?: number } = {}): Promise<void> {
    const wait = Math.max(time, this.#options.stall ?? 0);
    return linger(this.#socket, this.#reader, { close: () => this.close(), wait, time, bytes, clock: this.#time });
  }

  /**
   * The server is stopping: an open exchange may finish, then a read returns `null`. A connection that waits for the first byte of a
   * message is idle, and closed once it is certain that no request is in flight.
   */
  drain(): void {
    const isIdle = (): boolean => this.#waiting && this.buffered === 0;
    this.#drain ??= new Drain(this.#time, { isIdle, close: () => this.close() });
    if (this.#closed) this.#drain.stop();
    this.#drain.request();
  }

  /** Closes the socket; pending operations reject with `reason`. {@linkcode Connection.close} still reports the end. */
  fail(reason: TimedOutError): void {
    this.#expired ??= reason;
    this.#closeSocket();
  }

  /** Closes the socket and reports it; pending operations end. Calling it again does nothing. */
  close(): void {
    this.#closeSocket();
    this.report.closed(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Closes, and waits until TLS has sent close_notify: if the process exited earlier, the peer would see a cut-off stream. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#socket.gone;
  }

  /** Closes the socket without an event: after a limit or a signal, the reason is reported before the end. */
  #closeSocket = (): void => {
    if (this.#closed) return;
    this.#closed = true;
    this.#deadlines?.stop();
    this.#drain?.stop();
    this.#options.signal?.removeEventListener("abort", this.#closeSocket);
    this.#options.gate?.leave();
    this.#memory?.[Symbol.dispose]();
    this.#socket.close();
  };

  #watch(): void {
    const { timeout: idle = 0, stall = 0, messageTime: message = 0 } = this.#options;
    const expire = (limit: keyof WaitLimits, ms: number): void => this.fail(TimedOutError.of(limit, this.peer, ms));
    this.#deadlines = new Deadlines({ idle, stall, message }, expire, this.#time);
  }

  /** Whether the server is stopping and no received data is left; if not, begins a read. */
  #drained(): boolean {
    const drained = this.#drain?.requested === true && this.#reader.buffered === 0;
    this.#waiting = !drained;
    // A read that outlived a pause may be pending already: then no other call marks the connection as reading.
    this.#deadlines?.reading(!drained);
    return drained;
  }

  /** Ends a read; `null` is the end of the stream. One that we ended is not the peer's EOF. */
  #readDone(bytes?: Uint8Array | null): void {
    this.#waiting = false;
    this.#deadlines?.received();
    if (bytes === null && !this.#closed) this.report.eof();
  }

  /** Throws the error of a read as a `Failure`; if the drain closed the idle socket, it is the end. */
  #readFailed(error: unknown): null {
    this.#readDone();
    if (this.#drain?.done && isClosedHere(error)) return null;
    throw this.#toFailure("read from", error);
  }

  /** One read from the socket; in a crowd after the others have had their turn, unless it is the first, or one of a few in a message. */
  #receive(into: Uint8Array): Promise<number | null> {
    this.#pieces = this.#reader.buffered > 0 ? this.#pieces + 1 : 0;
    if (this.#pieces > 0) this.#deadlines?.message(true);
    const turn = this.#reader.received === 0 || this.#pieces % PIECES > 0 ? null : this.#options.gate?.pass();
    // Until its turn comes, it is not the peer that is idle.
    this.#deadlines?.reading(!turn);
    if (!turn) return this.#socket.read(into);
    return turn.then(() => {
      this.#deadlines?.reading(true);
      return this.#socket.read(into);
    });
  }

  #toFailure(action: string, error: unknown): unknown {
    if (this.#expired !== null) return this.#expired;
    if (this.#options.signal?.aborted && this.#closed) return this.#options.signal.reason;
    return peerFailure(`${action} ${this.peer}`, error, this.#reader.buffered);
  }
}
