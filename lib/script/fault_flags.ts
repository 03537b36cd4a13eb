/**
 * The flags for faults on purpose, and the plan that they describe.
 *
 * @module
 */
import { UsageError } from "../errors.ts";
import {
  checkPlan,
  checkTransport,
  FAULT_NAMES,
  type FaultName,
  type FaultPlan,
  FAULTS,
  type FaultTransport,
  flagName,
  hasFaults,
  needsChance,
  NO_FAULTS,
  planLine,
} from "../faults/plan.ts";
import { flag } from "./flag_kinds.ts";
import { type Flag, type FlagTable, grouped } from "./flags.ts";
import type { Given } from "./unused_flags.ts";

/** The flags of the faults themselves, by their names in a plan. */
export type PlanFlags = { readonly [K in FaultName]: Flag<FaultPlan[K]> };

/** A direction through a relay: to the server, or back to the client. */
export type Way = "up" | "down";

/** The flags of one direction through a relay: `upLoss` is `--up-loss`. */
export type WayFlags<W extends Way> = { readonly [K in FaultName as `${W}${Capitalize<K>}`]: Flag<FaultPlan[K]> };

/** `--seed`: reproduces the faults of another run. */
export const seedFlag: Flag<number | undefined> = flag.integer(
  "seed of the faults that are left to chance: the same seed repeats them",
  {
    default: undefined,
    min: 0,
    max: 2 ** 32 - 1,
    shown: "drawn at random, and told",
  },
);

/** A flag for each fault. */
export const planFlags: PlanFlags = grouped(
  "Faults on purpose",
  flagsOf((name) => ({ key: name, help: FAULTS[name].help })),
) as unknown as PlanFlags;

/** Those and `--seed`: the flags of every script that opens a socket. */
export const faultFlags: FaultFlags = { ...planFlags, ...grouped("Faults on purpose", { seed: seedFlag }) };

/** The table of {@linkcode faultFlags}. */
export type FaultFlags = PlanFlags & { readonly seed: Flag<number | undefined> };

/** The flags of one direction, such as `--up-loss`; {@linkcode planFrom} prefers them to those of both. */
export function faultFlagsFor<W extends Way>(way: W): WayFlags<W> {
  const where = way === "up" ? "towards the server" : "towards the client";
  const flags = flagsOf((name) => ({ key: wayKey(way, name), help: `as --${flagName(name)}, ${where}` }));
  return grouped(`Faults ${where} only`, flags) as unknown as WayFlags<W>;
}

/** The fault `rate` for a script whose own `--rate` means something else. */
export const linkRateFlag: { readonly linkRate: Flag<number> } = { linkRate: planFlags.rate };

/** Makes a table with a flag for each fault. */
function flagsOf(describe: (name: FaultName) => { readonly key: string; readonly help: string }): FlagTable {
  const flags = FAULT_NAMES.map((name): [string, Flag<unknown>] => {
    const { key, help } = describe(name);
    const { placeholder, parse } = FAULTS[name];
    // By default the others do nothing, so there is none to show.
    const shown = key === "burst" || key === "queue" ? { shown: `${NO_FAULTS[key]}` } : {};
    const read = ([text]: readonly string[]): unknown => text === undefined ? NO_FAULTS[name] : parse(text);
    return [key, { help, placeholder, repeatable: false, ...shown, read }];
  });
  return Object.fromEntries(flags);
}

/** The key of a fault's flag in a script's table. */
function keyOf(name: FaultName, values: Readonly<Record<string, unknown>>): string {
  return name === "rate" && "linkRate" in values ? "linkRate" : name;
}

