/**
 * Sends answers over one connection: all that are ready in one write.
 *
 * @module
 */
import type { Connection } from "../../lib/stream/connection.ts";
import { TimedOutError } from "../../lib/errors.ts";
import type { MemoryBudget } from "../../lib/memory.ts";
import {
  type Answer,
  type AsciiParts,
  type BodyStream,
  type HeadOptions,
  isBodiless,
  MirrorBody,
  writeBody,
  writeHead,
  writeMirroredHead,
} from "../answer/answer.ts";
import type { Clock } from "./clock.ts";
import { Holding } from "../request/holding.ts";
import { AnswerBytes, ascii } from "../answer/bytes.ts";
import type { HttpService } from "./shared.ts";

/** A body, or a piece of one, from this size on is written without a copy. */
const LARGE = 64 * 1024;
/** How many characters of a large text body are written at a time. */
const SLICE = 8 * 1024;
/** How many unused outboxes are kept for other connections. */
const MAX_SPARES = 128;
const CONTINUE = ascii("HTTP/1.1 100 Continue\r\n\r\n");
const LAST_CHUNK = ascii("0\r\n\r\n");
const CRLF = ascii("\r\n");
const READY = Promise.resolve();

/** Queues answers and writes them; one call at a time. */
export class AnswerWriter {
  #connection: Connection;
  /** The pool of outboxes: an idle connection has none of its own. */
  #spares: AnswerBytes[];
  #outbox: AnswerBytes | null = null;

  /** Bytes of the current answer's body that are sent or queued: if it is cut off, how far it got. */
  bodySent = 0;
  /** Bytes passed to the connection so far; a write is pending while it has sent fewer. */
  #submitted = 0;
  /** Bytes sent at the last progress, and its time. */
  #lastBytesOut = 0;
  #since = 0;
  readonly #clock: Clock;
  readonly #stallTime: number;
  readonly #memory: MemoryBudget;

  /** @param service Its outboxes are the unused ones, shared by all connections of a server. */
  constructor(
    connection: Connection,
    { outboxes, clock, stallTime, memory }: Pick<HttpService, "outboxes" | "clock" | "stallTime" | "memory">,
  ) {
    this.#connection = connection;
    this.#spares = outboxes;
    this.#clock = clock;
    this.#stallTime = stallTime;
    this.#memory = memory;
  }

