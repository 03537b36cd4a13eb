/**
 * The answering side of a conversation of two, strictly in turn.
 *
 * @module
 */
import { lineText } from "../../lib/text.ts";
import { Deadlines } from "../../lib/deadlines.ts";
import { CutOffError, stateOf } from "../../lib/errors.ts";
import type { LineInput } from "../../lib/console/line_input.ts";
import { SYSTEM_TIME, type TimeSource } from "../../lib/time.ts";
import { within } from "../../lib/within.ts";
import type { Partner } from "./partner.ts";
import {
  fitsLine,
  isFarewell,
  isNaming,
  KEPT,
  NOT_KEPT,
  noticeLine,
  RECEIVED,
  refusalLine,
  TAKES_TURNS,
  tooLong,
  UNATTENDED,
  WANTED,
} from "../protocol.ts";
import { Side, type SideOptions } from "./side.ts";
import { Turns } from "./turns.ts";

/** Options of {@linkcode Callee}. */
export interface CalleeOptions extends SideOptions {
  /** Our user's input. */
  readonly input: Pick<LineInput, "read" | "interactive">;
  /** The last message to a partner that leaves. */
  readonly goodbye: string;
  /** How long the partner may take in its turn before we end the conversation (ms); 0 = no limit. */
  readonly idle: number;
  /** Shows a message, the partner's or (`own`) ours. */
  readonly show: (text: string, own: boolean) => void;
  /** Tells our user whose turn it is. */
  readonly turn: (ours: boolean) => void;
}

/** How long the partner may take to close after we have (ms). */
const LINGER = 500;
/** How long to wait for the reset from a partner that has left (ms), and the minimum time between two such checks (ms). */
const RESET_TIMEOUT = 200;
const CHECK_INTERVAL = 1000;

/** A conversation from the partner's first message to the end. */
export class Callee extends Side {
  #options: CalleeOptions;
  #turns: Turns;
  /** When the partner half-closed; it may still be reading. */
  #halfClosedAt: number | null = null;
  #halfClosed = Promise.withResolvers<void>();
  #ended = Promise.withResolvers<void>();
  #time: TimeSource;
  #checkedAt = -Infinity;
  #checking: Promise<boolean> = Promise.resolve(true);
  #idle: Deadlines;

