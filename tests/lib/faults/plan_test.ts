import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { UsageError } from "../../../lib/errors.ts";
import {
  changed,
  checkPlan,
  checkTransport,
  FAULT_NAMES,
  type FaultName,
  FAULTS,
  faultsLine,
  flagName,
  hasFaults,
  NO_FAULTS,
  planLine,
  printFault,
} from "../../../lib/faults/plan.ts";

/** Parses and prints again. */
const again = (name: FaultName, text: string): [unknown, string] => {
  const plan = changed(NO_FAULTS, name, text);
  return [plan[name], printFault(plan, name)];
};

Deno.test("FAULTS parses what its syntax says, and prints it in one way", () => {
  const cases: [FaultName, string, unknown, string][] = [
    ["loss", "30%", 0.3, "30%"],
    ["loss", "0.3", 0.3, "30%"],
    ["loss", ".07", 0.07, "7%"],
    ["loss", "1", 1, "100%"],
    ["loss", "0", 0, "0%"],
    ["loss", "0.00001%", 1e-7, "0.00001%"],
    ["delay", "200ms", 200, "200ms"],
    ["delay", "200", 200, "200ms"],
    ["delay", "1.5s", 1500, "1.5s"],
    ["delay", "200us", 0.2, "200us"],
    ["delay", "0", 0, "0ms"],
    ["delay", "3600s", 3_600_000, "3600s"],
    ["rate", "10k", 10_000, "10kB/s"],
    ["rate", "1.5M", 1_500_000, "1.5MB/s"],
    ["rate", "10MiB/s", 10_485_760, "10MiB/s"],
    ["rate", "1234567B/s", 1_234_567, "1234.567kB/s"],
    ["rate", "8Mbit", 1_000_000, "1MB/s"],
    ["rate", "8Mbit/s", 1_000_000, "1MB/s"],
    ["rate", "1.005kB/s", 1005, "1.005kB/s"],
    ["truncate", "500", 500, "500"],
    ["stallAfter", "10k", 10_000, "10k"],
    ["resetAfter", "1MiB", 1_048_576, "1Mi"],
    ["resetAfter", "0", 0, "0"],
    ["burst", "2.5", 2.5, "2.5"],
    ["queue", "100000", 100_000, "100000"],
    ["split", "3", 3, "3"],
    ["split", "random", "random", "random"],
    ["split", "utf8", "utf8", "utf8"],
  ];
  for (const [name, text, value, printed] of cases) {
    assertEquals(again(name, text), [value, printed], `${name} ${text}`);
  }
});

Deno.test("FAULTS refuses what it cannot mean, and says what is allowed", () => {
  const cases: [FaultName, string, string][] = [
    ["loss", "30", 'Cannot use "30": it must be a share up to 1, or written as 30%'],
    ["loss", "101%", 'Cannot use "101%": it must be a share from 0% to 100%, such as 30% or 0.3'],
    ["loss", "-1", 'Cannot use "-1": it must be a share from 0% to 100%, such as 30% or 0.3'],
    ["delay", "2h", 'Cannot use "2h": it must be a time up to 3600s, such as 200ms, 1.5s or 200us'],
    [
      "rate",
      "0",
      'Cannot use "0": it must be a rate from 1 to 1000G bytes per second, such as 10k, 1.5MiB/s or 8Mbit/s',
    ],
    ["truncate", "1e3", 'Cannot use "1e3": it must be a number of bytes, such as 500, 10k or 1MiB'],
    ["burst", "0.5", 'Cannot use "0.5": it must be a number from 1 to 1000, such as 3 or 2.5'],
    ["queue", "0", 'Cannot use "0": it must be a whole number from 1 to 100000'],
    ["split", "0", 'Cannot use "0": it must be a number of bytes from 1 to 1048576, or random, or utf8'],
  ];
  for (const [name, text, message] of cases) assertThrows(() => FAULTS[name].parse(text), UsageError, message);
  const never = [
    "",
    " 1",
    "1 ",
    "1\n",
    "NaN",
    "Infinity",
    "+1",
    "0x10",
    "1,5",
    "1.",
    "9".repeat(20),
    "3600.001s",
    "10kb",
  ];
  for (const name of FAULT_NAMES) {
    for (const text of never.filter((text) => !(text === "1." && name !== "queue" && name !== "split"))) {
      assertThrows(() => FAULTS[name].parse(text), UsageError, 'Cannot use "', `${name} ${JSON.stringify(text)}`);
    }
  }
});

