/**
 * A whole soak: starts the servers, plays its parts, stops the servers.
 *
 * @module
 */
import type { Part } from "./plan.ts";
import { play, type Stage } from "./phases.ts";
import type { Phase, PhaseKind, Recorded, ScarceRecord, Usage } from "./record.ts";
import { EVERY, Sampler } from "./sampler.ts";
import { type CommandOf, SoakServer, taskOf } from "./server.ts";
import type { ServerSpec } from "./servers.ts";

/** What is run. */
export interface SoakOptions {
  readonly servers: readonly ServerSpec[];
  readonly parts: readonly Part[];
  readonly seed: number;
  /** How many idle connections each server over TCP gets. */
  readonly idle: number;
  /** How long a good exchange may take (ms). */
  readonly limit: number;
  readonly signal: AbortSignal;
  /** How each server is started: by its task, unless a test has a worse one. */
  readonly commandOf?: CommandOf;
  /** Called when a part begins. */
  readonly onPart?: (kind: PhaseKind, round: number) => void;
  /** What was found out about servers with few descriptors. */
  readonly scarce?: readonly ScarceRecord[];
}

/**
 * Runs the soak.
 *
 * @throws {Failure} A server cannot be started.
 * @throws The signal's reason.
 */
export async function soak(options: SoakOptions): Promise<Recorded> {
  const { signal } = options;
  await using sampler = new Sampler();
  await using started = new AsyncDisposableStack();
  const began = performance.now();
  const now = (): number => performance.now() - began;
  const phases: Phase[] = [];
  const phase = async (kind: PhaseKind, round: number, work: () => Promise<unknown>): Promise<void> => {
    signal.throwIfAborted();
    options.onPart?.(kind, round);
    const from = now();
    await work();
    phases.push({ kind, round, from, to: now() });
  };
  const servers: SoakServer[] = [];
  await phase("start", 0, () => startAll(options, servers, started));
  // One reader of the sampler at a time.
  const pids = servers.map(({ child }) => child.pid);
  let reading: Promise<ReadonlyMap<number, Usage>> = Promise.resolve(new Map());
  const usages = (): typeof reading => reading = reading.then(() => sampler.read(pids));
  const ticking = setInterval(() => {
    const at = now();
    usages().then((held) => servers.forEach((server) => server.sample(at, held.get(server.child.pid) ?? null)));
  }, EVERY);
  try {
    const stage: Stage = { ...options, servers, now, usages };
    for (const part of options.parts) await phase(part.kind, part.round, () => play(part, stage));
    signal.throwIfAborted();
  } finally {
    clearInterval(ticking);
    await reading;
  }
  await Promise.all(servers.map((server) => server.stop(now())));
  const unmeasured = sampler.measures ? [] : ["memory, descriptors and threads: only Linux has /proc"];
  const { seed, scarce = [] } = options;
  return { seed, phases, servers: servers.map(({ record }) => record), scarce, unmeasured };
}

/** Starts all servers; those that others forward to come first. */
async function startAll(
  { servers: specs, commandOf = taskOf }: SoakOptions,
  servers: SoakServer[],
  started: AsyncDisposableStack,
): Promise<void> {
  const ports = new Map<string, number>();
  const start = async (spec: ServerSpec): Promise<void> => {
    const server = started.use(await SoakServer.start(spec, commandOf(spec, ports)));
    ports.set(spec.name, server.child.port);
    servers.push(server);
  };
  const isRelay = ({ task }: ServerSpec): boolean => task === "lab:relay";
  for (const group of [specs.filter((spec) => !isRelay(spec)), specs.filter(isRelay)]) {
    // All of them, so that each one that was started is stopped.
    const results = await Promise.allSettled(group.map(start));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }
  servers.sort((one, other) => specs.indexOf(one.spec) - specs.indexOf(other.spec));
}
