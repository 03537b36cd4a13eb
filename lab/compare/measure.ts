/**
 * Both runs, one after the other, through the same faults.
 *
 * @module
 */
import type { Faults } from "../../lib/faults/fault.ts";
import { packetFaults } from "../../lib/faults/packet_faults.ts";
import { type FaultPlan, NO_FAULTS } from "../../lib/faults/plan.ts";
import { streamFaults } from "../../lib/faults/stream_faults.ts";
import { recordTcp, type TcpSockets } from "./over_tcp.ts";
import { recordUdp, type UdpOpener } from "./over_udp.ts";
import type { Recorded, Stream } from "./record.ts";
import type { RecordOptions } from "./recorder.ts";

/** The platform's calls. */
export interface Sockets extends TcpSockets {
  readonly datagrams: UdpOpener;
}

/** Options of {@linkcode measure}. Times are in milliseconds. */
export interface Measured {
  readonly stream: Stream;
  readonly plan: FaultPlan;
  readonly seed: number;
  /** Whether layers over the senders' sockets make the faults, rather than the kernel below. */
  readonly layers: boolean;
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** The records of both runs. */
export interface Records {
  readonly tcp: Recorded;
  readonly udp: Recorded;
}

/** An allowance for a busy machine (ms). */
const BUSY = 500;

/**
 * Sends the same messages by TCP and then by UDP. Each draws its own chance from the same seed, so neither depends on the other.
 *
 * @throws {Error} A socket cannot be opened, or the signal's reason.
 */
export async function measure(sockets: Sockets, options: Measured): Promise<Records> {
  const { plan, layers, seed, stream, timeout } = options;
  // Only acknowledgements come back, and no layer sees those.
  const sending: Faults = { seed, out: plan, in: NO_FAULTS, cut: false };
  const reading: Faults = { ...sending, out: NO_FAULTS, in: { ...NO_FAULTS, slowRead: plan.slowRead } };
  const common = { ...options, told: layers };
  if (layers) await warmUp(sockets, common);
  const tcp = await recordTcp(
    sockets,
    layers ? { sender: (tell) => streamFaults(sending, tell), receiver: streamFaults(reading) } : {},
    common,
  );
  const udp = await recordUdp(sockets.datagrams, layers ? (tell) => packetFaults(sending, tell) : null, {
    ...common,
    quiet: quietTime(plan, stream, timeout),
    spread: 2 * plan.jitter,
  });
  return { tcp, udp };
}

/** The few messages before those that count. */
const FIRST: Stream = { count: 3, interval: 1, size: 100 };

/** Sends a little without faults, so that what the runtime does at first only (some ms) is not taken for TCP's or UDP's slowness. */
async function warmUp(sockets: Sockets, options: Omit<RecordOptions, "stream">): Promise<void> {
  const few = { ...options, stream: FIRST };
  await recordTcp(sockets, {}, few);
  await recordUdp(sockets.datagrams, null, { ...few, quiet: BUSY, spread: 0 });
}

/** How long a datagram may be in flight (ms): delayed, overtaken by the next one, and behind a full queue at a limited rate. */
export function quietTime(plan: FaultPlan, { size, interval }: Stream, timeout: number): number {
  const queued = plan.rate === Infinity ? 0 : plan.queue * size / plan.rate * 1000;
  const time = 2 * (plan.delay + plan.jitter) + interval + queued + BUSY;
  return timeout === 0 ? time : Math.min(time, timeout);
}
