/** What a connection keeps between two requests. */
import { assertEquals } from "@std/assert";
import type { AnswerBytes } from "../../../http/answer/bytes.ts";
import { ANY_HOST, Hosts } from "../../../http/request/hosts.ts";
import { Clock } from "../../../http/serve/clock.ts";
import { serveRequests } from "../../../http/serve/connection.ts";
import { RequestLog } from "../../../http/serve/request_log.ts";
import { routes } from "../../../http/site/routes.ts";
import { NO_EVENTS } from "../../../lib/events.ts";
import { MemoryBudget } from "../../../lib/memory.ts";
import { Connection } from "../../../lib/stream/connection.ts";
import { SYSTEM_TIME } from "../../../lib/time.ts";
import { FakeSocket } from "../../lib/fakes.ts";
import { answersIn, LIMITS, serve } from "../serving.ts";

const permissions = "none";
const get = (path: string, fields = ""): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;

/** Connections over fake sockets that share one service, whose clock never ticks. */
function setUp(count: number) {
  const outboxes: AnswerBytes[] = [];
  const service = {
    site: routes,
    limits: LIMITS,
    clock: new Clock([]),
    stallTime: 0,
    log: new RequestLog(NO_EVENTS, "prose"),
    events: NO_EVENTS,
    signal: new AbortController().signal,
    outboxes,
    memory: new MemoryBudget(0),
    hosts: new Hosts(ANY_HOST),
  };
  const sockets = Array.from({ length: count }, (_, at) => new FakeSocket("192.0.2.7", 4000 + at, at + 1));
  const served = sockets.map((socket) => serveRequests(new Connection(socket), service));
  const idle = (socket: FakeSocket | undefined): Promise<void> | undefined => socket?.source.readPending();
  const end = async (): Promise<void> => {
    for (const socket of sockets) socket.source.end();
    await Promise.all(served);
  };
  return { sockets, outboxes, idle, end };
}

/** The statuses of what was sent. */
function statuses({ sent }: FakeSocket): number[] {
  return answersIn(sent).map(({ status }) => status);
}

Deno.test("a connection gives its answer buffer back as soon as it waits for the next request", {
  permissions,
}, async () => {
  const { sockets, outboxes, idle, end } = setUp(3);
  for (const socket of [...sockets, ...sockets]) {
    await idle(socket);
    socket.source.feed(get("/status/201"));
    await idle(socket);
    assertEquals(outboxes.length, 1, "each of them used the same one");
  }
  assertEquals(sockets.map(statuses), [[201, 201], [201, 201], [201, 201]]);
  await end();
});

Deno.test("a connection has no timer of its own: the server's clock checks its limits", async () => {
  const { after } = SYSTEM_TIME;
  const timers: number[] = [];
  SYSTEM_TIME.after = (ms, callback) => {
    timers.push(ms);
    return after(ms, callback);
  };
  try {
    await using server = serve({}, { timeout: 7000, messageTime: 7000 });
    await server.ask(get("/status/200", "Connection: close\r\n"));
  } finally {
    SYSTEM_TIME.after = after;
  }
  assertEquals(timers.filter((ms) => ms === 7000), []);
});
