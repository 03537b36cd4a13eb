/**
 * Partners of a conversation over datagrams, on either side. Whoever else sends is no part of it.
 *
 * @module
 */
import type { Endpoint } from "../lib/addr.ts";
import { type DatagramSocket, reportStranger, sameEndpoint } from "../lib/datagram.ts";
import type { Events } from "../lib/events.ts";
import type { Partner } from "./partner.ts";

/** How many datagrams may wait to be heard; more are lost, as datagrams may be. */
const MOST_WAITING = 64;
/** How often a guest says its goodbye when nobody answers. */
const GOODBYES = 3;

/** The guest of a server whose one socket serves everybody: the server passes on what comes from this guest. */
export class UdpGuestPartner implements Partner {
  readonly peer: Endpoint;
  #socket: DatagramSocket;
  #waiting: Uint8Array[] = [];
  #ended = false;
  #wake: () => void = () => {};

  constructor(socket: DatagramSocket, peer: Endpoint) {
    this.#socket = socket;
    this.peer = peer;
  }

  /** Passes on what came from the guest. */
  deliver(bytes: Uint8Array): void {
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(bytes);
    this.#wake();
  }

  async hear(): Promise<Uint8Array | null> {
    for (;;) {
      const bytes = this.#waiting.shift();
      if (bytes !== undefined) return bytes;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  async say(text: string): Promise<void> {
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
  #events: Events;
  #lingering: ReturnType<typeof setInterval> | undefined;

  /** @param socket Closed by its owner; closing it ends what is heard. */
  constructor(socket: DatagramSocket, server: Endpoint, events: Events) {
    this.#socket = socket;
    this.#server = server;
    this.#events = events;
  }

  async hear(): Promise<Uint8Array | null> {
    for (;;) {
      const datagram = await this.#socket.receive();
      if (datagram === null) return null;
      if (sameEndpoint(datagram.from, this.#server)) return datagram.bytes;
      reportStranger(this.#events, datagram);
    }
  }

  async say(text: string): Promise<void> {
    await this.#socket.send(text, this.#server);
  }

  /** Says `exit`, and again when nobody answers; in the end the server may never know. */
  async end(patience: number): Promise<void> {
    let left = GOODBYES;
    this.#lingering = setInterval(() => {
      if (--left > 0) this.say("exit").catch(() => {});
      else this.#socket.close();
    }, (patience || 1000) / GOODBYES);
    await this.say("exit");
  }

  [Symbol.dispose](): void {
    clearInterval(this.#lingering);
  }
}
