/**
 * One run of `lab:check`: finds the server or starts it, finds out how it speaks, checks it, and reports.
 *
 * @module
 */
import { type Endpoint, formatEndpoint } from "../../lib/addr.ts";
import { Exit, Failure, fileFailure, TimedOutError } from "../../lib/errors.ts";
import type { Events } from "../../lib/events.ts";
import { TimeLimit } from "../../lib/net/resolve.ts";
import { callersFolder } from "../../lib/script/callers_path.ts";
import { abortable } from "../../lib/within.ts";
import { CheckFailure } from "./check.ts";
import type { CheckFlags } from "./flags.ts";
import { LATE, OwnDelay, TRIES } from "./own_delay.ts";
import type { Protocol } from "./protocol.ts";
import { Report } from "./report.ts";
import { runChecks, type ServerUnderTest } from "./runner.ts";
import { selected } from "./select.ts";
import type { flagsOf } from "./protocol_flags.ts";
import { StartedServer } from "./started_server.ts";
import { acceptingOf, addressesOf } from "./target.ts";
import { Trial } from "./trial.ts";
import { typedFlags } from "./typed_flags.ts";

/** Options of {@linkcode checkServer}. */
export interface SessionOptions {
  /** The protocol's name. */
  readonly name: keyof typeof flagsOf;
  readonly protocol: Protocol<unknown>;
  readonly flags: CheckFlags;
  /** Where the server is; `null` = `--start` starts it. */
  readonly target: Endpoint | null;
  readonly events: Events;
  readonly signal: AbortSignal;
  /** Prints lines of the report. */
  readonly print: (lines: readonly string[]) => Promise<void>;
}

/** How long all checks together may take (ms). */
const RUN_LIMIT = 15 * 60_000;
/** How long to wait for a sign of life from a server that is starting, before trying again (ms). */
const READY = 500;

/**
 * Checks a server.
 *
 * @returns The last line of the run.
 * @throws {Failure} A check has failed (1), or there is no server (4, 5). If the signal ended the run, its reason, after the report.
 */
export async function checkServer(options: SessionOptions): Promise<string> {
  const { protocol, flags } = options;
  const { only } = flags;
  const checks = selected(only.length > 0 ? protocol.checks : protocol.checksFor?.(flags) ?? protocol.checks, only);
  await using started = options.target === null ? await startServer(options) : null;
  const server = started ?? await runningServer(options, options.target);
  const comments: string[] = [];
  const { input = null } = server;
  const dialect = await findDialect(options, server.endpoint, (comment) => comments.push(comment), input);
  const report = reportOf(options, checks.length);
  await report.begin([about(options, server.endpoint), ...comments]);
  let stopped: unknown = null;
  try {
    await runAll(options, { checks, server, dialect, report });
  } catch (error) {
    stopped = error;
  }
  options.events.emit({ event: "status", text: "" });
  await report.end(stopped === null ? null : stopped instanceof Error ? stopped.message : String(stopped));
  await writeJunit(options, report);
  if (stopped !== null) throw stopped;
  return report.verdict;
}

/** Runs the checks, and adds their results to the report. */
async function runAll(
  { protocol, flags, events, signal }: SessionOptions,
  { checks, server, dialect, report }: Pick<Parameters<typeof runChecks>[0], "checks" | "dialect" | "server"> & {
    readonly report: Report;
  },
): Promise<void> {
  const { seed, timeout } = flags;
  const late = new TimedOutError(`Cannot finish the checks: they take longer than ${RUN_LIMIT / 60_000} minutes`);
  using limit = new TimeLimit(RUN_LIMIT, signal, () => late);
  const onStart = (number: number, { name }: { readonly name: string }): void => {
    const { failed } = report.counts;
    const so = failed === 0 ? "" : `, ${failed} failed so far`;
    events.emit({ event: "status", text: `Check ${number} of ${checks.length}: ${name}${so}` });
  };
  const patience = timeout * 1000;
  const fresh = protocol.fresh?.(flags) === true;
  const running = { protocol, dialect, checks, server, patience, seed, fresh, signal: limit.signal, onStart };
  for await (const result of runChecks(running)) await report.add(result);
}

