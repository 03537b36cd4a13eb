/**
 * The frame around every script's work: flags, help, events, signals, and the exit code.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
import { setColorEnabled } from "@std/fmt/colors";
import { Exit, Failure, isDisconnect, stateOf, UsageError } from "../errors.ts";
import type { Events, Role } from "../events.ts";
import { type FlagTable, type FlagValues, type ParsedFlags, parseFlags } from "./flags.ts";
import type { PacketLayer } from "../net/packet_socket.ts";
import { Log, toJson } from "../console/log.ts";
import { print } from "../console/prose.ts";
import type { TerminalSize } from "../console/width.ts";
import type { BasicFlags } from "./shared_flags.ts";
import { type Sockets, withFaults } from "./sockets.ts";
import { type Watch, watched, type WatchedFlags } from "./watch.ts";
import {
  DataOutput,
  droppedWarning,
  LineOutput,
  type LineOutputOptions,
  OutputClosed,
  Route,
  type Sink,
} from "../console/output.ts";
import { Stop, StopRequested } from "../console/stop.ts";

/** The description of a script, from which `--help` is generated. */
export interface Script<F extends FlagTable> {
  /** The task that runs it: `tcp:server`. */
  readonly name: string;
  readonly role: Role;
  /** The switch with which a server prints data on standard output. Its log then goes where a client's does. */
  readonly dataFlag?: string;
  /** One sentence, without a full stop. */
  readonly summary: string;
  /** The flags of a worked example, and what it does. */
  readonly example: { readonly flags: string; readonly does: string };
  readonly flags: F;
  /** The positional arguments, if any: `NAME...` and their help. */
  readonly operands?: { readonly placeholder: string; readonly help: string };
  /** Whether its faults are its own work, as a relay's are, and not those of its sockets. */
  readonly ownFaults?: boolean;
  /** Throws a `UsageError` for what makes no sense together; called before any file is opened. */
  check?(parsed: ParsedFlags<F>): void;
}

/** The arguments of a script's own work. */
export interface Run<F extends FlagTable> extends Omit<Watch, "tap">, Sockets {
  readonly options: FlagValues<F>;
  /** The positional arguments; empty unless the script declares some. */
  readonly operands: readonly string[];
  /** The flags that were given explicitly. */
  readonly given: ReadonlySet<keyof F>;
  readonly events: Events;
  /** Aborted when the run should end. */
  readonly signal: AbortSignal;
  /** Ends the run from within. */
  readonly stop: Stop;
  /** The output for the data that a client receives. */
  readonly output: DataOutput;
  /** Redirects everything that the run prints on a terminal to `sink`, so that log lines do not disturb an input line. */
  readonly redirectTerminal: (sink: Sink) => void;
  /** Waits until everything printed so far is written: an input line opened earlier would appear above it. */
  readonly flush: () => Promise<unknown>;
}

/** The size of a terminal as an output option; empty if the stream is not a terminal. */
function sizeOf(stream: { isTerminal(): boolean }): LineOutputOptions {
  if (!stream.isTerminal()) return {};
  const size = (): TerminalSize => {
    try {
      return Deno.consoleSize();
    } catch {
      // The terminal was closed.
      return { columns: 0, rows: 0 };
    }
  };
  return { columns: () => size().columns, rows: () => size().rows };
}

/** The time limit for writing the last lines of the log (ms). */
const FLUSH_TIME = 2000;

/**
 * Runs a script from its arguments to its exit code.
 *
 * @param script Its description.
 * @param args The arguments.
 * @param work Does the work and returns the last line ("Done: …"). A thrown `Failure` provides the last line and the exit code.
 * @returns The exit code.
 */
export async function runScript<F extends FlagTable & BasicFlags>(
  script: Script<F>,
  args: readonly string[],
  work: (run: Run<F>) => Promise<string>,
): Promise<number> {
  setColorEnabled(false);
  using stop = new Stop();
  const routes = { stdout: new Route(Deno.stdout), stderr: new Route(Deno.stderr) };
  const onClosed = (error: unknown): void => stop.request(logClosed(error));
  const json = args.includes("--json");
  const droppedLine = (count: number): string => {
    const message = droppedWarning(count);
    return json ? toJson({ event: "warning", message }) : print({ mark: "trouble", text: message });
  };
  const out = new LineOutput(routes.stdout, { onClosed, droppedLine, ...sizeOf(Deno.stdout) });
  // A terminal gets a single writer: two would race, and an error could appear before the lines that led to it.
  const err = Deno.stdout.isTerminal() && Deno.stderr.isTerminal()
    ? out
    : new LineOutput(routes.stderr, sizeOf(Deno.stderr));
  const flush = (): Promise<unknown> => Promise.all([out.flush(), err.flush()]);
  try {
    return await runWith(script, args, work, { stop, out, err, routes, flush });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    err.line(print({ mark: "trouble", text: error.message }));
    return error.code;
  } finally {
    // A stalled reader must not delay the exit.
    await deadline(flush(), FLUSH_TIME).catch(() => {});
  }
}

/** With `--json`, data is in the events only. */
const NOWHERE: Sink = { write: (bytes) => Promise.resolve(bytes.length) };

