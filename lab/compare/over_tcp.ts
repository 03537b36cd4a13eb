/**
 * The messages over TCP, from one socket of this process to another.
 *
 * @module
 */
import { Failure, stateOf } from "../../lib/errors.ts";
import type { FaultSink } from "../../lib/faults/fault.ts";
import type { Layer } from "../../lib/net/layers.ts";
import { type RawSocket, type StreamListener, type StreamSocket, streamSocket, tune } from "../../lib/net/socket.ts";
import { ByteReader } from "../../lib/reader.ts";
import { dial, NoAnswer, type Opener } from "../../lib/stream/dial.ts";
import { abortable } from "../../lib/within.ts";
import { encodeMessage } from "./message.ts";
import type { Recorded } from "./record.ts";
import { Recorder, type RecordOptions } from "./recorder.ts";

/** The platform's calls. */
export interface TcpSockets {
  /** Listens on any free port of 127.0.0.1. */
  readonly listen: () => StreamListener;
  readonly connect: Opener;
}

/** The layers of faults, where a layer makes them. */
export interface StreamImpairment {
  /** Makes the sender's layer, given where to report each fault. */
  readonly sender?: (tell: FaultSink) => Layer;
  readonly receiver?: Layer;
}

/** The numbers of both ends; the sender's decides which chance it draws. */
const [SENDER, RECEIVER] = [1, 2];

/**
 * Sends the messages over a connection, and records what the other end reads.
 *
 * Each message is one write; with Nagle's algorithm off (RFC 1122 4.2.3.4) that is one segment, unless earlier ones are still waiting.
 *
 * @throws {Error} The connection cannot be opened, or the signal's reason. What ends the connection later is in the record.
 */
export async function recordTcp(
  sockets: TcpSockets,
  impair: StreamImpairment,
  options: RecordOptions,
): Promise<Recorded> {
  const recorder = new Recorder("tcp", options);
  const raw = await connected(sockets, options);
  tune(raw.sender);
  const sender = impair.sender?.(recorder.tell)(raw.sender) ?? raw.sender;
  const receiver = impair.receiver?.(raw.receiver) ?? raw.receiver;
  const sending = sendAll(sender, recorder, options);
  const receiving = receiveAll(receiver, recorder, options);
  try {
    return recorder.record(await endOf(recorder, sending, receiving, options));
  } finally {
    // Closing the sockets ends the waits of both.
    recorder.halt();
    for (const socket of [sender, receiver]) socket.close();
    await Promise.all([sending, receiving]);
  }
}

/** Connects within the time limit: opens both ends or neither. */
async function connected(
  { listen, connect }: TcpSockets,
  { signal, timeout }: RecordOptions,
): Promise<{ sender: StreamSocket; receiver: StreamSocket }> {
  const limit = timeout === 0 ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
  const listener = listen();
  let opened: RawSocket | null = null;
  try {
    const { port } = listener.addr as Deno.NetAddr;
    opened = await dial(connect, ["127.0.0.1"], port, { signal: limit });
    // If the kernel loses the last packet of the handshake, only the sender is connected.
    const accepted = await abortable(listener.accept(), limit);
    return { sender: streamSocket(opened, SENDER), receiver: streamSocket(accepted, RECEIVER) };
  } catch (error) {
    opened?.close();
    signal.throwIfAborted();
    const { code, state } = stateOf(error instanceof NoAnswer ? error.cause : error);
    throw new Failure(code, `Cannot connect over TCP: ${limit.aborted ? `no answer in ${timeout / 1000} s` : state}`, {
      cause: error,
    });
  } finally {
    listener.close();
  }
}

/** Sends all messages and half-closes; returns what went wrong as a clause, or `null`. */
async function sendAll(sender: StreamSocket, recorder: Recorder, { stream }: RecordOptions): Promise<string | null> {
  try {
    await recorder.sendAll(async (number) => {
      let bytes: Uint8Array = encodeMessage(number, stream.size);
      // A write may take a part only (write(2)).
      while (bytes.length > 0) bytes = bytes.subarray(await sender.write(bytes));
    });
    await sender.closeWrite();
    return null;
  } catch (error) {
    return `the sender's connection failed (${stateOf(error).state})`;
  }
}

/** Receives until the end of the stream; returns what went wrong as a clause, or `null`. */
async function receiveAll(
  receiver: StreamSocket,
  recorder: Recorder,
  { stream: { size } }: RecordOptions,
): Promise<string | null> {
  const reader = new ByteReader(receiver);
  try {
    for (;;) {
      const bytes = await reader.readMessage({ max: size, gap: 0, keepEnd: true });
      if (bytes === null) return null;
      recorder.take(bytes);
    }
  } catch (error) {
    return `the receiver's connection failed (${stateOf(error).state})`;
  }
}

/** Waits for the end of the stream, or until it has been idle for too long; returns why it ended early, or `null`. */
async function endOf(
  recorder: Recorder,
  sending: Promise<string | null>,
  receiving: Promise<string | null>,
  { timeout }: RecordOptions,
): Promise<string | null> {
  let ended = false;
  let failure: string | null = null;
  sending.then((reason) => failure = reason);
  receiving.then((reason) => {
    failure ??= reason;
    ended = true;
    recorder.halt();
  });
  if (await recorder.silence(timeout, () => ended)) return `nothing arrived for ${timeout / 1000} s`;
  return recorder.complete ? null : failure ?? "the stream ended before its last message";
}