function reportOf({ name, protocol, flags, events, print }: SessionOptions, total: number): Report {
  const { json, quiet, points, start } = flags;
  return new Report({
    protocol: name,
    transport: protocol.transport,
    start,
    given: typedFlags(name, flags),
    total,
    events,
    print,
    json,
    quiet,
    points,
  });
}

/** The report's first comment. */
function about({ name, flags: { seed, start } }: SessionOptions, server: Endpoint): string {
  const started = start === undefined ? "" : `, started by ${JSON.stringify(start)}`;
  return `lab:check ${name} at ${formatEndpoint(server)}${started}; seed ${seed}`;
}

/** A server that is already running. */
async function runningServer(options: SessionOptions, target: Endpoint | null): Promise<ServerUnderTest> {
  const { protocol, flags: { allowRemote, timeout }, signal } = options;
  if (target === null) throw new Failure(Exit.misuse, "Cannot check a server: there is none");
  const addresses = await addressesOf(target, { remote: allowRemote });
  const [first = target] = addresses;
  const endpoint = foundByExchange(protocol)
    ? await servingOf(options, addresses) ?? first
    : await acceptingOf(addresses, timeout * 1000, signal);
  return { endpoint, output: null, ending: () => Promise.resolve(null), lastWords: () => "", restart: null };
}

/** The server that `--start` starts. */
async function startServer(options: SessionOptions): Promise<StartedServer> {
  const { protocol, flags, events, signal } = options;
  const { transport } = protocol;
  const { start: command = "" } = flags;
  const untouched = protocol.fresh?.(flags) === true;
  events.emit({ event: "status", text: `Starting ${command}` });
  const ready = foundByExchange(protocol)
    ? (endpoint: Endpoint) => serves(options, endpoint)
    : (endpoint: Endpoint) => acceptingOf([endpoint], READY, signal).then(() => true, () => false);
  return await StartedServer.start({ command, transport, folder: callersFolder(), ready, untouched, signal });
}

/** Whether it takes an exchange to find out that a server is there. */
function foundByExchange({ transport, asksFirst = false }: Protocol<unknown>): boolean {
  return transport === "udp" || asksFirst;
}

/** The first endpoint at which a server answers; a single one is not asked. */
async function servingOf(options: SessionOptions, endpoints: readonly Endpoint[]): Promise<Endpoint | undefined> {
  if (endpoints.length === 1) return endpoints[0];
  for (const endpoint of endpoints) if (await serves(options, endpoint)) return endpoint;
  return undefined;
}

/** Whether a server answers. */
async function serves(options: SessionOptions, endpoint: Endpoint): Promise<boolean> {
  try {
    await findDialect({ ...options, flags: { ...options.flags, timeout: READY / 1000 } }, endpoint, () => {});
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

/** How the server speaks. Where this program itself was late, it looks again: a close that it did not see would mislead every check. */
async function findDialect(
  options: SessionOptions,
  server: Endpoint,
  say: (comment: string) => void,
  input: NonNullable<ServerUnderTest["input"]> | null = null,
): Promise<unknown> {
  for (let tries = 1;; tries++) {
    using own = new OwnDelay();
    const comments: string[] = [];
    const dialect = await lookOnce(options, server, (comment) => comments.push(comment), input);
    if (own.worst >= LATE && tries < TRIES) continue;
    for (const comment of comments) say(comment);
    return dialect;
  }
}

async function lookOnce(
  { protocol, flags, signal }: SessionOptions,
  server: Endpoint,
  say: (comment: string) => void,
  input: NonNullable<ServerUnderTest["input"]> | null,
): Promise<unknown> {
  const patience = flags.timeout * 1000;
  using trial = new Trial({ server, dialect: null, patience, random: () => 0, signal, input });
  try {
    return await abortable(protocol.dialectOf(flags, { trial, say }), signal);
  } catch (error) {
    if (!(error instanceof CheckFailure)) throw error;
    throw new TimedOutError(`Cannot check ${formatEndpoint(server)}: ${error.message}`, { cause: error });
  }
}

async function writeJunit({ flags: { junit } }: SessionOptions, report: Report): Promise<void> {
  if (junit === undefined) return;
  try {
    await Deno.writeTextFile(junit, report.junit);
  } catch (error) {
    throw fileFailure(`write ${junit}`, error);
  }
}
