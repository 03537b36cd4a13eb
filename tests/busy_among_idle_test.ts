/**
 * Busy connections among many idle ones are served as fast as without them.
 *
 * @module
 */
import { assert } from "@std/assert";
import { encodeText } from "../lib/text.ts";
import { POSIX, type RunningScript, startServer, type TaskName } from "./support/script.ts";

const IDLE = 950;
/** The first were always served at once; with the second, each answer once waited for as many timers as all connections need. */
const FEW = 56;
const MORE = 64;
const ROUNDS = 8;
/** How many times as long the second may take: more than noise makes of equal times, and less than the eight that the timers made. */
const MOST = 3;

const permissions = { net: true, run: true, env: true } as const;

/** Opens connections to a server; closes them in the end. */
class Clients implements Disposable {
  readonly all: Deno.TcpConn[] = [];

  static async open(port: number, count: number): Promise<Clients> {
    const clients = new Clients();
    for (let open = 0; open < count; open++) clients.all.push(await Deno.connect({ hostname: "127.0.0.1", port }));
    return clients;
  }

  [Symbol.dispose](): void {
    for (const client of this.all) client.close();
  }
}

/** A request, and the length of its answer. */
interface Ask {
  readonly request: Uint8Array;
  readonly length: number;
}

/**
 * The time until all have their next answer (ms), after a turn of the server's event loop in which all of them were served: that is what
 * may make them wait. The server is stopped until all have asked, so it finds them ready in one turn.
 */
async function timeAfterTurn(server: RunningScript, busy: readonly Deno.TcpConn[], ask: Ask): Promise<number> {
  server.signal("SIGSTOP");
  await Promise.all(busy.map((client) => client.write(ask.request)));
  server.signal("SIGCONT");
  await Promise.all(busy.map((client) => answered(client, ask.length)));
  const begun = performance.now();
  await Promise.all(busy.map((client) => client.write(ask.request)));
  await Promise.all(busy.map((client) => answered(client, ask.length)));
  return performance.now() - begun;
}

async function answered(client: Deno.TcpConn, length: number): Promise<void> {
  const into = new Uint8Array(length);
  for (let received = 0; received < length;) {
    const count = await client.read(into);
    assert(count !== null, "the server has closed a connection that it must serve");
    received += count;
  }
}

async function holds(task: TaskName, flags: readonly string[], text: string): Promise<void> {
  await using server = await startServer(task, [...flags, "--quiet", "--max-connections", "0"]);
  const request = encodeText(text);
  using idle = await Clients.open(server.port, IDLE);
  using busy = await Clients.open(server.port, MORE);
  const [first] = idle.all;
  await first?.write(request);
  const ask = { request, length: await first?.read(new Uint8Array(4096)) ?? 0 };
  assert(ask.length > 0, "the server does not answer");
  const times = { few: Infinity, more: Infinity };
  for (let round = 0; round < ROUNDS; round++) {
    times.few = Math.min(times.few, await timeAfterTurn(server.script, busy.all.slice(0, FEW), ask));
    times.more = Math.min(times.more, await timeAfterTurn(server.script, busy.all, ask));
  }
  assert(times.more < MOST * times.few, `${MORE} busy: ${times.more} ms, ${FEW}: ${times.few} ms`);
}

Deno.test(
  "tcp:server serves 64 busy connections among 950 idle ones as fast as 56",
  { ...POSIX, permissions },
  () => holds("tcp:server", ["--echo"], "hello\n"),
);

Deno.test(
  "http:server serves 64 busy connections among 950 idle ones as fast as 56",
  { ...POSIX, permissions },
  () => holds("http:server", [], "GET /status/200 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
);
