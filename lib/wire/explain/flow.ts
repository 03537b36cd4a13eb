/**
 * What a TCP connection and a flow of datagrams have in common: how much of them is told one by one, and the sum of the rest. Pure.
 *
 * @module
 */
import type { Role } from "../../events.ts";
import type { WireEvent } from "../event.ts";
import type { MistakeNumber } from "./mistakes.ts";
import type { Narrator } from "./narrator.ts";
import { Pace, Tally } from "./pace.ts";

/** The most calls of one flow that are told one by one in a second. */
const MOST = 24;

/** A flow that is told. */
export class Flow {
  readonly id: number;
  /** A mistake of a client is none of a server. */
  readonly role: Role;
  /** Whether a person answers: then silence is no sign of a mistake. */
  readonly person: boolean;
  /** The sum of what was not told one by one. */
  readonly untold = new Tally();
  #times: number;
  #pace = new Pace(MOST);
  #mistakes = new Map<MistakeNumber, number>();

  /** @param times How often a mistake is told; the rest is counted. */
  constructor(id: number, role: Role, { person, times }: { person: boolean; times: number }) {
    this.id = id;
    this.role = role;
    this.person = person;
    this.#times = times;
  }

  /** Names a mistake, the first times. */
  mistake(narrator: Narrator, at: number, number: MistakeNumber, text: string): void {
    const times = (this.#mistakes.get(number) ?? 0) + 1;
    this.#mistakes.set(number, times);
    if (times <= this.#times) narrator.mistake(at, this.id, number, text);
    else this.untold.mistake(number);
  }

  /**
   * Whether a call is to be told one by one; if not, it is counted.
   *
   * @param weight For how many calls it counts.
   */
  tells(narrator: Narrator, { at, call, bytes }: WireEvent, weight = 1): boolean {
    const tally = !this.#pace.take(at, weight) ? this.untold : narrator.hears(at) ? null : narrator.untold;
    tally?.add(at, call, bytes?.length ?? 0);
    return tally === null;
  }

  /** Sums up what was not told, if a second has passed or `at` is the end. */
  sumUp(narrator: Narrator, at: number, end = false): void {
    if (end ? this.untold.empty : !this.untold.due(at)) return;
    narrator.sum(at, this.id, this.untold);
  }
}