  /** Disconnects a client that has stopped reading; slow progress is enough. */
  onTick(): void {
    const { bytesOut } = this.#connection;
    if (bytesOut === this.#submitted) return this.releaseOutbox();
    if (bytesOut !== this.#lastBytesOut) {
      this.#lastBytesOut = bytesOut;
      this.#since = this.#clock.now;
    } else if (this.#clock.hasPassed(this.#since, this.#stallTime)) {
      this.#connection.fail(TimedOutError.of("stall", this.#connection.peer, this.#stallTime));
    }
  }

  /** Returns the outbox to the pool; call it only while no write is pending. */
  releaseOutbox(): void {
    if (this.#outbox === null || this.waiting) return;
    if (this.#outbox.reusable && this.#spares.length < MAX_SPARES) this.#spares.push(this.#outbox);
    else this.#outbox.free();
    this.#outbox = null;
  }

  /** Releases the outbox at the connection's end, even if it is not empty. */
  end(): void {
    if (!this.waiting && !this.busy) return this.releaseOutbox();
    this.#outbox?.free();
    this.#outbox = null;
  }

  /** Whether bytes are queued. */
  get waiting(): boolean {
    return this.#outbox !== null && this.#outbox.length > 0;
  }

  /** Whether so many bytes are queued that they should be written now. */
  get full(): boolean {
    return this.#outbox !== null && this.#outbox.full;
  }

  /** Whether a write is pending. */
  get busy(): boolean {
    return this.#connection.bytesOut !== this.#submitted;
  }

  /**
   * Tests whether a client that has sent FIN still reads. Every client must be able to ignore a `100 (Continue)` (RFC 9110 15.2); if the
   * client has closed, its system answers with a reset, and the next write fails.
   *
   * @throws {CutOffError} The client has reset the connection.
   */
  probe(): Promise<void> {
    return this.#write(CONTINUE);
  }

  /** Tells the client to send its body (RFC 9110 10.1.1). */
  continue(): void {
    this.#take().bytes(CONTINUE);
  }

  /**
   * Queues an answer; a streamed body is written at once, piece by piece.
   *
   * @param headOnly Whether the request was HEAD, whose answer has no body.
   * @returns The length of its body in bytes.
   * @throws {Error} The stream failed, or its length was not the announced one; the connection must be cut off, so that the client
   * notices.
   */
  send(answer: Answer, options: HeadOptions, headOnly: boolean): number | Promise<number> {
    const { body: given, fields, status } = answer;
    const outbox = this.#take();
    this.bodySent = 0;
    let body;
    if (given instanceof MirrorBody) {
      body = writeMirroredHead(outbox, { status, fields, body: given }, options);
    } else {
      body = given;
      writeHead(outbox, answer, options);
    }
    if (headOnly || isBodiless(status)) return 0;
    if ("pieces" in body) return this.#stream(body, options.minor);
    if (body.length >= LARGE || !outbox.fits(body.length)) return this.#large(body);
    writeBody(outbox, body);
    return body.length;
  }

  /** Queues a frame of a WebSocket; a promise if so much is queued that it is written now. */
  frame(bytes: Uint8Array): Promise<void> | null {
    if (bytes.length >= LARGE || !this.#take().fits(bytes.length)) return this.flush().then(() => this.#write(bytes));
    this.#take().bytes(bytes);
    return this.full ? this.flush() : null;
  }

  /** Writes all queued bytes. */
  flush(): Promise<void> {
    return this.#outbox === null ? READY : this.#write(this.#outbox.take());
  }

  /** Sends a complete body without copying all of it. */
  async #large(body: Uint8Array | AsciiParts): Promise<number> {
    for (const part of body instanceof Uint8Array ? [body] : body.parts) {
      if (typeof part !== "string") await this.#piece(part, false);
      else for (let at = 0; at < part.length; at += SLICE) await this.#text(part.slice(at, at + SLICE));
    }
    return body.length;
  }

  async #text(text: string): Promise<void> {
    if (!this.#take().fits(text.length)) await this.flush();
    this.#take().text(text);
    this.bodySent += text.length;
  }

  /** Sends a body piece by piece, with back-pressure: a slow client slows the source down. */
  async #stream(body: BodyStream, minor: 0 | 1): Promise<number> {
    const chunked = body.length === null && minor === 1;
    for await (const piece of body.pieces()) {
      if (piece.length > 0) await this.#piece(piece, chunked);
    }
    const sent = this.bodySent;
    if (chunked) this.#take().bytes(LAST_CHUNK);
    if (body.length !== null && sent !== body.length) {
      throw new Error(`Cannot send the body: it has ${sent} bytes instead of ${body.length}`);
    }
    return sent;
  }

  /** Writes the queued bytes and a piece of a body: in one write, unless copying a large piece would cost more. */
  async #piece(piece: Uint8Array, chunked: boolean): Promise<void> {
    if (chunked) this.#take().text(`${piece.length.toString(16)}\r\n`);
    if (piece.length < LARGE && this.#take().fits(piece.length + CRLF.length)) {
      this.#take().bytes(piece);
      if (chunked) this.#take().bytes(CRLF);
      await this.flush();
    } else {
      if (this.waiting) await this.flush();
      await this.#write(piece);
      if (chunked) this.#take().bytes(CRLF);
    }
    this.bodySent += piece.length;
  }

  #write(bytes: Uint8Array): Promise<void> {
    this.#submitted += bytes.length;
    this.#lastBytesOut = -1;
    return this.#connection.write(bytes);
  }

  #take(): AnswerBytes {
    return this.#outbox ??= this.#spares.pop() ?? new AnswerBytes(new Holding(this.#memory));
  }
}
