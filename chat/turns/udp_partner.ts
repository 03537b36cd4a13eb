/**
 * Partners of a conversation over datagrams, on either side. Whoever else sends is no part of it.
 *
 * @module
 */
import { lineText } from "../../lib/text.ts";
import type { Endpoint } from "../../lib/addr.ts";
import type { AnswerBudget } from "../../lib/datagram/answer_budget.ts";
import { type DatagramSocket, sameEndpoint, UnsolicitedDatagrams } from "../../lib/datagram/socket.ts";
import { ProtocolError } from "../../lib/errors.ts";
import type { Events } from "../../lib/events.ts";
import type { Partner } from "./partner.ts";
import { isStillWaiting } from "../protocol.ts";
import { isServersWord, Reflexes } from "./udp_reflex.ts";

/** How many datagrams may wait to be heard; more are lost, as datagrams may be. */
const MOST_WAITING = 64;
/** How often a guest says its goodbye when nobody answers. */
const GOODBYES = 3;

/** The guest of a server whose one socket serves everybody: the server passes on what comes from this guest. */
export class UdpGuestPartner implements Partner {
  readonly peer: Endpoint;
  #socket: DatagramSocket;
  #budget: AnswerBudget;
  #waiting: Uint8Array[] = [];
  #reflexes = new Reflexes();
  #isServer = false;
  #ended = false;
  #wake: () => void = () => {};

  /** @param budget How often this guest gets an answer that nobody has typed. */
  constructor(socket: DatagramSocket, peer: Endpoint, budget: AnswerBudget) {
    this.#socket = socket;
    this.peer = peer;
    this.#budget = budget;
  }

  /** Passes on what came from the guest. */
  deliver(bytes: Uint8Array): void {
    const text = lineText(bytes);
    if (isServersWord(text) || this.#reflexes.heard(text, performance.now())) this.#isServer = true;
    else if (this.#waiting.length < MOST_WAITING) this.#waiting.push(bytes);
    this.#wake();
  }

  /** @throws {ProtocolError} The guest is a server that answers by itself: it is not let talk with our person. */
  async hear(): Promise<Uint8Array | null> {
    for (;;) {
      if (this.#ended) return null;
      if (this.#isServer) throw new ProtocolError("Cannot go on: it answers at once and by rule, as a server does");
      const bytes = this.#waiting.shift();
      if (bytes !== undefined) return bytes;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  async say(text: string): Promise<void> {
    // Two servers could tell each other for ever that it is not their turn.
    if (!isStillWaiting(text)) this.#reflexes.said(text, performance.now());
    else if (!this.#budget.take(this.peer)) return;
    await this.#socket.send(text, this.peer);
  }

  /** There is no connection to be ended: whatever comes after this begins a new conversation. */
  end(): Promise<void> {
    this.#ended = true;
    this.#waiting = [];
    this.#wake();
    return Promise.resolve();
  }
}

/** The server that a guest talks to. */
export class UdpServerPartner implements Partner, Disposable {
  #socket: DatagramSocket;
  #server: Endpoint;
  #unsolicited: UnsolicitedDatagrams;
  #lingering: ReturnType<typeof setInterval> | undefined;

  /** @param socket Closed by its owner; closing it ends what is heard. */
  constructor(socket: DatagramSocket, server: Endpoint, events: Events) {
    this.#socket = socket;
    this.#server = server;
    this.#unsolicited = new UnsolicitedDatagrams(events);
  }

  async hear(): Promise<Uint8Array | null> {
    for (;;) {
      const datagram = await this.#socket.receive();
      if (datagram === null) return null;
      if (sameEndpoint(datagram.from, this.#server)) return datagram.bytes;
      this.#unsolicited.report(datagram);
    }
  }

  async say(text: string): Promise<void> {
    await this.#socket.send(text, this.#server);
  }

  /** Says `exit`, and again when nobody answers; in the end the server may never know. */
  async end(patience: number): Promise<void> {
    let left = GOODBYES;
    clearInterval(this.#lingering);
    this.#lingering = setInterval(() => {
      if (--left > 0) this.say("exit").catch(() => {});
      else this.#socket.close();
    }, (patience || 1000) / GOODBYES);
    await this.say("exit");
  }

  [Symbol.dispose](): void {
    clearInterval(this.#lingering);
    this.#unsolicited[Symbol.dispose]();
  }
}
