import { assertEquals } from "@std/assert";
import { type Fate, LossyRelay } from "../../lab/lossy_relay.ts";

const socket = (): Deno.DatagramConn => Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
const LAST = 9;

/** Sends 1 to 5, and 9, to an echo server; returns what comes back, up to the 9, which is held up longer than the others. */
async function echoed(requests: [number, Fate][], answers: [number, Fate][]): Promise<number[]> {
  const [server, client] = [socket(), socket()];
  const serving = (async () => {
    for await (const [bytes, from] of server) await server.send(bytes, from);
  })();
  try {
    const fates = { requests: new Map([...requests, [6, 200] as const]), answers: new Map(answers) };
    await using relay = new LossyRelay((server.addr as Deno.NetAddr).port, fates);
    const to = { transport: "udp", hostname: "127.0.0.1", port: relay.port } as const;
    for (const number of [1, 2, 3, 4, 5, LAST]) await client.send(Uint8Array.of(number), to);
    const came: number[] = [];
    for await (const [bytes] of client) {
      if (bytes[0] === LAST) break;
      came.push(bytes[0] ?? 0);
    }
    return came;
  } finally {
    for (const one of [server, client]) one.close();
    await serving;
  }
}

Deno.test("LossyRelay passes on what has no fate", async () => {
  assertEquals(await echoed([], []), [1, 2, 3, 4, 5]);
});

Deno.test("LossyRelay loses, doubles and holds up what is meant to be", async () => {
  assertEquals(await echoed([[2, "lost"], [3, "twice"]], [[1, 60], [5, "lost"]]), [3, 3, 4, 1]);
});
