/**
 * A chat in turns under test: its clients and its operator, whom the checker plays.
 *
 * @module
 */
import { type Guest, quote } from "./guest.ts";
import { Party } from "./party.ts";

/** How often to check what the server shows (ms). */
const LOOK = 10;

/** The operator's desk: what the server shows, and its keyboard. */
export class Desk extends Party {
  /** What the server has shown. */
  get shown(): string {
    return this.trial.output?.() ?? "";
  }

  /** Types a line. A server that does not read it yet gets it when it does. */
  async types(line: string): Promise<void> {
    await this.trial.input?.(`${line}\n`);
  }

  /** Waits until the server has shown a text; returns whether it has. */
  async until(text: string, ms: number = this.trial.patience): Promise<boolean> {
    for (const deadline = performance.now() + ms; performance.now() < deadline; await this.trial.pause(LOOK)) {
      if (this.shown.includes(text)) return true;
    }
    return this.shown.includes(text);
  }

  /** The same; the check fails if it does not. */
  async sees(text: string): Promise<void> {
    if (await this.until(text)) return;
    this.trial.fail(`the operator did not see ${quote(text)}; the server had shown ${quote(this.shown.trim())}`);
  }

  /** The client says something, and the operator sees it. */
  async hears(client: Guest, text: string = this.word()): Promise<void> {
    await client.say(text);
    await this.sees(text);
  }

  /** One turn: the client says something, the operator sees it, and the client gets the answer. */
  async turn(client: Guest, text: string = this.word()): Promise<void> {
    const answer = this.word();
    await this.hears(client, text);
    await this.types(answer);
    await client.sees(answer);
  }
}