/** Whether standard output is for data: a client's, and a server's with its `dataFlag`. */
function printsData<F extends FlagTable>({ role, dataFlag = "" }: Script<F>, given: ReadonlySet<PropertyKey>): boolean {
  return role === "client" || given.has(dataFlag);
}

interface RunContext {
  readonly stop: Stop;
  readonly out: LineOutput;
  readonly err: LineOutput;
  readonly routes: { readonly stdout: Route; readonly stderr: Route };
  readonly flush: () => Promise<unknown>;
}

async function runWith<F extends FlagTable & BasicFlags>(
  script: Script<F>,
  args: readonly string[],
  work: (run: Run<F>) => Promise<string>,
  { stop, out, err, routes, flush }: RunContext,
): Promise<number> {
  const parsed = parseFlags(script.flags, args, { operands: script.operands !== undefined });
  const { values: options, given, operands } = parsed;
  if (options.help === true || options.version === true) {
    out.line(options.help === true ? await helpOf(script, { json: options.json === true }) : await versionLine());
    return Exit.done;
  }
  const json = options.json === true;
  const { events, output, redirectTerminal } = consoleOf(script, parsed, { out, err, routes });
  using _log = events;
  const { signal } = stop;
  signal.addEventListener("abort", () => {
    const { reason } = signal;
    if (reason instanceof StopRequested) events.emit({ event: "stopping", signal: reason.signal });
  });
  let code: number = Exit.done;
  let reason: string;
  try {
    script.check?.(parsed);
    const run = { options, operands, given, events, signal, stop, output, redirectTerminal, flush };
    reason = await overNetwork(script, run, work);
    // A server treats every stop as success, but losing its log is a failure.
    if (signal.reason instanceof Failure) throw signal.reason;
  } catch (error) {
    ({ code, reason } = endingOf(error));
    // Ctrl-C at a prompt arrives as an answer, not as a signal.
    if (error instanceof StopRequested && !signal.aborted) events.emit({ event: "stopping", signal: error.signal });
    if (code !== Exit.done && !(error instanceof StopRequested)) events.emit({ event: "error", code, message: reason });
    if (!json) return code;
  }
  events.emit({ event: "ended", code, reason });
  return code;
}

/** The text of `--help`. */
async function helpOf<F extends FlagTable>(script: Script<F>, { json }: { json: boolean }): Promise<string> {
  const { helpJson, helpText } = await import("./help.ts");
  return json ? helpJson(script) : helpText(script);
}

/** The line of `--version`. */
async function versionLine(): Promise<string> {
  const { default: config } = await import("../../deno.json", { with: { type: "json" } });
  return `plainwire ${config.version}`;
}

/** Does a run's work over the network that its flags ask for, while the readers that they ask for watch it. */
async function overNetwork<F extends FlagTable>(
  { name, role, flags, ownFaults = false }: Script<F>,
  run: Omit<Run<F>, keyof Watch | keyof Sockets>,
  work: (run: Run<F>) => Promise<string>,
): Promise<string> {
  const { options, given, events, signal } = run;
  // wire:show has flags of the same names, and no sockets.
  const watchedFlags: WatchedFlags = "capture" in flags ? options as object : {};
  const faulty = { name, events, options, given: ownFaults ? new Set<string>() : given };
  return await withFaults(
    faulty,
    (sockets) =>
      watched({ name, role, events, signal, options: watchedFlags }, ({ tap, ...watch }) => {
        const wrap: PacketLayer = (socket) => tap(sockets.wrap(socket));
        return work({ ...run, ...watch, ...sockets, wrap });
      }),
  );
}

/** What a run prints on: its log, and the output for data. */
function consoleOf<F extends FlagTable & BasicFlags>(
  script: Script<F>,
  { values: { json, quiet }, given }: ParsedFlags<F>,
  { out, err, routes }: Pick<RunContext, "out" | "err" | "routes">,
): Pick<Run<F>, "output" | "redirectTerminal"> & { readonly events: Log } {
  const data = printsData(script, given);
  const terminal = Deno.stdout.isTerminal();
  // A log on both standard output and standard error uses colours only if both are terminals.
  const colour = json !== true && !Deno.noColor && Deno.stderr.isTerminal() && (data || terminal);
  const events = new Log({ role: script.role, data, json: json === true, quiet: quiet === true, colour, out, err });
  const output = new DataOutput(json === true ? NOWHERE : terminal ? out : routes.stdout, { terminal });
  const redirectTerminal = (sink: Sink): void => {
    events.showsStatus = false;
    if (terminal) routes.stdout.redirect(sink);
    if (Deno.stderr.isTerminal()) routes.stderr.redirect(sink);
  };
  return { events, output, redirectTerminal };
}

/** Why the log was closed: its reader has closed the pipe, or writing failed. */
function logClosed(cause: unknown): Error {
  if (isDisconnect(cause)) return new OutputClosed("the log's reader left", { cause });
  return new Failure(Exit.failed, `Cannot write to standard output: ${stateOf(cause).state}`, { cause });
}

/** The exit code and last line for an error. */
function endingOf(error: unknown): { code: number; reason: string } {
  if (error instanceof StopRequested) return { code: error.code, reason: error.message };
  if (error instanceof OutputClosed) return { code: Exit.done, reason: error.message };
  const { code, state } = stateOf(error);
  return { code, reason: state.startsWith("Cannot ") ? state : `Cannot continue: ${state}` };
}
