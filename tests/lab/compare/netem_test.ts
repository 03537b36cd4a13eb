/** What the kernel is asked for, and what is said where it cannot; `unshare`, `ip` and `tc` are the test's own. */
import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { Failure, UsageError } from "../../../lib/errors.ts";
import { type FaultPlan, NO_FAULTS } from "../../../lib/faults/plan.ts";
import { runInNamespace } from "../../../lab/compare/namespace.ts";
import { netemArguments } from "../../../lab/compare/netem.ts";
import { recordEvent, recordIn } from "../../../lab/compare/report.ts";
import { needs } from "../../support/script.ts";
import { FakeTools, TOOLS, UNSHARE } from "./fake_tools.ts";
import { recorded } from "./samples.ts";

const words = (plan: Partial<FaultPlan>): string => netemArguments({ ...NO_FAULTS, ...plan }).join(" ");

Deno.test("netemArguments() says in netem's words what the plan says", () => {
  assertEquals(words({}), "limit 10000");
  assertEquals(words({ delay: 20, jitter: 2.5 }), "limit 10000 delay 20000us 2500us");
  assertEquals(words({ loss: 0.05, duplicate: 0.01, corrupt: 0.002 }), "limit 10000 loss 5% duplicate 1% corrupt 0.2%");
  assertEquals(words({ delay: 5, reorder: 0.25 }), "limit 10000 delay 5000us reorder 25%");
  assertEquals(words({ rate: 12_500, queue: 20 }), "limit 20 rate 100000bit");
  assertEquals(words({ loss: 1, burst: 5 }), "limit 10000 loss 100%");
});

Deno.test("netemArguments() has bursts by Gilbert's model: the same share of losses, and their mean length", () => {
  const [, p = NaN, r = NaN] = /gemodel ([\d.]+)% ([\d.]+)%/.exec(words({ loss: 0.2, burst: 4 }))?.map(Number) ?? [];
  assertEquals([100 / r, (p / (p + r)).toFixed(4)], [4, "0.2000"]);
});

Deno.test("netemArguments() refuses what the kernel does not do", () => {
  for (
    const [plan, said] of [
      [{ resetAfter: 100 }, "--reset-after with --netem"],
      [{ split: "utf8" }, "--split with --netem"],
      [{ truncate: 10 }, "--truncate with --netem"],
      [{ reorder: 0.1 }, "--reorder with --netem without --delay"],
      [{ delay: 1, jitter: 2 }, "--jitter with --netem above --delay"],
    ] as const
  ) {
    assertThrows(() => words(plan), UsageError, `Cannot use ${said}: `);
  }
});

Deno.test("recordIn() finds what recordEvent() told", () => {
  const lines = [recorded("tcp", { lost: null }), recorded("udp", { lost: null, arrivals: [] })].map((record) =>
    JSON.stringify({ time: "2026-11-29T22:00:00.000Z", ...recordEvent(record), prose: undefined })
  );
  lines.unshift(JSON.stringify({ event: "notice", message: "Hello" }));
  assertEquals(recordIn(lines, "tcp"), recorded("tcp", { lost: null }));
  assertEquals(recordIn(lines, "udp").arrivals, []);
  assertThrows(() => recordIn(lines.slice(0, 2), "udp"), Failure, "it told nothing of udp");
  assertThrows(() => recordIn(["nonsense"], "udp"), Failure, "Cannot read what the run");
});

/** Runs a shell command in such a namespace; returns what it printed and what the programs were asked for. */
async function inFake(tools: Record<string, string>, command: string): Promise<{ lines: string[]; log: string[] }> {
  await using fake = await FakeTools.make(tools);
  const { signal } = new AbortController();
  const netem = netemArguments({ ...NO_FAULTS, loss: 0.05, delay: 20 });
  const lines = await runInNamespace({ netem, command: ["sh", "-c", command], signal, env: fake.env });
  return { lines, log: await fake.log() };
}

const linux = needs(Deno.build.os === "linux", "Linux");

Deno.test({
  name: "runInNamespace() starts the loopback, gives it netem's queue, and then runs the program",
  ...linux,
  fn: async () => {
    const { lines, log } = await inFake(TOOLS, "echo one; echo two");
    assertEquals(lines, ["one", "two"]);
    assertEquals(log, [
      "unshare --net",
      "ip link set lo up",
      "tc qdisc add dev lo root netem limit 10000 delay 20000us loss 5%",
    ]);
  },
});

Deno.test({
  name: "runInNamespace() is a user's own root where the system wants root and lets users make namespaces",
  ...linux,
  fn: async () => {
    const unshare =
      `[ "$1" = --map-root-user ] || { echo "unshare: unshare failed: Operation not permitted" >&2; exit 1; }`;
    const { log } = await inFake({ ...TOOLS, unshare: `${unshare}\n${UNSHARE}` }, "echo done");
    assertEquals(log.slice(0, 2), ["unshare --map-root-user", "unshare --net"]);
  },
});

Deno.test({
  name: "runInNamespace() says what is missing",
  ...linux,
  fn: async () => {
    const fails = (said: string): string => `echo "${said}" >&2; exit 2`;
    for (
      const [tools, said] of [
        [
          { unshare: "echo 'unshare: unshare failed: Operation not permitted' >&2; exit 1" },
          "not permitted; run it as root",
        ],
        [{ tc: fails("Error: Specified qdisc kind is unknown.") }, "this kernel has no netem (module sch_netem)"],
        [
          { tc: fails("RTNETLINK answers: Operation not permitted") },
          "tc refuses it (RTNETLINK answers: Operation not permitted)",
        ],
        [{ ip: fails("Cannot find device") }, "its loopback cannot be started (Cannot find device)"],
      ] as const
    ) {
      const error = await assertRejects(() => inFake({ ...TOOLS, ...tools }, "echo no"), Failure);
      assertMatch(error.message, /^Cannot use --netem: [^\n]+$/);
      assertEquals([error.code, error.message.includes(said)], [1, true], error.message);
    }
  },
});

Deno.test({
  name: "runInNamespace() tells why the program failed, and misses tc where there is none",
  ...linux,
  fn: async () => {
    const event = `{"event":"error","code":5,"message":"Cannot connect over TCP: no answer in 10 s"}`;
    const failed = await assertRejects(() => inFake(TOOLS, `echo '${event}'; exit 5`), Failure);
    assertEquals(
      failed.message,
      "Cannot measure with --netem: the run in its network failed (Cannot connect over TCP: no answer in 10 s)",
    );
    // A shell whose `command -v` finds nothing.
    const unshare = 'while [ "$1" != -c ]; do shift; done; exec sh -c "command() { return 1; }; $2"';
    const missing = await assertRejects(() => inFake({ ...TOOLS, unshare }, "echo no"), Failure);
    assertEquals(missing.message, "Cannot use --netem: there is no tc or no ip; install iproute2");
  },
});
