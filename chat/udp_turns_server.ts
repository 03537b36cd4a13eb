/**
 * Conversations over one UDP socket, one guest at a time and strictly in turn.
 *
 * @module
 */
import { formatEndpoint } from "../lib/addr.ts";
import { type Datagram, type DatagramSocket, sameEndpoint } from "../lib/datagram.ts";
import { Exit, Failure, stateOf } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import type { Desk } from "./desk.ts";
import { BUSY, Host } from "./host.ts";
import { messageText } from "./partner.ts";
import { isFarewell, isNotice, UDP_GOODBYE } from "./protocol.ts";
import { UdpGuestPartner } from "./udp_partner.ts";

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
 * the line is busy.
 *
 * @param socket Owned by this function from here on.
 * @returns How many conversations there were.
 */
export async function serveUdpTurns(socket: DatagramSocket, options: UdpTurnsOptions): Promise<number> {
  return await new UdpTurns(socket, options).run();
}

/** How long nothing is said about others who are turned away (ms): who floods the line must not flood the screen. */
const SILENCE = 10_000;

/** Tells of a peer once, and of the next one after a while. */
class Seldom {
  #peer = "";
  #at = -Infinity;

  /** Whether to tell of a peer now. */
  tells(peer: string, now: number): boolean {
    if (now - this.#at < SILENCE && peer === this.#peer) return false;
    // Many peers are one who forges them.
    if (now - this.#at < SILENCE / 10) return false;
    this.#peer = peer;
    this.#at = now;
    return true;
  }
}

class UdpTurns {
  #socket: DatagramSocket;
  #options: UdpTurnsOptions;
  #host: Host;
  #guest: UdpGuestPartner | null = null;
  #talking: Promise<void> = Promise.resolve();
  #refusals = new Seldom();
  #conversations = 0;
  #stopping = false;

  constructor(socket: DatagramSocket, options: UdpTurnsOptions) {
    const { events, idle, desk } = options;
    this.#socket = socket;
    this.#options = options;
    this.#host = new Host({ events, goodbye: UDP_GOODBYE, idle, repeats: true, ...desk });
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
    const text = messageText(bytes);
    if (this.#guest !== null && sameEndpoint(from, this.#guest.peer)) return this.#guest.deliver(bytes.slice());
    // A notice is never answered: two servers would go on for ever.
    if (isNotice(text) || this.#stopping) return;
    // The goodbye to this guest was lost, or it never began.
    if (this.#guest === null && isFarewell(text)) return await this.#answer(UDP_GOODBYE, from);
    if (this.#guest === null) return this.#begin(bytes.slice(), from);
    const peer = formatEndpoint(from);
    if (this.#refusals.tells(peer, performance.now())) {
      this.#options.events.emit({ event: "refused", peer, reason: "the line is busy" });
    }
    await this.#answer(BUSY, from);
  }

  #begin(bytes: Uint8Array, from: Datagram["from"]): void {
    const peer = formatEndpoint(from);
    const id = ++this.#conversations;
    const guest = this.#guest = new UdpGuestPartner(this.#socket, from);
    this.#options.events.emit({ event: "accepted", id, peer });
    guest.deliver(bytes);
    this.#talking = this.#talk(guest, { id, peer });
  }

  /** Talks with a guest to the end; never rejects. */
  async #talk(guest: UdpGuestPartner, who: { readonly id: number; readonly peer: string }): Promise<void> {
    const { events, once } = this.#options;
    try {
      await this.#host.receive(guest, who);
    } catch (error) {
      const { code, state } = stateOf(error);
      events.emit({ event: "error", ...who, code, message: state });
    }
    this.#guest = null;
    events.emit({ event: "left", ...who, prose: `* ${who.peer} left` });
    if (once) this.#socket.close();
  }

  /** Answers somebody who is not the guest; whether that arrives is not our concern. */
  async #answer(text: string, to: Datagram["from"]): Promise<void> {
    await this.#socket.send(text, to).catch(() => {});
  }
}
