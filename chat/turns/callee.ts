/**
 * One conversation of two, strictly in turn, on the side of the one who answers.
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
import { isFarewell, KEPT, NOT_KEPT, noticeLine, RECEIVED, WANTED } from "../protocol.ts";
import { Side, type SideOptions } from "./side.ts";
import { Turns } from "./turns.ts";

/** Our own end of a conversation. */
export interface CalleeOptions extends SideOptions {
  /** Where our person types. */
  readonly input: Pick<LineInput, "read">;
  /** What a partner who leaves gets to hear. */
  readonly goodbye: string;
  /** A partner who keeps us waiting for so long (ms) in its turn is let go; 0 = never. */
  readonly idle: number;
  readonly time?: TimeSource | undefined;
  /** Shows what was said, by the partner or (`own`) by us. */
  readonly show: (text: string, own: boolean) => void;
  /** Tells our person whose turn it is now. */
  readonly turn: (ours: boolean) => void;
}

/** How long a partner may take to end after we have (ms). */
const LINGER = 500;
/** How long the reset of a partner that has left may take to come back (ms), and how often a partner is asked at most. */
const RESET = 200;
const ASK = 1000;

/** A conversation from the partner's first word to the end. */
export class Callee extends Side {
  #options: CalleeOptions;
  #turns: Turns;
  /** Since when the partner will say no more; it may still listen. */
  #heardAllAt: number | null = null;
  #heardAll = Promise.withResolvers<void>();
  #ended = Promise.withResolvers<void>();
  #time: TimeSource;
  #askedAt = -Infinity;
  #asking: Promise<boolean> = Promise.resolve(true);
  #idle: Deadlines;

  constructor(partner: Partner, options: CalleeOptions) {
    super(partner, options);
    this.#options = options;
    this.#turns = new Turns(options);
    this.#time = options.time ?? SYSTEM_TIME;
    this.over.signal.addEventListener("abort", () => this.#ended.resolve());
    const expire = (): void => this.end(noticeLine(`no word from you for ${options.idle / 1000} s: closing`));
    this.#idle = new Deadlines({ idle: options.idle, stall: 0 }, expire, this.#time);
  }

  /** Talks until one side ends it. */
  async run(): Promise<void> {
    this.#turnChanged();
    const speaking = this.speak(this.#options.input);
    try {
      await this.#listen();
      this.#heardAllAt = this.#time.now();
      this.#heardAll.resolve();
      this.wake();
      // A partner that has only half-closed still gets its answer.
      if (this.#turns.ours) await speaking;
    } finally {
      this.over.abort();
      this.#heardAll.resolve();
      this.wake();
      this.#idle.stop();
      await speaking;
      await this.sending;
    }
  }

  /** For how long (ms) the partner has been waiting with its side closed: it may listen, or have left. */
  get closedFor(): number {
    return this.#heardAllAt === null ? 0 : this.#time.now() - this.#heardAllAt;
  }

  /** Waits until the partner has closed its side, for `ms` at most; tells whether it has. */
  async closes(ms: number): Promise<boolean> {
    await within(this.#heardAll.promise, ms, this.#time);
    return this.#heardAllAt !== null || this.over.signal.aborted;
  }

  /**
   * Finds out whether a partner with its side closed still listens. The system of one that has left answers what is sent to it with a
   * reset (RFC 9293 3.5.2); then the conversation is over.
   */
  stillListens(): Promise<boolean> {
    if (this.over.signal.aborted) return Promise.resolve(false);
    const now = this.#time.now();
    if (now - this.#askedAt >= ASK) {
      this.#askedAt = now;
      this.#asking = this.#ask();
    }
    return this.#asking;
  }

  async #ask(): Promise<boolean> {
    const { signal } = this.over;
    try {
      await this.send(WANTED);
      await within(this.#ended.promise, RESET, this.#time);
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

  protected override get ours(): boolean {
    return this.#turns.ours;
  }

  protected override get said(): string | null {
    return this.#turns.said;
  }

  protected override get finished(): boolean {
    return this.#heardAllAt !== null && !this.#turns.ours;
  }

  protected override leave(): void {
    this.end("exit");
  }

  protected override inputEnded(): void {
    this.end(noticeLine("nobody is here to answer any more"));
  }

  protected override failed(error: unknown): void {
    if (!this.over.signal.aborted) this.remark(stateOf(error).state);
    this.over.abort();
    this.sending = this.sending.then(() => this.partner.end(LINGER)).catch(() => {});
  }

  async #listen(): Promise<void> {
    for (let bytes; (bytes = await this.partner.hear()) !== null;) {
      if (this.over.signal.aborted) continue;
      const text = lineText(bytes);
      if (isFarewell(text)) {
        this.end(this.#options.goodbye);
        continue;
      }
      switch (this.#turns.hear(text)) {
        case "now":
          this.#shown(text);
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

  /** The partner has spoken in turn. */
  #shown(text: string): void {
    this.#options.show(text, false);
    if (this.#turns.doubted) {
      this.remark("The same words again: if your answer was lost, an empty line sends it again");
    }
    this.#turnChanged();
  }

  protected override async say(line: string): Promise<void> {
    const { said, doubted } = this.#turns;
    const text = line === "" && doubted && said !== null ? said : line;
    if (!this.fits(text)) return;
    try {
      await this.send(text);
    } catch (error) {
      // Words that cannot be sent (too many for a datagram, say) can be chosen anew; a partner who is gone cannot.
      if (error instanceof CutOffError) throw error;
      return this.remark(stateOf(error).state);
    }
    this.#options.show(text, true);
    this.#turns.say(text);
    const kept = this.#turns.next();
    if (kept === null) this.#turnChanged();
    else this.#shown(kept);
  }

  #turnChanged(): void {
    this.#idle.reading(!this.#turns.ours);
    this.#options.turn(this.#turns.ours);
    this.wake();
  }
}
