import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { Exit, Failure } from "../../lib/errors.ts";
import type { NetEvent } from "../../lib/events.ts";
import { ANY_HOST } from "../../http/request/hosts.ts";
import { runWorkers, type WorkerOptions } from "../../http/threads/workers.ts";
import { eventsIn, run, start, startServer } from "../support/script.ts";
import { RawClient, RecordedEvents } from "../support/sockets.ts";
import { answersIn } from "./serving.ts";

const REQUEST = "GET /status/200 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/** Workers that add their name to their events. */
const SIGNING = new URL("./dying_worker.ts", import.meta.url);

async function ask(port: number, path = "/status/200"): Promise<number | undefined> {
  using client = await RawClient.connect(port);
  await client.send(REQUEST.replace("/status/200", path));
  return answersIn(await client.rest())[0]?.status;
}

/** The number of workers that have accepted a connection. */
function workersIn(events: readonly NetEvent[]): number {
  return new Set(events.flatMap((event) => event.event === "accepted" && "worker" in event ? [event.worker] : [])).size;
}

/** Runs workers inside the test's process. */
async function startWorkers(options: Partial<WorkerOptions> = {}): Promise<
  { port: number; events: RecordedEvents; done: ReturnType<typeof runWorkers>; stop: () => void } & AsyncDisposable
> {
  const events = new RecordedEvents();
  const controller = new AbortController();
  const ready = Promise.withResolvers<number>();
  const limits = {
    maxLine: 8192,
    maxHead: 65536,
    maxFields: 100,
    maxBody: 1000,
    maxRequests: 0,
    idleTime: 20_000,
    headTime: 20_000,
    requestTime: 20_000,
  };
  const done = runWorkers({
    endpoint: { hostname: "127.0.0.1", port: 0 },
    settings: { limits, log: "prose", hosts: ANY_HOST, dir: null, tls: null },
    serve: {},
    json: false,
    workers: 2,
    events,
    signal: controller.signal,
    onReady: ({ port }) => ready.resolve(port),
    ...options,
  });
  const port = await Promise.race([ready.promise, done.then(() => 0)]);
  const stop = (): void => controller.abort();
  return {
    port,
    events,
    done,
    stop,
    async [Symbol.asyncDispose]() {
      stop();
      await done;
    },
  };
}

Deno.test("workers share one port, and their connections have different numbers", async () => {
  await using server = await startWorkers({ module: SIGNING });
  const answers = await Promise.all(Array.from({ length: 40 }, () => ask(server.port)));
  assertEquals(answers, new Array(40).fill(200));
  server.stop();
  const totals = await server.done;
  assertEquals(totals.connections, 40);
  const ids = server.events.all.flatMap((event) => event.event === "accepted" ? [event.id] : []);
  assertEquals(ids.sort((a, b) => a - b), Array.from({ length: 40 }, (_, index) => index + 1));
  assertEquals(workersIn(server.events.all), 2, "both workers served some");
});

Deno.test("an event has the time at which it happened in its worker", async () => {
  await using server = await startWorkers({ workers: 1 });
  const accepted = server.events.next("accepted");
  const before = Date.now();
  assertEquals(await ask(server.port, "/delay/0.1"), 200);
  const after = Date.now();
  const { at = 0 } = await accepted;
  // Events are batched in the worker: their time is not that of their arrival here.
  assert(at >= before && at <= after - 90, `${before} ${at} ${after}`);
});

Deno.test("a worker that dies is logged and replaced; the other one continues to serve (P6, 78)", async () => {
  await using server = await startWorkers({ module: SIGNING });
  const [warning, notice] = [server.events.next("warning"), server.events.next("notice")];
  assertEquals(await ask(server.port, "/die"), 404);
  assertMatch(JSON.stringify(await warning), /Cannot keep worker [12] running: killed by the test; starting another/);
  assertMatch(JSON.stringify(await notice), /Worker [12] is running again/);
  const before = server.events.all.length;
  const answers = await Promise.all(Array.from({ length: 40 }, () => ask(server.port)));
  assertEquals(answers, new Array(40).fill(200));
  server.stop();
  await server.done;
  assertEquals(workersIn(server.events.all.slice(before)), 2, "both workers serve again");
  const all = server.events.all.flatMap((event) => event.event === "accepted" ? [event.id] : []);
  assertEquals(new Set(all).size, all.length, "no number is used twice");
});

Deno.test("a worker that dies gives its slots back", async () => {
  await using server = await startWorkers({ module: SIGNING, workers: 1, serve: { maxConnections: 1 } });
  const notice = server.events.next("notice");
  // Its connection stays open until it dies.
  using client = await RawClient.connect(server.port);
  await client.send("GET /die HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await notice;
  assertEquals(await ask(server.port), 200);
});

Deno.test("--max-connections applies to all workers together", async () => {
  await using server = await startWorkers({ serve: { maxConnections: 3 } });
  const clients: RawClient[] = [];
  try {
    for (let count = 0; count < 3; count++) {
      const client = await RawClient.connect(server.port);
      clients.push(client);
      await client.send(REQUEST.replace("Connection: close\r\n", ""));
      await client.until(/200 OK\n$/);
    }
    for (let count = 0; count < 10; count++) assertEquals(await ask(server.port), 503);
  } finally {
    for (const client of clients) client.close();
  }
});

Deno.test("workers refuse a port that is in use, even by workers that would share it (S15, 67)", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const endpoint = { hostname: "127.0.0.1", port: taken.addr.port };
  const error = await assertRejects(() => startWorkers({ endpoint }), Failure, "another program holds the port");
  assertEquals(error.code, Exit.cannotListen);
  await using first = await startWorkers();
  await assertRejects(
    () => startWorkers({ endpoint: { hostname: "127.0.0.1", port: first.port } }),
    Failure,
    "another program holds the port",
  );
});

