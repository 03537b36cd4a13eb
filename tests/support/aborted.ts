/**
 * Connecting and giving up in the same moment.
 *
 * @module
 */
import { within } from "../../lib/within.ts";

/**
 * Lets a client connect whose signal aborts when the system has connected it and the client does not know yet.
 *
 * @param connect Connects to a port of this machine and closes; it may reject.
 * @returns Whether all connections have ended.
 */
export async function endsWhenAborted(connect: (port: number, signal: AbortSignal) => Promise<void>): Promise<boolean> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const peers: Deno.TcpConn[] = [];
  const accepting = (async () => {
    for (;;) peers.push(await listener.accept());
  })().catch(() => {});
  for (let round = 0; round < 5; round++) {
    const giving = new AbortController();
    // The timer is due while this thread is busy, and comes first in the next turn, before what the system has to tell.
    setTimeout(() => giving.abort(), 1);
    setImmediate(() => setImmediate(() => busy(3)));
    await connect(listener.addr.port, giving.signal).catch(() => {});
  }
  listener.close();
  await accepting;
  const ended = await within(Promise.all(peers.map((peer) => peer.read(new Uint8Array(1)).catch(() => null))), 1000);
  for (const peer of peers) peer.close();
  return ended;
}

function busy(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}
