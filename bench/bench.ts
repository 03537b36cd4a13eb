/**
 * bench measures the servers beside others that do the same work, in turn, under the same load: Linux, with what is installed of Node,
 * Python, ncat, socat, nginx, nats-server and wrk, and gcc for the load generators.
 *
 * ```sh
 * deno task bench
 * deno run --no-prompt --allow-env=INIT_CWD,PLAINWIRE --allow-net=127.0.0.1 --allow-run=sh --allow-write=/tmp,bench/RESULTS.md,bench/results.svg bench/bench.ts
 * ```
 *
 * Try it:
 *
 * ```
 * $ deno task bench udp --quick
 * UDP, datagrams echoed
 *   server                    ratio  spread  per second  p50 ms  p99 ms  lost %  CPU s
 * window 1
 *   plainwire                                    24,562    0.03    0.14    0.00   2.43
 *   Node dgram                 0.92              26,625    0.03    0.10    0.00   1.34
 * …
 * [+] Done: 1 group in 11 s
 * ```
 *
 * The ratio is ours divided by theirs. Everything is started through the shell, the only program that the task may run: it raises the
 * limit of descriptors, and ends what was started even if the benchmark is killed.
 *
 * @module
 */
import { reserveOutput } from "../lib/console/log.ts";
import { UsageError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { withProgress } from "../lib/progress.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import { runScript, type Script } from "../lib/script/script.ts";
import { basicFlags } from "../lib/script/shared_flags.ts";
import { counted } from "../lib/text.ts";
import { Bench, type Options } from "./context.ts";
import { GROUPS } from "./groups.ts";
import { describeMachine } from "./machine.ts";
import type { GroupResult, Results } from "./model.ts";
import type { GroupPlan } from "./plan.ts";
import { measureGroup } from "./suite.ts";
import { groupLines } from "./table.ts";

const SECONDS = 1;
const QUICK = { seconds: 0.5, rounds: 1 };
/** The report and its chart, beside this file. */
const [REPORT, CHART] = ["RESULTS.md", "results.svg"];
/** The shortest measurement (s): the shell that reads the CPU time takes milliseconds. */
const SHORTEST = 0.1;

const flags = {
  rounds: flag.integer("how often each server is measured; the median counts", { default: 3, min: 1, max: 99 }),
  seconds: flag.seconds("how long each measurement lasts; wrk takes whole seconds", { default: SECONDS }),
  quick: flag.on("one round of half a second: about four minutes instead of up to fifteen for all groups"),
  write: flag.on("write bench/RESULTS.md and bench/results.svg"),
  list: flag.on("show the groups, and measure nothing"),
  ...basicFlags,
  timeout: flag.seconds("seconds after which a measurement is given up", { default: 30, short: "t" }),
};

/** Flags and help text of `bench`. */
export const script: Script<typeof flags> = {
  name: "bench",
  role: "client",
  summary: "Measures the servers beside others that do the same work, in turn, under the same load (Linux)",
  example: {
    flags: "tcp http --rounds 5",
    does: "Measures these two groups, five times each; without a name, all of them.",
  },
  flags,
  operands: {
    placeholder: "[GROUP...]",
    help: `${GROUPS.map(({ name }) => name).join(", ")}; all of them without a name`,
  },
  check: ({ values: { seconds, timeout }, operands }) => {
    wantedGroups(operands);
    if (seconds < SHORTEST) throw new UsageError(`Cannot use --seconds ${seconds}: it must be at least ${SHORTEST}`);
    if (timeout <= seconds) {
      throw new UsageError(`Cannot measure for ${seconds} s: --timeout gives it up after ${timeout} s`);
    }
  },
};

/** The groups that are named, or all. */
function wantedGroups(names: readonly string[]): readonly GroupPlan[] {
  const unknown = names.find((name) => GROUPS.every((group) => group.name !== name));
  if (unknown !== undefined) {
    throw new UsageError(
      `Cannot measure ${JSON.stringify(unknown)}: the groups are ${GROUPS.map(({ name }) => name).join(", ")}`,
    );
  }
  return names.length === 0 ? GROUPS : GROUPS.filter(({ name }) => names.includes(name));
}

interface Work {
  readonly groups: readonly GroupPlan[];
  readonly options: Options;
  readonly limit: number;
  readonly events: Events;
  readonly signal: AbortSignal;
}

/** Measures the groups one after the other, and shows each as soon as it is done. */
async function measure({ groups, options, limit, events, signal }: Work): Promise<Results> {
  const began = Date.now();
  await using bench = await Bench.open(options);
  let step = "";
  const measuring = async (): Promise<GroupResult[]> => {
    const done: GroupResult[] = [];
    for (const group of groups) {
      const result = await measureGroup({
        bench,
        limit,
        signal,
        onStep: (text) => step = text,
        onMeasured: (measurement) => events.emit({ event: "measured", prose: "", ...measurement }),
      }, group);
      done.push(result);
      events.emit({ event: "summary", prose: [...groupLines(result), ""], group: group.name });
    }
    return done;
  };
  const results = await withProgress(measuring(), events, (ms) => `${Math.round(ms / 1000)} s, ${step}`, { after: 0 });
  const took = (Date.now() - began) / 1000;
  const missing = [...bench.missing];
  for (const what of missing) events.emit({ event: "warning", message: `Missing: ${what}` });
  const { rounds, seconds } = options;
  return {
    date: new Date(began).toISOString().slice(0, 10),
    rounds,
    seconds,
    took,
    ...await describeMachine(),
    missing,
    groups: results,
  };
}

/** Writes the report beside this file. */
async function write(results: Results): Promise<void> {
  const [{ reportOf }, { drawChart }] = [await import("./report.ts"), await import("./chart.ts")];
  const here = new URL("./", import.meta.url);
  await Deno.writeTextFile(new URL(REPORT, here), reportOf(results, CHART));
  await Deno.writeTextFile(new URL(CHART, here), drawChart(results));
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async ({ options: values, given, operands, events, signal }) => {
    const groups = wantedGroups(operands);
    reserveOutput(events, "summary");
    if (values.list) {
      events.emit({
        event: "summary",
        prose: groups.map(({ name, title }) => `${name.padEnd(8)}${title}`),
        groups: groups.map(({ name }) => name),
      });
      return "Done";
    }
    const options = {
      quick: values.quick,
      rounds: values.quick && !given.has("rounds") ? QUICK.rounds : values.rounds,
      seconds: values.quick && !given.has("seconds") ? QUICK.seconds : values.seconds,
    };
    const results = await measure({ groups, options, limit: values.timeout * 1000, events, signal });
    const said = `${counted(groups.length, "group")} in ${Math.round(results.took)} s`;
    if (!values.write) return `Done: ${said}`;
    await write(results);
    return `Done: ${said}, written to bench/${REPORT}`;
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
