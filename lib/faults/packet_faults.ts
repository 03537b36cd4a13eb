/**
 * A layer that does to datagrams what its plan says.
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
/** How long what is on its way may take to leave after a close (ms), besides its delay, which counts up to the second. */
const CLOSING = 5000;
const MAX_CLOSING_DELAY = 30_000;

/**
 * Makes the layer that impairs every datagram socket it wraps; each flow has its own share of chance, by its number.
 *
 * In this order: a datagram is lost, one of its bits is flipped, it is cut short, doubled, waits for the line of limited rate, is delayed,
 * and waits for the next one to overtake it. Rate and queue are those of one flow in one direction; headers do not count. Decisions are
 * made per datagram in the order of its flow and direction, and counted while the plan does something.
 *
 * A send that is held back has succeeded for its caller; if it fails later, the next one rejects with that error. What was sent before
 * a close still leaves, for five seconds and its delay; what was to be received is dropped.
 *
 * @param tell Told each fault; delay and rate once, since they happen to all alike.
 * @param closing Given a promise, which never rejects, when a socket is closed while datagrams are to leave: it resolves when they have.
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
  return (socket) => new FaultyPackets(socket, { faults, tell, time, nextFlow, closing });
}

/** What the sockets of a layer share. */
interface SocketOptions extends Pick<PathOptions, "faults" | "tell" | "time"> {
  readonly nextFlow: () => number;
  readonly closing: (gone: Promise<void>) => void;
}

class FaultyPackets implements PacketSocket {
  readonly addr: Deno.Addr;
  #below: PacketSocket;
  #faults: Faults;
  #options: Omit<PathOptions, "schedule">;
  #closing: SocketOptions["closing"];
  /** What is to be sent, and what is to be received. */
  #leaving: Schedule;
  #arriving: Schedule;
  #flows: FlowNumbers;
  #paths = new BoundedMap<number, { readonly out: PacketPath; readonly in: PacketPath }>(MAX_FLOWS);
  #inbox: Inbox | null = null;
  /** Why a send that was held back has failed. */
  #failure: { readonly error: unknown } | null = null;
  #closed = false;
  /** The last send that was held back; never rejects. */
  #sending: Promise<void> = Promise.resolve();
  /** Ends a close that waits for what is to leave. */
  #shut = (): void => {};

  constructor(below: PacketSocket, { nextFlow, closing, ...options }: SocketOptions) {
    this.addr = below.addr;
    this.#below = below;
    this.#faults = options.faults;
    this.#options = { ...options, held: new Held() };
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
      // The first copy that leaves at once is the caller's to wait for.
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
        // The plan may be another by now.
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
    if (this.#leaving.size === 0) this.#below.close();
    else this.#closing(this.#deliver());
  }

  /** Lets what is to be sent leave, and closes then, or when the time is over. Never rejects. */
  async #deliver(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#shut = resolve;
    const limit = CLOSING + Math.min(MAX_CLOSING_DELAY, this.#faults.out.delay);
    const stop = this.#options.time.after(limit, resolve);
    await promise;
    stop();
    this.#leaving.clear();
    await this.#sending;
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
    // Behind the others: of too many, the one that was silent longest is forgotten.
    this.#paths.delete(flow);
    this.#paths.set(flow, paths);
    return paths;
  }

  #failed(error: unknown): void {
    if (!this.#closed) this.#failure = { error };
  }
}
