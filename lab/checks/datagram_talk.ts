/**
 * One UDP socket of a check, and every datagram that comes to it.
 *
 * @module
 */
import { type Endpoint, formatEndpoint, isLoopback } from "../../lib/addr.ts";
import { DatagramSocket, sameEndpoint } from "../../lib/datagram/socket.ts";
import { Exit, Failure } from "../../lib/errors.ts";
import type { PacketSocket } from "../../lib/net/packet_socket.ts";
import { counted, encodeText } from "../../lib/text.ts";
import { within } from "../../lib/within.ts";
import { CheckSkipped } from "./check.ts";
import type { Steps } from "./steps.ts";

/** How many bytes of answers are kept; further answers are counted. */
const MAX_KEPT = 4 * 1024 * 1024;
/** How many senders are kept that were not asked. */
const MAX_STRANGERS = 10;
/** How often a datagram is sent until it is answered: a lost one is nobody's fault. */
const TRIES = 3;
/** How long to wait before a look whether anybody listens at all (ms). */
const SOON = 50;

/** What a client's UDP socket has sent to the server and received, with a port of its own. It receives all the time. */
export class DatagramTalk implements Disposable {
  readonly number: number;
  /** The address and port that the server sees. */
  readonly local: Endpoint;
  /** What came, a datagram each, in its order. */
  readonly answers: Uint8Array[] = [];
  /** How many came; more than are kept, perhaps. */
  count = 0;
  /** Senders that are not the address and port that were asked: a server that answers from another socket, most likely. */
  readonly strangers: Endpoint[] = [];
  #server: Endpoint;
  #socket: DatagramSocket;
  #steps: Steps;
  #kept = 0;
  #changed = Promise.withResolvers<void>();

  /**
   * @param socket Owned by this object from now on.
   * @param server Its address (not a name) and port.
   */
  constructor(socket: PacketSocket, server: Endpoint, number: number, steps: Steps) {
    this.#socket = new DatagramSocket(socket);
    this.local = this.#socket.local;
    this.#server = server;
    this.number = number;
    this.#steps = steps;
    this.#receive();
  }

  /**
   * Sends one datagram. That it does not arrive is no error: nothing tells.
   *
   * @throws {CheckSkipped} This system sends none of that length: macOS stops at 9,216 bytes.
   */
  async send(data: string | Uint8Array, note?: string): Promise<void> {
    const bytes = typeof data === "string" ? encodeText(data) : data;
    this.#steps.add(this.number, "send", bytes, note);
    try {
      await this.#socket.send(bytes, this.#server);
    } catch (error) {
      // An earlier datagram's "port unreachable", which some systems report here: this one was not sent, as if it were lost.
      if (error instanceof Failure && error.code === Exit.unreachable) return;
      if (this.#socket.closed) return;
      throw new CheckSkipped(`this system sends no datagram of ${counted(bytes.length, "byte")} here`, {
        cause: error,
      });
    }
  }

  /**
   * Sends a datagram until one comes, three times at most, and no more once it is known that nobody listens. For a socket to which
   * nothing has come yet.
   *
   * @returns The first that came; `null` if none did within `ms`.
   */
  async ask(data: string | Uint8Array, ms: number): Promise<Uint8Array | null> {
    for (let left = TRIES; left > 0; left--) {
      await this.send(data);
      if (await this.#untilFirst(ms / TRIES)) break;
      if (!this.#nobodyListens()) continue;
      this.#steps.add(this.number, "refused");
      break;
    }
    return this.answers[0] ?? null;
  }

  /** Waits for the first answer; returns early where nobody can give it. */
  async #untilFirst(ms: number): Promise<boolean> {
    const some = (): boolean => this.count > 0;
    const soon = Math.min(SOON, ms);
    await this.#changedWithin(some, soon);
    return this.count > 0 || !this.#nobodyListens() && await this.until(some, ms - soon);
  }

  /** Whether the server's port is free, where that can be seen: on this machine. UDP itself does not tell. */
  #nobodyListens(): boolean {
    if (!isLoopback(this.#server.hostname)) return false;
    try {
      Deno.listenDatagram({ ...this.#server, transport: "udp" }).close();
      return true;
    } catch {
      return false;
    }
  }

  /** Waits until what has come is enough, the socket is closed, or the time is over; returns whether it is enough. */
  async until(enough: () => boolean, ms: number): Promise<boolean> {
    if (await this.#changedWithin(enough, ms)) return true;
    if (!this.#socket.closed) this.#steps.add(this.number, "silence", undefined, `${Math.round(ms)} ms`);
    return enough();
  }

  async #changedWithin(enough: () => boolean, ms: number): Promise<boolean> {
    const deadline = performance.now() + ms;
    while (!enough()) {
      const left = deadline - performance.now();
      if (this.#socket.closed || left <= 0 || !await within(this.#changed.promise, left)) return false;
    }
    return true;
  }

  /** Waits for that many answers. */
  untilCount(count: number, ms: number): Promise<boolean> {
    return this.until(() => this.count >= count, ms);
  }

  /** Leaves: what comes now meets a closed port. */
  close(): void {
    if (this.#socket.closed) return;
    this.#steps.add(this.number, "close");
    this.#socket.close();
    this.#wake();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Receives until the socket is closed; never rejects. */
  async #receive(): Promise<void> {
    for (;;) {
      try {
        const datagram = await this.#socket.receive();
        if (datagram === null) return;
        this.#take(datagram.bytes.slice(), datagram.from);
      } catch (error) {
        // Windows reports here that nobody listens; any other error will be silence.
        if (!(error instanceof Failure && error.code === Exit.unreachable)) return;
        this.#steps.add(this.number, "refused");
      }
    }
  }

  #take(bytes: Uint8Array, from: Endpoint): void {
    const asked = sameEndpoint(from, this.#server);
    this.#steps.add(this.number, "receive", bytes, asked ? undefined : `from ${formatEndpoint(from)}`);
    if (!asked && this.strangers.length < MAX_STRANGERS) this.strangers.push(from);
    this.count++;
    if (this.#kept + bytes.length <= MAX_KEPT) this.answers.push(bytes);
    this.#kept += bytes.length;
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
