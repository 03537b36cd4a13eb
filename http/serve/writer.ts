/**
 * Answers out, over one connection: all that is ready in one write.
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
  type Ending,
  isBodiless,
  writeBody,
  writeHead,
} from "../answer/answer.ts";
import type { Clock } from "./clock.ts";
import { Holding } from "../request/holding.ts";
import { AnswerBytes, ascii } from "../answer/bytes.ts";
import type { HttpService } from "./shared.ts";

/** A body or a piece of one that is not copied any more. */
const LARGE = 64 * 1024;
/** What is written at a time of text that cannot wait in one piece. */
const SLICE = 8 * 1024;
/** How many outboxes are kept for the next connections. */
const SPARES = 128;
const CONTINUE = ascii("HTTP/1.1 100 Continue\r\n\r\n");
const LAST_CHUNK = ascii("0\r\n\r\n");
const CRLF = ascii("\r\n");
const READY = Promise.resolve();

/** Gathers answers and writes them; one call at a time. */
export class AnswerWriter {
  #connection: Connection;
  /** Where outboxes come from and go to: a connection at rest has none. */
  #spare: AnswerBytes[];
  #outbox: AnswerBytes | null = null;

  /** Bytes given to the connection so far; a write is under way as long as it has sent fewer. */
  #given = 0;
  /** Bytes sent when somebody looked last, and when that was. */
  #seen = 0;
  #since = 0;
  readonly #clock: Clock;
  readonly #stallTime: number;
  readonly #memory: MemoryBudget;

  /** @param service Its outboxes are those that nobody uses, shared by all connections of a server. */
  constructor(
    connection: Connection,
    { outboxes, clock, stallTime, memory }: Pick<HttpService, "outboxes" | "clock" | "stallTime" | "memory">,
  ) {
    this.#connection = connection;
    this.#spare = outboxes;
    this.#clock = clock;
    this.#stallTime = stallTime;
    this.#memory = memory;
  }

  /** Gives up a client that does not read what is written to it; slow progress is progress. */
  look(): void {
    const { bytesOut } = this.#connection;
    if (bytesOut === this.#given) return this.rest();
    if (bytesOut !== this.#seen) {
      this.#seen = bytesOut;
      this.#since = this.#clock.now;
    } else if (this.#clock.isOver(this.#since, this.#stallTime)) {
      this.#connection.fail(TimedOutError.of("stall", this.#connection.peer, this.#stallTime));
    }
  }

  /** Gives the outbox back; only while no write is under way. */
  rest(): void {
    if (this.#outbox === null || this.waiting) return;
    if (this.#outbox.reusable && this.#spare.length < SPARES) this.#spare.push(this.#outbox);
    else this.#outbox.free();
    this.#outbox = null;
  }

  /** Gives the outbox back at the connection's end, whatever is in it. */
  end(): void {
    if (!this.waiting && !this.busy) return this.rest();
    this.#outbox?.free();
    this.#outbox = null;
  }

  /** Whether something waits to be written. */
  get waiting(): boolean {
    return this.#outbox !== null && this.#outbox.length > 0;
  }

  /** Whether so much waits that it should be written now. */
  get full(): boolean {
    return this.#outbox !== null && this.#outbox.full;
  }

  /** Whether a write is under way. */
  get busy(): boolean {
    return this.#connection.bytesOut !== this.#given;
  }

  /**
   * Finds out whether a client that has sent its last word still reads: `100 (Continue)` means nothing to it, and each client has to be
   * able to pass over it (RFC 9110 15.2); the system of one that has closed answers with a reset, which the next write will meet.
   *
   * @throws {CutOffError} It has met one.
   */
  probe(): Promise<void> {
    return this.#write(CONTINUE);
  }

  /** Lets the client send the body that it holds back (RFC 9110 10.1.1). */
  continue(): void {
    this.#take().bytes(CONTINUE);
  }

  /**
   * Adds an answer; a streamed body is written at once, piece by piece.
   *
   * @param method The request's: an answer to HEAD has no body.
   * @returns How many bytes of body it has.
   * @throws {Error} The stream did not keep to its length, or failed; the connection has to be cut, so that the client notices.
   */
  send(answer: Answer, ending: Ending, method: string): number | Promise<number> {
    const { body, status } = answer;
    const outbox = this.#take();
    writeHead(outbox, answer, ending);
    if (method === "HEAD" || isBodiless(status)) return 0;
    if ("pieces" in body) return this.#stream(body, ending.minor);
    if (body.length >= LARGE || !outbox.fits(body.length)) return this.#large(body);
    writeBody(outbox, body);
    return body.length;
  }

  /** Writes all that waits. */
  flush(): Promise<void> {
    return this.#outbox === null ? READY : this.#write(this.#outbox.take());
  }

  /** Sends a body that is there already, without a copy of all of it. */
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
  }

  /** Sends a body, each piece when the one before it is written: a slow reader slows the source down. */
  async #stream(body: BodyStream, minor: 0 | 1): Promise<number> {
    const chunked = body.length === null && minor === 1;
    let sent = 0;
    for await (const piece of body.pieces()) {
      if (piece.length > 0) sent += await this.#piece(piece, chunked);
    }
    if (chunked) this.#take().bytes(LAST_CHUNK);
    if (body.length !== null && sent !== body.length) {
      throw new Error(`Cannot send the body: it has ${sent} bytes instead of ${body.length}`);
    }
    return sent;
  }

  /** Writes what waits and a piece of a body after it: in one write, unless the piece is so large that copying it would cost more. */
  async #piece(piece: Uint8Array, chunked: boolean): Promise<number> {
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
    return piece.length;
  }

  #write(bytes: Uint8Array): Promise<void> {
    this.#given += bytes.length;
    this.#seen = -1;
    return this.#connection.write(bytes);
  }

  #take(): AnswerBytes {
    return this.#outbox ??= this.#spare.pop() ?? new AnswerBytes(new Holding(this.#memory));
  }
}
