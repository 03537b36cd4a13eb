/**
 * What both sides of a conversation in turns do alike: speak when it is our turn, wait when it is not.
 *
 * @module
 */
import type { LineInput } from "../../lib/console/line_input.ts";
import { fitsLine, isFarewell, MAX_LINE } from "../protocol.ts";
import type { Partner } from "./partner.ts";

/** How a side behaves. */
export interface SideOptions {
  /** Whether messages can be lost: then an empty line while we wait sends the last one again. */
  readonly repeats?: boolean;
  /** Tells our person something about the conversation. */
  readonly remark: (text: string) => void;
}

/** One side of a conversation. */
export abstract class Side {
  protected readonly partner: Partner;
  /** Aborts when the conversation is over. */
  protected readonly over = new AbortController();
  protected readonly repeats: boolean;
  protected readonly remark: (text: string) => void;
  /** The messages on their way out, one after the other. */
  protected sending: Promise<void> = Promise.resolve();
  #wake: () => void = () => {};

  constructor(partner: Partner, { repeats = false, remark }: SideOptions) {
    this.partner = partner;
    this.repeats = repeats;
    this.remark = remark;
  }

  /** Whether it is our turn. */
  protected abstract get ours(): boolean;
  /** Whether we will say no more. */
  protected abstract get finished(): boolean;
  /** The last that we said. */
  protected abstract get said(): string | null;
  /** Says a line in turn. */
  protected abstract say(line: string): Promise<void>;
  /** Our person has said goodbye. */
  protected abstract leave(): void;
  /** Our person's input has ended. */
  protected abstract inputEnded(): void;
  /** Saying something has failed. */
  protected abstract failed(error: unknown): void;

  /** Our person typed out of turn; `true` when that was all there is to it, `false` when the line is to be kept. */
  early(line: string): boolean {
    if (isFarewell(line)) {
      this.leave();
      return true;
    }
    // It is our turn, and whoever asks for lines is just about to.
    if (this.ours) return false;
    if (line === "") {
      this.repeat();
      return true;
    }
    this.remark("Not your turn: kept until it is");
    return false;
  }

  /** Lets our person speak whenever it is our turn; never rejects. */
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

  /** Whether a message fits; our person is told when it does not. */
  protected fits(text: string): boolean {
    if (!fitsLine(text)) this.remark(`Not sent: a message has at most ${MAX_LINE} bytes`);
    return fitsLine(text);
  }

  /** Sends our last message again, where it can have been lost. */
  protected repeat(): void {
    if (!this.repeats || this.said === null) return;
    this.remark("Sending your last message again");
    this.send(this.said).catch(() => {});
  }

  /** Sends a message after those before it. */
  protected send(text: string): Promise<void> {
    const sent = this.sending.then(() => this.partner.say(text));
    this.sending = sent.catch(() => {});
    return sent;
  }

  /** Has {@linkcode Side.speak} look again whose turn it is, and whether we are finished. */
  protected wake(): void {
    this.#wake();
  }
}
