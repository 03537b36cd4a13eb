/**
 * soak runs all servers of this project at once, with good clients, faulty ones and idle ones, and sees whether everything holds.
 *
 * ```sh
 * deno task soak
 * deno run --no-prompt --allow-env=INIT_CWD,PLAINWIRE --allow-write="$INIT_CWD,/tmp" --allow-net=127.0.0.1 --allow-run=sh lab/soak.ts
 * ```
 *
 * Try it for half a minute, with a picture:
 *
 * ```
 * $ deno task soak --minutes 0.5 --idle 1000 --plot soak.svg
 * [+] 13 servers for 0.5 minutes, up to 1,000 idle connections on each (seed 3141592653)
 * [+] 8 servers with 64 descriptors and 200 clients each
 * …
 * [+] 14 s: faulty clients beside good ones
 * …
 *                 good  wrong  retried  faulty  alone  faults  after  longest
 * tcp echo       1,522      0        0      84    0.7     1.0    0.8     54.1
 * …
 * [+] Done: everything held: 14,270 good exchanges beside 1,108 faulty clients; drawn in soak.svg
 * ```
 *
 * The servers are child processes with the permissions of their tasks, on free ports of loopback. Good clients compare every byte of every
 * answer. What faulty clients do is drawn by the seed; when they do it depends on the machine. At the end each server must hold no more
 * descriptors than before the load, no more memory under an equal load than 25 % and 32 MiB more (a garbage collector returns memory when it
 * likes), must answer as fast as at the beginning, and must end with code 0. Where anything does not hold, a line says what, at which server,
 * and how to repeat the run; the exit code is 1 then. Memory and descriptors are read from `/proc`, which only Linux has.
 *
 * @module
 */
import { Exit, Failure } from "../lib/errors.ts";
import { reserveOutput } from "../lib/console/log.ts";
import { withProgress } from "../lib/progress.ts";
import { type Run, runScript, type Script } from "../lib/script/script.ts";
import { counted, plural } from "../lib/text.ts";
import { openPicture } from "./picture_file.ts";
import { flags, repeatLine, type Wanted, wantedOf } from "./soak/flags.ts";
import { partsOf } from "./soak/plan.ts";
import type { Recorded, ScarceRecord } from "./soak/record.ts";
import { chartOf, findingEvent, PART_WORDS, samplesEvent, summaryOf, totalsOf } from "./soak/report.ts";
import { soak } from "./soak/run.ts";
import { DESCRIPTORS, tryAllScarce } from "./soak/scarce.ts";
import { type CommandOf, taskOf } from "./soak/server.ts";
import { takesCrowd } from "./soak/servers.ts";
import { verdict } from "./soak/verdict.ts";

/** Flags and help text of `soak`. */
export const script: Script<typeof flags> = {
  name: "soak",
  role: "client",
  summary: "Runs all servers at once, with good, faulty and idle clients, and sees whether everything holds",
  example: {
    flags: "--minutes 10 --plot soak.svg",
    does: "Ten minutes under load; prints tables, draws a picture, and names what did not hold.",
  },
  flags,
  ownFaults: true,
  check: ({ values }) => void wantedOf(values),
};

/** Whether any server gets idle connections. */
function hasCrowds({ idle, servers }: Wanted): boolean {
  return idle > 0 && servers.some(takesCrowd);
}

/** Measures; tells each part of the run as it begins. */
async function measure(wanted: Wanted, { events, signal }: Run<typeof flags>, commandOf: CommandOf): Promise<Recorded> {
  const { servers, seed, scarce: tries } = wanted;
  const began = performance.now();
  const tell = (what: string): void => {
    const message = `${Math.round((performance.now() - began) / 1000)} s: ${what}`;
    events.emit({ event: "notice", message });
  };
  let scarce: readonly ScarceRecord[] = [];
  if (tries) {
    tell(`each TCP server alone with ${DESCRIPTORS} descriptors and more clients than that`);
    scarce = await tryAllScarce(servers, { seed, signal, commandOf });
  }
  const onPart: Parameters<typeof soak>[0]["onPart"] = (kind, round) =>
    tell(`${PART_WORDS[kind]}${round > 1 ? ` (round ${round})` : ""}`);
  const about = Math.round(wanted.time / 1000);
  const parts = partsOf(wanted.time, hasCrowds(wanted));
  const measuring = soak({ ...wanted, parts, signal, onPart, scarce, commandOf });
  return await withProgress(measuring, events, (ms) => `${Math.round(ms / 1000)} s of about ${about} s`);
}

/**
 * Runs the script; returns its exit code.
 *
 * @param commandOf How servers are started: by their tasks, unless a test has a worse one.
 */
export async function main(args: string[], commandOf: CommandOf = taskOf): Promise<number> {
  return await runScript(script, args, async (run) => {
    const { events, options } = run;
    const wanted = wantedOf(options);
    const { plot, seed, idle, servers } = wanted;
    reserveOutput(events, "summary");
    using picture = plot === undefined ? null : openPicture(plot);
    const crowds = hasCrowds(wanted) ? `, up to ${counted(idle, "idle connection")} on each` : "";
    const message = `${plural(servers.length, "server")} for ${options.minutes} min${crowds} (seed ${seed})`;
    events.emit({ event: "notice", message });
    const recorded = await measure(wanted, run, commandOf);
    const findings = verdict(recorded);
    for (const server of recorded.servers) events.emit(samplesEvent(server));
    events.emit(summaryOf(recorded, findings));
    for (const finding of findings) events.emit(findingEvent(finding, repeatLine(wanted)));
    if (picture !== null) {
      const { drawChart } = await import("./soak/chart.ts");
      picture.write(drawChart(chartOf(recorded, findings)));
    }
    if (findings.length > 0) {
      throw new Failure(Exit.failed, `Cannot pass: ${counted(findings.length, "check")} failed, see above`);
    }
    return `Done: everything held: ${totalsOf(recorded)}${plot === undefined ? "" : `; drawn in ${plot}`}`;
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
