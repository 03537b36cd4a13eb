import { assertEquals } from "@std/assert";
import { Link } from "../../../../chat/transport/web/page/link.js";
import { quickTurn, TestTime } from "../../../support/time.ts";

const permissions = "none";

/** A link whose connections the test makes, answers and breaks. */
class Bench {
  readonly time = new TestTime(quickTurn);
  /** What was opened, and when (ms). */
  readonly opened: string[] = [];
  readonly sent: string[] = [];
  readonly states: string[] = [];
  reachable = false;
  /** How the server answers: it does not, it begins the session, or it answers everything. */
  server: "dead" | "refuses" | "silent" | "well" = "well";
  readonly link: Link;
  #ended = () => {};
  #line: (text: string) => void = () => {};

  constructor() {
    this.link = new Link({
      socket: (on) => this.#open("socket", on),
      events: (on) => this.#open("events", on),
      isReachable: () => Promise.resolve(this.reachable),
      probe: () => "probe",
      line: (text) => {
        if (text === "=") this.link.opened();
      },
      changed: () => this.states.push(this.link.state),
      time: this.time,
      random: () => 1,
    });
  }

  /** The connection ends. */
  break(): void {
    this.#ended();
  }

  /** A line comes. */
  hear(text: string): void {
    this.#line(text);
  }

  #open(way: string, on: { line(text: string): void; ended(): void }): { send(lines: string[]): void; close(): void } {
    this.opened.push(`${way} ${this.time.now()}`);
    let isOpen = true;
    const later = (act: () => void): void => queueMicrotask(() => isOpen && act());
    this.#line = (text) => isOpen && on.line(text);
    this.#ended = () => isOpen && on.ended();
    if (this.server === "refuses") later(() => on.ended());
    if (this.server === "silent" || this.server === "well") later(() => on.line("="));
    return {
      send: (lines) => {
        this.sent.push(...lines);
        if (this.server === "well") later(() => on.line("+"));
      },
      close: () => isOpen = false,
    };
  }
}

Deno.test("a link comes back after longer and longer waits, 10 s at most, and from the start once it worked", {
  permissions,
}, async () => {
  const bench = new Bench();
  bench.server = "refuses";
  bench.link.start();
  await bench.time.pass(36_000);
  assertEquals(bench.opened, [
    "socket 0",
    "socket 1000",
    "socket 3000",
    "socket 7000",
    "socket 15000",
    "socket 25000",
    "socket 35000",
  ]);
  bench.server = "well";
  await bench.time.pass(9000);
  assertEquals(bench.link.state, "connected");
  bench.break();
  assertEquals(bench.link.state, "waiting");
  await bench.time.pass(500);
  assertEquals([bench.opened.at(-1), bench.link.state], ["socket 45500", "connected"]);
  bench.link.stop();
  assertEquals([bench.link.state, bench.time.timers], ["stopped", 0]);
});

Deno.test("what wakes the page ends the wait", { permissions }, async () => {
  const bench = new Bench();
  bench.server = "refuses";
  bench.link.start();
  await bench.time.pass(15_500);
  bench.server = "well";
  bench.link.check();
  await bench.time.pass(0);
  assertEquals([bench.opened.at(-1), bench.link.state], ["socket 15500", "connected"]);
  bench.link.stop();
});

Deno.test("a quiet connection is tried, and replaced if it does not answer", { permissions }, async () => {
  const bench = new Bench();
  bench.link.start();
  await bench.time.pass(80_000);
  assertEquals([bench.opened.length, bench.sent], [1, ["probe", "probe", "probe"]]);
  await bench.time.pass(10_000);
  bench.hear("a line");
  await bench.time.pass(24_000);
  assertEquals(bench.sent.length, 3, "who hears something does not ask");
  bench.server = "silent";
  await bench.time.pass(22_000);
  assertEquals([bench.sent.length, bench.opened.length], [4, 2]);
  bench.link.stop();
});

Deno.test("who wakes up asks, or after a long sleep connects again", { permissions }, async () => {
  const bench = new Bench();
  bench.link.start();
  await bench.time.pass(1000);
  bench.link.check();
  await bench.time.pass(5000);
  assertEquals([bench.sent, bench.opened.length], [["probe"], 1], "it answers");
  bench.server = "silent";
  bench.link.check();
  await bench.time.pass(4000);
  assertEquals(bench.opened.length, 2, "it does not answer in 4 s");
  bench.time.sleep(51_000);
  bench.link.check();
  await bench.time.pass(0);
  assertEquals([bench.opened.length, bench.link.state], [3, "connected"]);
  bench.time.sleep(60_000);
  await bench.time.pass(0);
  assertEquals(bench.opened.length, 4, "nobody tells that it woke up, but a timer is late");
  bench.link.stop();
});

Deno.test("events are used once two WebSockets have failed where plain HTTP works; and not for ever", {
  permissions,
}, async () => {
  const bench = new Bench();
  bench.server = "refuses";
  bench.link.start();
  await bench.time.pass(2000);
  bench.reachable = true;
  await bench.time.pass(14_000);
  assertEquals(bench.opened, ["socket 0", "socket 1000", "socket 3000", "socket 7000", "events 15000"]);
  bench.server = "well";
  await bench.time.pass(11_000);
  // The events failed too, and a WebSocket came through.
  assertEquals([bench.opened.at(-1), bench.link.state, bench.link.usesEvents], ["socket 25000", "connected", false]);
  bench.link.stop();
});

Deno.test("a server that never begins the session counts as a failure", { permissions }, async () => {
  const bench = new Bench();
  [bench.server, bench.reachable] = ["dead", true];
  bench.link.start();
  await bench.time.pass(23_500);
  assertEquals(bench.opened, ["socket 0", "socket 11000", "events 23000"]);
  bench.link.stop();
  assertEquals(bench.time.timers, 0);
});

Deno.test(
  "lines go out only while there is a connection: the session sends the others again",
  { permissions },
  async () => {
    const bench = new Bench();
    bench.server = "dead";
    bench.link.start();
    bench.link.send(["early"]);
    bench.hear("=");
    bench.link.send(["now"]);
    bench.link.stop();
    bench.link.send(["late"]);
    await quickTurn();
    assertEquals([bench.sent, bench.states], [["now"], ["connecting", "connected", "stopped"]]);
  },
);
