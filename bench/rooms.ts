/**
 * A room on one server, the same over two servers and NATS, and `ncat --broker`, in turn: how many lines a second reach everyone, and how
 * long a line takes; then how much memory a member needs, by TCP and by WebSocket (Debian: `apt-get install nats-server ncat`).
 *
 * ```sh
 * deno task bench:rooms [MEMBERS] [ROUNDS]
 * ```
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { LatencyStats } from "../lib/stats.ts";
import { Crowd } from "./crowd.ts";
import { output, print, Server, startBroker, startNats, taskArgs } from "./servers.ts";

const [members = "40", rounds = "3"] = Deno.args;
const LINES = 5000;
const SINGLE_LINES = 500;
const MEMBERS_FOR_MEMORY = 1000;
const TALK = 500;
const FLAGS = ["--rate", "0", "--max-connections", "0"] as const;
const LINE = new TextEncoder().encode(`${"x".repeat(47)}\n`);

/** What a room did in one round. */
interface Measured {
  readonly name: string;
  /** Lines per second that reached everyone. */
  readonly rate: number;
  /** How long a line took to reach everyone, one after the other (ms). */
  readonly times: LatencyStats;
}

async function measure(name: string, ports: readonly string[]): Promise<Measured> {
  using crowd = await Crowd.join(ports, Number(members));
  for (let warm = 0; warm < SINGLE_LINES; warm++) await crowd.broadcast(LINE);
  const times = new LatencyStats();
  for (let said = 0; said < SINGLE_LINES; said++) times.add(await crowd.broadcast(LINE));
  const many = new Uint8Array(LINE.length * LINES);
  for (let at = 0; at < many.length; at += LINE.length) many.set(LINE, at);
  return { name, rate: LINES / await crowd.broadcast(many, LINES) * 1000, times };
}

/** The memory of a server, in bytes. */
async function memoryOf(pid: number): Promise<number> {
  return Number(await output("ps", ["-o", "rss=", "-p", String(pid)])) * 1024;
}

/**
 * How much memory a member needs: the difference that members make after the first ones have warmed the server up. Each time somebody
 * talks for a while, and each collection is a full one, so that what joining left behind does not count.
 */
async function memoryPerMember(greeting: string): Promise<number> {
  const args = [...taskArgs("chat:server"), "--port", "0", "--quiet", ...FLAGS];
  await using server = await Server.start(Deno.execPath(), args, { DENO_V8_FLAGS: "--gc-global" });
  const join = async (count: number): Promise<void> => {
    for (let member = 0; member < count; member++) {
      const socket = await Deno.connect({ hostname: "127.0.0.1", port: Number(server.port) });
      await socket.write(new TextEncoder().encode(greeting.replaceAll("PORT", server.port)));
      sockets.push(socket);
      drain(socket);
    }
    for (let count = 0; count < TALK; count++) {
      await speaker.write(LINE);
      await delay(10);
    }
  };
  const speaker = await Deno.connect({ hostname: "127.0.0.1", port: Number(server.port) });
  drain(speaker);
  const sockets = [speaker];
  await join(MEMBERS_FOR_MEMORY / 2);
  const pid = await server.pid();
  const before = await memoryOf(pid);
  await join(MEMBERS_FOR_MEMORY);
  const after = await memoryOf(pid);
  for (const socket of sockets) socket.close();
  return (after - before) / MEMBERS_FOR_MEMORY;
}

async function drain(socket: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(4096);
  // The end, or our own close.
  while (await socket.read(buffer).catch(() => null) !== null);
}

const WEBSOCKET = "GET /room HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

print(`${members} members; ${LINES} lines of ${LINE.length} bytes at once, and ${SINGLE_LINES} one after the other`);
for (let round = 0; round < Number(rounds); round++) {
  await using one = await Server.task("chat:server", ...FLAGS);
  await using nats = await startNats();
  const shared = [...FLAGS, "--room", "bench", "--nats", `nats://127.0.0.1:${nats.port}`];
  await using first = await Server.task("chat:server", ...shared);
  await using second = await Server.task("chat:server", ...shared);
  await using broker = await startBroker();
  const results = [
    await measure("chat:server", [one.port]),
    await measure("two over NATS", [first.port, second.port]),
    await measure("ncat --broker", [broker.port]),
  ];
  for (const { name, rate, times } of results) {
    const [p50, p99] = [times.percentile(0.5), times.percentile(0.99)].map((time) => time.toFixed(2));
    print(`${name.padEnd(16)} ${Math.round(rate).toString().padStart(7)} lines/s   p50 ${p50} ms   p99 ${p99} ms`);
  }
}
print(`memory of a member by TCP        ${(await memoryPerMember("hello\n") / 1024).toFixed(1)} kB`);
print(`memory of a member by WebSocket  ${(await memoryPerMember(WEBSOCKET) / 1024).toFixed(1)} kB`);
