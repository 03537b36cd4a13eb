/**
 * The common part of both sides of a conversation in turns: send when it is our turn, wait when it is not.
 *
 * @module
 */
import type { LineInput } from "../../lib/console/line_input.ts";
import { isFarewell } from "../protocol.ts";
import { SYSTEM_TIME, type TimeSource } from "../../lib/time.ts";
import type { Partner } from "./partner.ts";

/** Options of {@linkcode Side}. */
export interface SideOptions {
  /** Whether messages can be lost, as over UDP: then an empty line typed while we wait sends the last one again. */
  readonly repeats?: boolean;
  /** The partner's address, for the reminder that it has not answered; without it there is none. */
  readonly peer?: string;
  readonly time?: TimeSource | undefined;
  /** Tells our user something about the conversation. */
  readonly remark: (text: string) => void;
  /** The same about trouble, such as a message that was not sent. */
  readonly warn: (text: string) => void;
}

/** How long a message is unanswered before our user is reminded that it may be lost (ms). */
const REMINDER = 5000;

/** One side of a conversation. */
export abstract class Side {
  protected readonly partner: Partner;
  /** Aborts when the conversation is over. */
  protected readonly over = new AbortController();
  protected readonly repeats: boolean;
  protected readonly remark: (text: string) => void;
  protected readonly warn: (text: string) => void;
  /** Settles when the queued messages have been sent. */
  protected sending: Promise<void> = Promise.resolve();
  #wake: () => void = () => {};
  #peer: string | undefined;
  #time: TimeSource;
  #reminder: () => void = () => {};

  constructor(partner: Partner, { repeats = false, remark, warn, peer, time = SYSTEM_TIME }: SideOptions) {
    this.partner = partner;
    this.repeats = repeats;
    this.remark = remark;
    this.warn = warn;
    this.#peer = peer;
    this.#time = time;
  }

  /** Whether our user is at a terminal; another program needs no reminder. */
  protected abstract get interactive(): boolean;
  /** Whether it is our turn. */
  protected abstract get ours(): boolean;
  /** Whether we will send no more. */
  protected abstract get finished(): boolean;
  /** Our last message. */
  protected abstract get lastSent(): string | null;
  /** Sends a line in our turn. */
  protected abstract say(line: string): Promise<void>;
  /** Our user has typed a farewell. */
  protected abstract leave(): void;
  /** Our user's input has ended. */
  protected abstract inputEnded(): void;
  /** Sending has failed. */
  protected abstract failed(error: unknown): void;

  /** Handles a line typed out of turn; `true` if that was all, `false` to keep the line for later. */
  early(line: string): boolean {
    if (isFarewell(line)) {
      this.leave();
      return true;
    }
    // It is our turn: `speak` is just about to read the line.
    if (this.ours) return false;
    if (line === "") {
      this.repeat();
      return true;
    }
    this.remark("Not your turn: kept until it is");
    return false;
  }

  /** Sends our user's lines whenever it is our turn. Never rejects. */
  protected async speak(input: Pick<LineInput, "read">): Promise<void> {
    const { signal } = this.over;
    try {
      while (!signal.aborted && !this.finished) {
        if (!this.ours) {
          await new Promise<void>((resolve) => this.#wake = resolve);
          continue;
        }
        const line = await input.read(signal);
        if (line === null) return this.inputEnded();
        if (isFarewell(line)) return this.leave();
        await this.say(line);
      }
    } catch (error) {
      this.failed(error);
    }
  }

  /** Sends our last message again, if messages can be lost. */
  protected repeat(): void {
    if (!this.repeats || this.lastSent === null) return;
    this.remark("Sending your last message again");
    this.send(this.lastSent).catch(() => {});
    this.awaits(true);
  }

  /** Whether our user waits for an answer from now on, which may be lost, or our message. */
  protected awaits(answer: boolean): void {
    this.#reminder();
    if (!answer || !this.repeats || !this.interactive || this.#peer === undefined) return;
    const text = `${this.#peer} has not answered for ${REMINDER / 1000} s; Enter sends your message again`;
    this.#reminder = this.#time.after(REMINDER, () => this.remark(text));
  }

  /** Sends a message after the queued ones. */
  protected send(text: string): Promise<void> {
    const sent = this.sending.then(() => this.partner.send(text));
    this.sending = sent.catch(() => {});
    return sent;
  }

  /** Makes {@linkcode Side.speak} check again whose turn it is, and whether we are finished. */
  protected wake(): void {
    this.#wake();
  }
}
