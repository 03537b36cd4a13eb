/**
 * The partners in a conversation over UDP, for either side. Datagrams from other peers are kept out of it.
 *
 * @module
 */
import { encodeText, lineText } from "../../lib/text.ts";
import type { Endpoint } from "../../lib/addr.ts";
import type { AnswerBudget } from "../../lib/datagram/answer_budget.ts";
import { refusalOf } from "../../lib/datagram/refusal.ts";
import { type DatagramSocket, sameEndpoint, UnsolicitedDatagrams } from "../../lib/datagram/socket.ts";
import { ProtocolError } from "../../lib/errors.ts";
import type { Events } from "../../lib/events.ts";
import type { Partner } from "./partner.ts";
import { isStillWaiting } from "../protocol.ts";
import { AutoReplyDetector, isAutomaticReply } from "./udp_reflex.ts";

/** The maximum number of datagrams queued; more are dropped, as any datagram may be. */
const MAX_QUEUED = 64;
const LF = 10;
/** How often a guest sends its goodbye if the server does not answer. */
const GOODBYES = 3;

/** The guest, as seen by the server. One socket serves all peers, so the server passes this guest's datagrams on. */
export class UdpGuestPartner implements Partner {
  readonly peer: Endpoint;
  #send: (text: string) => Promise<void>;
  #budget: AnswerBudget;
  #queue: Uint8Array[] = [];
  #detector = new AutoReplyDetector();
  #isServer = false;
  #ended = false;
  #wake: () => void = () => {};

  /**
   * @param send Sends a datagram to this guest.
   * @param budget Limits the automatic answers to it.
   */
  constructor(peer: Endpoint, send: (text: string) => Promise<void>, budget: AnswerBudget) {
    this.peer = peer;
    this.#send = send;
    this.#budget = budget;
  }

  /** Queues a datagram from the guest. */
  deliver(bytes: Uint8Array): void {
    const text = lineText(bytes);
    if (isAutomaticReply(text) || this.#detector.received(text, performance.now())) this.#isServer = true;
    else if (this.#queue.length < MAX_QUEUED) this.#queue.push(bytes);
    this.#wake();
  }

  /** @throws {ProtocolError} The guest is a server that answers automatically; the conversation must end. */
  async receive(): Promise<Uint8Array | null> {
    for (;;) {
      if (this.#ended) return null;
      if (this.#isServer) {
        throw new ProtocolError("Cannot continue: it answers instantly and automatically, as a server does");
      }
      const bytes = this.#queue.shift();
      if (bytes !== undefined) return bytes;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  async send(text: string): Promise<void> {
    // Without a budget, two servers could tell each other forever that it is not their turn.
    if (!isStillWaiting(text)) this.#detector.sent(text, performance.now());
    else if (!this.#budget.take(this.peer)) return;
    await this.#send(text);
  }

  /** There is no connection to close: the guest's next datagram starts a new conversation. */
  end(): Promise<void> {
    this.#ended = true;
    this.#queue = [];
    this.#wake();
    return Promise.resolve();
  }
}

/** The server, as seen by a guest. */
export class UdpServerPartner implements Partner, Disposable {
  #socket: DatagramSocket;
  #server: Endpoint;
  #unsolicited: UnsolicitedDatagrams;
  #events: Events;
  #report: boolean;
  #answered = false;
  #lingering: ReturnType<typeof setInterval> | undefined;

  /**
   * @param socket Closed by its owner, which ends receiving.
   * @param report Whether received and sent datagrams become events.
   */
  constructor(socket: DatagramSocket, server: Endpoint, { events, report }: { events: Events; report: boolean }) {
    this.#socket = socket;
    this.#server = server;
    this.#events = events;
    this.#report = report;
    this.#unsolicited = new UnsolicitedDatagrams(events);
  }

  /**
   * A datagram is a line, even without a newline.
   *
   * @throws {RefusedError} The first answer turns us away.
   */
  async receive(): Promise<Uint8Array | null> {
    for (;;) {
      const datagram = await this.#socket.receive();
      if (datagram === null) return null;
      if (!sameEndpoint(datagram.from, this.#server)) {
        this.#unsolicited.report(datagram);
        continue;
      }
      const refused = this.#answered ? null : refusalOf(datagram, this.#socket, this.#events);
      if (refused !== null) throw refused;
      this.#answered = true;
      this.#tell("received", datagram.bytes);
      return withNewline(datagram.bytes);
    }
  }

  async send(text: string): Promise<void> {
    const bytes = encodeText(text);
    await this.#socket.send(bytes, this.#server);
    this.#tell("sent", bytes);
  }

  #tell(event: "received" | "sent", bytes: Uint8Array): void {
    if (this.#report && this.#events.detailed) this.#socket.report(this.#events, event, bytes, this.#server);
  }

  /** Sends `exit`, and repeats it if the server does not answer. All of them may be lost. */
  async end(timeout: number): Promise<void> {
    let left = GOODBYES;
    clearInterval(this.#lingering);
    this.#lingering = setInterval(() => {
      if (--left > 0) this.send("exit").catch(() => {});
      else this.#socket.close();
    }, (timeout || 1000) / GOODBYES);
    await this.send("exit");
  }

  [Symbol.dispose](): void {
    clearInterval(this.#lingering);
    this.#unsolicited[Symbol.dispose]();
  }
}

function withNewline(bytes: Uint8Array): Uint8Array {
  if (bytes.at(-1) === LF) return bytes;
  const line = new Uint8Array(bytes.length + 1);
  line.set(bytes);
  line[bytes.length] = LF;
  return line;
}
