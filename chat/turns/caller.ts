/**
 * One conversation of two, strictly in turn, on the side of the one who begins.
 *
 * @module
 */
import { Deadlines } from "../../lib/deadlines.ts";
import { CutOffError, stateOf, TimedOutError } from "../../lib/errors.ts";
import type { DataOutput } from "../../lib/console/output.ts";
import type { LineInput } from "../../lib/console/line_input.ts";
import type { Desk } from "../input.ts";
import { messageText, type Partner } from "./partner.ts";
import { fitsLine, isFarewell, isStillWaiting, MAX_LINE } from "../protocol.ts";

/** How a guest talks. */
export interface GuestOptions extends Desk {
  /** Where the answers go, byte for byte. */
  readonly output: DataOutput;
  /** Tells our person something about the conversation. */
  readonly remark: (text: string) => void;
  /** No answer for so long (ms) ends the conversation; 0 = wait for ever. */
  readonly idle: number;
  /** Whether messages can be lost: then an empty line while we wait sends the last one again. */
  readonly repeats?: boolean;
  /** Sends an unanswered message again after so long (ms), and again; 0 = never by itself. */
  readonly retry?: number;
}

const OURS = "your turn: ";
const THEIRS = "(their turn) ";
/** How long the other side may take to end after we have (ms). */
const LEAVE = 2000;
const AT_ONCE = 1;

/** A conversation from our first word to the end. */
export class Guest {
  #partner: Partner;
  #options: GuestOptions;
  #input: LineInput;
  #ours = true;
  /** The last that we said. */
  #said: string | null = null;
  /** We have said our goodbye, or will write no more. */
  #leaving = false;
  #over = new AbortController();
  /** What is on its way out, one after the other. */
  #sending: Promise<void> = Promise.resolve();
  #wake: () => void = () => {};
  #expired: TimedOutError | null = null;
  #idle: Deadlines;
  #retrying: ReturnType<typeof setInterval> | undefined;

  constructor(partner: Partner, options: GuestOptions) {
    const { open, stop, idle } = options;
    this.#partner = partner;
    this.#options = options;
    this.#input = open({ prompt: OURS, onInterrupt: stop, onEarly: (line) => this.#early(line) });
    this.#idle = new Deadlines({ idle, stall: 0 }, () => this.#expire());
  }

  /**
   * Talks until one side ends it.
   *
   * @throws {TimedOutError} No answer came within the limit.
   */
  async run(): Promise<void> {
    this.#turnIs(true);
    const speaking = this.#speak();
    try {
      await this.#listen();
    } finally {
      this.#over.abort();
      this.#wake();
      this.#idle.stop();
      clearInterval(this.#retrying);
      this.#input.close();
      await speaking;
      await this.#sending;
    }
    await this.#options.output.end();
    if (this.#expired !== null) throw this.#expired;
  }

  /** Shows whatever comes, in turn or not; after each of it we may speak. */
  async #listen(): Promise<void> {
    for (let bytes; (bytes = await this.#partner.hear()) !== null;) {
      const text = messageText(bytes);
      await this.#options.output.write(bytes);
      await this.#options.output.end();
      // Over TCP the other side closes; a datagram is all there is of an end.
      if (this.#options.repeats === true && (isFarewell(text) || this.#leaving)) return;
      if (!this.#leaving && !isStillWaiting(text)) this.#turnIs(true);
    }
  }

  /** Sends a line of our person whenever it is our turn; never rejects. */
  async #speak(): Promise<void> {
    const { signal } = this.#over;
    try {
      while (!signal.aborted && !this.#leaving) {
        if (!this.#ours) {
          await new Promise<void>((resolve) => this.#wake = resolve);
          continue;
        }
        const line = await this.#input.read(signal);
        // A pipe that has ended waits for the other side as long as it takes.
        if (line === null) return this.#leave(this.#input.interactive ? LEAVE : 0);
        if (isFarewell(line)) return this.#leave(LEAVE, "exit");
        await this.#say(line);
      }
    } catch (error) {
      if (signal.aborted) return;
      // A partner who is gone is found out by the listener.
      if (!(error instanceof CutOffError)) this.#options.remark(stateOf(error).state);
      this.#leave(LEAVE);
    }
  }

  async #say(line: string): Promise<void> {
    if (!fitsLine(line)) return this.#options.remark(`Not sent: a message has at most ${MAX_LINE} bytes`);
    this.#said = line;
    this.#turnIs(false);
    await this.#send(line);
  }

  /** Ends our side, with a last word where the other side would not notice otherwise. */
  #leave(patience: number, word?: string): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#turnIs(false);
    if (word !== undefined && this.#options.repeats !== true) this.#send(word).catch(() => {});
    this.#sending = this.#sending.then(() => this.#partner.end(patience)).catch(() => {});
  }

  /** No answer has come: the end, whatever is on its way out, and whether or not we were leaving. */
  #expire(): void {
    this.#expired = new TimedOutError(`Cannot go on: no answer for ${this.#options.idle / 1000} s`);
    this.#leaving = true;
    this.#turnIs(false);
    this.#partner.end(AT_ONCE).catch(() => {});
  }

  /** A line typed while we wait for the answer; `true` when it needs not be kept. */
  #early(line: string): boolean {
    if (isFarewell(line)) {
      this.#leave(LEAVE, "exit");
      return true;
    }
    // It is our turn, and the one who asks for lines is just about to.
    if (this.#ours) return false;
    if (line === "") {
      this.#repeat();
      return true;
    }
    this.#options.remark("Not your turn: kept until the answer has come");
    return false;
  }

  /** Sends our last message again, where it can have been lost. */
  #repeat(): void {
    if (this.#options.repeats !== true || this.#said === null || this.#leaving) return;
    this.#options.remark("Sending your last message again");
    this.#send(this.#said).catch(() => {});
  }

  #turnIs(ours: boolean): void {
    const { retry = 0, remark } = this.#options;
    const changed = this.#ours !== ours;
    this.#ours = ours;
    this.#idle.reading(!ours);
    clearInterval(this.#retrying);
    if (!ours && retry > 0) this.#retrying = setInterval(() => this.#repeat(), retry);
    this.#input.prompt(ours ? OURS : THEIRS);
    if (!this.#input.interactive && changed) remark(ours ? "Your turn" : "Waiting for the answer");
    this.#wake();
  }

  /** Sends a message after those before it. */
  #send(text: string): Promise<void> {
    const sent = this.#sending.then(() => this.#partner.say(text));
    this.#sending = sent.catch(() => {});
    return sent;
  }
}