Deno.test("http:threaded reports once that it listens, when all workers do, and drains them all", async () => {
  await using server = await startServer("http:threaded", ["--workers", "3"]);
  using idle = await RawClient.connect(server.port);
  await idle.send(REQUEST.replace("Connection: close\r\n", ""));
  await idle.until(/200 OK\n$/);
  using busy = await RawClient.connect(server.port);
  await busy.send(REQUEST.replace("/status/200", "/delay/30"));
  await server.script.until(/status\/200 HTTP/);
  assertEquals(await ask(server.port), 200);
  const ended = server.script.stop();
  assertEquals(await idle.rest(), "");
  assertEquals(answersIn(await busy.rest())[0]?.status, 200);
  busy.close();
  const { code, stdout, stderr } = await ended;
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertEquals(stdout.match(/Listening on/g)?.length, 1);
  assertStringIncludes(stdout, `[+] Open http://127.0.0.1:${server.port}/, served by 3 workers\n`);
  assertMatch(stdout, /\n\[!\] Exiting\.\.\.\n[^]*\[\+\] Done: 3 connections served/);
});

Deno.test("http:threaded does not interleave requests in its log", async () => {
  await using server = await startServer("http:threaded", ["--workers", "4"]);
  const clients = Array.from({ length: 8 }, async (_, client) => {
    for (let count = 0; count < 25; count++) {
      assertEquals(await ask(server.port, `/status/2${client}${count % 10}`), 200 + client * 10 + count % 10);
    }
  });
  await Promise.all(clients);
  const { stdout } = await server.script.stop();
  const blocks = [
    ...stdout.matchAll(
      /^----- HTTP REQUEST from (\S+) -----\nGET \/status\/2\d\d HTTP\/1\.1\nHost: localhost\nConnection: close\n\n-{20,}$/gm,
    ),
  ];
  assertEquals(blocks.length, 200);
  assertEquals(stdout.match(/HTTP REQUEST/g)?.length, 200);
});

Deno.test("http:threaded --json works with workers", async () => {
  await using json = await startServer("http:threaded", ["--json"]);
  await ask(json.port);
  const event = JSON.parse((await json.script.until(/^.*"event":"request".*$/m))[0]);
  assertEquals([event.method, event.target, event.status, event.sent], ["GET", "/status/200", 200, 7]);
  assertEquals([typeof event.duration, typeof event.peer], ["number", "string"]);
});

/** The times in the log of a server that is stopped right after its last request. */
async function timesOfRun(): Promise<string[]> {
  await using server = await startServer("http:threaded", ["--json", "--workers", "2"]);
  await server.script.until(/"event":"notice"/);
  for (let count = 0; count < 8; count++) assertEquals(await ask(server.port), 200);
  const events = eventsIn((await server.script.stop()).stdout);
  assertEquals(events.filter(({ event }) => event === "request").length, 8);
  return events.map(({ time }) => String(time));
}

Deno.test("http:threaded logs what its workers do, and that it stops, in the order of time", async () => {
  let times = await timesOfRun();
  // On a busy machine a worker may tell of an event too late.
  for (let more = 0; more < 3 && `${times}` !== `${times.toSorted()}`; more++) times = await timesOfRun();
  assertEquals(times, times.toSorted());
});

Deno.test("http:threaded --once serves one client with one worker; with more it is misuse", async () => {
  await using server = await startServer("http:threaded", ["--once"]);
  assertEquals(await ask(server.port), 200);
  const { code, stdout } = await server.script.ended();
  assertEquals(code, 0);
  assertStringIncludes(stdout, "served by 1 worker\n");
  const misuse = await run("http:threaded", ["--once", "--workers", "2"]);
  assertEquals([misuse.code, misuse.stdout], [Exit.misuse, ""]);
  assertStringIncludes(misuse.stderr, "Cannot use --once with more than one worker");
});

Deno.test("http:threaded that cannot listen prints one line, code 9", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using script = start("http:threaded", ["--port", `${taken.addr.port}`]);
  const { code, stdout, stderr } = await script.ended();
  assertEquals([code, stdout], [Exit.cannotListen, ""]);
  assertMatch(stderr, /^\[!\] Cannot listen on 127\.0\.0\.1:\d+: another program holds the port.*\n$/);
  assert(!stderr.includes("worker"));
});

Deno.test("http:threaded --explain says why it cannot listen, as http:server does", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const where = `127.0.0.1:${taken.addr.port}`;
  const { code, stdout } = await run("http:threaded", ["--port", `${taken.addr.port}`, "--explain"]);
  assertEquals(code, Exit.cannotListen);
  assertStringIncludes(stdout, `[mistake 13] bind(2), listen(2): ${where} is in use (EADDRINUSE)`);
});

Deno.test("http:threaded without permission to read its worker names the permission (P5, 69)", async () => {
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-net",
      new URL("../../http/threaded.ts", import.meta.url).pathname,
      "--port",
      "0",
    ],
    stdin: "null",
  });
  const { code, stderr } = await command.output();
  const why = "Deno has no permission to read its program; add --allow-read, or use the task, which has it";
  assertEquals([code, new TextDecoder().decode(stderr)], [Exit.failed, `[!] Cannot start a worker: ${why}\n`]);
});
