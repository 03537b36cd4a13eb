/**
 * The messages over UDP, from one socket of this process to another.
 *
 * @module
 */
import type { FaultSink } from "../../lib/faults/fault.ts";
import type { PacketLayer, PacketSocket } from "../../lib/net/packet_socket.ts";
import { encodeMessage } from "./message.ts";
import type { Recorded } from "./record.ts";
import { Recorder, type RecordOptions } from "./recorder.ts";

/** Opens a socket on any free port of 127.0.0.1. */
export type UdpOpener = () => PacketSocket;

/** Makes the sender's layer of faults, given where to report each. */
export type PacketImpairment = (tell: FaultSink) => PacketLayer;

/** How long to wait for a duplicate of the last datagram, on top of what the faults explain (ms). */
const LINGER = 20;

/** When a run over UDP is over, which UDP itself does not tell. Times are in milliseconds. */
export interface UdpOptions extends RecordOptions {
  /** How long a datagram may be in flight. */
  readonly quiet: number;
  /** How much later than a datagram its duplicate may arrive. */
  readonly spread: number;
}

/**
 * Sends each message as a datagram, and records what the other socket receives. The run is over when everything that was not lost has
 * arrived or, if only the kernel knows what is lost, when nothing has arrived for as long as a datagram may be in flight.
 *
 * @throws {Error} A socket cannot be opened or used, or the signal's reason.
 */
export async function recordUdp(
  open: UdpOpener,
  impair: PacketImpairment | null,
  options: UdpOptions,
): Promise<Recorded> {
  const { stream, quiet, spread } = options;
  const recorder = new Recorder("udp", options);
  const receiver = open();
  const receiving = receiveAll(receiver, recorder);
  try {
    const sender = impair === null ? open() : impair(recorder.tell)(open());
    try {
      await recorder.sendAll((number) => sender.send(encodeMessage(number, stream.size), receiver.addr));
      const silent = await recorder.silence(quiet, () => recorder.complete);
      if (!silent) await recorder.silence(LINGER + spread);
    } finally {
      sender.close();
    }
  } finally {
    receiver.close();
    await receiving;
  }
  return recorder.record(null);
}

/** Takes every datagram until the socket is closed. */
async function receiveAll(socket: PacketSocket, recorder: Recorder): Promise<void> {
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const received = await socket.receive(buffer).catch(() => null);
    // Closed by its owner: on loopback, nothing else goes wrong with a socket that only receives.
    if (received === null) return;
    recorder.take(received[0]);
  }
}
