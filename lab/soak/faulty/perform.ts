/**
 * Carries out what a faulty client is to do. Whatever the server does about it is right, unless a good client notices.
 *
 * @module
 */
import { NO_EVENTS } from "../../../lib/events.ts";
import { canReset, hasFaults, NO_FAULTS } from "../../../lib/faults/plan.ts";
import { streamFaults } from "../../../lib/faults/stream_faults.ts";
import { compose } from "../../../lib/net/layers.ts";
import { connectNode } from "../../../lib/net/node_socket.ts";
import { type StreamSocket, streamSocket } from "../../../lib/net/socket.ts";
import { dial, type Opener } from "../../../lib/stream/dial.ts";
import { secure } from "../../../lib/tls/client.ts";
import { within } from "../../../lib/within.ts";
import { pause } from "../pause.ts";
import { HOST } from "../servers.ts";
import { type FaultyClient, LONGEST, type Step } from "./fault.ts";

/** How many bytes one read takes. */
const CHUNK = 16 * 1024;

/** Connects to a server, does the steps, and closes. */
export async function performStream(
  client: FaultyClient,
  { port, tls, signal }: { readonly port: number; readonly tls: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const needsReset = canReset(client.network) || client.steps.some((step) => step.do === "reset");
  const open: Opener = needsReset ? connectNode : (at) => Deno.connect(at);
  let socket: StreamSocket;
  try {
    const raw = streamSocket(await dial(open, [HOST], port, { signal }), 1);
    const faults = { seed: client.seed, out: client.network, in: NO_FAULTS, cut: false };
    socket = hasFaults(client.network) ? compose(raw, { faults: streamFaults(faults) }) : raw;
  } catch {
    // A server may be out of descriptors, and the part of the run may have ended.
    return;
  }
  if (tls && client.tls) socket = secure(socket, { hostname: HOST, port }, INSECURE);
  try {
    await within(steps(socket, client.steps, signal), LONGEST);
  } finally {
    socket.close();
    await socket.gone;
  }
}

/** A faulty client does not look at certificates. */
const INSECURE = {
  pins: [],
  ca: null,
  insecure: true,
  trustFirst: false,
  identity: null,
  alpn: [],
  sni: null,
  known: null,
  ask: null,
  handshakeTimeout: LONGEST,
  events: NO_EVENTS,
};

/** Does the steps until one fails: the server has closed, or the time is over. */
async function steps(socket: StreamSocket, all: readonly Step[], signal: AbortSignal): Promise<void> {
  try {
    for (const step of all) {
      if (signal.aborted) return;
      if (step.do === "send") await writeAll(socket, step.bytes);
      if (step.do === "wait") await pause(step.time, signal);
      if (step.do === "read") await within(readAll(socket), step.time);
      if (step.do === "half-close") await socket.closeWrite();
      if (step.do === "reset") return socket.reset();
    }
  } catch {
    // What it was told to do cannot be done to a server that has closed.
  }
}

async function writeAll(socket: StreamSocket, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await socket.write(bytes.subarray(at));
}

async function readAll(socket: StreamSocket): Promise<void> {
  const into = new Uint8Array(CHUNK);
  try {
    while (await socket.read(into) !== null);
  } catch {
    // Closed.
  }
}

/** Sends the datagrams of the steps from a socket of its own. */
export async function performDatagrams(
  { steps }: FaultyClient,
  { port, signal }: { readonly port: number; readonly signal: AbortSignal },
): Promise<void> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: HOST, port: 0 });
  const receiving = receiveAll(socket);
  try {
    for (const step of steps) {
      if (signal.aborted) break;
      if (step.do === "send") await socket.send(step.bytes, { transport: "udp", hostname: HOST, port });
      if (step.do === "wait" || step.do === "read") await pause(step.time, signal);
    }
  } finally {
    socket.close();
    await receiving;
  }
}

async function receiveAll(socket: Deno.DatagramConn): Promise<void> {
  const into = new Uint8Array(65_536);
  try {
    for (;;) await socket.receive(into);
  } catch {
    // Closed.
  }
}
