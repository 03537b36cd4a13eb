/**
 * One conversation of two, strictly in turn, on the side of the one who begins.
 *
 * @module
 */
import { lineText } from "../../lib/text.ts";
import { Deadlines } from "../../lib/deadlines.ts";
import { CutOffError, stateOf, TimedOutError } from "../../lib/errors.ts";
import type { DataOutput } from "../../lib/console/output.ts";
import type { LineInput } from "../../lib/console/line_input.ts";
import type { Desk } from "../input.ts";
import type { Partner } from "./partner.ts";
import { isFarewell, isStillWaiting } from "../protocol.ts";
import { Side, type SideOptions } from "./side.ts";

/** How a guest talks. */
export interface CallerOptions extends Desk, SideOptions {
  /** Where the answers go, byte for byte. */
  readonly output: DataOutput;
  /** No answer for so long (ms) ends the conversation; 0 = wait for ever. */
  readonly idle: number;
  /** Sends an unanswered message again after so long (ms), and again; 0 = never by itself. */
  readonly retry?: number;
}

const OURS = "your turn: ";
const THEIRS = "(their turn) ";
/** How long the other side may take to end after we have (ms). */
const LEAVE = 2000;
const AT_ONCE = 1;

/** A conversation from our first word to the end. */
export class Caller extends Side {
  #options: CallerOptions;
  #input: LineInput;
  #ours = true;
  /** The last that we said. */
  #said: string | null = null;
  /** We have said our goodbye, or will write no more. */
  #leaving = false;
  #expired: TimedOutError | null = null;
  #idle: Deadlines;
  #retrying: ReturnType<typeof setInterval> | undefined;

  constructor(partner: Partner, options: CallerOptions) {
    super(partner, options);
    const { open, stop, idle } = options;
    this.#options = options;
    this.#input = open({ prompt: OURS, onInterrupt: stop, onTypeAhead: (line) => this.early(line) });
    this.#idle = new Deadlines({ idle, stall: 0 }, () => this.#expire());
  }

  /**
   * Talks until one side ends it.
   *
   * @throws {TimedOutError} No answer came within the limit.
   */
  async run(): Promise<void> {
    this.#turnIs(true);
    const speaking = this.speak(this.#input);
    try {
      await this.#listen();
    } finally {
      this.over.abort();
      this.wake();
      this.#idle.stop();
      clearInterval(this.#retrying);
      this.#input.close();
      await speaking;
      await this.sending;
    }
    await this.#options.output.end();
    if (this.#expired !== null) throw this.#expired;
  }

  /** Shows whatever comes, in turn or not; after each of it we may speak. */
  async #listen(): Promise<void> {
    for (let bytes; (bytes = await this.partner.hear()) !== null;) {
      const text = lineText(bytes);
      await this.#options.output.write(bytes);
      await this.#options.output.end();
      // Over TCP the other side closes; a datagram is all there is of an end.
      if (this.repeats && (isFarewell(text) || this.#leaving)) return;
      if (!this.#leaving && !isStillWaiting(text)) this.#turnIs(true);
    }
  }

  protected override get ours(): boolean {
    return this.#ours;
  }

  protected override get said(): string | null {
    return this.#leaving ? null : this.#said;
  }

  protected override get finished(): boolean {
    return this.#leaving;
  }

  protected override leave(): void {
    this.#end(LEAVE, "exit");
  }

  /** A pipe that has ended waits for the other side as long as it takes. */
  protected override inputEnded(): void {
    this.#end(this.#input.interactive ? LEAVE : 0);
  }

  protected override failed(error: unknown): void {
    if (this.over.signal.aborted) return;
    // A partner who is gone is found out by the listener.
    if (!(error instanceof CutOffError)) this.remark(stateOf(error).state);
    this.#end(LEAVE);
  }

  protected override async say(line: string): Promise<void> {
    if (!this.fits(line)) return;
    this.#said = line;
    this.#turnIs(false);
    await this.send(line);
  }

  /** Ends our side, with a last word where the other side would not notice otherwise. */
  #end(patience: number, word?: string): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#turnIs(false);
    if (word !== undefined && !this.repeats) this.send(word).catch(() => {});
    this.sending = this.sending.then(() => this.partner.end(patience)).catch(() => {});
  }

  /** No answer has come: the end, whatever is on its way out, and whether or not we were leaving. */
  #expire(): void {
    this.#expired = new TimedOutError(`Cannot go on: no answer for ${this.#options.idle / 1000} s`);
    this.#leaving = true;
    this.#turnIs(false);
    this.partner.end(AT_ONCE).catch(() => {});
  }

  #turnIs(ours: boolean): void {
    const { retry = 0 } = this.#options;
    const changed = this.#ours !== ours;
    this.#ours = ours;
    this.#idle.reading(!ours);
    clearInterval(this.#retrying);
    if (!ours && retry > 0) this.#retrying = setInterval(() => this.repeat(), retry);
    this.#input.prompt(ours ? OURS : THEIRS);
    if (!this.#input.interactive && changed) this.remark(ours ? "Your turn" : "Waiting for the answer");
    this.wake();
  }
}