  constructor(partner: Partner, options: CalleeOptions) {
    super(partner, options);
    this.#options = options;
    this.#turns = new Turns(options);
    this.#time = options.time ?? SYSTEM_TIME;
    this.over.signal.addEventListener("abort", () => this.#ended.resolve());
    const expire = (): void => this.end(noticeLine(`no message from you for ${options.idle / 1000} s: closing`));
    this.#idle = new Deadlines({ idle: options.idle, stall: 0 }, expire, this.#time);
  }

  /** Runs the conversation until one side ends it. */
  async run(): Promise<void> {
    this.#turnChanged();
    const speaking = this.speak(this.#options.input);
    try {
      await this.#receiveAll();
      this.#halfClosedAt = this.#time.now();
      this.#halfClosed.resolve();
      this.wake();
      // The partner may only have half-closed: it still gets its answer.
      if (this.#turns.ours) await speaking;
    } finally {
      this.over.abort();
      this.#halfClosed.resolve();
      this.wake();
      this.#idle.stop();
      this.awaits(false);
      await speaking;
      await this.sending;
    }
  }

  /** How long ago the partner half-closed (ms); 0 if it has not. It may still be reading, or have left. */
  get halfClosedFor(): number {
    return this.#halfClosedAt === null ? 0 : this.#time.now() - this.#halfClosedAt;
  }

  /** Waits at most `ms` for the partner to half-close; returns whether it has. */
  async waitForHalfClose(ms: number): Promise<boolean> {
    await within(this.#halfClosed.promise, ms, this.#time);
    return this.#halfClosedAt !== null || this.over.signal.aborted;
  }

  /**
   * Finds out whether a half-closed partner still reads, by sending it a message. If it has closed its socket, its system answers with
   * a reset (RFC 9293 3.5.2), and the conversation is over.
   */
  stillReads(): Promise<boolean> {
    if (this.over.signal.aborted) return Promise.resolve(false);
    const now = this.#time.now();
    if (now - this.#checkedAt >= CHECK_INTERVAL) {
      this.#checkedAt = now;
      this.#checking = this.#check();
    }
    return this.#checking;
  }

  async #check(): Promise<boolean> {
    const { signal } = this.over;
    try {
      await this.send(WANTED);
      await within(this.#ended.promise, RESET_TIMEOUT, this.#time);
      signal.throwIfAborted();
      await this.send(RECEIVED);
      return true;
    } catch {
      if (!signal.aborted) this.remark("The client has left");
      this.over.abort();
      this.wake();
      return false;
    }
  }

  /** Ends the conversation with a last message. */
  end(text: string): void {
    if (this.over.signal.aborted) return;
    for (const kept of this.#turns.rest()) this.#options.show(kept, false);
    this.sending = this.send(text).then(() => this.partner.end(LINGER)).catch(() => {});
    this.over.abort();
    this.wake();
  }

  protected override get interactive(): boolean {
    return this.#options.input.interactive;
  }

  protected override get ours(): boolean {
    return this.#turns.ours;
  }

  protected override get lastSent(): string | null {
    return this.#turns.sent;
  }

  protected override get finished(): boolean {
    return this.#halfClosedAt !== null && !this.#turns.ours;
  }

  protected override leave(): void {
    this.end("exit");
  }

  protected override inputEnded(): void {
    this.end(refusalLine(UNATTENDED));
  }

  protected override failed(error: unknown): void {
    if (!this.over.signal.aborted) this.remark(stateOf(error).state);
    this.over.abort();
    this.sending = this.sending.then(() => this.partner.end(LINGER)).catch(() => {});
  }

  async #receiveAll(): Promise<void> {
    let first = !this.repeats;
    for (let bytes; (bytes = await this.partner.receive()) !== null; first = false) {
      if (this.over.signal.aborted) continue;
      const text = lineText(bytes);
      // A room's client; there is none over UDP.
      if (first && isNaming(text)) {
        await this.send(TAKES_TURNS);
        continue;
      }
      if (isFarewell(text)) {
        this.end(this.#options.goodbye);
        continue;
      }
      switch (this.#turns.receive(text)) {
        case "now":
          this.#showReceived(text);
          break;
        case "kept":
          await this.send(KEPT);
          break;
        case "repeated":
          await this.send(RECEIVED);
          break;
        case "full":
          await this.send(NOT_KEPT);
      }
    }
  }

  /** Shows a message that the partner sent in turn. */
  #showReceived(text: string): void {
    this.#options.show(text, false);
    if (this.#turns.doubted) {
      this.remark("The same message again: if your answer was lost, an empty line sends it again");
    }
    this.#turnChanged();
  }

  protected override async say(line: string): Promise<void> {
    const { sent, doubted } = this.#turns;
    const text = line === "" && doubted && sent !== null ? sent : line;
    if (!fitsLine(text)) return this.warn(tooLong("the message").message);
    try {
      await this.send(text);
    } catch (error) {
      // A message that cannot be sent (too long for a datagram, say) is not fatal: the user can write another. A lost partner is.
      if (error instanceof CutOffError) throw error;
      return this.warn(stateOf(error).state);
    }
    this.#options.show(text, true);
    this.#turns.send(text);
    const kept = this.#turns.next();
    if (kept === null) this.#turnChanged();
    else this.#showReceived(kept);
  }

  #turnChanged(): void {
    this.#idle.reading(!this.#turns.ours);
    this.awaits(!this.#turns.ours && this.#turns.sent !== null);
    this.#options.turn(this.#turns.ours);
    this.wake();
  }
}
