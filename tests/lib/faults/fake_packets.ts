/**
 * A datagram socket in memory.
 *
 * @module
 */
import type { PacketSocket } from "../../../lib/net/packet_socket.ts";
import { decodeText, encodeText } from "../../../lib/text.ts";

type Arrival = { readonly bytes: Uint8Array; readonly from: Deno.NetAddr } | { readonly error: Error };

/** A peer's address. */
export function peer(port: number): Deno.NetAddr {
  return { transport: "udp", hostname: "192.0.2.1", port };
}

/** Keeps what is sent, with its time, and receives what a test feeds. */
export class FakePackets implements PacketSocket {
  readonly addr = peer(1);
  readonly sent: { readonly text: string; readonly bytes: Uint8Array; readonly port: number; readonly at: number }[] =
    [];
  /** The error of the next sends. */
  error: Error | null = null;
  closed = false;
  receives = 0;
  #now: () => number;
  #arrivals: Arrival[] = [];
  #waiting: ((arrival: Arrival) => void) | null = null;

  constructor(now: () => number = () => 0) {
    this.#now = now;
  }

  get texts(): string[] {
    return this.sent.map(({ text }) => text);
  }

  send(bytes: Uint8Array, to: Deno.Addr): Promise<number> {
    if (this.closed) return Promise.reject(new Deno.errors.BadResource("closed"));
    if (this.error !== null) return Promise.reject(this.error);
    const { port } = to as Deno.NetAddr;
    this.sent.push({ text: decodeText(bytes), bytes, port, at: this.#now() });
    return Promise.resolve(bytes.length);
  }

  async receive(into: Uint8Array = new Uint8Array(65536)): Promise<[Uint8Array, Deno.Addr]> {
    this.receives++;
    if (this.closed) throw new Deno.errors.BadResource("closed");
    const arrival = this.#arrivals.shift() ?? await new Promise<Arrival>((resolve) => this.#waiting = resolve);
    if ("error" in arrival) throw arrival.error;
    const count = Math.min(into.length, arrival.bytes.length);
    into.set(arrival.bytes.subarray(0, count));
    return [into.subarray(0, count), arrival.from];
  }

  feed(data: string | Uint8Array, port = 7): void {
    this.#arrive({ bytes: typeof data === "string" ? encodeText(data) : data, from: peer(port) });
  }

  fail(error: Error): void {
    this.#arrive({ error });
  }

  close(): void {
    if (this.closed) throw new Deno.errors.BadResource("closed");
    this.closed = true;
    this.#waiting?.({ error: new Deno.errors.Interrupted("closed") });
  }

  #arrive(arrival: Arrival): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) this.#arrivals.push(arrival);
    else waiting(arrival);
  }
}
