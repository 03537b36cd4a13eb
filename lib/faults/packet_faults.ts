/**
 * The layer that applies a plan to datagrams.
 *
 * @module
 */
import type { Endpoint } from "../addr.ts";
import { BoundedMap } from "../bounded_map.ts";
import { counter } from "../counter.ts";
import { FlowNumbers } from "../net/flow_numbers.ts";
import type { PacketLayer, PacketSocket } from "../net/packet_socket.ts";
import { SYSTEM_TIME, type TimeSource } from "../time.ts";
import type { Faults, FaultSink } from "./fault.ts";
import { Inbox } from "./packet_inbox.ts";
import { Held, PacketPath, packetsPass, type PathOptions } from "./packet_path.ts";
import { Schedule } from "./schedule.ts";

/** How many flows of a socket are remembered: forged source addresses must not exhaust memory. */
const MAX_FLOWS = 4096;
/** How long datagrams may take to leave after a close (ms), on top of their delay, of which at most the second figure counts. */
const CLOSING = 5000;
const MAX_CLOSING_DELAY = 30_000;

/**
 * Makes the layer that impairs every datagram socket it wraps. Each flow draws its own chance, by its number.
 *
 * In this order, a datagram is lost, has a bit flipped, is cut short, is duplicated, waits for the rate limit, is delayed, and waits for
 * the next one to overtake it. Rate and queue apply to each flow and direction; headers do not count. Decisions are made datagram by
 * datagram, in the order of the flow and direction; those that pass while the plan has no faults are not counted.
 *
 * A send that is held back has succeeded as far as its caller knows; if it fails later, the next send rejects with that error. After a
 * close, what was sent still leaves within five seconds plus its delay; what was to be received is dropped.
 *
 * @param tell Called with each fault; with delay and rate once, since they happen to all alike.
 * @param closing Called when a socket is closed before all datagrams have left, with a promise that resolves when they have; it never
 * rejects.
 *
 * @example Usage
 * ```ts
 * import { packetFaults } from "./packet_faults.ts";
 * import type { Fault } from "./fault.ts";
 * import { NO_FAULTS } from "./plan.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const faults = { seed: 1, out: { ...NO_FAULTS, loss: 0.5 }, in: NO_FAULTS, cut: false };
 * const told: Fault[] = [];
 * const layer = packetFaults(faults, (fault) => told.push(fault));
 * const socket = layer(Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 }));
 * for (let count = 0; count < 5; count++) await socket.send(new Uint8Array(1), socket.addr);
 * socket.close();
 * assertEquals(told.map(({ kind, where }) => `${kind} ${where}`), ["loss 1", "loss 2", "loss 3", "loss 5"]);
 * ```
 */
export function packetFaults(
  faults: Faults,
  tell: FaultSink = () => {},
  time: TimeSource = SYSTEM_TIME,
  closing: (gone: Promise<void>) => void = () => {},
): PacketLayer {
  const nextFlow = counter();
  const all = new Held();
  return (socket) => new FaultyPackets(socket, { faults, tell, time, nextFlow, closing, held: new Held(all) });
}

/** What all sockets of a layer share. */
interface SocketOptions extends Pick<PathOptions, "faults" | "tell" | "time" | "held"> {
  readonly nextFlow: () => number;
  readonly closing: (gone: Promise<void>) => void;
}

class FaultyPackets implements PacketSocket {
  readonly addr: Deno.Addr;
  #below: PacketSocket;
  #faults: Faults;
  #options: Omit<PathOptions, "schedule">;
  #closing: SocketOptions["closing"];
  /** What is still to be sent, and what is still to be received. */
  #leaving: Schedule;
  #arriving: Schedule;
  #flows: FlowNumbers;
  #paths = new BoundedMap<number, { readonly out: PacketPath; readonly in: PacketPath }>(MAX_FLOWS);
  #inbox: Inbox | null = null;
  /** Why a send that was held back has failed. */
  #failure: { readonly error: unknown } | null = null;
  #closed = false;
  /** The last send that had been held back; never rejects. */
  #sending: Promise<void> = Promise.resolve();
  /** Ends the wait of a close. */
  #shut = (): void => {};

