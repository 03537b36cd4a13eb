/**
 * The verdicts of a run, as events, and how the run ends. Pure.
 *
 * @module
 */
import { Exit, type ExitCode, Failure } from "../../lib/errors.ts";
import type { Events, ProseLine, Role } from "../../lib/events.ts";
import { milliseconds, plural } from "../../lib/text.ts";
import type { Conversation } from "./conversation.ts";
import type { DatagramDifference } from "./datagram_answers.ts";
import type { PlayedAnswer } from "./play.ts";
import type { AnswerDifference } from "./stream_answers.ts";
import { nameOf, type Played, type Verdict, verdictOf } from "./verdict.ts";

/** A conversation that is being played. */
export interface Playing {
  readonly conversation: Conversation;
  /** Its number in the run's events. */
  readonly id: number;
  readonly peer: string;
}

/** How many differences of one conversation an event lists, and how many bytes of each. */
const [MAX_LISTED, MAX_BYTES] = [100, 32];

/** Collects the verdicts, and tells each. */
export class Tally {
  #events: Events;
  #as: Role;
  #codes: ExitCode[] = [];
  #same = 0;
  #headers = new Set<string>();

  constructor(events: Events, as: Role) {
    this.#events = events;
    this.#as = as;
  }

  /** How many conversations have a verdict. */
  get played(): number {
    return this.#same + this.#codes.length;
  }

  /** Tells that an answer has arrived, or a part of it. */
  answer(playing: Playing, of: number, { answer, complete, duration, captured }: PlayedAnswer): void {
    if (!this.#events.detailed) return;
    const noun = this.#as === "client" ? "answer" : "request";
    const when = duration < 0
      ? "was there already"
      : `${complete ? "" : "not complete "}after ${milliseconds(duration)}`;
    const text = `${this.#name(playing)}: ${noun} ${answer} of ${of} ${when} (captured: ${milliseconds(captured)})`;
    const { conversation: { flow }, id, peer } = playing;
    const prose: ProseLine[] = [{ mark: "data", text }];
    this.#events.emit({ event: "exchange", id, flow, peer, answer, of, complete, duration, captured, prose });
  }

  /** Judges a conversation that has come to its end. */
  add(playing: Playing, played: Omit<Played, "conversation">): void {
    const verdict = verdictOf({ ...played, conversation: playing.conversation }, this.#as, this.#name(playing));
    if (verdict.header !== null) this.#headers.add(verdict.header);
    const { differences, ...figures } = played.comparison;
    this.#emit(playing, verdict, {
      ...figures,
      ...played.ending,
      differences: differences.slice(0, MAX_LISTED).map(listed),
    });
  }

  /** Takes a conversation that could not be played. */
  fail(playing: Playing, { code, message }: Failure): void {
    const prose: ProseLine[] = [{ mark: "trouble", text: `${this.#name(playing)}: ${message}` }];
    this.#emit(playing, { same: false, code, prose, header: null }, { message });
  }

  /** Takes one that ended because the run was stopped: it has no verdict. */
  stopped(playing: Playing): void {
    this.#events.emit({ event: "notice", message: `${this.#name(playing)}: stopped in the middle` });
  }

  /** Takes one whose connection was to be refused. */
  refused(playing: Playing, { refused }: { refused: boolean }): void {
    const name = this.#name(playing);
    const prose: ProseLine[] = refused
      ? [{ mark: "state", text: `${name}: the same: it was refused` }]
      : [{ mark: "trouble", text: `${name} differs: the server accepted it, and refused it in the capture` }];
    this.#emit(playing, { same: refused, code: refused ? Exit.done : Exit.failed, prose, header: null }, {});
  }

  /**
   * Tells the totals.
   *
   * @returns The last line of the run.
   * @throws {Failure} Something was different; the code is that of all such conversations, or 1.
   */
  end(): string {
    const { played } = this;
    this.#events.emit({ event: "summary", prose: this.#hint(), played, same: this.#same });
    const [code, ...others] = this.#codes;
    if (code === undefined) return `Done: ${plural(played, "conversation")} as captured`;
    throw new Failure(
      others.every((other) => other === code) ? code : Exit.failed,
      `Cannot reproduce the capture: ${this.#codes.length} of ${plural(played, "conversation")} ` +
        `${this.#codes.length === 1 ? "differs" : "differ"}`,
    );
  }

  /** The totals, as the last line of a server that was stopped: what was different is no failure of the run. */
  stoppedLine(): string {
    this.#events.emit({ event: "summary", prose: this.#hint(), played: this.played, same: this.#same });
    return `Done: ${plural(this.played, "conversation")} played, ${this.#codes.length} different`;
  }

  /** How to leave out header lines that differ. */
  #hint(): readonly ProseLine[] {
    if (this.#headers.size === 0) return [];
    const names = [...this.#headers].join("|");
    const pattern = this.#headers.size === 1 ? names : `(${names})`;
    return [{ mark: "state", text: `To leave out what differs in that line, add --ignore '^${pattern}: .*$'` }];
  }

  #name({ conversation, peer }: Playing): string {
    return this.#as === "client" ? nameOf(conversation) : `${nameOf(conversation)} with ${peer}`;
  }

  #emit({ conversation, id, peer }: Playing, verdict: Verdict, fields: Record<string, unknown>): void {
    const { same, code, prose } = verdict;
    if (same) this.#same++;
    else this.#codes.push(code);
    const { flow, transport } = conversation;
    this.#events.emit({ event: "result", id, flow, transport, peer, same, code, ...fields, prose });
  }
}

/** A difference as an event lists it: how many bytes there are, and those from the first that differs on, as hex. */
function listed(difference: AnswerDifference | DatagramDifference): Record<string, number | string | null> {
  const { offset, receivedOffset, expected, received } = difference;
  const hexFrom = (bytes: Uint8Array | null, offset: number): string | null =>
    bytes?.subarray(offset, offset + MAX_BYTES).toHex() ?? null;
  return {
    ...("answer" in difference
      ? { answer: difference.answer, streamOffset: difference.streamOffset, receivedBytes: difference.length }
      : { datagram: difference.datagram, receivedBytes: received?.length ?? null }),
    offset,
    receivedOffset,
    expectedBytes: expected?.length ?? null,
    expected: hexFrom(expected, offset),
    received: hexFrom(received, receivedOffset),
  };
}
