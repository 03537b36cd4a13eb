/**
 * The initiating side of a conversation of two, strictly in turn.
 *
 * @module
 */
import { lineText } from "../../lib/text.ts";
import { Deadlines } from "../../lib/deadlines.ts";
import { CutOffError, stateOf, TimedOutError, TooLongError } from "../../lib/errors.ts";
import type { DataOutput } from "../../lib/console/output.ts";
import type { LineInput } from "../../lib/console/line_input.ts";
import type { User } from "../input.ts";
import type { Partner } from "./partner.ts";
import { fitsLine, isFarewell, isStillWaiting, tooLong } from "../protocol.ts";
import { Side, type SideOptions } from "./side.ts";

/** Options of {@linkcode Caller}. */
export interface CallerOptions extends User, SideOptions {
  /** Receives the answers, byte for byte. */
  readonly output: DataOutput;
  /** Time limit for an answer (ms); 0 = wait forever. */
  readonly idle: number;
  /** The interval at which an unanswered message is sent again (ms); 0 = never automatically. */
  readonly retry?: number;
}

const OURS = "your turn: ";
const THEIRS = "(their turn) ";
/** How long the partner may take to close after we have (ms). */
const LEAVE_TIMEOUT = 2000;
const AT_ONCE = 1;

/** A conversation from our first message to the end. */
export class Caller extends Side {
  #options: CallerOptions;
  #input: LineInput;
  #ours = true;
  /** Our last message. */
  #lastSent: string | null = null;
  /** We have said goodbye, or our input has ended. */
  #leaving = false;
  #expired: TimedOutError | null = null;
  /** Why our input was not sent to its end. */
  #problem: unknown = null;
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
   * Runs the conversation until one side ends it.
   *
   * @throws {TimedOutError} No answer came within the limit.
   * @throws {Failure} A message could not be sent, and our user is not at a terminal.
   */
  async run(): Promise<void> {
    this.#turnIs(true);
    const speaking = this.speak(this.#input);
    try {
      await this.#receiveAll();
    } finally {
      this.over.abort();
      this.wake();
      this.#idle.stop();
      this.awaits(false);
      clearInterval(this.#retrying);
      this.#input.close();
      await speaking;
      await this.sending;
    }
    await this.#options.output.end();
    if (this.#expired !== null) throw this.#expired;
    if (this.#problem !== null) throw this.#problem;
  }

  /** Shows every message, in turn or not; after each it is our turn. */
  async #receiveAll(): Promise<void> {
    for (let bytes; (bytes = await this.partner.receive()) !== null;) {
      const text = lineText(bytes);
      await this.#options.output.write(bytes);
      await this.#options.output.end();
      // Over TCP the server closes the connection; over UDP the goodbye datagram is the end.
      if (this.repeats && (isFarewell(text) || this.#leaving)) return;
      if (!this.#leaving && !isStillWaiting(text)) this.#turnIs(true);
    }
  }

  protected override get interactive(): boolean {
    return this.#input.interactive;
  }

  protected override get ours(): boolean {
    return this.#ours;
  }

  protected override get lastSent(): string | null {
    return this.#leaving ? null : this.#lastSent;
  }

  protected override get finished(): boolean {
    return this.#leaving;
  }

  protected override leave(): void {
    this.#end(LEAVE_TIMEOUT, "exit");
  }

  /** At the end of a pipe there is no time limit for the partner to close. */
  protected override inputEnded(): void {
    this.#end(this.#input.interactive ? LEAVE_TIMEOUT : 0);
  }

  protected override failed(error: unknown): void {
    if (this.over.signal.aborted) return;
    // If the connection is gone, the receiving side reports that.
    if (!(error instanceof CutOffError)) this.#notSent(error);
    this.#end(LEAVE_TIMEOUT);
  }

  protected override async say(line: string): Promise<void> {
    if (!fitsLine(line)) {
      if (!this.interactive) throw tooLong("the message");
      return this.warn(tooLong("the message").message);
    }
    this.#lastSent = line;
    this.#turnIs(false);
    await this.send(line);
  }

  /** A message was not sent. At a terminal the user sees that; a program learns it from how the run ends. */
  #notSent(error: unknown): void {
    const problem = error instanceof TooLongError ? tooLong("the message") : error;
    if (this.interactive) this.warn(stateOf(problem).state);
    else this.#problem ??= problem;
  }

  /** Ends our side, with a last message over TCP. Over UDP `partner.end` sends its own. */
  #end(timeout: number, farewell?: string): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#turnIs(false);
    if (farewell !== undefined && !this.repeats) this.send(farewell).catch(() => {});
    this.sending = this.sending.then(() => this.partner.end(timeout)).catch(() => {});
  }

  /** No answer within the limit: ends the conversation at once, even if messages are still queued or we were already leaving. */
  #expire(): void {
    this.#expired = new TimedOutError(`Cannot continue: no answer for ${this.#options.idle / 1000} s`);
    this.#leaving = true;
    this.#turnIs(false);
    this.partner.end(AT_ONCE).catch(() => {});
  }

  #turnIs(ours: boolean): void {
    const { retry = 0 } = this.#options;
    const changed = this.#ours !== ours;
    this.#ours = ours;
    this.#idle.reading(!ours);
    this.awaits(!ours && !this.#leaving);
    clearInterval(this.#retrying);
    if (!ours && retry > 0) this.#retrying = setInterval(() => this.repeat(), retry);
    this.#input.prompt(ours ? OURS : THEIRS);
    if (!this.#input.interactive && changed) this.remark(ours ? "Your turn" : "Waiting for the answer");
    this.wake();
  }
}
