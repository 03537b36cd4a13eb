/**
 * The network of a run whose flags ask for faults. Loaded only then.
 *
 * @module
 */
import { EventRate } from "../event_rate.ts";
import type { Events } from "../events.ts";
import type { Fault } from "../faults/fault.ts";
import { packetFaults } from "../faults/packet_faults.ts";
import { canReset } from "../faults/plan.ts";
import { streamFaults } from "../faults/stream_faults.ts";
import { listenTcp } from "../net/listen.ts";
import { SYSTEM_TIME } from "../time.ts";
import { counted, thousands } from "../text.ts";
import { faultEvent, faultRate, MODELLED, TO_ALL } from "./fault_event.ts";
import type { RunFaults } from "./fault_flags.ts";
import type { Sockets } from "./sockets.ts";

/** What happened to datagrams… */
const DATAGRAMS: Readonly<Record<string, string>> = {
  jitter: "delayed",
  loss: "lost",
  duplicate: "duplicated",
  reorder: "overtaken",
  corrupt: "corrupted",
  truncate: "cut short",
  queue: "lost from a full queue",
  cut: "lost in a cut",
};

/** …and to what was written to a stream. */
const STREAMS: Readonly<Record<string, string>> = {
  jitter: "delayed",
  loss: "sent again",
  split: "split",
  stallAfter: "stalled",
  halfCloseAfter: "half-closed",
  resetAfter: "reset",
  cut: "held up by a cut",
};

/** A network with faults. Logs each of them, and their totals when it is disposed of. */
export class FaultyNetwork implements AsyncDisposable {
  #faults: RunFaults;
  #events: Events;
  #rate: EventRate;
  #leaving = new Set<Promise<void>>();
  #counts = { tcp: new Map<string, number>(), udp: new Map<string, number>() };

  constructor(faults: RunFaults, { events, options }: { events: Events; options: Readonly<Record<string, unknown>> }) {
    this.#faults = faults;
    this.#events = events;
    this.#rate = new EventRate(events, faultRate(options.json === true));
    const modelled = faults.transport === "tcp" && faults.plan.loss > 0 ? `. ${MODELLED}` : "";
    events.emit({ event: "notice", message: `Faults on purpose: ${faults.line}${modelled}` });
  }

  /** How the run opens its sockets. */
  async sockets(): Promise<Partial<Sockets>> {
    const { plan, seed } = this.#faults;
    const faults = { seed, out: plan, in: plan, cut: false };
    const tell = (fault: Fault): void => this.#tell(fault, "tcp");
    const sockets: Partial<Sockets> = {
      faults: { layer: streamFaults(faults, tell), faults, tell },
      wrap: packetFaults(faults, (fault) => this.#tell(fault, "udp"), SYSTEM_TIME, (gone) => this.#keep(gone)),
    };
    if (!canReset(plan)) return sockets;
    const [{ connectNode }, { listenNode }] = await Promise.all([
      import("../net/node_socket.ts"),
      import("../net/node_listener.ts"),
    ]);
    return { ...sockets, opener: () => connectNode, listenTcp: async (_, at) => listenTcp(await listenNode(at), at) };
  }

  #tell(fault: Fault, transport: "tcp" | "udp"): void {
    const counts = this.#counts[transport];
    counts.set(fault.kind, (counts.get(fault.kind) ?? 0) + 1);
    if (this.#rate.detailed) this.#rate.emit(faultEvent(fault, transport));
  }

  /** Keeps the run from ending before what was sent has left. */
  #keep(gone: Promise<void>): void {
    this.#leaving.add(gone);
    gone.then(() => this.#leaving.delete(gone));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#leaving);
    this.#rate[Symbol.dispose]();
    const { tcp, udp } = this.#counts;
    const parts = [...totals(udp, DATAGRAMS, "datagram"), ...totals(tcp, STREAMS)];
    const text = `Faults: ${parts.length === 0 ? "none happened" : parts.join(", ")}`;
    const counts = Object.fromEntries([...udp, ...tcp]);
    this.#events.emit({ event: "faults", plan: this.#faults.line, counts, prose: [{ mark: "state", text }] });
  }
}

/** `12 datagrams lost`, `3 delayed`, `everything slowed down` */
function totals(counts: ReadonlyMap<string, number>, words: Readonly<Record<string, string>>, noun?: string): string[] {
  const single = [...counts].filter(([kind]) => !(kind in TO_ALL));
  return [
    ...single.map(([kind, count], index) => {
      const number = index === 0 && noun !== undefined ? counted(count, noun) : thousands(count);
      return `${number} ${words[kind] ?? kind}`;
    }),
    ...Object.keys(TO_ALL).flatMap((kind) => counts.has(kind) ? [TO_ALL[kind] ?? kind] : []),
  ];
}
