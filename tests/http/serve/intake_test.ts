import { assertEquals, assertRejects } from "@std/assert";
import { Clock } from "../../../http/serve/clock.ts";
import { Intake } from "../../../http/serve/intake.ts";
import { Refusal } from "../../../http/request/refusal.ts";
import { Connection } from "../../../lib/stream/connection.ts";
import { MemoryBudget } from "../../../lib/memory.ts";
import { decodeText } from "../../../lib/text.ts";
import { FakeSocket } from "../../lib/fakes.ts";
import { turn } from "../../support/time.ts";

const permissions = "none";
const LIMITS = {
  idleTime: 100,
  headTime: 200,
  requestTime: 1000,
  maxRequests: 10,
  maxLine: 100,
  maxHead: 1000,
  maxFields: 10,
  maxBody: 1000,
};

/** An intake over a fake socket, with a clock that the test sets. */
function setUp() {
  const [socket, clock] = [new FakeSocket(), new Clock([])];
  // A whole number, so that differences are exact.
  clock.now = 1000;
  const intake = new Intake(new Connection(socket, { gap: 0 }), {
    clock,
    limits: LIMITS,
    memory: new MemoryBudget(1e6),
  });
  /** Advances the clock by one tick. */
  const pass = async (ms: number): Promise<void> => {
    await turn();
    clock.now += ms;
    intake.onTick();
    await turn();
  };
  return { socket, clock, intake, pass };
}

/** The tick of a clock without limits: limits may be late by it. */
const TICK = 500;

Deno.test("Intake adds received bytes, and reports the end of the stream", { permissions }, async () => {
  const { socket, intake } = setUp();
  socket.source.feed("GET");
  assertEquals(intake.accept(await intake.next()), true);
  assertEquals(decodeText(intake.inbox.bytes), "GET");
  socket.source.feed(" /");
  assertEquals(await intake.more("head"), true);
  assertEquals(decodeText(intake.inbox.bytes), "GET /");
  socket.source.end();
  assertEquals([await intake.more("head"), intake.accept(await intake.next())], [false, false]);
});

Deno.test("Intake closes without an answer at the idle timeout between requests; empty lines do not count", {
  permissions,
}, async () => {
  const { socket, intake, pass } = setUp();
  const first = intake.next();
  await pass(LIMITS.idleTime + TICK - 1);
  assertEquals([socket.closed, intake.timedOut], [false, false]);
  socket.source.feed("\r\n");
  intake.accept(await first);
  intake.inbox.at = 2;
  const second = intake.next().catch(() => null);
  await pass(1);
  assertEquals([socket.closed, intake.timedOut], [true, true]);
  await second;
});

Deno.test("Intake has no limit while an answer is being made, and gives the next request its own time limits", {
  permissions,
}, async () => {
  const { socket, intake, pass } = setUp();
  socket.source.feed("GET / HTTP/1.1\r\n\r\n");
  intake.accept(await intake.next());
  intake.inbox.at = intake.inbox.bytes.length;
  intake.complete();
  await pass(1e6);
  const next = intake.next().catch(() => null);
  await pass(LIMITS.idleTime + TICK - 1);
  assertEquals(socket.closed, false);
  await pass(1);
  assertEquals(socket.closed, true);
  await next;
});

for (
  const { limit, part, step, steps } of [
    { limit: "idle", part: "body", step: 100 + TICK, steps: 1 },
    { limit: "head", part: "head", step: 90 + TICK, steps: 2 },
    { limit: "request", part: "body", step: 90 + TICK, steps: 3 },
  ] as const
) {
  Deno.test(`Intake refuses a request that reaches its ${limit} limit with 408`, { permissions }, async () => {
    const { socket, intake, pass } = setUp();
    socket.source.feed("x");
    intake.accept(await intake.next());
    for (let past = 1; past < steps; past++) {
      const more = intake.more(part);
      await pass(step);
      socket.source.feed("x");
      assertEquals(await more, true);
    }
    const late = assertRejects(() => intake.more(part), Refusal);
    await pass(step);
    assertEquals([(await late).status, socket.closed], [408, false]);
    socket.close();
  });
}
