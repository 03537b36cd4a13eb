/**
 * The receiving side of an impaired datagram socket: keeps what has arrived until it is asked for.
 *
 * @module
 */
import type { PacketSocket } from "../net/packet_socket.ts";

type Received = [Uint8Array, Deno.Addr];
type Waiting = PromiseWithResolvers<Received> & { readonly into: Uint8Array | undefined };

/** More than the longest datagram (65,527 bytes over IPv6). */
const BUFFER = 65_536;
/** How much may wait; beyond that nothing more is received, and the system drops what does not fit into its own buffer. */
const MAX_READY = 1024;
const MAX_READY_BYTES = 4 * 1024 * 1024;

/**
 * Receives ahead of its reader, so that a datagram's delay begins when it arrives and not when somebody asks for it. The first
 * {@linkcode Inbox.receive} starts it.
 */
export class Inbox {
  #below: PacketSocket;
  #take: (bytes: Uint8Array, from: Deno.Addr) => void;
  #buffer: Uint8Array | null = null;
  #ready: ({ readonly bytes: Uint8Array; readonly from: Deno.Addr } | { readonly error: unknown })[] = [];
  #bytes = 0;
  #waiting: Waiting[] = [];
  #receiving = false;
  #closed = false;

  /** @param take Called with a view of each datagram that arrives; it calls {@linkcode Inbox.deliver} any number of times, now or later. */
  constructor(below: PacketSocket, take: (bytes: Uint8Array, from: Deno.Addr) => void) {
    this.#below = below;
    this.#take = take;
  }

  /** Whether nothing is being received and nothing waits. */
  get idle(): boolean {
    return !this.#receiving && this.#ready.length === 0;
  }

  /** Waits for a datagram or an error, as {@linkcode PacketSocket.receive}. */
  receive(into?: Uint8Array): Promise<Received> {
    if (this.#closed) return this.#below.receive(into);
    const waiting = { ...Promise.withResolvers<Received>(), into };
    this.#waiting.push(waiting);
    this.#settle();
    this.#pump();
    return waiting.promise;
  }

  /** Takes a datagram; copies it unless somebody is waiting for it. */
  deliver(bytes: Uint8Array, from: Deno.Addr): void {
    if (this.#closed) return;
    const held = this.#waiting.length > 0 && this.#ready.length === 0 ? bytes : bytes.slice();
    this.#ready.push({ bytes: held, from });
    this.#bytes += bytes.length;
    this.#settle();
  }

  /** Drops everything. Pending calls reject as the platform's do. */
  close(): void {
    this.#closed = true;
    this.#ready = [];
    for (const waiting of this.#waiting.splice(0)) waiting.reject(new Deno.errors.Interrupted("closed"));
  }

  #settle(): void {
    for (let waiting; this.#ready.length > 0 && (waiting = this.#waiting.shift()) !== undefined;) {
      const next = this.#ready.shift();
      if (next === undefined) return;
      if ("error" in next) {
        waiting.reject(next.error);
        continue;
      }
      this.#bytes -= next.bytes.length;
      const { into = new Uint8Array(next.bytes.length) } = waiting;
      // A longer datagram is silently truncated, as the platform does.
      const count = Math.min(into.length, next.bytes.length);
      into.set(next.bytes.subarray(0, count));
      waiting.resolve([into.subarray(0, count), next.from]);
    }
  }

  /** Receives until there is no room. Never rejects. */
  async #pump(): Promise<void> {
    if (this.#receiving) return;
    this.#receiving = true;
    this.#buffer ??= new Uint8Array(BUFFER);
    while (this.#ready.length < MAX_READY && this.#bytes < MAX_READY_BYTES) {
      try {
        const [bytes, from] = await this.#below.receive(this.#buffer);
        if (this.#closed) break;
        this.#take(bytes, from);
      } catch (error) {
        // The next call tries again: a socket survives the report that a port is unreachable (RFC 1122 4.1.3.3).
        this.#failed(error);
        if (this.#closed || this.#waiting.length === 0) break;
      }
    }
    this.#receiving = false;
  }

  #failed(error: unknown): void {
    if (this.#closed) return;
    this.#ready.push({ error });
    this.#settle();
  }
}
