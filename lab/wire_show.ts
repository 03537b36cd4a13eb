/**
 * wire:show tells what passed in captures, tcpdump's and Wireshark's included, as the scripts tell it while they run.
 *
 * ```sh
 * deno task wire:show FILE
 * deno run --no-prompt --allow-env=INIT_CWD,PLAINWIRE --allow-write="$INIT_CWD,/tmp" --allow-read lab/wire_show.ts FILE
 * ```
 *
 * Try it:
 *
 * ```
 * $ deno task tcp:server --once --capture server.pcapng &
 * $ deno task tcp:client --capture client.pcapng
 * $ deno task wire:show client.pcapng
 * $ deno task wire:show --diagram hello.svg client.pcapng server.pcapng
 * ```
 *
 * A capture has packets, not calls: what is told is what the program at one end would have seen. In the captures of these scripts the
 * boundaries of reads and writes are real; in others, a segment counts as a read or a write.
 *
 * @module
 */
import { UsageError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { reserveOutput } from "../lib/console/log.ts";
import { callersPath } from "../lib/script/callers_path.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import { runScript, type Script } from "../lib/script/script.ts";
import { basicFlags } from "../lib/script/shared_flags.ts";
import { plural } from "../lib/text.ts";
import { STDIN, stepsOf } from "./capture_file.ts";
import { summaryLine, warningsOf } from "./capture_summary.ts";
import { flowFlag, type Wanted } from "./flow_flag.ts";
import { diagramDrawing, explainTeller, type Teller, traceTeller } from "./wire_teller.ts";

const flags = {
  trace: flag.on("dump every byte with time, direction and peer instead of explaining it"),
  diagram: flag.path(
    "draw a sequence diagram instead, .svg or .html; of the captures of both sides, with both clocks",
    {
      default: undefined,
    },
  ),
  as: flag.choice("whose calls to tell; auto is the side that made the capture, if it says so, or else the client", [
    "auto",
    "client",
    "server",
  ], { default: "auto" }),
  flow: flowFlag("tell"),
  ...basicFlags,
  timeout: { ...basicFlags.timeout, help: "no effect: there is no peer to wait for" },
};

/** Flags and help text of `wire:show`. */
export const script: Script<typeof flags> = {
  name: "wire:show",
  role: "client",
  summary: "Tells what passed in a capture (pcapng or pcap), in plain words",
  example: {
    flags: "--as server --flow 2 lan.pcap",
    does: "Explains the second connection in lan.pcap as its server saw it.",
  },
  flags,
  operands: {
    placeholder: "FILE...",
    help: "captures, also packed by gzip; - is standard input, as in tcpdump -w - |",
  },
};

/** What is told, and how. */
export interface ShowOptions {
  readonly as: "auto" | "client" | "server";
  /** Which flows to tell; `undefined` = all. */
  readonly wanted: Wanted | undefined;
  readonly signal: AbortSignal;
  /** Waits until what was told is printed. */
  readonly flush: () => Promise<unknown>;
}

/** How many bytes may be told before they are printed: what waits takes memory. */
const UNPRINTED = 16 * 1024;

/**
 * Tells one capture.
 *
 * @returns How many connections and datagram flows it has.
 * @throws {Failure} It cannot be read, or is no capture.
 */
export async function show(
  path: string,
  tellers: readonly Teller[],
  events: Events,
  { as, wanted, signal, flush }: ShowOptions,
): Promise<number> {
  const steps = stepsOf(path, as === "auto" ? {} : { as });
  let unprinted = 0;
  for (;;) {
    const { done, value } = await steps.next();
    signal.throwIfAborted();
    if (done === true) {
      for (const message of warningsOf(value)) events.emit({ event: "warning", message: `${path}: ${message}` });
      const { packets, connections, datagramFlows, missing } = value;
      events.emit({ event: "summary", prose: summaryLine(path, value), packets, connections, datagramFlows, missing });
      return connections + datagramFlows;
    }
    if (wanted !== undefined && !wanted(value.event.flow)) continue;
    for (const tell of tellers) tell(value);
    unprinted += 200 + (value.event.bytes?.length ?? 0);
    if (unprinted > UNPRINTED) {
      await flush();
      unprinted = 0;
    }
  }
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async ({ options, operands, events, signal, flush }) => {
    if (operands.length === 0) throw new UsageError("Cannot show a capture: name a file, or - for standard input");
    const { as, flow: wanted, trace, diagram, json } = options;
    reserveOutput(events, trace ? "trace" : "explain");
    const drawing = diagram === undefined ? null : await diagramDrawing(diagram);
    for (const operand of operands) {
      const path = operand === STDIN ? STDIN : callersPath(operand);
      if (operands.length > 1) events.emit({ event: "notice", message: operand });
      const tellers = [
        ...(trace ? [await traceTeller(events, { json })] : []),
        ...(drawing !== null ? [drawing.teller()] : []),
      ];
      await show(path, tellers.length > 0 ? tellers : [await explainTeller(events)], events, {
        as,
        wanted,
        signal,
        flush,
      });
    }
    await drawing?.draw(operands.map((operand) => operand.replace(/^.*[/\\]/, "")).join(" and "));
    return `Done: ${plural(operands.length, "capture")}${diagram === undefined ? "" : `, drawn in ${diagram}`}`;
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
