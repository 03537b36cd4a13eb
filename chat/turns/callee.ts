/**
 * One conversation of two, strictly in turn, on the side of the one who answers.
 *
 * @module
 */
import { Deadlines } from "../../lib/deadlines.ts";
import { CutOffError, stateOf } from "../../lib/errors.ts";
import type { LineInput } from "../../lib/console/line_input.ts";
import { SYSTEM_TIME, type TimeSource } from "../../lib/time.ts";
import { within } from "../../lib/within.ts";
import { messageText, type Partner } from "./partner.ts";
import { fitsLine, isFarewell, KEPT, MAX_LINE, NOT_KEPT, noticeLine, RECEIVED, WANTED } from "../protocol.ts";
import { Turns } from "./turns.ts";

/** Our own end of a conversation. */
export interface TalkOptions {
  /** Where our person types. */
  readonly input: Pick<LineInput, "read">;
  /** What a partner who leaves gets to hear. */
  readonly goodbye: string;
  /** A partner who keeps us waiting for so long (ms) in its turn is let go; 0 = never. */
  readonly idle: number;
  readonly time?: TimeSource | undefined;
  /** Whether messages can be lost. */
  readonly repeats: boolean;
  /** Shows what was said, by the partner or (`own`) by us. */
  readonly show: (text: string, own: boolean) => void;
  /** Tells our person something about the conversation. */
  readonly remark: (text: string) => void;
  /** Tells our person whose turn it is now. */
  readonly turn: (ours: boolean) => void;
}

/** How long a partner may take to end after we have (ms). */
const LINGER = 500;
/** How long the reset of a partner that has left may take to come back (ms), and how often a partner is asked at most. */
const RESET = 200;
const ASK = 1000;

/** A conversation from the partner's first word to the end. */
export class Talk {
  #partner: Partner;
  #options: TalkOptions;
  #turns: Turns;
  #over = new AbortController();
  /** The messages on their way out, one after the other. */
  #sending: Promise<void> = Promise.resolve();
  #wake: () => void = () => {};
  /** Since when the partner will say no more; it may still listen. */
  #heardAllAt: number | null = null;
  #heardAll = Promise.withResolvers<void>();
  #ended = Promise.withResolvers<void>();
  #time: TimeSource;
  #askedAt = -Infinity;
  #asking: Promise<boolean> = Promise.resolve(true);
  #idle: Deadlines;

  constructor(partner: Partner, options: TalkOptions) {
    this.#partner = partner;
    this.#options = options;
    this.#turns = new Turns(options);
    this.#time = options.time ?? SYSTEM_TIME;
    this.#over.signal.addEventListener("abort", () => this.#ended.resolve());
    const expire = (): void => this.end(noticeLine(`no word from you for ${options.idle / 1000} s: closing`));
    this.#idle = new Deadlines({ idle: options.idle, stall: 0 }, expire, this.#time);
  }

