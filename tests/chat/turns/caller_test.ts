import { assertEquals } from "@std/assert";
import { Callee } from "../../../chat/turns/callee.ts";
import { Caller } from "../../../chat/turns/caller.ts";
import type { Partner } from "../../../chat/turns/partner.ts";
import { DataOutput } from "../../../lib/console/output.ts";
import { encodeText } from "../../../lib/text.ts";
import { FakeSink } from "../../lib/fakes.ts";
import { TestTime, turn } from "../../support/time.ts";
import { TestUser } from "../support.ts";

const permissions = "none";
const PEER = "192.0.2.7:23457";
const SILENT = `${PEER} has not answered for 5 s; Enter sends your message again`;

/** A partner that says what the test tells it, and records what it gets. */
class FakePartner implements Partner {
  readonly got: string[] = [];
  #answers: (string | null)[] = [];
  #wake = (): void => {};

  answer(text: string | null): void {
    this.#answers.push(text);
    this.#wake();
  }

  async receive(): Promise<Uint8Array | null> {
    while (this.#answers.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    const text = this.#answers.shift() ?? null;
    return text === null ? null : encodeText(text);
  }

  send(text: string): Promise<void> {
    this.got.push(text);
    return Promise.resolve();
  }

  end(): Promise<void> {
    this.answer(null);
    return Promise.resolve();
  }
}

/** A guest at a terminal (or not) whose messages can be lost (or not). */
function setUp({ interactive = true, repeats = true } = {}) {
  const [partner, user, time, remarks] = [new FakePartner(), new TestUser(), new TestTime(), [] as string[]];
  user.input.interactive = interactive;
  const output = new DataOutput(new FakeSink(), { terminal: false });
  const remark = (text: string): void => void remarks.push(text);
  const caller = new Caller(partner, { ...user, output, remark, warn: remark, idle: 0, repeats, peer: PEER, time });
  return { partner, input: user.input, time, remarks, running: caller.run() };
}

Deno.test("at a terminal a guest is told over UDP that there is no answer; Enter sends the message again", {
  permissions,
}, async () => {
  const { partner, input, time, remarks, running } = setUp();
  await turn();
  input.type("hello");
  await time.pass(4999);
  assertEquals(remarks, []);
  await time.pass(1);
  assertEquals(remarks, [SILENT]);
  await time.pass(60_000);
  assertEquals([remarks.length, time.timers], [1, 0]);
  input.type("");
  await time.pass(5000);
  assertEquals([partner.got, remarks], [["hello", "hello"], [SILENT, "Sending your last message again", SILENT]]);
  input.type("");
  partner.answer("hi");
  await time.pass(60_000);
  assertEquals([remarks.length, time.timers], [4, 0]);
  input.end();
  await running;
});

Deno.test("no guest is reminded over TCP, in a pipe, or after the end", { permissions }, async () => {
  for (const kind of [{ repeats: false }, { interactive: false }]) {
    const { partner, input, time, remarks, running } = setUp(kind);
    await turn();
    input.type("hello");
    await time.pass(60_000);
    assertEquals([partner.got, remarks.includes(SILENT), time.timers], [["hello"], false, 0]);
    partner.answer(null);
    await running;
  }
  const { partner, input, time, remarks, running } = setUp();
  await turn();
  input.type("hello");
  await turn();
  partner.answer(null);
  await running;
  await time.pass(60_000);
  assertEquals([remarks, time.timers], [[], 0]);
});

Deno.test("the host is told the same, but not before its own first message", { permissions }, async () => {
  const [partner, user, time, remarks] = [new FakePartner(), new TestUser(), new TestTime(), [] as string[]];
  user.input.interactive = true;
  const callee = new Callee(partner, {
    ...{ input: user.input, goodbye: "bye", idle: 0, repeats: true, peer: PEER, time },
    remark: (text) => remarks.push(text),
    warn: () => {},
    show: () => {},
    turn: () => {},
  });
  const running = callee.run();
  await time.pass(60_000);
  partner.answer("hello");
  await turn();
  user.input.type("hello yourself");
  await time.pass(4999);
  assertEquals(remarks, []);
  await time.pass(1);
  assertEquals(remarks, [SILENT]);
  callee.early("");
  await time.pass(0);
  assertEquals(partner.got, ["hello yourself", "hello yourself"]);
  partner.answer("exit");
  await running;
  assertEquals(time.timers, 0);
});
