/**
 * The flags of `soak`.
 *
 * @module
 */
import { UsageError } from "../../lib/errors.ts";
import { drawSeed } from "../../lib/script/fault_flags.ts";
import { flag } from "../../lib/script/flag_kinds.ts";
import type { Flag, FlagValues } from "../../lib/script/flags.ts";
import { basicFlags } from "../../lib/script/shared_flags.ts";
import { SERVERS, type ServerSpec } from "./servers.ts";

/** The shortest and the longest run. */
const [SHORTEST, LONGEST] = [0.1, 30_000];

/** Minutes, decimals allowed. */
const minutes: Flag<number> = {
  help: "how long the load lasts; starting and stopping come on top",
  placeholder: "M",
  repeatable: false,
  shown: "2",
  read: ([text]) => {
    const value = text === undefined ? 2 : /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : NaN;
    if (value >= SHORTEST && value <= LONGEST) return value;
    throw new UsageError(
      `Cannot use ${JSON.stringify(text)}: it must be a number of minutes from ${SHORTEST} to ${LONGEST}, such as 2.5`,
    );
  },
};

/** The flags of `soak`. */
export const flags = {
  minutes,
  idle: flag.integer("idle connections on each TCP server, one server after another; 0 = none", {
    default: 10_000,
    min: 0,
    max: 1_000_000,
  }),
  only: flag.texts("only this server, such as 'chat room'; repeatable; a wrong name lists all", {
    placeholder: "SERVER",
  }),
  noScarce: flag.on("skip the trial of each TCP server with 64 descriptors"),
  plot: flag.path("draw memory, descriptors and times of all servers (.svg)", { default: undefined }),
  seed: flag.integer("seed of the faulty clients: the same seed gives the same ones", {
    default: undefined,
    min: 0,
    max: 2 ** 32 - 1,
    shown: "drawn at random, and told",
  }),
  ...basicFlags,
  timeout: flag.seconds("seconds that a good exchange may take", { default: 10, short: "t" }),
};

/** What the flags ask for. */
export interface Wanted {
  /** How long the load lasts (ms). */
  readonly time: number;
  readonly idle: number;
  readonly servers: readonly ServerSpec[];
  readonly scarce: boolean;
  readonly seed: number;
  /** How long a good exchange may take (ms). */
  readonly limit: number;
  /** The picture's path. */
  readonly plot: string | undefined;
}

/**
 * Reads the flags.
 *
 * @throws {UsageError} They make no sense.
 */
export function wantedOf(values: FlagValues<typeof flags>): Wanted {
  const { minutes, idle, only, noScarce, plot, seed, timeout } = values;
  if (plot !== undefined && !/\.svg$/i.test(plot)) {
    throw new UsageError(`Cannot draw ${plot}: its name must end in .svg`);
  }
  if (timeout === 0) throw new UsageError("Cannot use --timeout 0: a good exchange that takes for ever is none");
  for (const name of only) {
    if (SERVERS.some((server) => server.name === name)) continue;
    const names = SERVERS.map((server) => server.name).join(", ");
    throw new UsageError(`Cannot use --only ${JSON.stringify(name)}: the servers are ${names}`);
  }
  return {
    time: minutes * 60_000,
    idle,
    servers: withTargets(only),
    scarce: !noScarce,
    seed: seed ?? drawSeed(),
    limit: timeout * 1000,
    plot,
  };
}

/** The servers of these names, all if there are none, and those that they forward to. */
function withTargets(names: readonly string[]): ServerSpec[] {
  if (names.length === 0) return [...SERVERS];
  const wanted = new Set(names);
  for (const { name, flags } of SERVERS) {
    const [, target] = /\{(.*)\}/.exec(flags.join(" ")) ?? [];
    if (wanted.has(name) && target !== undefined) wanted.add(target);
  }
  return SERVERS.filter(({ name }) => wanted.has(name));
}

/** The flags that repeat a run. */
export function repeatLine({ time, idle, seed, servers }: Pick<Wanted, "time" | "idle" | "seed" | "servers">): string {
  const only = servers.length === SERVERS.length ? "" : servers.map(({ name }) => ` --only '${name}'`).join("");
  return `deno task soak --minutes ${Number((time / 60_000).toFixed(3))} --idle ${idle} --seed ${seed}${only}`;
}
