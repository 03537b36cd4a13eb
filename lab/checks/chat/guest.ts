/**
 * A member of the room under test: what it says, and which lines it receives.
 *
 * @module
 */
import { decodeText, escapeControls } from "../../../lib/text.ts";
import type { Talk } from "../talk.ts";
import { joinLines } from "./dialect.ts";
import type { ChatTrial } from "./types.ts";

/** How long a server may make a client wait before it lets it in (ms): limiting how often an address connects is not wrong. */
export const ADMISSION = 8000;
/** How long to wait for the end of a line whose text has arrived (ms). A room that sends none fails one check, not all. */
const LINE_END = 150;
/** How long a member waits after its name where the room does not answer (ms): a program that reads once takes it by itself. */
const AFTER_NAME = 30;
/** The most characters of what came that a report quotes. */
const QUOTED = 160;

/** Quotes text from the server for a report. */
export function quote(text: string): string {
  const characters = [...text];
  const cut = characters.length > QUOTED
    ? `${characters.slice(0, QUOTED / 2).join("")}…${characters.slice(-QUOTED / 2).join("")}`
    : text;
  return `"${escapeControls(cut)}"`;
}

/** A member. Failures name it by its connection's number, as the recorded steps do. */
export class Guest {
  readonly talk: Talk;
  readonly name: string;
  #trial: ChatTrial;
  /** How many bytes had arrived with the last expected line. */
  #mark = 0;
  #endsLines = false;

  constructor(trial: ChatTrial, talk: Talk, name: string) {
    this.#trial = trial;
    this.talk = talk;
    this.name = name;
  }

  /** How reports name it. */
  get label(): string {
    return `client #${this.talk.number}`;
  }

  /**
   * Does what a client does first: waits for the greeting, gives its name.
   *
   * @returns `false` if the server has closed the connection.
   */
  async join({ reading = true } = {}): Promise<boolean> {
    const { dialect, patience } = this.#trial;
    const { talk } = this;
    if (reading && dialect.greets) await talk.until((text) => text !== "", ADMISSION);
    const first = joinLines(dialect, this.name);
    if (first === "" || talk.end !== null) return talk.end === null;
    const before = talk.count;
    this.#endsLines = true;
    await talk.send(first);
    if (reading && dialect.answers) await talk.until(() => talk.count > before, patience);
    else await this.#trial.pause(AFTER_NAME);
    return talk.end === null;
  }

  /** Gives its name and says a line in one write, without waiting for anything but the greeting. */
  async joinSaying(text: string): Promise<void> {
    const { dialect } = this.#trial;
    if (dialect.greets) await this.talk.until((greeting) => greeting !== "", ADMISSION);
    await this.talk.send(joinLines(dialect, this.name) + text + dialect.terminator);
  }

  /**
   * Begins a line without ending it. One that has ended no line yet says one before: a pause can be the end of a line for who never
   * sends another one.
   */
  async begin(text: string): Promise<void> {
    if (!this.#endsLines) await this.say("hello");
    await this.talk.send(text);
  }

  /** Says a line. */
  async say(text: string): Promise<void> {
    this.#endsLines = true;
    await this.talk.send(text + this.#trial.dialect.terminator);
  }

  /** The lines received, without their ends; the last one may be incomplete. */
  get lines(): string[] {
    return this.talk.text.split("\n").map((line) => line.replace(/\r+$/, ""));
  }

  /** The lines with a text in them. */
  linesWith(text: string): string[] {
    return this.lines.filter((line) => line.includes(text));
  }

  /** What was received since the last expected line, as the end of a sentence. */
  get got(): string {
    const { received, count, end: how } = this.talk;
    const rest = decodeText(received.subarray(Math.max(0, received.length - (count - this.#mark))));
    const end = how === null ? "" : how === "end" ? ", then the end" : ", then a reset";
    return `${this.label} got ${rest === "" ? "nothing" : quote(rest)}${end}`;
  }

  /** Waits for a line with a text in it, and returns it; the check fails without it. */
  async sees(text: string, ms: number = this.#trial.patience): Promise<string> {
    const { talk } = this;
    if (!await talk.until((all) => all.includes(text), ms)) {
      this.#trial.fail(`${this.got} within ${ms / 1000} s, while it waited for ${quote(text)}`);
    }
    await talk.until((all) => all.indexOf("\n", all.indexOf(text)) >= 0, LINE_END);
    this.#mark = talk.count;
    return this.linesWith(text)[0] ?? "";
  }

  /** Waits until the server has ended the connection; the check fails if it does not. */
  async seesEnd(): Promise<void> {
    const { patience } = this.#trial;
    const ended = await this.talk.untilEnd(patience) !== null;
    this.#trial.expect(ended, `${this.label} was still open ${patience / 1000} s later`);
  }
}
