/**
 * lab:compare sends one numbered stream of messages by TCP and by UDP through the same faults, and shows what arrived, and how late.
 *
 * ```sh
 * deno task lab:compare
 * deno run --no-prompt --allow-env=INIT_CWD,PLAINWIRE --allow-write="$INIT_CWD,/tmp" --allow-net=127.0.0.1 --allow-run=unshare lab/compare.ts
 * ```
 *
 * Try it:
 *
 * ```
 * $ deno task lab:compare --loss 5% --delay 20ms --seed 7 --plot loss.svg
 * [+] 100 messages of 1,448 bytes, one every 10 ms: 5 % loss, 20 ms delay (seed 7)
 *                                     TCP         UDP
 * sent                                100         100
 * arrived                             100          95
 * lost                                  0           5
 * …
 * waited for a retransmission          58           -
 * …
 * lateness, p50                   35.2 ms     22.5 ms
 * lateness, p99                  323.4 ms     25.9 ms
 * …
 * TCP delivered all 100 messages in order; 58 of them waited for a retransmission, the latest 333 ms after it was due.
 * UDP delivered 95 of 100, the latest 26 ms after it was due; 5 never came.
 * …
 * [+] Done: drawn in loss.svg
 * ```
 *
 * A fault that only one of the two can have, such as `--duplicate`, happens to that one alone. Sender and receiver are sockets of this
 * process, on loopback; the faults lie between the sender and its socket. Without root nothing can be lost under TCP, so there a loss is
 * modelled as the delay that a retransmission costs. With `--netem` the kernel makes the faults, in a network namespace that ends with the
 * run, and TCP really retransmits: on Linux, with `unshare`, `ip` and `tc`, as root or where users may create namespaces. This is what the
 * permission to run `unshare` is for; it starts this script again, with fewer permissions.
 *
 * @module
 */
import { reserveOutput } from "../lib/console/log.ts";
import { connectNode } from "../lib/net/node_socket.ts";
import { withProgress } from "../lib/progress.ts";
import { canReset, planLine } from "../lib/faults/plan.ts";
import { runScript, type Script } from "../lib/script/script.ts";
import { flags, type Wanted, wantedOf } from "./compare/flags.ts";
import { measure, type Records } from "./compare/measure.ts";
import { runInNamespace } from "./compare/namespace.ts";
import { netemArguments } from "./compare/netem.ts";
import { openPicture } from "./picture_file.ts";
import { type Comparison, headline, plotOf, recordEvent, recordIn, summaryOf } from "./compare/report.ts";

/** Flags and help text of `lab:compare`. */
export const script: Script<typeof flags> = {
  name: "lab:compare",
  role: "client",
  summary: "Sends the same messages by TCP and by UDP through the same faults, and compares what arrives",
  example: {
    flags: "--loss 5% --delay 20ms --plot loss.svg",
    does: "Loses 5 % of the packets, each 20 ms on its way; prints a table and draws a picture.",
  },
  flags,
  ownFaults: true,
  check: wantedOf,
};

/** Where the sockets of a comparison are. */
const HERE = { hostname: "127.0.0.1", port: 0 };

/** Measures in this process. */
async function measureHere({ maker, ...wanted }: Wanted, signal: AbortSignal): Promise<Records> {
  const sockets = {
    listen: () => Deno.listen(HERE),
    // Deno's own sockets cannot send RST.
    connect: canReset(wanted.plan) ? connectNode : (at: Deno.ConnectOptions) => Deno.connect(at),
    datagrams: () => Deno.listenDatagram({ transport: "udp", ...HERE }),
  };
  return await measure(sockets, { ...wanted, layers: maker === "layer", signal });
}

/** Measures in a child of this process, in a network of its own. */
async function measureThere({ stream, plan, timeout }: Wanted, signal: AbortSignal): Promise<Records> {
  const { count, interval, size } = stream;
  const given = { count, interval: interval / 1000, size, timeout: timeout / 1000, netem: "here" };
  const flags = Object.entries(given).map(([name, value]) => `--${name}=${value}`);
  const deno = Deno.build.standalone ? [] : ["run", "--no-prompt", "--allow-net=127.0.0.1", import.meta.filename ?? ""];
  const command = [
    Deno.execPath(),
    ...deno,
    "--json",
    ...flags,
    ...planLine(plan).split(" ").filter((part) => part !== ""),
  ];
  const lines = await runInNamespace({ netem: netemArguments(plan), command, signal });
  return { tcp: recordIn(lines, "tcp"), udp: recordIn(lines, "udp") };
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async ({ options: values, given, events, signal }) => {
    const wanted = wantedOf({ values, given });
    const { plot, plan, maker, seed, stream } = wanted;
    reserveOutput(events, "summary");
    using picture = plot === undefined ? null : openPicture(plot);
    const how = { plan, seed: maker === "layer" ? seed : null, maker: maker === "layer" ? "layer" : "kernel" } as const;
    events.emit({ event: "notice", message: headline(stream, how) });
    const measuring = (maker === "own" ? measureThere : measureHere)(wanted, signal);
    const about = Math.round(2 * stream.count * stream.interval / 1000);
    const records = await withProgress(measuring, events, (ms) => `${Math.round(ms / 1000)} s of about ${about} s`);
    const comparison: Comparison = { ...records, ...how };
    for (const record of [records.tcp, records.udp]) events.emit(recordEvent(record));
    events.emit(summaryOf(comparison));
    if (picture === null) return "Done";
    const { drawPlot } = await import("./compare/plot.ts");
    picture.write(drawPlot(plotOf(comparison)));
    return `Done: drawn in ${plot}`;
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