  constructor(below: PacketSocket, { nextFlow, closing, ...options }: SocketOptions) {
    this.addr = below.addr;
    this.#below = below;
    this.#faults = options.faults;
    this.#options = options;
    this.#closing = closing;
    this.#leaving = new Schedule(options.time, () => this.#shut());
    this.#arriving = new Schedule(options.time);
    this.#flows = new FlowNumbers(nextFlow);
  }

  flowOf(peer: Endpoint): number {
    return this.#below.flowOf?.(peer) ?? this.#flows.of(peer);
  }

  send(bytes: Uint8Array, to: Deno.Addr): Promise<number> {
    const failure = this.#failure;
    if (failure !== null) {
      this.#failure = null;
      return Promise.reject(failure.error);
    }
    if (this.#closed) return Promise.reject(new Deno.errors.BadResource("closed"));
    if (this.#passes("out")) return this.#below.send(bytes, to);
    let sending: Promise<unknown> | null = null;
    let later = false;
    this.#pathsTo(to).out.push(bytes, (data) => {
      const sent = this.#below.send(data, to);
      // The caller waits for the first copy if that leaves at once.
      if (!later && sending === null) sending = sent;
      else this.#sending = sent.then(() => {}, (error) => this.#failed(error));
    });
    later = true;
    return Promise.resolve(sending).then(() => bytes.length);
  }

  receive(into?: Uint8Array): Promise<[Uint8Array, Deno.Addr]> {
    if (this.#closed) return Promise.reject(new Deno.errors.BadResource("closed"));
    if (this.#passes("in") && (this.#inbox?.idle ?? true)) {
      return this.#below.receive(into).then((received) => {
        // The plan may have changed by now.
        if (this.#closed) throw new Deno.errors.Interrupted("closed");
        if (this.#passes("in")) return received;
        this.#arrive(...received);
        return this.#receive(into);
      });
    }
    return this.#receive(into);
  }

  close(): void {
    if (this.#closed) throw new Deno.errors.BadResource("closed");
    this.#closed = true;
    this.#arriving.clear();
    this.#inbox?.close();
    const limit = CLOSING + Math.min(MAX_CLOSING_DELAY, this.#faults.out.delay);
    // Not for what would be too late anyway.
    if (this.#leaving.due <= this.#options.time.now() + limit) this.#closing(this.#deliver(limit));
    else this.#end();
  }

  /** Closes the socket when everything has left, or when time is up. Never rejects. */
  async #deliver(limit: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#shut = resolve;
    const stop = this.#options.time.after(limit, resolve);
    await promise;
    stop();
    this.#leaving.clear();
    await this.#sending;
    this.#end();
  }

  #end(): void {
    this.#leaving.clear();
    this.#options.held.clear();
    this.#below.close();
  }

  #passes(direction: "out" | "in"): boolean {
    return packetsPass(this.#faults[direction]) && !this.#faults.cut && this.#options.held.count === 0;
  }

  #receive(into?: Uint8Array): Promise<[Uint8Array, Deno.Addr]> {
    return this.#box().receive(into);
  }

  #box(): Inbox {
    return this.#inbox ??= new Inbox(this.#below, (bytes, from) => this.#arrive(bytes, from));
  }

  #arrive(bytes: Uint8Array, from: Deno.Addr): void {
    const box = this.#box();
    if (this.#passes("in")) box.deliver(bytes, from);
    else this.#pathsTo(from).in.push(bytes, (data) => box.deliver(data, from));
  }

  #pathsTo(peer: Deno.Addr): { readonly out: PacketPath; readonly in: PacketPath } {
    const flow = this.flowOf(peer as Deno.NetAddr);
    const paths = this.#paths.get(flow) ?? {
      out: new PacketPath(flow, "out", { ...this.#options, schedule: this.#leaving }),
      in: new PacketPath(flow, "in", { ...this.#options, schedule: this.#arriving }),
    };
    // Moved to the end, so that the map drops the flow that has been silent longest when it is full.
    this.#paths.delete(flow);
    this.#paths.set(flow, paths);
    return paths;
  }

  #failed(error: unknown): void {
    if (!this.#closed) this.#failure = { error };
  }
}
