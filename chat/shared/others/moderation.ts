/**
 * What a moderator here has the other servers do. Pure.
 *
 * @module
 */
import type { BanKind } from "../../room/bans.ts";
import type { Lifted, Order, Orders, SharedBan } from "../../room/elsewhere.ts";
import type { TimeSource } from "../../../lib/time.ts";
import type { Question, Reply } from "./others_json.ts";
import type { Known } from "./peers.ts";
import type { Questions } from "./questions.ts";

/** How long a server may take to carry out an order (ms): it tells all others first. */
const CARRY_OUT = 4000;
/** How many orders are remembered that some server has not confirmed. */
const MAX_UNHEARD = 100;

/** An order for all servers. */
type ForAll = Extract<Question, { ask: "spread" | "lift" }>;

/** Orders for the other servers. */
export class Moderation {
  /** Keeps the bans of this server. */
  orders: Orders | null = null;
  #questions: Questions;
  #time: TimeSource;
  /** What some server has not confirmed, and when it was ordered; oldest first. */
  #unheard: { readonly order: ForAll; readonly at: number }[] = [];

  constructor(questions: Questions, time: TimeSource) {
    this.#questions = questions;
    this.#time = time;
  }

  /** Has a member's server do something to it; returns what it did, `null` if it does not reply. */
  async order(to: Known, order: Order): Promise<string | null> {
    return (await this.#questions.ask(to, { ask: "order", name: to.name, order }, CARRY_OUT))?.said ?? null;
  }

  /** Tells all servers of bans and mutes; returns those that did not confirm it. */
  async spread(bans: readonly SharedBan[], { expel }: { expel: boolean }): Promise<readonly string[]> {
    return await this.#tell({ ask: "spread", bans, expel, late: false });
  }

  /** Lifts bans or mutes on all servers. */
  async lift(kind: BanKind, word: string): Promise<Lifted> {
    const bans: SharedBan[] = [];
    const silent = await this.#tell({ ask: "lift", kind, word }, (reply) => bans.push(...reply.bans));
    return { bans, silent };
  }

  /** Tells again what some server has not confirmed: it may be there again. */
  async repeat(): Promise<void> {
    const unheard = this.#unheard;
    this.#unheard = [];
    for (const { order, at } of unheard) {
      const passed = this.#time.now() - at;
      if (order.ask === "lift") await this.#tell(order, undefined, at);
      else {
        const bans = order.bans.filter(({ left }) => left > passed);
        if (bans.length > 0) {
          await this.#tell({ ...order, late: true, bans: bans.map((ban) => ({ ...ban, left: ban.left - passed })) });
        }
      }
    }
  }

  /** The broker is back, or was found: tells the others what they have not heard, then takes over the bans that they have. */
  async catchUp(): Promise<void> {
    await this.repeat();
    await this.#questions.bans(({ bans }) => this.orders?.adopt(bans, { expel: false, late: true }));
  }

  async #tell(order: ForAll, take: (reply: Reply) => void = () => {}, at = this.#time.now()): Promise<string[]> {
    const silent = await this.#questions.askAll(order, take);
    if (silent.length > 0) this.#unheard = [...this.#unheard, { order, at }].slice(-MAX_UNHEARD);
    return silent;
  }
}
