/**
 * How long a line takes to reach everyone in a room: one member sends a line, waits until all others have it, and sends the next.
 * Measures `chat:server --quiet`, and `ncat --broker` for comparison if it supports that many members (Debian:
 * `apt-get install ncat`); then the room again with an extra member that reads nothing until it is dropped.
 *
 * ```sh
 * deno task bench:chat [MEMBERS] [LINES] [BYTES]
 * ```
 *
 * @module
 */
import { LatencyStats } from "../lib/stats.ts";
import { Crowd } from "./crowd.ts";
import { MAX_NCAT, print, Server, startBroker } from "./servers.ts";

/** Warm-up lines, until the code of both sides is compiled. */
const WARM = 500;

const [members = "100", lines = "2000", bytes = "48"] = Deno.args;
/** Sends all the lines, one after the other. */
async function measure(port: string): Promise<LatencyStats> {
  using crowd = await Crowd.join([port], Number(members));
  const line = new TextEncoder().encode("x".repeat(Number(bytes) - 1) + "\n");
  for (let warm = 0; warm < WARM; warm++) await crowd.broadcast(line);
  const times = new LatencyStats();
  for (let said = 0; said < Number(lines); said++) times.add(await crowd.broadcast(line));
  return times;
}

function report(name: string, times: LatencyStats): void {
  const [p50, p99] = [times.percentile(0.5), times.percentile(0.99)].map((time) => time.toFixed(2));
  const rate = Math.round(1000 / times.average * (Number(members) - 1));
  print(
    `${name.padEnd(26)} p50 ${p50} ms   p99 ${p99} ms   slowest ${times.max.toFixed(1)} ms   ${rate} lines/s delivered`,
  );
}

await using room = await Server.task("chat:server", "--rate", "0", "--max-connections", "0");
print(`${members} members, ${lines} lines of ${bytes} bytes, one after the other`);
report("chat:server", await measure(room.port));
if (Number(members) < MAX_NCAT) {
  try {
    await using broker = await startBroker();
    report("ncat --broker", await measure(broker.port));
  } catch (error) {
    print(`ncat --broker was not measured: ${(error as Error).message}`);
  }
}
for (let round = 0; round < 3; round++) {
  {
    using _stalled = await Deno.connect({ hostname: "127.0.0.1", port: Number(room.port) });
    report("with a stalled reader", await measure(room.port));
  }
  report("without it", await measure(room.port));
}
