/**
 * A connection that has become a WebSocket: it echoes text and binary messages until either side closes (RFC 6455).
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { TimedOutError } from "../../lib/errors.ts";
import type { Connection } from "../../lib/stream/connection.ts";
import { encodeText } from "../../lib/text.ts";
import { Holding } from "../request/holding.ts";
import { CloseCode, closeFrame, frame, FrameReader, WebSocketError, type WebSocketMessage } from "../websocket.ts";
import type { TickListener } from "./clock.ts";
import type { Inbox } from "./inbox.ts";
import { type HttpService, LINGER } from "./shared.ts";
import type { AnswerWriter } from "./writer.ts";

/** The time from one ping to the next (ms), and how many may stay unanswered. */
const PING_INTERVAL = 20_000;
const MAX_MISSED = 2;
/** How long the client may take to answer our close frame (ms): less than the time for which a stopping server waits. */
const CLOSE_TIME = 3000;
/**
 * A read that brings more frames than this and no message is work without an end: the event loop does not get to the other connections as
 * long as there is always more to read, and nothing to write.
 */
const MANY_FRAMES = 500;
/** The part of a server that a session needs. */
export type EchoService = Pick<HttpService, "clock" | "limits" | "log" | "memory" | "signal">;

const PING = frame("ping", "");

/** Echoes messages. Nothing else may read from the connection, or write to it, until {@linkcode EchoSession.run} is over. */
export class EchoSession implements TickListener {
  readonly #connection: Connection;
  readonly #service: EchoService;
  readonly #writer: AnswerWriter;
  readonly #reader = new FrameReader();
  /** Counts the message that is being received. */
  readonly #holding: Holding;
  #messages = 0;
  #bytes = 0;
  #pongs = 0;
  /** When bytes last passed, and when the client was last pinged. */
  #activeAt: number;
  #pingedAt: number;
  #missed = 0;
  /** When we sent a close frame; `null` = not yet. */
  #closedAt: number | null = null;
  /** Whether received bytes are being handled, so that the clock must not write; and the other way round. */
  #busy = false;
  #writing: Promise<void> | null = null;
  #open = true;
  /** How it ended, and whether it should not have ended so. */
  #end = "cut off";
  #failed = true;

  constructor(connection: Connection, service: EchoService, writer: AnswerWriter) {
    this.#connection = connection;
    this.#service = service;
    this.#writer = writer;
    this.#holding = new Holding(service.memory);
    this.#activeAt = this.#pingedAt = service.clock.now;
  }