function wayKey(way: Way, name: FaultName): string {
  return `${way}${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/**
 * The plan that flags describe.
 *
 * @param values The values of {@linkcode planFlags}, and of {@linkcode faultFlagsFor} if there is a `way`.
 * @param given The flags that were given; a direction's own flag takes precedence over that of both.
 * @param transport What it is for, if that is known.
 * @throws {UsageError} The transport cannot have a fault, or a fault lacks another that it depends on.
 *
 * @example Usage
 * ```ts
 * import { faultFlagsFor, planFlags, planFrom } from "./fault_flags.ts";
 * import { parseFlags } from "./flags.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const flags = { ...planFlags, ...faultFlagsFor("up"), ...faultFlagsFor("down") };
 * const { values, given } = parseFlags(flags, ["--loss", "30%", "--up-loss", "5%"]);
 * assertEquals(planFrom(values, given, "up").loss, 0.05);
 * assertEquals(planFrom(values, given, "down").loss, 0.3);
 * ```
 */
export function planFrom(
  values: Readonly<Record<string, unknown>>,
  given: Given,
  way?: Way,
  transport?: FaultTransport,
): FaultPlan {
  const plan = Object.fromEntries(FAULT_NAMES.map((name) => {
    const key = way === undefined || !given.has(wayKey(way, name)) ? keyOf(name, values) : wayKey(way, name);
    return [name, given.has(key) ? values[key] : NO_FAULTS[name]];
  })) as unknown as FaultPlan;
  // Named as they were given.
  const prefix = way !== undefined && FAULT_NAMES.some((name) => given.has(wayKey(way, name))) ? `${way}-` : "";
  if (transport !== undefined) checkTransport(plan, transport, prefix);
  checkPlan(plan, prefix);
  return plan;
}

/** A random seed, for a run that was not given one. */
export function drawSeed(): number {
  const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
  return seed;
}

/** A script's transport, by its name: `tcp:server`, `chat:udp-client`; `null` if it depends on the flags. */
function transportOf(script: string): FaultTransport | null {
  if (!/^(tcp|udp|http|chat|sum):/.test(script)) return null;
  return script.includes("udp") ? "udp" : "tcp";
}

/** Whether a flag is of use to a script: not if it is a fault that the transport cannot have. */
export function isUseful(script: string, key: string): boolean {
  const transport = transportOf(script);
  const name = FAULT_NAMES.find((name) => name === key);
  return transport === null || name === undefined || FAULTS[name].transports.includes(transport);
}

/** The faults that the flags of a script ask for. */
export interface RunFaults {
  readonly plan: FaultPlan;
  readonly seed: number;
  /** The script's transport, if it is always the same. */
  readonly transport: FaultTransport | null;
  /** The flags that repeat them: `--loss 30% --seed 7`, or `--delay 100ms`. */
  readonly line: string;
}

/**
 * The faults of an endpoint. They happen to what it sends and to what it receives, as if on a bad network between it and its peer.
 *
 * @param run The script's name, such as `tcp:server`, and its flags.
 * @returns `null` if there are no faults.
 * @throws {UsageError} The script's transport cannot have a fault, or a fault lacks another; or there is a `--seed` without a fault.
 */
export function faultsOf(
  { name, options, given }: {
    readonly name: string;
    readonly options: Readonly<Record<string, unknown>>;
    readonly given: Given;
  },
): RunFaults | null {
  if (!FAULT_NAMES.some((name) => given.has(keyOf(name, options)))) {
    // The seed of lab:check is another one: it has no faults.
    if (given.has("seed") && "loss" in options) {
      throw new UsageError("Cannot use --seed without a fault, such as --loss: nothing is left to chance");
    }
    return null;
  }
  const transport = transportOf(name);
  const plan = planFrom(options, given, undefined, transport ?? undefined);
  if (!hasFaults(plan)) return null;
  const seed = typeof options.seed === "number" ? options.seed : drawSeed();
  const repeats = given.has("seed") || needsChance(plan) ? ` --seed ${seed}` : "";
  const line = "linkRate" in options ? planLine(plan).replace("--rate ", "--link-rate ") : planLine(plan);
  return { plan, seed, transport, line: `${line}${repeats}` };
}
