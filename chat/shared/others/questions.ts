/**
 * Asks the other servers of a room. Pure.
 *
 * @module
 */
import type { Bus } from "./bus.ts";
import { decodePage, decodeReply, encode, type Question, type Reply } from "./others_json.ts";
import type { Known, Peer, Peers } from "./peers.ts";

/** Asks servers, and waits for their answers for a while. */
export class Questions {
  #bus: Bus;
  #peers: Peers;

  constructor(bus: Bus, peers: Peers) {
    this.#bus = bus;
    this.#peers = peers;
  }

  /** Asks the server of a member; `null` if it does not reply within `ms`. */
  async ask({ id }: Known, question: Question, ms: number): Promise<Reply | null> {
    const data = await this.#bus.request(`to.${id}`, encode(question), ms);
    return data === null ? null : decodeReply(data);
  }

  /** Asks all servers that are known; returns what those are called that do not reply. */
  async askAll(question: Question, take: (reply: Reply) => void): Promise<string[]> {
    const waiting = this.#known();
    if (waiting.size === 0) return [];
    await this.#bus.requestAll("all", encode(question), (data) => {
      const reply = decodeReply(data);
      if (reply !== null && waiting.delete(reply.from)) take(reply);
      return waiting.size === 0;
    });
    return [...waiting.values()].map(({ at }) => at);
  }

  /** Asks all servers for the bans that they have. */
  async bans(take: (reply: Reply) => void): Promise<void> {
    await this.#bus.requestAll("all", encode({ ask: "bans" }), (data) => {
      const reply = decodeReply(data);
      if (reply !== null) take(reply);
      return false;
    });
  }

  /**
   * Asks servers for their members.
   *
   * @param id One of them; otherwise all, also those that are not known yet.
   * @returns The servers that do not answer.
   */
  async who(id?: string): Promise<ReadonlySet<string>> {
    const waiting = id === undefined ? this.#known() : new Map([[id, null]]);
    await this.#bus.requestAll(id === undefined ? "all" : `to.${id}`, encode({ ask: "who" }), (data) => {
      const page = decodePage(data);
      const complete = page !== null && (id === undefined || page.from === id) && this.#peers.takePage(page);
      return complete && waiting.delete(page.from) && waiting.size === 0;
    });
    return new Set(waiting.keys());
  }

  #known(): Map<string, Peer> {
    return new Map(this.#peers.servers.map((peer) => [peer.id, peer]));
  }
}
