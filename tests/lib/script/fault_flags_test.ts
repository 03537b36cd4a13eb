import { assert, assertEquals, assertMatch, assertNotMatch, assertThrows } from "@std/assert";
import { UsageError } from "../../../lib/errors.ts";
import { FAULT_NAMES, type FaultName, FAULTS, flagName, NO_FAULTS } from "../../../lib/faults/plan.ts";
import {
  faultFlags,
  faultFlagsFor,
  faultsOf,
  linkRateFlag,
  planFlags,
  planFrom,
} from "../../../lib/script/fault_flags.ts";
import { flag } from "../../../lib/script/flag_kinds.ts";
import { parseFlags } from "../../../lib/script/flags.ts";
import { helpText } from "../../../lib/script/help.ts";

const permissions = "none";

/** The faults that arguments ask for. */
function asked(name: string, ...args: string[]): ReturnType<typeof faultsOf> {
  const { values, given } = parseFlags(faultFlags, args);
  return faultsOf({ name, options: values, given });
}

/** A value of each fault, and what it needs. */
const VALUES: Readonly<Record<FaultName, readonly [text: string, value: unknown, ...needs: string[]]>> = {
  delay: ["200ms", 200],
  jitter: ["0.5s", 500],
  rate: ["10k", 10_000],
  loss: ["30%", 0.3],
  burst: ["2.5", 2.5, "--loss=10%"],
  duplicate: ["5%", 0.05],
  reorder: ["0.25", 0.25],
  corrupt: ["1%", 0.01],
  truncate: ["512", 512],
  queue: ["7", 7, "--rate=1k"],
  split: ["utf8", "utf8"],
  coalesce: ["20ms", 20],
  slowRead: ["100", 100],
  stallAfter: ["1k", 1000],
  stallFor: ["3s", 3000, "--stall-after=9"],
  halfCloseAfter: ["5", 5],
  resetAfter: ["0", 0],
};

Deno.test("every fault has a flag, whose value is the plan's", { permissions }, () => {
  for (const name of FAULT_NAMES) {
    const [text, value, ...needs] = VALUES[name];
    const [transport] = FAULTS[name].transports;
    const faults = asked(`${transport}:server`, `--${flagName(name)}`, text, ...needs);
    assertEquals(faults?.plan[name], value, name);
  }
});

Deno.test("where --rate is the script's own, the fault is --link-rate", { permissions }, () => {
  const table = { ...faultFlags, ...linkRateFlag, rate: flag.integer("lines", { default: 10, min: 0, max: 99 }) };
  const faultsOfChat = (...args: string[]): ReturnType<typeof faultsOf> => {
    const { values, given } = parseFlags(table, args);
    return faultsOf({ name: "chat:server", options: values, given });
  };
  assertEquals(faultsOfChat("--rate", "5"), null);
  const faults = faultsOfChat("--rate", "5", "--link-rate", "10k");
  assertEquals(faults?.plan.rate, 10_000);
  assertEquals(faults?.line, "--link-rate 10kB/s");
});

Deno.test("an invalid value is misuse that names the flag", { permissions }, () => {
  for (
    const [args, said] of [
      [["--loss", "130%"], /^Cannot use --loss "130%": /],
      [["--split", "0"], /^Cannot use --split "0": /],
      [["--delay", "-1"], /^Cannot use --delay "-1": /],
      [["--seed", "4294967296"], /^Cannot use --seed "4294967296": .* from 0 to 4294967295$/],
      [["--loss", "30%", "--loss", "5%"], /^Cannot use --loss 2 times/],
    ] as const
  ) {
    assertMatch(assertThrows(() => asked("udp:server", ...args), UsageError).message, said);
  }
});

