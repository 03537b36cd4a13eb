/**
 * Conversations over one UDP socket, one guest at a time and strictly in turn.
 *
 * @module
 */
import { lineText } from "../../lib/text.ts";
import { formatEndpoint } from "../../lib/addr.ts";
import { AnswerBudget, fittingWording } from "../../lib/datagram/answer_budget.ts";
import { type Datagram, type DatagramSocket, sameEndpoint } from "../../lib/datagram/socket.ts";
import { Exit, Failure, stateOf } from "../../lib/errors.ts";
import { EventRate, firstThenCounts } from "../../lib/event_rate.ts";
import type { Events } from "../../lib/events.ts";
import type { Desk } from "../input.ts";
import { BUSY, Host } from "./host.ts";
import { isFarewell, isNotice, noticeLine, UDP_GOODBYE } from "../protocol.ts";
import { UdpGuestPartner } from "./udp_partner.ts";
import { isServersWord } from "./udp_reflex.ts";

/** How conversations over UDP are served. */
export interface UdpTurnsOptions {
  readonly events: Events;
  /** Stops the server. */
  readonly signal: AbortSignal;
  /** A guest who is silent for so long (ms) in its turn loses the line; 0 = never. */
  readonly idle: number;
  /** Serve one conversation, then stop. */
  readonly once: boolean;
  readonly desk: Desk;
}

/**
 * Serves conversations on a bound socket until the signal fires. The first who sends is the guest, until the goodbye; to everybody else
 * the line is busy. UDP proves no address, so a forged datagram can take the line; `idle` frees it, and a guest that turns out to be a
 * server loses it.
 *
 * @param socket Owned by this function from here on.
 * @returns How many conversations there were.
 */
export async function serveUdpTurns(socket: DatagramSocket, options: UdpTurnsOptions): Promise<number> {
  return await new UdpTurns(socket, options).run();
}

/** What a peer gets that nobody has typed (answers a second, and at once): no person needs more, and two servers soon fall silent. */
const BY_RULE = { rate: 1, burst: 5 };
/** The same in fewer words, for a datagram so short that a forger could flood somebody with the longer one. */
const SHORT_BUSY = noticeLine("the line is busy");
const DESERTED = noticeLine("nobody is here to answer");

class UdpTurns {
  #socket: DatagramSocket;
  #options: UdpTurnsOptions;
  #host: Host;
  #guest: UdpGuestPartner | null = null;
  #talking: Promise<void> = Promise.resolve();
  #events: EventRate;
  /** Who floods the line must not flood the screen. */
  #refusals: EventRate;
  #budget = new AnswerBudget(BY_RULE);
  #conversations = 0;
  #stopping = false;

  constructor(socket: DatagramSocket, options: UdpTurnsOptions) {
    const { events, idle, desk } = options;
    this.#socket = socket;
    this.#options = options;
    this.#events = new EventRate(events);
    this.#refusals = new EventRate(
      events,
      firstThenCounts((count, within) => `Refused ${count} more datagrams within ${within}`),
    );
    this.#host = new Host({ events: this.#events, goodbye: UDP_GOODBYE, idle, repeats: true, ...desk });
  }

  async run(): Promise<number> {
    const { signal } = this.#options;
    signal.addEventListener("abort", this.#stop);
    if (signal.aborted) this.#stop();
    try {
      for (let datagram; (datagram = await this.#receive()) !== null;) await this.#route(datagram);
      await this.#talking;
    } finally {
      signal.removeEventListener("abort", this.#stop);
      this.#host.close("the server stops");
      this.#socket.close();
      this.#refusals[Symbol.dispose]();
      this.#events[Symbol.dispose]();
    }
    return this.#conversations;
  }

  /** Says goodbye to the guest, and then hears no more. */
  #stop = (): void => {
    this.#stopping = true;
    this.#host.close("the server stops");
    this.#talking = this.#talking.finally(() => this.#socket.close());
  };

  async #receive(): Promise<Datagram | null> {
    for (;;) {
      try {
        return await this.#socket.receive();
      } catch (error) {
        // Somebody we answered has left meanwhile, as some systems tell: nothing to do with who is next.
        if (!(error instanceof Failure && error.code === Exit.unreachable)) throw error;
      }
    }
  }

  async #route({ bytes, from }: Datagram): Promise<void> {
    const text = lineText(bytes);
    if (this.#guest !== null && sameEndpoint(from, this.#guest.peer)) return this.#guest.deliver(bytes.slice());
    // What a server says by itself is never answered: two would go on for ever.
    if (isNotice(text) || isServersWord(text) || this.#stopping) return;
    // The goodbye to this guest was lost, or it never began.
    if (this.#guest === null && isFarewell(text)) return await this.#answer(UDP_GOODBYE, from);
    if (this.#guest === null && !this.#host.deserted) return this.#begin(bytes.slice(), from);
    const [reason, answer] = this.#guest === null
      ? ["nobody is here to answer", DESERTED]
      : ["the line is busy", fittingWording([BUSY, SHORT_BUSY], bytes.length)];
    this.#refusals.emit({ event: "refused", id: this.#socket.flowOf(from), peer: formatEndpoint(from), reason });
    await this.#answer(answer, from);
  }

  #begin(bytes: Uint8Array, from: Datagram["from"]): void {
    const peer = formatEndpoint(from);
    const id = this.#socket.flowOf(from);
    this.#conversations++;
    const guest = this.#guest = new UdpGuestPartner(this.#socket, from, this.#budget);
    this.#events.emit({ event: "accepted", id, peer });
    guest.deliver(bytes);
    this.#talking = this.#talk(guest, { id, peer });
  }

  /** Talks with a guest to the end; never rejects. */
  async #talk(guest: UdpGuestPartner, who: { readonly id: number; readonly peer: string }): Promise<void> {
    const events = this.#events;
    try {
      await this.#host.receive(guest, who);
    } catch (error) {
      const { code, state } = stateOf(error);
      events.emit({ event: "error", ...who, code, message: state });
    }
    this.#guest = null;
    events.emit({ event: "left", ...who, prose: `* ${who.peer} left` });
    if (this.#options.once) this.#socket.close();
  }

  /** Answers somebody who is not the guest; it may be lost like any datagram. */
  async #answer(text: string, to: Datagram["from"]): Promise<void> {
    if (!this.#budget.take(to)) return;
    await this.#socket.send(text, to).catch(() => {});
  }
}