  /**
   * Serves the client until the end of the closing handshake, or of the stream.
   *
   * @param inbox Has the frames that came together with the handshake.
   */
  async run(inbox: Inbox): Promise<void> {
    const { clock, signal } = this.#service;
    const begun = performance.now();
    const place = clock.subscribe(this);
    const stop = (): void => this.onTick();
    signal.addEventListener("abort", stop);
    try {
      await this.#take(inbox.bytes.subarray(inbox.at));
      inbox.release();
      while (this.#open) {
        // Not `read` alone: while that is pending, a stopping server takes the connection for idle and closes it.
        await this.#connection.ready();
        const bytes = await this.#connection.read();
        if (bytes === null) break;
        await this.#take(bytes);
      }
    } catch (error) {
      // Our close frame was not answered in time.
      if (this.#closedAt === null || !this.#connection.closed) throw error;
    } finally {
      signal.removeEventListener("abort", stop);
      clock.unsubscribe(place);
      this.#holding.release();
      if (this.#service.log.enabled) this.#log(performance.now() - begun);
    }
    // A client that broke the protocol may send on before it reads why.
    await this.#connection.finish(this.#failed ? LINGER : {});
  }

  /** Closes, or pings, when it is time for that. */
  onTick(): void {
    const { clock, limits, signal } = this.#service;
    if (this.#closedAt !== null) {
      if (clock.hasPassed(this.#closedAt, CLOSE_TIME)) this.#connection.close();
      return;
    }
    // If the client does not read, the writer sees to it.
    if (this.#busy || this.#writing !== null || !this.#open) return;
    if (signal.aborted) return this.#close("the server is stopping");
    if (clock.hasPassed(this.#activeAt, limits.idleTime)) {
      return this.#close(`nothing was received for ${limits.idleTime / 1000} s`);
    }
    if (clock.hasPassed(this.#pingedAt, PING_INTERVAL)) this.#ping();
  }

  /** Handles received bytes. */
  async #take(bytes: Uint8Array): Promise<void> {
    if (this.#writing !== null) await this.#writing;
    this.#busy = true;
    this.#missed = 0;
    const idle = this.#idleFrames;
    try {
      for (const message of this.#reader.push(bytes)) {
        const sent = this.#answer(message);
        if (sent !== null) await sent;
      }
      if (!this.#holding.tryAdd(this.#reader.held - this.#holding.bytes)) {
        await this.#fail(CloseCode.tryAgainLater, "the server has no memory left for this message");
      }
    } catch (error) {
      if (!(error instanceof WebSocketError)) throw error;
      await this.#fail(error.code, error.message);
    }
    if (this.#writer.waiting) await this.#writer.flush();
    else if (this.#idleFrames - idle > MANY_FRAMES) await delay(0);
    this.#activeAt = this.#service.clock.now;
    this.#busy = false;
    // The signal may have come meanwhile.
    if (this.#service.signal.aborted) this.onTick();
  }

  /** How many frames so far had no answer of their own. */
  get #idleFrames(): number {
    return this.#reader.fragments + this.#pongs;
  }

  /** Queues the answer to a message; a promise if it is written now. */
  #answer(message: WebSocketMessage): Promise<void> | null {
    const { kind } = message;
    if (kind === "close") return this.#closed(message.code);
    if (kind === "pong") {
      this.#pongs++;
      return null;
    }
    if (kind === "ping") return this.#writer.frame(frame("pong", message.bytes));
    // After our close frame, no data may follow (RFC 6455 5.5.1).
    if (this.#closedAt !== null) return null;
    const payload = kind === "text" ? encodeText(message.text) : message.bytes;
    this.#messages++;
    this.#bytes += payload.length;
    return this.#writer.frame(frame(kind, payload));
  }

  /** The client's close frame is answered with its code, unless it is the answer to ours (RFC 6455 5.5.1). */
  #closed(code: number): Promise<void> | null {
    this.#open = this.#failed = false;
    if (this.#closedAt !== null) return null;
    this.#end = `closed by the client ${code === CloseCode.none ? "without a code" : `with ${code}`}`;
    return this.#writer.frame(closeFrame(code));
  }

  /** Fails the WebSocket, so that the client learns why (RFC 6455 7.1.7). */
  async #fail(code: number, reason: string): Promise<void> {
    this.#open = false;
    if (this.#closedAt !== null) return;
    this.#end = `failed with ${code}: ${reason}`;
    await this.#writer.frame(closeFrame(code, reason));
  }

  /** Begins the closing handshake. */
  #close(reason: string): void {
    this.#closedAt = this.#service.clock.now;
    this.#end = `closed with ${CloseCode.goingAway}: ${reason}`;
    this.#failed = false;
    this.#write(closeFrame(CloseCode.goingAway, reason));
  }

  #ping(): void {
    if (this.#missed === MAX_MISSED) {
      const { peer } = this.#connection;
      return this.#connection.fail(new TimedOutError(`Cannot reach ${peer}: it has not answered ${MAX_MISSED} pings`));
    }
    this.#missed++;
    this.#pingedAt = this.#service.clock.now;
    this.#write(PING);
  }

  /** A write by the clock. If it fails, so does the pending read. */
  #write(bytes: Uint8Array): void {
    const written = this.#writer.frame(bytes) ?? this.#writer.flush();
    this.#writing = written.catch(() => {}).finally(() => this.#writing = null);
  }

  #log(duration: number): void {
    this.#service.log.addWebSocket({
      connection: this.#connection,
      messages: this.#messages,
      bytes: this.#bytes,
      duration,
      end: this.#end,
      failed: this.#failed,
    });
  }
}
