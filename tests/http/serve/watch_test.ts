/** Work for disconnected clients stops. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { MemoryBudget } from "../../../lib/memory.ts";
import { Clock } from "../../../http/serve/clock.ts";
import { Holding } from "../../../http/request/holding.ts";
import { Inbox } from "../../../http/serve/inbox.ts";
import { Watch, type WatchTarget } from "../../../http/serve/watch.ts";
import { sendAndReset } from "../../support/sockets.ts";
import { answersIn, serve } from "../serving.ts";

const HOST = "Host: localhost\r\n";
const get = (path = "/status/200", fields = ""): string => `GET ${path} HTTP/1.1\r\n${HOST}${fields}\r\n`;
const last = (path = "/status/200"): string => get(path, "Connection: close\r\n");
const statuses = (text: string): number[] => answersIn(text).map(({ status }) => status);
/** Makes the clock tick ten times a second. */
const LIMITS = { idleTime: 1000 };

Deno.test("a reset ends /delay/S at once and frees the client's slot", async () => {
  await using server = serve(LIMITS, { maxConnections: 1 });
  const closed = server.events.next("closed");
  // Once the first request of a segment is answered, the second has arrived.
  const answered = server.events.next("request");
  await sendAndReset(server.port, get() + get("/delay/60"), { before: () => answered });
  await closed;
  assertEquals(statuses(await server.ask(last())), [200]);
});

Deno.test("/delay/S ends soon after its client closes", async () => {
  await using server = serve(LIMITS, { maxConnections: 1 });
  const closed = server.events.next("closed");
  const client = await server.client();
  await client.send(get("/delay/60"));
  client.close();
  await closed;
  assertEquals(statuses(await server.ask(last())), [200]);
});

Deno.test("a half-closed client gets its answer, however long it takes (S8, H17)", async () => {
  await using server = serve(LIMITS);
  using client = await server.client();
  await client.send(get("/delay/1.4"));
  await client.end();
  const answers = answersIn(await client.rest());
  const { status, body } = answers.pop() ?? {};
  assertEquals([status, body], [200, "Answered after 1.4 s\n"]);
  assert(answers.length > 0 && answers.every((answer) => answer.status === 100), "it was only probed");
});

Deno.test("9110 15.2: a half-closed HTTP/1.0 client gets no 100, but an early answer that says so", async () => {
  await using server = serve(LIMITS);
  using client = await server.client();
  await client.send("GET /delay/60 HTTP/1.0\r\n\r\n");
  await client.end();
  const answers = answersIn(await client.rest());
  assertEquals(answers.map(({ status }) => status), [200]);
  assertMatch(answers[0]?.body ?? "", /^Answered after \d\.\d s instead of 60\n$/);
});

Deno.test("requests that arrive while an answer is made are served after it (22)", async () => {
  await using server = serve(LIMITS);
  using client = await server.client();
  await client.send(get() + get("/delay/0.2"));
  await client.until(/200 OK\n$/);
  await client.send(get("/status/201") + `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhe`);
  await client.until(/201 Created\n$/);
  await client.send(`llo${last("/status/202")}`);
  const text = await client.rest();
  assertEquals([answersIn(text)[0]?.body, ...statuses(text)], ["hello", 200, 202]);
});

Deno.test("the log of a watched request still shows that request", async () => {
  await using server = serve(LIMITS);
  using client = await server.client();
  await client.send(get() + get("/delay/0.1"));
  await client.until(/200 OK\n$/);
  // Into the same buffer.
  await client.send(last("/status/204"));
  await client.rest();
  const requests = server.events.all.flatMap((event) => event.event === "request" ? [String(event.text)] : []);
  assertEquals(requests, [get(), get("/delay/0.1"), last("/status/204")]);
});

/** A client that sends endlessly. */
function flooding(budget: MemoryBudget): WatchTarget & { reads: () => number } {
  let reads = 0;
  const connection = {
    closed: false,
    ready: () => Promise.resolve(),
    read: () => {
      if (++reads > 100) throw new Error("it reads endlessly");
      return Promise.resolve(new Uint8Array(30_000));
    },
  };
  return {
    connection: connection as unknown as WatchTarget["connection"],
    inbox: new Inbox(new Holding(budget)),
    writer: {} as WatchTarget["writer"],
    clock: new Clock([1000]),
    minor: 1,
    stop: new AbortController().signal,
    reads: () => reads,
  };
}

Deno.test("Watch reads ahead up to a limit, and counts what it keeps", async () => {
  const budget = new MemoryBudget(1_000_000);
  const watched = flooding(budget);
  const watch = new Watch(watched);
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  await watch.end();
  assertEquals([watched.reads(), watched.inbox.left, watch.signal.aborted], [3, 90_000, false]);
  assert(budget.used >= 90_000);
});

Deno.test("Watch that reaches the memory limit fails when it ends", async () => {
  const watched = flooding(new MemoryBudget(10_000));
  const watch = new Watch(watched);
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  const refusal = await watch.end().then(() => null, (error) => error);
  assertEquals(refusal?.status, 503);
});
