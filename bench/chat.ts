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
import { delay } from "@std/async/delay";
import { LatencyStats } from "../lib/stats.ts";
import { print, Server } from "./servers.ts";

/** Warm-up lines, until the code of both sides is compiled. */
const WARM = 500;

const [members = "100", lines = "2000", bytes = "48"] = Deno.args;
/** The most connections that ncat accepts. */
const MAX_NCAT = 100;
/** A room is idle when nothing has arrived for this long (ms). */
const IDLE = 300;

const LF = 10;
/** The last byte of our lines before the newline: "x". */
const LAST_BYTE = 0x78;

/** Members of a room that count the lines they receive. */
class Crowd implements Disposable {
  #sockets: Deno.TcpConn[] = [];
  #receivedAt = performance.now();
  /** How many lines the members still have to receive, in total, until {@linkcode Crowd.broadcast} is done. */
  #missing = 0;
  #all: () => void = () => {};

  static async join(port: string, count: number): Promise<Crowd> {
    const crowd = new Crowd();
    for (let member = 0; member < count; member++) {
      const socket = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
      socket.setNoDelay(true);
      crowd.#sockets.push(socket);
      crowd.#listen(socket);
    }
    do await delay(IDLE); while (performance.now() - crowd.#receivedAt < IDLE);
    return crowd;
  }

  /** The first member sends a line; returns the time until the last of the others has it (ms). */
  async broadcast(line: Uint8Array): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#all = resolve;
    this.#missing = this.#sockets.length - 1;
    const said = performance.now();
    await this.#sockets[0]?.write(line);
    await promise;
    return performance.now() - said;
  }

  async #listen(socket: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (let count, last = 0; (count = await socket.read(buffer)) !== null; last = buffer[count - 1] ?? 0) {
        this.#receivedAt = performance.now();
        for (let at = 0; (at = buffer.subarray(0, count).indexOf(LF, at)) >= 0; at++) {
          // Count our lines, not notices.
          if ((at === 0 ? last : buffer[at - 1]) === LAST_BYTE) this.#missing--;
        }
        if (this.#missing === 0) this.#all();
      }
    } catch {
      // We closed the socket at the end.
    }
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.close();
  }
}

/** Sends all the lines, one after the other. */
async function measure(port: string): Promise<LatencyStats> {
  using crowd = await Crowd.join(port, Number(members));
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

async function isRefused(port: number): Promise<boolean> {
  const socket = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => null);
  socket?.close();
  return socket === null;
}

/** Measures `ncat --broker`, on a port that was free a moment ago. */
async function measureBroker(): Promise<void> {
  const probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = probe.addr;
  probe.close();
  const args = ["-l", "127.0.0.1", String(port), "--broker", "--keep-open", "--max-conns", String(MAX_NCAT)];
  const child = new Deno.Command("ncat", { args, stdin: "null", stdout: "null" }).spawn();
  try {
    // ncat does not report when it is ready.
    for (let attempt = 0; attempt < 50 && await isRefused(port); attempt++) await delay(20);
    report("ncat --broker", await measure(String(port)));
  } finally {
    child.kill();
    await child.status;
  }
}

await using room = await Server.task("chat:server", "--rate", "0", "--max-connections", "0");
print(`${members} members, ${lines} lines of ${bytes} bytes, one after the other`);
report("chat:server", await measure(room.port));
if (Number(members) < MAX_NCAT) {
  await measureBroker().catch((error) => print(`ncat --broker was not measured: ${error.message}`));
}
for (let round = 0; round < 3; round++) {
  {
    using _stalled = await Deno.connect({ hostname: "127.0.0.1", port: Number(room.port) });
    report("with a stalled reader", await measure(room.port));
  }
  report("without it", await measure(room.port));
}