  /** Talks until one side ends it. */
  async run(): Promise<void> {
    this.#turnChanged();
    const speaking = this.#speak();
    try {
      await this.#listen();
      this.#heardAllAt = this.#time.now();
      this.#heardAll.resolve();
      this.#wake();
      // A partner that has only half-closed still gets its answer.
      if (this.#turns.ours) await speaking;
    } finally {
      this.#over.abort();
      this.#heardAll.resolve();
      this.#wake();
      this.#idle.stop();
      await speaking;
      await this.#sending;
    }
  }

  /** For how long (ms) the partner has been waiting with its side closed: it may listen, or have left. */
  get closedFor(): number {
    return this.#heardAllAt === null ? 0 : this.#time.now() - this.#heardAllAt;
  }

  /** Waits until the partner has closed its side, for `ms` at most; tells whether it has. */
  async closes(ms: number): Promise<boolean> {
    await within(this.#heardAll.promise, ms, this.#time);
    return this.#heardAllAt !== null || this.#over.signal.aborted;
  }

  /**
   * Finds out whether a partner with its side closed still listens. The system of one that has left answers what is sent to it with a
   * reset (RFC 9293 3.5.2); then the conversation is over.
   */
  stillListens(): Promise<boolean> {
    if (this.#over.signal.aborted) return Promise.resolve(false);
    const now = this.#time.now();
    if (now - this.#askedAt >= ASK) {
      this.#askedAt = now;
      this.#asking = this.#ask();
    }
    return this.#asking;
  }

  async #ask(): Promise<boolean> {
    const { signal } = this.#over;
    try {
      await this.#send(WANTED);
      await within(this.#ended.promise, RESET, this.#time);
      signal.throwIfAborted();
      await this.#send(RECEIVED);
      return true;
    } catch {
      if (!signal.aborted) this.#options.remark("The client has left");
      this.#over.abort();
      this.#wake();
      return false;
    }
  }

  /** Ends the conversation with a last message. */
  end(text: string): void {
    if (this.#over.signal.aborted) return;
    for (const kept of this.#turns.rest()) this.#options.show(kept, false);
    this.#sending = this.#send(text).then(() => this.#partner.end(LINGER)).catch(() => {});
    this.#over.abort();
    this.#wake();
  }

  /** Our person typed out of turn; `true` when that was all there is to it, `false` when the line is to be kept. */
  early(line: string): boolean {
    if (isFarewell(line)) {
      this.end("exit");
      return true;
    }
    // It is our turn, and the one who asks for lines is just about to.
    if (this.#turns.ours) return false;
    if (line === "") {
      this.#repeat();
      return true;
    }
    this.#options.remark("Not your turn: kept until the other side has written");
    return false;
  }

  async #listen(): Promise<void> {
    for (let bytes; (bytes = await this.#partner.hear()) !== null;) {
      if (this.#over.signal.aborted) continue;
      const text = messageText(bytes);
      if (isFarewell(text)) {
        this.end(this.#options.goodbye);
        continue;
      }
      switch (this.#turns.hear(text)) {
        case "now":
          this.#shown(text);
          break;
        case "kept":
          await this.#send(KEPT);
          break;
        case "repeated":
          await this.#send(RECEIVED);
          break;
        case "full":
          await this.#send(NOT_KEPT);
      }
    }
  }

  /** The partner has spoken in turn. */
  #shown(text: string): void {
    this.#options.show(text, false);
    if (this.#turns.doubted) {
      this.#options.remark("The same words again: if your answer was lost, an empty line sends it again");
    }
    this.#turnChanged();
  }

  /** Lets our person answer whenever it is our turn; never rejects. */
  async #speak(): Promise<void> {
    const { signal } = this.#over;
    try {
      while (!signal.aborted && !(this.#heardAllAt !== null && !this.#turns.ours)) {
        if (!this.#turns.ours) {
          await new Promise<void>((resolve) => this.#wake = resolve);
          continue;
        }
        const line = await this.#options.input.read(signal);
        if (line === null) return this.end(noticeLine("nobody is here to answer any more"));
        if (isFarewell(line)) return this.end("exit");
        await this.#answer(line);
      }
    } catch (error) {
      if (!signal.aborted) this.#options.remark(stateOf(error).state);
      this.#over.abort();
      await this.#partner.end(LINGER).catch(() => {});
    }
  }

  async #answer(line: string): Promise<void> {
    const { said, doubted } = this.#turns;
    const text = line === "" && doubted && said !== null ? said : line;
    if (!fitsLine(text)) return this.#options.remark(`Not sent: a message has at most ${MAX_LINE} bytes`);
    try {
      await this.#send(text);
    } catch (error) {
      // Words that cannot be sent (too many for a datagram, say) can be chosen anew; a partner who is gone cannot.
      if (error instanceof CutOffError) throw error;
      return this.#options.remark(stateOf(error).state);
    }
    this.#options.show(text, true);
    this.#turns.say(text);
    const kept = this.#turns.next();
    if (kept === null) this.#turnChanged();
    else this.#shown(kept);
  }

  /** Sends our last message again, where it can have been lost. */
  #repeat(): void {
    const { said } = this.#turns;
    if (!this.#options.repeats || said === null) return;
    this.#options.remark("Sending your last message again");
    this.#send(said).catch(() => {});
  }

  #turnChanged(): void {
    this.#idle.reading(!this.#turns.ours);
    this.#options.turn(this.#turns.ours);
    this.#wake();
  }

  /** Sends a message after those before it. */
  #send(text: string): Promise<void> {
    const sent = this.#sending.then(() => this.#partner.say(text));
    this.#sending = sent.catch(() => {});
    return sent;
  }
}