Deno.test("what a plan prints is the same plan when it is parsed", () => {
  const size = fc.oneof(fc.nat(2000), fc.nat(), fc.maxSafeNat());
  const texts: Readonly<Record<FaultName, fc.Arbitrary<string>>> = {
    delay: fc.nat(3_600_000_000).map((us) => `${us}us`),
    jitter: fc.nat(3_600_000).map(String),
    rate: fc.nat(1_000_000_000).map((rate) => String(rate + 1)),
    loss: fc.nat(1e9).map((share) => (share / 1e9).toFixed(9)),
    burst: fc.nat(999_000).map((burst) => String(1 + burst / 1000)),
    duplicate: fc.nat(100).map((share) => `${share}%`),
    reorder: fc.nat(100_000).map((share) => `${share / 1000}%`),
    corrupt: fc.nat(1e9).map((share) => (share / 1e9).toFixed(9)),
    truncate: size.map(String),
    queue: fc.nat(99_999).map((queue) => String(queue + 1)),
    split: fc.oneof(fc.constantFrom("random", "utf8"), fc.nat(9999).map((size) => String(size + 1))),
    coalesce: fc.nat(3_600_000).map(String),
    slowRead: fc.nat(1_000_000).map((rate) => `${rate + 1}Ki`),
    stallAfter: size.map(String),
    stallFor: fc.nat(3600).map((time) => `${time}s`),
    halfCloseAfter: size.map(String),
    resetAfter: size.map(String),
  };
  const plans = fc.record(texts, { requiredKeys: [] }).map((given) =>
    FAULT_NAMES.reduce((plan, name) => given[name] === undefined ? plan : changed(plan, name, given[name]), NO_FAULTS)
  );
  fc.assert(
    fc.property(plans, (plan) => {
      const words = planLine(plan).split(" ").filter((word) => word !== "");
      let parsed = NO_FAULTS;
      while (words.length > 0) {
        const [flag = "", value = ""] = words.splice(0, 2);
        const name = FAULT_NAMES.find((name) => `--${flagName(name)}` === flag);
        assert(name !== undefined, flag);
        parsed = changed(parsed, name, value);
      }
      assertEquals(parsed, plan);
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("planLine() prints only what differs, and faultsLine() both directions", () => {
  assertEquals(planLine(NO_FAULTS), "");
  const bad = changed(changed(NO_FAULTS, "halfCloseAfter", "5"), "delay", "100");
  assertEquals(planLine(bad, "up-"), "--up-delay 100ms --up-half-close-after 5");
  const prefix = { out: "up-", in: "down-" };
  assertEquals(faultsLine({ seed: 7, out: bad, in: NO_FAULTS }, prefix), `--seed 7 ${planLine(bad, "up-")}`);
  assertEquals(faultsLine({ seed: 7, out: bad, in: { ...bad } }, prefix), `--seed 7 ${planLine(bad)}`);
  assertEquals([hasFaults(NO_FAULTS), hasFaults(bad)], [false, true]);
});

Deno.test("checkPlan() refuses values that make no sense together", () => {
  const refused: [Partial<typeof NO_FAULTS>, string][] = [
    [{ burst: 3 }, "Cannot use --up-burst without --up-loss: nothing is lost"],
    [{ stallFor: 3 }, "Cannot use --up-stall-for without --up-stall-after: nothing stalls"],
    [{ queue: 3 }, "Cannot use --up-queue without --up-rate: nothing has to wait"],
    [{ loss: 0.9, burst: 2 }, "Cannot use --up-burst 2 with --up-loss 90%: bursts last 9 on average then, or longer"],
    [{ loss: 1, burst: 2 }, "Cannot use --up-burst 2 with --up-loss 100%: everything is lost"],
  ];
  for (const [values, message] of refused) {
    assertThrows(() => checkPlan({ ...NO_FAULTS, ...values }, "up-"), UsageError, message);
  }
  const accepted = [{ jitter: 5 }, { loss: 1 }, { loss: 0.9, burst: 9 }, { loss: 0.5, burst: 1.5 }, { delay: 5 }];
  for (const values of accepted) checkPlan({ ...NO_FAULTS, ...values });
});

Deno.test("checkTransport() refuses what the transport cannot do, with the reason", () => {
  const refusal = (name: FaultName, text: string, transport: "tcp" | "udp"): string =>
    assertThrows(() => checkTransport(changed(NO_FAULTS, name, text), transport), UsageError).message;
  assertEquals(
    refusal("duplicate", "1%", "tcp"),
    "Cannot use --duplicate over TCP: it delivers each byte once and in order",
  );
  assertEquals(refusal("split", "3", "udp"), "Cannot use --split over UDP: a datagram is never split");
  for (const name of FAULT_NAMES) {
    assertEquals(FAULTS[name].why === "", FAULTS[name].transports.length === 2, name);
    assert(FAULTS[name].help.length <= 90, name);
    for (const transport of FAULTS[name].transports) {
      checkTransport(changed(NO_FAULTS, name, name === "split" ? "3" : "1"), transport);
    }
  }
});
