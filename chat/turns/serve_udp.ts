/**
 * Conversations over one UDP socket, one guest at a time and strictly in turn.
 *
 * @module
 */
import { encodeText, lineText } from "../../lib/text.ts";
import { formatEndpoint } from "../../lib/addr.ts";
import { AnswerBudget } from "../../lib/datagram/answer_budget.ts";
import { type Datagram, type DatagramSocket, sameEndpoint } from "../../lib/datagram/socket.ts";
import { Exit, Failure, stateOf } from "../../lib/errors.ts";
import { EventRate, firstThenCounts } from "../../lib/event_rate.ts";
import type { Events } from "../../lib/events.ts";
import type { User } from "../input.ts";
import { Host } from "./host.ts";
import { BUSY, isFarewell, isNotice, refusalLine, SHUTTING_DOWN, UDP_GOODBYE, UNATTENDED } from "../protocol.ts";
import { UdpGuestPartner } from "./udp_partner.ts";
import { isAutomaticReply } from "./udp_reflex.ts";

/** Options of {@linkcode serveUdpTurns}. */
export interface UdpTurnsOptions {
  readonly events: Events;
  /** Stops the server. */
  readonly signal: AbortSignal;
  /** How long a guest may take in its turn before it loses the line (ms); 0 = no limit. */
  readonly idle: number;
  /** Serve one conversation, then stop. */
  readonly once: boolean;
  /** Whether the datagrams of a conversation become events. */
  readonly report?: boolean;
  readonly user: User;
}

/** Totals of a server. */
export interface UdpTurnsTotals {
  readonly conversations: number;
  /** How many datagrams were answered with a refusal. */
  readonly refused: number;
  /** The bytes of all conversations. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/**
 * Serves conversations on a bound socket until the signal fires. The first peer to send is the guest until the goodbye; for all others
 * the line is busy. UDP source addresses can be forged, so a forged datagram can take the line; `idle` frees it, and a guest that turns
 * out to be a server loses it.
 *
 * @param socket Owned by this function from here on.
 * @returns The totals, once everything is closed.
 */
export async function serveUdpTurns(socket: DatagramSocket, options: UdpTurnsOptions): Promise<UdpTurnsTotals> {
  return await new UdpTurns(socket, options).run();
}

/** Limits automatic answers to one peer (per second, and in a burst): enough for a user, and two servers soon stop answering each other. */
const AUTOMATIC = { rate: 1, burst: 5 };

class UdpTurns {
  #socket: DatagramSocket;
  #options: UdpTurnsOptions;
  #host: Host;
  #guest: UdpGuestPartner | null = null;
  #talking: Promise<void> = Promise.resolve();
  #events: EventRate;
  /** Rate-limits the log, so that a flood of datagrams does not flood the screen. */
  #refusals: EventRate;
  #budget = new AnswerBudget(AUTOMATIC);
  #totals = { conversations: 0, refused: 0, bytesIn: 0, bytesOut: 0 };
  #stopping = false;

  constructor(socket: DatagramSocket, options: UdpTurnsOptions) {
    const { events, idle, user } = options;
    this.#socket = socket;
    this.#options = options;
    this.#events = new EventRate(events);
    this.#refusals = new EventRate(
      events,
      firstThenCounts((count, within) => `Refused ${count} more datagram${count === "1" ? "" : "s"} within ${within}`),
    );
    this.#host = new Host({ events: this.#events, goodbye: UDP_GOODBYE, idle, repeats: true, ...user });
  }

  async run(): Promise<UdpTurnsTotals> {
    const { signal } = this.#options;
    signal.addEventListener("abort", this.#stop);
    if (signal.aborted) this.#stop();
    try {
      for (let datagram; (datagram = await this.#receive()) !== null;) await this.#route(datagram);
      await this.#talking;
    } finally {
      signal.removeEventListener("abort", this.#stop);
      this.#host.close(SHUTTING_DOWN);
      this.#socket.close();
      this.#refusals[Symbol.dispose]();
      this.#events[Symbol.dispose]();
    }
    return this.#totals;
  }

  /** Says goodbye to the guest, then closes the socket. */
  #stop = (): void => {
    this.#stopping = true;
    this.#host.close(SHUTTING_DOWN);
    this.#talking = this.#talking.finally(() => this.#socket.close());
  };

  async #receive(): Promise<Datagram | null> {
    for (;;) {
      try {
        return await this.#socket.receive();
      } catch (error) {
        // Some systems report here that a peer we answered is gone; that does not concern the next datagram.
        if (!(error instanceof Failure && error.code === Exit.unreachable)) throw error;
      }
    }
  }

  async #route({ bytes, from }: Datagram): Promise<void> {
    const text = lineText(bytes);
    if (this.#guest !== null && sameEndpoint(from, this.#guest.peer)) return this.#deliver(bytes, this.#guest);
    // Never answer a server's automatic messages: two servers would answer each other forever.
    if (isNotice(text) || isAutomaticReply(text) || this.#stopping) return;
    // A former guest whose goodbye was lost, or a peer that never was one.
    if (this.#guest === null && isFarewell(text)) return await this.#answer(UDP_GOODBYE, from);
    if (this.#guest === null && !this.#host.inputEnded) return this.#begin(bytes, from);
    const reason = this.#guest === null ? UNATTENDED : BUSY;
    this.#totals.refused++;
    this.#refusals.emit({ event: "refused", id: this.#socket.flowOf(from), peer: formatEndpoint(from), reason });
    await this.#answer(refusalLine(reason), from);
  }

  #begin(bytes: Uint8Array, from: Datagram["from"]): void {
    const peer = formatEndpoint(from);
    const id = this.#socket.flowOf(from);
    this.#totals.conversations++;
    const guest = this.#guest = new UdpGuestPartner(from, (text) => this.#send(text, from), this.#budget);
    // Not "accepted": over UDP there is no connection to accept.
    this.#events.emit({ event: "joined", id, peer, prose: `* ${peer} has the line` });
    this.#deliver(bytes, guest);
    this.#talking = this.#talk(guest, { id, peer });
  }

  #deliver(bytes: Uint8Array, guest: UdpGuestPartner): void {
    this.#totals.bytesIn += bytes.length;
    this.#tell("received", bytes, guest.peer);
    guest.deliver(bytes.slice());
  }

  /** Sends a message of a conversation. */
  async #send(text: string, to: Datagram["from"]): Promise<void> {
    const bytes = encodeText(text);
    await this.#socket.send(bytes, to);
    this.#totals.bytesOut += bytes.length;
    this.#tell("sent", bytes, to);
  }

  #tell(event: "received" | "sent", bytes: Uint8Array, peer: Datagram["from"]): void {
    if (this.#options.report === true && this.#events.detailed) this.#socket.report(this.#events, event, bytes, peer);
  }

  /** Talks with a guest until the end. Never rejects. */
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

  /** Answers a peer that is not the guest, within its budget. The answer may be lost like any datagram. */
  async #answer(text: string, to: Datagram["from"]): Promise<void> {
    if (!this.#budget.take(to)) return;
    await this.#socket.send(text, to).catch(() => {});
  }
}