Deno.test("a fault that the transport cannot have is misuse with the reason", { permissions }, () => {
  for (const [udp, tcp] of [["udp:client", "tcp:client"], ["sum:udp-server", "http:server"]] as const) {
    for (const name of FAULT_NAMES) {
      const [text, , ...needs] = VALUES[name];
      const { transports, why } = FAULTS[name];
      for (const [script, transport] of [[udp, "udp"], [tcp, "tcp"]] as const) {
        const run = (): unknown => asked(script, `--${flagName(name)}`, text, ...needs);
        if (transports.includes(transport)) run();
        else {assertMatch(
            assertThrows(run, UsageError).message,
            new RegExp(`^Cannot use --\\S+ over ${transport}: ${why}$`, "i"),
          );}
      }
    }
  }
});

Deno.test("a capture decides what wire:replay speaks, so it has every fault", { permissions }, () => {
  assertEquals(asked("wire:replay", "--split", "1", "--duplicate", "5%")?.transport, null);
});

Deno.test("what a fault needs is missing, or --seed is alone: misuse", { permissions }, () => {
  assertThrows(() => asked("tcp:server", "--burst", "3"), UsageError, "Cannot use --burst without --loss");
  assertThrows(() => asked("tcp:server", "--queue", "3"), UsageError, "Cannot use --queue over TCP");
  assertThrows(
    () => asked("tcp:server", "--stall-for", "3s"),
    UsageError,
    "Cannot use --stall-for without --stall-after",
  );
  assertThrows(() => asked("tcp:server", "--seed", "7"), UsageError, "Cannot use --seed without a fault");
});

Deno.test("nothing goes wrong unless a flag says so", { permissions }, () => {
  assertEquals(asked("tcp:server"), null);
  assertEquals(asked("udp:server", "--loss", "0%", "--delay", "0", "--seed", "7"), null);
  assertEquals(planFrom({}, new Set()), NO_FAULTS);
});

Deno.test("the line of a plan repeats it, with the seed that was drawn", { permissions }, () => {
  assertEquals(asked("udp:client", "--seed", "7", "--loss", "0.3")?.line, "--loss 30% --seed 7");
  const drawn = Array.from(
    { length: 5 },
    () => asked("udp:client", "--loss", "30%", "--delay", "9", "--reorder", "2%"),
  );
  for (const faults of drawn) assertEquals(asked("udp:client", ...(faults?.line ?? "").split(" ")), faults);
  assert(new Set(drawn.map((faults) => faults?.seed)).size > 1);
  // Nothing is left to chance.
  assertEquals(asked("tcp:client", "--split", "1", "--delay", "9")?.line, "--delay 9ms --split 1");
  assertMatch(asked("tcp:client", "--split", "random")?.line ?? "", /^--split random --seed \d+$/);
});

Deno.test("a flag of one way through a relay goes before the same flag of both", { permissions }, () => {
  const flags = { ...planFlags, ...faultFlagsFor("up"), ...faultFlagsFor("down") };
  const { values, given } = parseFlags(flags, ["--delay=50", "--loss=30%", "--up-loss=0%", "--down-stall-after", "9"]);
  assertEquals(planFrom(values, given, "up"), { ...NO_FAULTS, delay: 50 });
  assertEquals(planFrom(values, given, "down"), { ...NO_FAULTS, delay: 50, loss: 0.3, stallAfter: 9 });
  const alone = parseFlags(flags, ["--up-queue", "9"]);
  assertThrows(() => planFrom(alone.values, alone.given, "up"), UsageError, "Cannot use --up-queue without --up-rate");
  // Named as it was given.
  const shared = parseFlags(flags, ["--queue", "5"]);
  assertThrows(() => planFrom(shared.values, shared.given, "up"), UsageError, "Cannot use --queue without --rate");
});

Deno.test("--help lists the faults that a script's transport can have", { permissions }, () => {
  const help = (name: string): string =>
    helpText({ name, role: "server", summary: "s", example: { flags: "", does: "Does it." }, flags: faultFlags });
  for (const name of FAULT_NAMES) {
    const row = new RegExp(`^ {6}--${flagName(name)} `, "m");
    for (const [script, transport] of [["tcp:server", "tcp"], ["chat:udp-client", "udp"]] as const) {
      if (FAULTS[name].transports.includes(transport)) assertMatch(help(script), row);
      else assertNotMatch(help(script), row);
    }
    assertMatch(help("wire:replay"), row);
  }
});
