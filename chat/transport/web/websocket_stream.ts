/**
 * A WebSocket as a member's stream of lines: one text message is one line, in both directions (RFC 6455).
 *
 * @module
 */
import { delay } from "@std/async/delay";
import {
  CloseCode,
  closeFrame,
  frame,
  FrameReader,
  WebSocketError,
  type WebSocketMessage,
} from "../../../http/websocket.ts";
import type { Connection } from "../../../lib/stream/connection.ts";
import { CutOffError, ProtocolError, TooLongError } from "../../../lib/errors.ts";
import type { MemoryBudget, MemoryShare } from "../../../lib/memory.ts";
import { REFUSED } from "../../../lib/refusal.ts";
import { decodeText, encodeText } from "../../../lib/text.ts";
import type { TimeSource } from "../../../lib/time.ts";
import { MAX_LINE, noticeLine, SHUTTING_DOWN } from "../../protocol.ts";
import { RateLimit } from "../../room/pace.ts";
import { FrameError, SilentError } from "../member_stream.ts";
import type { Framing } from "./framed.ts";
import { WebStream } from "./stream.ts";

/** The most bytes of a message; the room's own limit is on its lines. */
export const MAX_MESSAGE = 64 * 1024;
/** A ping is sent so often (ms); a client that has answered none of the last two is gone. */
const PING_INTERVAL = 20_000;
const MISSED = 2;
/**
 * How many control frames one client may send per second, and how many fragments count as one; a burst of twenty seconds' worth passes.
 */
const CONTROL_RATE = 10;
const FRAGMENTS = 64;
const PING = frame("ping", "");
const NOTHING = new Uint8Array(0);
const LF = 10;
const SHUTDOWN_LINE = noticeLine(SHUTTING_DOWN);
const START_OF_REFUSAL = REFUSED.charCodeAt(0);

/** Options of {@linkcode WebSocketStream}. */
export interface WebSocketOptions {
  /** What came after the request's head. */
  readonly first: Uint8Array;
  /** Lines to read before those of the client, each with its line end. */
  readonly lines: string;
  /** Frames what is written. */
  readonly framing: Framing;
  /** Counts a long message that is incomplete. */
  readonly memory?: MemoryBudget | undefined;
  readonly time?: TimeSource | undefined;
}

/**
 * The connection of a WebSocket, once its handshake is over. Its owner reads and writes lines; pings, pongs and the closing handshake are
 * its own affair.
 */
export class WebSocketStream extends WebStream {
  readonly via = "WebSocket";
  #framing: Framing;
  #reader = new FrameReader(MAX_MESSAGE);
  #memory: MemoryShare | null;
  /** What came with the handshake, in both forms. */
  #lines: string;
  #first: Uint8Array;
  /** Why the client is refused: told once the lines before that were read. */
  #failure: ProtocolError | null = null;
  /** The code that the client has closed with, and that of our own close frame if an error decides it. */
  #closedWith: number | null = null;
  #code: number | null = null;
  /** Whether our close frame is on its way: nothing may follow it. */
  #closing = false;
  /** The last line written, if it says why we close. */
  #last = "";
  /** The ping to answer: of several, only the last needs an answer (RFC 6455 5.5.3). */
  #pong: Uint8Array | null = null;
  /** How many pings it has not answered while we were reading: what a member sends that is slowed down is not read for a while. */
  #unanswered = 0;
  #isReading = false;
  #controls = new RateLimit(CONTROL_RATE, performance.now());
  #wait = 0;
  #closed = new AbortController();

  constructor(connection: Connection, options: WebSocketOptions) {
    super(connection, { beat: PING_INTERVAL, time: options.time });
    const { first, lines, framing, memory } = options;
    this.#framing = framing;
    this.#first = first;
    this.#lines = lines;
    this.#memory = memory?.share() ?? null;
  }

