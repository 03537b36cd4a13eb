/**
 * What this server answers to the others of a room. Pure.
 *
 * @module
 */
import type { ElsewhereHost, Orders } from "../../room/elsewhere.ts";
import { RateLimit } from "../../room/pace.ts";
import type { TimeSource } from "../../../lib/time.ts";
import type { Answer } from "./bus.ts";
import { decodeQuestion, encode, PAGE, type Question, type Reply } from "./others_json.ts";
import type { OwnMembers } from "./own_members.ts";

/** How many private messages and orders a second are taken from all other servers. */
const RATE = 200;

/** What this needs. */
export interface AnswersOptions {
  /** Identifies this server. */
  readonly id: string;
  readonly members: OwnMembers;
  readonly time: TimeSource;
  /** Called when another server asks for the bans: it is new, or was out of reach. */
  readonly onReturn: () => void;
}

/** Answers questions. Before there is a room, only who is here. */
export class Answers {
  host: ElsewhereHost | null = null;
  orders: Orders | null = null;
  #options: AnswersOptions;
  #limit: RateLimit;

  constructor(options: AnswersOptions) {
    this.#options = options;
    this.#limit = new RateLimit(RATE, options.time.now());
  }

  /** Takes what may be a question, and may want an answer. */
  take(data: Uint8Array, answer: Answer | null): void {
    const question = decodeQuestion(data);
    if (question === null) return;
    const reply = (part: Partial<Reply>): void =>
      answer?.(encode({ from: this.#options.id, said: null, bans: [], ...part }));
    switch (question.ask) {
      case "who":
        for (const page of this.#options.members.pages()) answer?.(page);
        return;
      case "bans": {
        const bans = this.orders?.bans() ?? [];
        for (let from = 0; from === 0 || from < bans.length; from += PAGE) {
          reply({ bans: bans.slice(from, from + PAGE) });
        }
        return this.#options.onReturn();
      }
      case "moved":
        return this.#depart(question.name, question.session);
      default:
        return this.#act(question, reply);
    }
  }

  #act(
    question: Extract<Question, { ask: "tell" | "order" | "spread" | "lift" }>,
    reply: (part: Partial<Reply>) => void,
  ): void {
    if (this.#limit.take(this.#options.time.now()) > 0) return reply({ said: "its server has too much to do" });
    switch (question.ask) {
      case "tell":
        return reply({ said: this.#tell(question) });
      case "order":
        return this.#order(question, reply);
      case "spread":
        if (this.orders === null) return;
        this.orders.adopt(question.bans, question);
        return reply({});
      case "lift": {
        if (this.orders === null) return;
        const bans = this.orders.lift(question.kind, question.word).map(({ id, name }) => ({ id, name }));
        return reply({ bans: bans.slice(0, PAGE).map((ban) => ({ ...ban, kind: question.kind, left: 1 })) });
      }
    }
  }

  #tell({ to, name, at, text }: Extract<Question, { ask: "tell" }>): string | null {
    const member = this.#options.members.find(to);
    if (member === null || this.host === null) return `${to} is not here any more: that was not sent`;
    if (member.away) return `${to} has lost its connection: that was not sent`;
    this.host.receive(member, { name, server: at }, text);
    return null;
  }

  #order({ name, order }: Extract<Question, { ask: "order" }>, reply: (part: Partial<Reply>) => void): void {
    const member = this.#options.members.find(name);
    if (member === null || this.orders === null) return reply({ said: "is not here any more" });
    const done = this.orders.carryOut(order, member);
    // It never rejects: what cannot be done is a sentence, too.
    if (done instanceof Promise) done.then((said) => reply({ said }));
    else reply({ said: done });
  }

  /** A member has come back on another server, which shows that it knows the member's session. */
  #depart(name: string, session: string): void {
    const member = this.#options.members.find(name);
    if (member !== null && this.#options.members.sessionOf(member) === session) this.host?.depart(member);
  }
}
