import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { EventRate, type EventRateOptions, firstThenCounts, MAX_PEERS } from "../../lib/event_rate.ts";
import type { NetEvent } from "../../lib/events.ts";
import { Log } from "../../lib/console/log.ts";
import { LineOutput } from "../../lib/console/output.ts";
import { encodeText } from "../../lib/text.ts";
import { RecordedEvents } from "../support/sockets.ts";
import { FakeSink } from "./fakes.ts";

/** A rate limit that passes events to a recorder, and its clock. */
function limited(options: EventRateOptions = {}) {
  const clock = { now: 0 };
  const events = new RecordedEvents();
  return { clock, events, rate: new EventRate(events, { now: () => clock.now, ...options }) };
}

const received = (port: number, text = "Hello from client!"): NetEvent => {
  return { event: "received", id: 0, peer: `192.0.2.1:${port}`, bytes: text.length, text };
};

const messages = (events: RecordedEvents): string[] =>
  events.all.flatMap((each) => "message" in each ? [String(each.message)] : []);

Deno.test("EventRate logs each of a thousand exchanges at once", () => {
  const { rate, events } = limited();
  using _ = rate;
  for (let port = 0; port < 1000; port++) {
    rate.emit(received(port));
    rate.emit({ ...received(port), event: "sent" } as NetEvent);
  }
  assertEquals(events.all.length, 2000);
});

Deno.test("EventRate logs a class of thirty that sends every other second, for an hour", () => {
  const { rate, events, clock } = limited();
  using _ = rate;
  for (; clock.now < 3_600_000; clock.now += 2000) for (let port = 0; port < 30; port++) rate.emit(received(port));
  assertEquals(events.all.length, 30 * 1800);
});

Deno.test("EventRate bounds the log of a flood from 200,000 ports, whatever the datagrams contain", () => {
  for (const text of ["x", "x".repeat(65_000)]) {
    const { rate, events, clock } = limited();
    for (let count = 0; count < 200_000; count++) {
      clock.now += 0.02;
      rate.emit(received(count, text));
    }
    rate[Symbol.dispose]();
    const logged = events.all.reduce((sum, event) => sum + JSON.stringify(event).length, 0);
    assertLess(logged, 800_000);
    const left = (200_000 - (events.all.length - 1)).toLocaleString("en");
    const [line, ...more] = messages(events);
    assertMatch(line ?? "", /^Suppressed in the last (3\.9|4) s: [0-9,]+ received; from 10,000 peers or more$/);
    assertStringIncludes(line ?? "", ` ${left} received`);
    assertEquals(more, []);
  }
});

Deno.test("EventRate lets a log grow by its burst, however its lines are shown, and counts only what would be printed", async () => {
  const texts = [
    "x",
    "Hello from client!",
    "ü".repeat(60),
    "\u202e\n".repeat(400),
    "line\n".repeat(10_000),
    "漢".repeat(9000),
  ];
  for (const json of [false, true]) {
    for (const text of texts) {
      const sink = new FakeSink();
      sink.maxWrite = 65_536;
      const lines = new LineOutput(sink);
      const log = new Log({ role: "server", json, quiet: false, colour: false, out: lines, err: lines });
      const rate = new EventRate(log, { now: () => 0 });
      for (let count = 0; count < 20_000; count++) {
        rate.emit(received(count, text));
        rate.emit({ ...received(count, text), event: "sent" } as NetEvent);
      }
      rate[Symbol.dispose]();
      await lines.flush();
      const all = sink.text;
      const last = all.split("\n").at(-2) ?? "";
      const which = `${json}, ${text.slice(0, 20)}: ${last}`;
      assertStringIncludes(last, "Suppressed in the last 0.1 s: ", which);
      assertEquals([last.includes(" received"), last.includes(" sent")], [true, json], which);
      const size = encodeText(all).length - 512 * 1024;
      assert(size >= 0 && size < 64 * 1024, `${size}, ${which}`);
    }
  }
});

Deno.test("EventRate reports suppressed events after a second, and then once per period", async () => {
  const { rate, events } = limited({ burst: 1, rate: 0, period: 30 });
  using _ = rate;
  for (let count = 0; count < 4; count++) rate.emit(received(count % 2));
  await events.next("notice");
  rate.emit(received(1));
  await events.next("notice");
  assertEquals(messages(events), [
    "Suppressed in the last 0.1 s: 3 received; from 2 peers",
    "Suppressed in the last 0.1 s: 1 received; from 1 peer",
  ]);
});

Deno.test("EventRate reports everything on disposal, and leaves no timer behind", () => {
  const { rate, events, clock } = limited({ burst: 1, rate: 0 });
  rate.emit(received(1));
  rate.emit({ event: "error", id: 0, peer: "192.0.2.1:1", code: 8, message: "Cannot read it" });
  clock.now = 2500;
  rate.emit({ event: "warning", message: "Odd" });
  rate[Symbol.dispose]();
  rate[Symbol.dispose]();
  assertEquals(events.names, ["received", "warning"]);
  assertEquals(messages(events), ["Suppressed in the last 2.5 s: 1 error, 1 warning; from 1 peer"]);
});

Deno.test("EventRate counts at most ten thousand peers: forged ones are unlimited", () => {
  const { rate, events } = limited({ burst: 1, rate: 0 });
  for (let port = 0; port < MAX_PEERS; port++) rate.emit(received(port));
  rate[Symbol.dispose]();
  assertMatch(messages(events)[0] ?? "", /: 9,999 received; from 9,999 peers$/);
});

Deno.test("EventRate never suppresses events that no peer can cause", () => {
  const { rate, events } = limited({ burst: 1, rate: 0 });
  using _ = rate;
  rate.emit(received(1));
  rate.emit(received(2));
  rate.emit({ event: "summary", prose: "", received: 2 });
  rate.emit({ event: "error", code: 9, message: "Cannot listen" });
  rate.emit({ event: "ended", code: 9, reason: "Cannot listen" });
  assertEquals(events.names, ["received", "summary", "error", "ended"]);
});

Deno.test("EventRate with --quiet logs a few errors of single peers, counts the others, and logs every result", () => {
  const logged: NetEvent[] = [];
  const quiet = { detailed: false, emit: (event: NetEvent): unknown => logged.push(event) };
  const rate = new EventRate(quiet, { now: () => 0 });
  assert(!rate.detailed);
  for (let port = 0; port < 1000; port++) {
    rate.emit({
      event: "error",
      id: 0,
      peer: `192.0.2.1:${port}`,
      code: 8,
      message: "Cannot take the question: it is empty",
    });
    rate.emit({ event: "result", id: 0, peer: `192.0.2.1:${port}`, prose: "Sum: 100" });
  }
  rate[Symbol.dispose]();
  const count = (name: string): number => logged.filter(({ event }) => event === name).length;
  assertEquals([count("result"), count("error"), count("warning")], [1000, 10, 1]);
});

Deno.test("firstThenCounts() logs the first event and then a count", () => {
  const { rate, events } = limited(firstThenCounts((count, within) => `${count} more within ${within}`));
  for (let count = 0; count < 388_446; count++) rate.emit({ event: "warning", message: "Ignored" });
  rate[Symbol.dispose]();
  assertEquals(messages(events), ["Ignored", "388,445 more within 0.1 s"]);
});
