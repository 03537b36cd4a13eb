import { assertEquals, assertRejects } from "@std/assert";
import { type Ending, play, type PlayedAnswer, type PlayOptions } from "../../../lab/replay/play.ts";
import { DatagramAnswers } from "../../../lab/replay/datagram_answers.ts";
import { StreamAnswers } from "../../../lab/replay/stream_answers.ts";
import { CutOffError } from "../../../lib/errors.ts";
import { decodeText, encodeText } from "../../../lib/text.ts";
import { TestTime } from "../../support/time.ts";
import { type Call, conversation } from "./wire.ts";

const pure = { permissions: "none" } as const;

/** A channel that a test feeds; it notes what is done to it, and when. */
class FakeChannel {
  readonly done: (readonly [at: number, what: string])[] = [];
  /** The next send fails with it. */
  error: Error | null = null;
  #time: TestTime;
  #queue: (Uint8Array | null | Error)[] = [];
  #wake = (): void => {};

  constructor(time: TestTime) {
    this.#time = time;
  }

  /** Delivers bytes, the end, or an error, after some time. */
  deliver(after: number, what: string | null | Error): void {
    this.#time.after(after, () => {
      this.#queue.push(typeof what === "string" ? encodeText(what) : what);
      this.#wake();
    });
  }

  async receive(): Promise<Uint8Array | null> {
    while (this.#queue.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    const next = this.#queue.shift() ?? null;
    if (next instanceof Error) throw next;
    return next;
  }

  send(bytes: Uint8Array): Promise<void> {
    if (this.error !== null) return Promise.reject(this.error);
    this.#note(`send ${decodeText(bytes)}`);
    return Promise.resolve();
  }

  halfClose(): Promise<void> {
    this.#note("halfClose");
    return Promise.resolve();
  }

  reset(): void {
    this.#note("reset");
    this.close();
  }

  close(): void {
    this.#queue.push(null);
    this.#wake();
  }

  #note(what: string): void {
    this.done.push([this.#time.now(), what]);
  }
}

/** A conversation that is being played in fake time. */
class Stage {
  readonly time = new TestTime();
  readonly channel = new FakeChannel(this.time);
  readonly answers: PlayedAnswer[] = [];
  comparison: { readonly differences: readonly unknown[] } = { differences: [] };
  #ending: Promise<Ending> = Promise.reject(new Error("not started"));

  constructor() {
    this.#ending.catch(() => {});
  }

  async start(calls: readonly Call[], options: PlayOptions = {}, transport: "tcp" | "udp" = "tcp"): Promise<void> {
    const played = await conversation(calls, { transport });
    const parts = played.steps.flatMap((step) => step.do === "expect" ? [step.parts] : []);
    const answers = transport === "udp"
      ? new DatagramAnswers(parts)
      : new StreamAnswers(parts.map(([bytes = new Uint8Array()]) => bytes));
    const onAnswer = (answer: PlayedAnswer): void => void this.answers.push(answer);
    this.#ending = play(this.channel, played, answers, { time: this.time, onAnswer, ...options });
    this.#ending.then(() => this.comparison = answers.result(), () => {});
  }

  /** Lets time pass, and returns how it ended; it has to have ended by then. */
  async end(ms: number): Promise<Ending> {
    await this.time.pass(ms);
    assertEquals(this.time.timers, 0, "nothing waits any more");
    return await this.#ending;
  }
}

const OPEN = { end: "open", expectedEnd: "open", early: false, unsent: 0, timedOut: false } as const;
const CLOSED = { ...OPEN, end: "fin", expectedEnd: "fin" } as const;

Deno.test("play() sends each chunk after its captured pause", pure, async () => {
  const stage = new Stage();
  await stage.start([[0, "connect"], [10, "write", "a"], [15, "write", "b"], [115, "write", "c"], [120, "closeWrite"]]);
  assertEquals(await stage.end(1000), OPEN);
  assertEquals(stage.channel.done, [[10, "send a"], [15, "send b"], [115, "send c"], [120, "halfClose"]]);
});

Deno.test("play() waits for the answer that a chunk followed, and then for the pause since it", pure, async () => {
  const stage = new Stage();
  const calls: Call[] = [[0, "connect"], [0, "write", "a"], [10, "read", "ok"], [15, "write", "b"], [20, "closeWrite"]];
  await stage.start(calls);
  stage.channel.deliver(200, "o");
  stage.channel.deliver(300, "k");
  assertEquals(await stage.end(1000), OPEN);
  assertEquals(stage.channel.done, [[0, "send a"], [305, "send b"], [310, "halfClose"]]);
  assertEquals(stage.answers, [{ answer: 1, complete: true, duration: 300, captured: 10 }]);
});

Deno.test("play() does not hurry because an answer comes sooner", pure, async () => {
  const stage = new Stage();
  await stage.start([[0, "connect"], [50, "write", "a"], [90, "read", "ok"], [100, "write", "b"]]);
  stage.channel.deliver(1, "ok");
  await stage.end(1000);
  assertEquals(stage.channel.done, [[50, "send a"], [60, "send b"]]);
  assertEquals(stage.answers, [{ answer: 1, complete: true, duration: -49, captured: 40 }]);
});

Deno.test("play() scales the pauses by the speed, and leaves them out without", pure, async () => {
  const calls: Call[] = [[0, "connect"], [100, "write", "a"], [200, "read", "ok"], [300, "write", "b"]];
  for (const [speed, times] of [[2, [50, 110]], [0.5, [200, 410]], [Infinity, [0, 10]]] as const) {
    const stage = new Stage();
    await stage.start(calls, { speed });
    stage.channel.deliver(times[0] + 10, "ok");
    await stage.end(2000);
    const done = speed === Infinity ? [0, 10] : [100 / speed, 100 / speed + 10 + 100 / speed];
    assertEquals(stage.channel.done.map(([at]) => at), done, `speed ${speed}`);
  }
});

Deno.test("play() gives up an answer that does not come, and goes on with less patience", pure, async () => {
  const stage = new Stage();
  const calls: Call[] = [
    [0, "connect"],
    [0, "write", "a"],
    [100, "read", "ok"],
    [100, "write", "b"],
    [110, "read", "ok"],
    [110, "write", "c"],
  ];
  await stage.start(calls, { timeout: 2000 });
  assertEquals(await stage.end(5000), { ...OPEN, timedOut: true });
  // The timeout comes on top of the captured wait; after the first time, half a second does.
  assertEquals(stage.channel.done, [[0, "send a"], [2100, "send b"], [2610, "send c"]]);
  assertEquals(stage.comparison.differences.length, 2);
});

Deno.test("play() waits as long as an answer keeps arriving", pure, async () => {
  const stage = new Stage();
  await stage.start([[0, "connect"], [0, "write", "a"], [10, "read", "12345"], [10, "write", "b"]], { timeout: 1000 });
  for (const [index, digit] of [..."12345"].entries()) stage.channel.deliver(900 * (index + 1), digit);
  assertEquals(await stage.end(10_000), OPEN);
  assertEquals(stage.channel.done, [[0, "send a"], [4500, "send b"]]);
});

Deno.test("play() does not wait long for the rest of an answer that differs already", pure, async () => {
  const stage = new Stage();
  await stage.start([[0, "connect"], [0, "write", "a"], [20, "read", "a long answer"], [20, "write", "b"]]);
  stage.channel.deliver(10, "short");
  const ending = await stage.end(10_000);
  assertEquals([ending.timedOut, stage.channel.done], [false, [[0, "send a"], [530, "send b"]]]);
});

Deno.test("play() with timeout 0 waits for ever", pure, async () => {
  const stage = new Stage();
  await stage.start([[0, "connect"], [0, "write", "a"], [10, "read", "ok"], [10, "write", "b"]], { timeout: 0 });
  stage.channel.deliver(3_600_000, "ok");
  assertEquals(await stage.end(4_000_000), OPEN);
  assertEquals(stage.channel.done, [[0, "send a"], [3_600_000, "send b"]]);
});

Deno.test("play() keeps a half-close, and waits for the other side's end", pure, async () => {
  const stage = new Stage();
  const calls: Call[] = [[0, "connect"], [1, "write", "a"], [2, "closeWrite"], [5, "read", "a"], [6, "read"]];
  await stage.start(calls);
  stage.channel.deliver(50, "a");
  stage.channel.deliver(400, null);
  assertEquals(await stage.end(1000), CLOSED);
  assertEquals(stage.channel.done, [[1, "send a"], [2, "halfClose"]]);
});

Deno.test("play() tells an end that comes early, late or not at all", pure, async () => {
  const served: Call[] = [[0, "connect"], [1, "write", "a"], [5, "read", "b"], [6, "read"], [7, "closeWrite"]];
  const early = new Stage();
  await early.start([[0, "connect"], [10, "write", "a"], [50, "write", "b"], [60, "closeWrite"], [61, "read"]]);
  early.channel.deliver(20, null);
  assertEquals(await early.end(1000), { ...CLOSED, early: true });
  assertEquals(early.channel.done.map(([, what]) => what), ["send a", "send b", "halfClose"]);

  // Two that end at once race; one that had the time to end, and did not, waited for us.
  for (const [pause, told] of [[50, false], [500, true]] as const) {
    const race = new Stage();
    const calls: Call[] = [[0, "connect"], [1, "write", "a"], [10, "read", "b"], [10 + pause, "closeWrite"]];
    await race.start([...calls, [11 + pause, "read"]]);
    race.channel.deliver(5, "b");
    race.channel.deliver(6, null);
    assertEquals(await race.end(1000), { ...CLOSED, early: told });
  }

  const never = new Stage();
  await never.start(served, { timeout: 1000 });
  never.channel.deliver(3, "b");
  assertEquals(await never.end(5000), { ...CLOSED, end: "open" });
  assertEquals(never.channel.done, [[1, "send a"], [1005, "halfClose"]]);

  const late = new Stage();
  await late.start(served, { timeout: 1000 });
  late.channel.deliver(3, "b");
  late.channel.deliver(900, null);
  assertEquals(await late.end(5000), CLOSED);
});

Deno.test(
  "play() stops when the other side ends in the middle of an answer, unless that may be a half-close",
  pure,
  async () => {
    for (const [halfOpen, sent] of [[false, []], [true, [[12, "send 250 ok"]]]] as const) {
      const stage = new Stage();
      await stage.start([[0, "accept"], [1, "read", "HELO"], [10, "write", "250 ok"]], { halfOpen });
      stage.channel.deliver(1, "HE");
      stage.channel.deliver(3, null);
      const ending = await stage.end(1000);
      assertEquals([ending.early, ending.unsent, stage.channel.done], [true, halfOpen ? 0 : 6, sent]);
    }
  },
);

Deno.test("play() does not wait for ever for the end of one who sends for ever", pure, async () => {
  const stage = new Stage();
  await stage.start([[0, "connect"], [0, "write", "a"], [1, "read", "x"], [2, "read"]], { timeout: 1000 });
  for (let at = 0; at < 3000; at += 100) stage.channel.deliver(at, "x");
  await stage.time.pass(1100);
  assertEquals((await stage.end(2000)).end, "open");
});

Deno.test("play() stops at a reset, and tells what was not sent", pure, async () => {
  const stage = new Stage();
  const calls: Call[] = [[0, "connect"], [0, "write", "a"], [5, "read", "ok"], [6, "write", "four"], [
    7,
    "write",
    "xx",
  ]];
  await stage.start(calls);
  stage.channel.deliver(2, new CutOffError("Cannot read from it: connection reset by the peer"));
  assertEquals(await stage.end(1000), { ...OPEN, end: "reset", early: true, unsent: 6 });
  assertEquals(stage.channel.done, [[0, "send a"]]);
});

Deno.test("play() takes a reset that was captured as the end", pure, async () => {
  const stage = new Stage();
  await stage.start([[0, "connect"], [0, "write", "a"], [5, "read", null, { error: "ECONNRESET" }]]);
  stage.channel.deliver(2, new CutOffError("Cannot read from it: connection reset by the peer"));
  assertEquals(await stage.end(1000), { ...CLOSED, end: "reset", expectedEnd: "reset" });
});

Deno.test("play() stops where a send fails because the other side is gone", pure, async () => {
  const stage = new Stage();
  await stage.start([[0, "connect"], [5, "write", "four"], [9, "write", "xx"]]);
  stage.channel.error = new CutOffError("Cannot write to it: the peer no longer reads");
  // The system told the reset to the send, so that receiving sees an ordinary end.
  stage.channel.deliver(100, null);
  assertEquals(await stage.end(1000), { ...OPEN, end: "reset", early: true, unsent: 6 });
});

Deno.test("play() sends nothing after a reset", pure, async () => {
  const stage = new Stage();
  await stage.start([[0, "connect"], [0, "write", "a"], [50, "write", "b"]]);
  stage.channel.deliver(20, new CutOffError("Cannot read from it: connection reset by the peer"));
  assertEquals(await stage.end(1000), { ...OPEN, end: "reset", early: true, unsent: 1 });
  assertEquals(stage.channel.done, [[0, "send a"]]);
});

Deno.test("play() resets where the capture did, and nothing after it is of interest", pure, async () => {
  const stage = new Stage();
  await stage.start([[0, "connect"], [5, "write", "a"], [10, "reset"]]);
  assertEquals(await stage.end(1000), OPEN);
  assertEquals(stage.channel.done, [[5, "send a"], [10, "reset"]]);
});

Deno.test("play() listens for half a second to what the capture does not have", pure, async () => {
  const stage = new Stage();
  await stage.start([[0, "connect"], [0, "write", "a"], [1, "read", "x"]]);
  stage.channel.deliver(1, "x");
  stage.channel.deliver(400, "more");
  await stage.end(501);
  assertEquals(stage.comparison.differences.length, 1);
});

Deno.test("play() of datagrams gives up a lost answer, and waits for the next", pure, async () => {
  const stage = new Stage();
  const calls: Call[] = [
    [0, "send", "1"],
    [1, "receive", "1"],
    [100, "send", "2"],
    [101, "receive", "2"],
    [200, "send", "3"],
    [201, "receive", "3"],
  ];
  await stage.start(calls, { timeout: 1000 }, "udp");
  stage.channel.deliver(1, "1");
  stage.channel.deliver(1250, "3");
  assertEquals(await stage.end(5000), { ...OPEN, timedOut: true });
  assertEquals(stage.channel.done, [[0, "send 1"], [100, "send 2"], [1200, "send 3"]]);
  assertEquals(stage.comparison.differences.length, 1);
});

Deno.test("play() ends with the signal's reason, in the middle of any wait, and leaves no timer", pure, async () => {
  for (const calls of [[[0, "connect"], [500, "write", "a"]], [[0, "connect"], [500, "read", "a"]]] as Call[][]) {
    const stop = new AbortController();
    const stage = new Stage();
    await stage.start(calls, { signal: stop.signal });
    await stage.time.pass(100);
    stop.abort(new Error("stopped"));
    await assertRejects(() => stage.end(0), Error, "stopped");
  }
});
