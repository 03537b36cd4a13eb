/**
 * One UDP socket of a check, and every datagram received on it.
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

/** How many bytes of answers are kept; further answers are only counted. */
const MAX_KEPT = 4 * 1024 * 1024;
/** How many unexpected senders are kept. */
const MAX_STRANGERS = 10;
/** How often a datagram is sent until it is answered: loss is nobody's fault. */
const TRIES = 3;
/** How long to wait before finding out whether anybody is listening at all (ms). */
const SOON = 50;

/** A client's UDP socket, and what it has received so far. It receives all the time. */
export class DatagramTalk implements Disposable {
  readonly number: number;
  /** The address and port that the server sees. */
  readonly local: Endpoint;
  /** The datagrams received, in order. */
  readonly answers: Uint8Array[] = [];
  /** How many were received; possibly more than were kept. */
  count = 0;
  /** Senders other than the address and port that were asked: most likely a server that answers from another socket. */
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
   * Sends one datagram. If it does not arrive, that is not an error: there is no way to know.
   *
   * @throws {CheckSkipped} This system cannot send a datagram that long: the limit of macOS is 9,216 bytes.
   */
  async send(data: string | Uint8Array, note?: string): Promise<void> {
    const bytes = typeof data === "string" ? encodeText(data) : data;
    this.#steps.add(this.number, "send", bytes, note);
    try {
      await this.#socket.send(bytes, this.#server);
    } catch (error) {
      // Some systems report here that an earlier datagram found the port unreachable. This one was not sent: to the check it is lost.
      if (error instanceof Failure && error.code === Exit.unreachable) return;
      if (this.#socket.closed) return;
      throw new CheckSkipped(`this system sends no datagram of ${counted(bytes.length, "byte")} here`, {
        cause: error,
      });
    }
  }

  /**
   * Sends a datagram until an answer arrives, at most three times, and stops early if nobody is listening. For a socket that has not
   * received anything yet.
   *
   * @returns The first answer; `null` if none arrived within `ms`.
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

  /** Waits for the first answer; returns early if nobody is there to give it. */
  async #untilFirst(ms: number): Promise<boolean> {
    const some = (): boolean => this.count > 0;
    const soon = Math.min(SOON, ms);
    await this.#changedWithin(some, soon);
    return this.count > 0 || !this.#nobodyListens() && await this.until(some, ms - soon);
  }

  /** Whether the server's port is free. UDP does not tell, but on this machine it can be tried. */
  #nobodyListens(): boolean {
    if (!isLoopback(this.#server.hostname)) return false;
    try {
      Deno.listenDatagram({ ...this.#server, transport: "udp" }).close();
      return true;
    } catch {
      return false;
    }
  }

  /** Waits until enough was received, the socket is closed or time is up; returns whether it was enough. */
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

  /** Waits for a number of answers. */
  untilCount(count: number, ms: number): Promise<boolean> {
    return this.until(() => this.count >= count, ms);
  }

  /** Closes the socket: what arrives from now on finds the port closed. */
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
        // Windows reports here that the port is unreachable; any other error shows as silence.
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