  /**
   * Reads the next messages as lines; `null` once the client has closed.
   *
   * @throws {ProtocolError} The client broke the protocol, or sent binary data.
   * @throws {CutOffError} The connection ended without a close frame.
   */
  override async read(): Promise<Uint8Array | null> {
    for (;;) {
      if (this.#lines !== "") {
        const lines = encodeText(this.#lines);
        this.#lines = "";
        return lines;
      }
      if (this.#failure !== null) throw this.#failure;
      if (this.#closedWith !== null) return null;
      if (this.#wait > 0) await delay(this.#wait, { signal: this.#closed.signal }).catch(() => {});
      const first = this.#first;
      this.#first = NOTHING;
      const bytes = first.length > 0 ? first : await this.#receive();
      if (bytes === null) throw new CutOffError(`Cannot read from ${this.peer}: it closed without a close frame`);
      this.#take(bytes);
    }
  }

  async #receive(): Promise<Uint8Array | null> {
    this.#isReading = true;
    try {
      return await this.connection.read();
    } finally {
      this.#isReading = false;
    }
  }

  /** Writes lines as messages, unless one side has closed: what comes after a close frame is ignored. */
  override async write(lines: Uint8Array): Promise<void> {
    if (this.#closing || this.#closedWith !== null) return;
    this.#last = farewellIn(lines);
    await this.inTurn(() => this.#framing.of(lines));
  }

  /** Sends the close frame: the answer to the client's, or one that says why. Idempotent. */
  override async closeWrite(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    const { code, reason } = this.#farewell();
    await this.inTurn(() => closeFrame(code, reason));
  }

  protected override release(): void {
    super.release();
    this.#memory?.[Symbol.dispose]();
    this.#closed.abort();
  }

  /** Takes what a read has brought. What precedes a broken frame counts. */
  #take(bytes: Uint8Array): void {
    this.#unanswered = 0;
    let controls = 0;
    const begun = Math.floor(this.#reader.fragments / FRAGMENTS);
    try {
      for (const message of this.#reader.push(bytes)) {
        if (message.kind === "text") this.#lines += `${message.text}\n`;
        else if (message.kind === "binary") {
          return this.#fail(CloseCode.unsupported, "a binary message is no line of text");
        } else {
          controls++;
          this.#takeControl(message);
        }
      }
    } catch (error) {
      if (!(error instanceof WebSocketError)) throw error;
      this.#code = error.code;
      this.#failure = error.code === CloseCode.tooLong ? new TooLongError(MAX_MESSAGE) : refused(error.message);
    }
    controls += Math.floor(this.#reader.fragments / FRAGMENTS) - begun;
    this.#wait = controls === 0 ? 0 : this.#controls.take(performance.now(), controls);
    const { held } = this.#reader;
    if (this.#memory?.hold(held > MAX_LINE ? held : 0) === false) {
      this.#fail(CloseCode.tryAgainLater, "the server has no memory for the line; try again later");
    }
  }

  #takeControl(message: Exclude<WebSocketMessage, { kind: "text" | "binary" }>): void {
    if (message.kind === "close") this.#closedWith = message.code;
    else if (message.kind === "ping") {
      const waits = this.#pong !== null;
      this.#pong = message.bytes;
      if (!waits) this.inTurn(() => this.#takePong()).catch(() => {});
    }
  }

  #fail(code: number, reason: string): void {
    this.#code = code;
    this.#failure = refused(reason);
  }

  #takePong(): Uint8Array {
    const payload = this.#pong ?? NOTHING;
    this.#pong = null;
    return this.#closing ? NOTHING : frame("pong", payload);
  }

  protected override beat(): void {
    if (this.#closing) return;
    if (this.#isReading && this.#unanswered === MISSED) {
      const silence = MISSED * PING_INTERVAL / 1000;
      const late = new SilentError(`Cannot read from ${this.peer}: it has answered no ping for ${silence} s`);
      return this.connection.fail(late);
    }
    if (this.#isReading) this.#unanswered++;
    // If that fails, the next read or write tells how the connection ended.
    this.inTurn(() => PING).catch(() => {});
  }

  /** What our close frame says: the last line to a member tells it why it must leave. */
  #farewell(): { code: number; reason: string } {
    if (this.#closedWith !== null) return { code: this.#closedWith, reason: "" };
    if (this.#last.startsWith(REFUSED)) {
      return { code: this.#code ?? CloseCode.policy, reason: this.#last.slice(REFUSED.length) };
    }
    if (this.#last === SHUTDOWN_LINE) return { code: CloseCode.goingAway, reason: SHUTTING_DOWN };
    return { code: this.#code ?? CloseCode.normal, reason: "" };
  }
}

/** The last line of a chunk, if a member gets it because it must leave; "" for any other. It is not kept as part of the chunk. */
function farewellIn(lines: Uint8Array): string {
  const end = lines.length - 1;
  const start = lines.lastIndexOf(LF, end - 1) + 1;
  const mayBe = lines[start] === START_OF_REFUSAL || end - start === SHUTDOWN_LINE.length;
  return mayBe ? decodeText(lines.subarray(start, end)) : "";
}

function refused(reason: string): FrameError {
  return new FrameError(`${REFUSED}${reason}`);
}
