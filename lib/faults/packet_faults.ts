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

/**
 * Makes the layer that impairs every datagram socket it wraps; each flow has its own share of chance, by its number.
 *
 * In this order: a datagram is lost, one of its bits is flipped, it is cut short, doubled, waits for the line of limited rate, is delayed,
 * and waits for the next one to overtake it. Rate and queue are those of one flow in one direction; headers do not count. Decisions are
 * made per datagram in the order of its flow and direction, and counted while the plan does something.
 *
 * A send that is held back has succeeded for its caller; if it fails later, the next one rejects with that error. Closing drops what is
 * held back.
 *
 * @param tell Told each fault; delay and rate once, since they happen to all alike.
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
export function packetFaults(faults: Faults, tell: FaultSink = () => {}, time: TimeSource = SYSTEM_TIME): PacketLayer {
  const nextFlow = counter();
  return (socket) => new FaultyPackets(socket, { faults, tell, time }, nextFlow);
}

class FaultyPackets implements PacketSocket {
  readonly addr: Deno.Addr;
  #below: PacketSocket;
  #faults: Faults;
  #options: PathOptions;
  #flows: FlowNumbers;
  #paths = new BoundedMap<number, { readonly out: PacketPath; readonly in: PacketPath }>(MAX_FLOWS);
  #inbox: Inbox | null = null;
  /** Why a send that was held back has failed. */
  #failure: { readonly error: unknown } | null = null;
  #closed = false;

  constructor(below: PacketSocket, options: Pick<PathOptions, "faults" | "tell" | "time">, nextFlow: () => number) {
    this.addr = below.addr;
    this.#below = below;
    this.#faults = options.faults;
    this.#options = { ...options, schedule: new Schedule(options.time), held: new Held() };
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
    if (this.#closed || this.#passes("out")) return this.#below.send(bytes, to);
    let sending: Promise<unknown> | null = null;
    let later = false;
    this.#pathsTo(to).out.push(bytes, (data) => {
      const sent = this.#below.send(data, to);
      // The first copy that leaves at once is the caller's to wait for.
      if (!later && sending === null) sending = sent;
      else sent.catch((error) => this.#failed(error));
    });
    later = true;
    return Promise.resolve(sending).then(() => bytes.length);
  }

  receive(into?: Uint8Array): Promise<[Uint8Array, Deno.Addr]> {
    if (this.#closed) return this.#below.receive(into);
    if (this.#passes("in") && (this.#inbox?.idle ?? true)) {
      return this.#below.receive(into).then((received) => {
        // The plan may be another by now.
        if (this.#closed || this.#passes("in")) return received;
        this.#arrive(...received);
        return this.#receive(into);
      });
    }
    return this.#receive(into);
  }

  close(): void {
    this.#closed = true;
    this.#options.schedule.clear();
    this.#inbox?.close();
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
      out: new PacketPath(flow, "out", this.#options),
      in: new PacketPath(flow, "in", this.#options),
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
