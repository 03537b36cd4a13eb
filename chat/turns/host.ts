/**
 * The person who answers at a server in turns: one input line for one guest after the other.
 *
 * @module
 */
import type { Events } from "../../lib/events.ts";
import type { LineInput } from "../../lib/console/line_input.ts";
import { plural } from "../../lib/text.ts";
import type { TimeSource } from "../../lib/time.ts";
import type { Desk } from "../input.ts";
import type { Partner } from "./partner.ts";
import { chatLine, isFarewell, noticeLine } from "../protocol.ts";
import { Callee } from "./callee.ts";

/** How a host talks. */
export interface HostOptions extends Desk {
  readonly events: Events;
  /** What a guest who leaves gets to hear. */
  readonly goodbye: string;
  /** A guest who writes nothing for so long (ms) in its turn is let go; 0 = never. */
  readonly idle: number;
  /** Whether messages can be lost. */
  readonly repeats?: boolean;
  /** How long (ms) a guest that has closed its side keeps the line when somebody else wants it (10 s, or `idle` if that is shorter). */
  readonly giveWay?: number;
  readonly time?: TimeSource;
}

/** A guest that has closed its side and still listens may wait for its answer, as `nc -N` does. */
const GIVE_WAY = 10_000;

/** How long (ms) it may take to hear that the guest on the line has closed its side. */
const GLANCE = 100;

/** What a guest hears while another one talks. */
export const BUSY = noticeLine("the line is busy: somebody else is talking; try again later");

const NOBODY = "(nobody here) ";
const OURS = "your turn: ";
const THEIRS = "(their turn) ";

/** Receives guests, one at a time. */
export class Host {
  #options: HostOptions;
  #input: LineInput;
  #talk: Callee | null = null;
  #deserted = false;
  /** Resolves when the talk is over. */
  #over: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(options: HostOptions) {
    const { open, stop } = options;
    this.#options = options;
    this.#input = open({ prompt: NOBODY, onInterrupt: stop, onEnd: stop, onTypeAhead: (line) => this.#early(line) });
  }

  /** Whether somebody is talking. */
  get busy(): boolean {
    return this.#talk !== null;
  }

  /** Whether our person's input has ended, so that nobody will answer any more. */
  get deserted(): boolean {
    return this.#deserted;
  }

  /**
   * Somebody else is here: a guest that has left makes way, and one that only closed its side does so after a while, answered or not.
   *
   * @returns `false` when the line stays busy. When it is free again, another newcomer may be quicker: look at {@linkcode Host.busy}.
   */
  async makeWay(): Promise<boolean> {
    const { idle, giveWay = Math.min(idle || GIVE_WAY, GIVE_WAY) } = this.#options;
    const [talk, over] = [this.#talk, this.#over.promise];
    if (talk === null) return true;
    if (!await talk.closes(GLANCE)) return false;
    if (talk.closedFor >= giveWay) talk.end(noticeLine("not answered: somebody else wants the line"));
    else if (await talk.stillListens()) return false;
    await over;
    return true;
  }

  /** Talks with a guest until one side ends it; only while not {@linkcode Host.busy}. */
  async receive(partner: Partner, guest: { readonly id: number; readonly peer: string }): Promise<void> {
    const { events, goodbye, idle, time, repeats = false } = this.#options;
    const { id, peer } = guest;
    const input = this.#input;
    const read = async (signal?: AbortSignal): Promise<string | null> => {
      const line = await input.read(signal);
      this.#deserted ||= line === null;
      return line;
    };
    this.#over = Promise.withResolvers();
    this.#talk = new Callee(partner, {
      input: { read },
      goodbye,
      idle,
      time,
      repeats,
      remark: (message) => events.emit({ event: "notice", message }),
      turn: (ours) => this.#showTurn(ours),
      show: (text, own) => {
        const name = own ? "server" : "client";
        const prose = own && input.interactive ? "" : chatLine(name, text);
        if (events.detailed) events.emit({ event: "message", id, peer, name, text, prose });
      },
    });
    try {
      await this.#talk.run();
    } finally {
      this.#talk = null;
      this.#over.resolve();
      input.prompt(NOBODY);
      const unsent = input.discard();
      // Words for one guest are not for the next.
      if (unsent > 0) events.emit({ event: "notice", message: `${plural(unsent, "line")} typed ahead and not sent` });
    }
  }

  /** Sends the guest away with a last message, and gives the terminal back. */
  close(reason: string): void {
    this.#talk?.end(noticeLine(reason));
    this.#input.close();
  }

  #showTurn(ours: boolean): void {
    if (this.#input.interactive) this.#input.prompt(ours ? OURS : THEIRS);
    else this.#options.events.emit({ event: "notice", message: ours ? "Your turn" : "The client's turn" });
  }

  /** A line typed while nobody waits for one; `true` when it needs not be kept. */
  #early(line: string): boolean {
    if (this.#talk !== null) return this.#talk.early(line);
    if (isFarewell(line)) this.#options.stop();
    else this.#options.events.emit({ event: "notice", message: "Nobody is here: kept for whoever comes" });
    return isFarewell(line);
  }
}
