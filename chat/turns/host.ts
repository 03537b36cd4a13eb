/**
 * The server's side in turns: the operator answers one guest after the other, with one input line.
 *
 * @module
 */
import type { Events } from "../../lib/events.ts";
import type { LineInput } from "../../lib/console/line_input.ts";
import { plural } from "../../lib/text.ts";
import type { TimeSource } from "../../lib/time.ts";
import type { User } from "../input.ts";
import type { Partner } from "./partner.ts";
import { chatLine, isFarewell, noticeLine } from "../protocol.ts";
import { Callee } from "./callee.ts";

/** Options of {@linkcode Host}. */
export interface HostOptions extends User {
  readonly events: Events;
  /** The last message to a guest that leaves. */
  readonly goodbye: string;
  /** How long a guest may take in its turn before it loses the line (ms); 0 = no limit. */
  readonly idle: number;
  /** Whether messages can be lost, as over UDP. */
  readonly repeats?: boolean;
  /** How long a half-closed guest keeps the line when another client wants it (ms; default: 10 s, or `idle` if shorter). */
  readonly yieldAfter?: number;
  readonly time?: TimeSource;
}

/** The default time that a half-closed guest keeps the line: it may be waiting for its answer, as `nc -N` does. */
const YIELD_AFTER = 10_000;

/** How long to wait for the half-close of the current guest to arrive (ms). */
const HALF_CLOSE_DELAY = 100;

const NO_GUEST = "(nobody here) ";
const OURS = "your turn: ";
const THEIRS = "(their turn) ";

/** Talks with guests, one at a time. */
export class Host {
  #options: HostOptions;
  #input: LineInput;
  #conversation: Callee | null = null;
  #inputEnded = false;
  /** Resolves when the current conversation is over. */
  #over: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(options: HostOptions) {
    const { open, stop } = options;
    this.#options = options;
    this.#input = open({ prompt: NO_GUEST, onInterrupt: stop, onEnd: stop, onTypeAhead: (line) => this.#early(line) });
  }

  /** Whether a guest has the line. */
  get busy(): boolean {
    return this.#conversation !== null;
  }

  /** Whether the operator's input has ended: no guest will be answered any more. */
  get inputEnded(): boolean {
    return this.#inputEnded;
  }

  /**
   * Tries to free the line for another client: a guest that has left loses it at once, a half-closed one after a while, answered or not.
   *
   * @returns `false` if the line stays busy. If it is free, another client may take it first: check {@linkcode Host.busy}.
   */
  async freeLine(): Promise<boolean> {
    const { idle, yieldAfter = Math.min(idle || YIELD_AFTER, YIELD_AFTER) } = this.#options;
    const [conversation, over] = [this.#conversation, this.#over.promise];
    if (conversation === null) return true;
    if (!await conversation.waitForHalfClose(HALF_CLOSE_DELAY)) return false;
    if (conversation.halfClosedFor >= yieldAfter) {
      conversation.end(noticeLine("not answered: another client is waiting for the line"));
    } else if (await conversation.stillReads()) return false;
    await over;
    return true;
  }

  /** Talks with a guest until one side ends it. The host must not be {@linkcode Host.busy}. */
  async receive(partner: Partner, guest: { readonly id: number; readonly peer: string }): Promise<void> {
    const { events, goodbye, idle, time, repeats = false } = this.#options;
    const { id, peer } = guest;
    const input = this.#input;
    const read = async (signal?: AbortSignal): Promise<string | null> => {
      const line = await input.read(signal);
      this.#inputEnded ||= line === null;
      return line;
    };
    this.#over = Promise.withResolvers();
    this.#conversation = new Callee(partner, {
      input: { read, interactive: input.interactive },
      goodbye,
      idle,
      time,
      repeats,
      peer,
      remark: (message) => events.emit({ event: "notice", message }),
      warn: (message) => events.emit({ event: "warning", message }),
      turn: (ours) => this.#showTurn(ours),
      show: (text, own) => {
        const name = own ? "server" : "client";
        const prose = own && input.interactive ? "" : chatLine(name, text);
        if (events.detailed) events.emit({ event: "message", id, peer, name, text, prose });
      },
    });
    try {
      await this.#conversation.run();
    } finally {
      this.#conversation = null;
      this.#over.resolve();
      input.prompt(NO_GUEST);
      const unsent = input.discard();
      // Lines typed for one guest must not go to the next.
      if (unsent > 0) events.emit({ event: "notice", message: `${plural(unsent, "line")} typed ahead and not sent` });
    }
  }

  /** Ends the conversation with a last message, and releases the terminal. */
  close(reason: string): void {
    this.#conversation?.end(noticeLine(reason));
    this.#input.close();
  }

  #showTurn(ours: boolean): void {
    if (this.#input.interactive) this.#input.prompt(ours ? OURS : THEIRS);
    else this.#options.events.emit({ event: "notice", message: ours ? "Your turn" : "The client's turn" });
  }

  /** Handles a line typed while none is awaited; `true` if that was all, `false` to keep it. */
  #early(line: string): boolean {
    if (this.#conversation !== null) return this.#conversation.early(line);
    if (isFarewell(line)) this.#options.stop();
    else this.#options.events.emit({ event: "notice", message: "No guest yet: kept for the next one" });
    return isFarewell(line);
  }
}
