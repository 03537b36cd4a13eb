/**
 * What a network is to do wrong on purpose: the faults, their syntax and limits, and the rules for combining them. Pure.
 *
 * @module
 */
import { UsageError } from "../errors.ts";
import { BURST, BYTES, RATE, SHARE, SPLIT, type Syntax, TIME, wholeNumber } from "./syntax.ts";

/** Where a stream is cut: into pieces of N bytes, into pieces of random length, or inside UTF-8 characters. */
export type Split = number | "random" | "utf8";

/** The faults of one direction. Times are in milliseconds, shares from 0 to 1, rates in bytes per second. */
export interface FaultPlan {
  /** Everything arrives this much later. */
  readonly delay: number;
  /** …give or take up to this much, at random. Datagrams may overtake each other; a stream stays in order. */
  readonly jitter: number;
  /** How many bytes pass per second; `Infinity` = no limit. */
  readonly rate: number;
  /** The share of datagrams that are lost; on a stream, of segments that arrive late because they are retransmitted. */
  readonly loss: number;
  /** The mean number of losses in a row (Gilbert's model); 1 = losses are independent. */
  readonly burst: number;
  /** The share of datagrams that arrive twice. */
  readonly duplicate: number;
  /** The share of datagrams that the next one overtakes. */
  readonly reorder: number;
  /** The share of datagrams in which one bit is flipped. */
  readonly corrupt: number;
  /** The most bytes of a datagram that arrive. */
  readonly truncate: number;
  /** How many datagrams may wait for `rate`; any more are lost. */
  readonly queue: number;
  /** How a stream's bytes are cut into pieces; `null` = not at all. */
  readonly split: Split | null;
  /** Everything written within this time arrives at once. */
  readonly coalesce: number;
  /** How many bytes of a stream are read per second; `Infinity` = no limit. */
  readonly slowRead: number;
  /** After how many bytes a stream stalls… */
  readonly stallAfter: number;
  /** …and for how long. */
  readonly stallFor: number;
  /** After how many bytes a stream ends, whatever was still to come. */
  readonly halfCloseAfter: number;
  /** After how many bytes the connection is reset. */
  readonly resetAfter: number;
}

/** The name of a fault: a field of the plan, and in kebab case its flag. */
export type FaultName = keyof FaultPlan;

/** The plan of a network that does nothing wrong. */
export const NO_FAULTS: FaultPlan = {
  delay: 0,
  jitter: 0,
  rate: Infinity,
  loss: 0,
  burst: 1,
  duplicate: 0,
  reorder: 0,
  corrupt: 0,
  truncate: Infinity,
  queue: 100,
  split: null,
  coalesce: 0,
  slowRead: Infinity,
  stallAfter: Infinity,
  stallFor: Infinity,
  halfCloseAfter: Infinity,
  resetAfter: Infinity,
};

/** What carries the bytes. */
export type FaultTransport = "tcp" | "udp";

/** One fault: how its value is written, and which transports can have it. */
export interface FaultSyntax<T> extends Syntax<T> {
  /** One line for a help text. */
  readonly help: string;
  readonly transports: readonly FaultTransport[];
  /** Why the other transport cannot have it: a clause that calls that transport "it". Empty if both can. */
  readonly why: string;
}

function both<T>(syntax: Syntax<T>, help: string): FaultSyntax<T> {
  return { ...syntax, help, transports: ["tcp", "udp"], why: "" };
}

function tcpOnly<T>(syntax: Syntax<T>, help: string, why: string): FaultSyntax<T> {
  return { ...syntax, help, transports: ["tcp"], why };
}

function udpOnly<T>(syntax: Syntax<T>, help: string, why: string): FaultSyntax<T> {
  return { ...syntax, help, transports: ["udp"], why };
}

const NO_CONNECTION = "it has no connection whose bytes could be counted";
const ONCE_IN_ORDER = "it delivers each byte once and in order";

/** Every fault, in the order in which a plan is printed. */
export const FAULTS: { readonly [K in FaultName]: FaultSyntax<FaultPlan[K]> } = {
  delay: both(TIME, "everything arrives this much later"),
  jitter: both(TIME, "and by up to this much more or less, at random"),
  rate: both(RATE, "bytes per second that pass"),
  loss: both(SHARE, "share that is lost; over TCP: that comes late, being sent again"),
  burst: both(BURST, "mean number of losses in a row"),
  duplicate: udpOnly(SHARE, "share of datagrams that arrive twice", ONCE_IN_ORDER),
  reorder: udpOnly(SHARE, "share of datagrams that arrive after the next one", ONCE_IN_ORDER),
  corrupt: udpOnly(
    SHARE,
    "share of datagrams with one bit flipped",
    "its checksum finds the damage, and it sends again",
  ),
  truncate: udpOnly(BYTES, "the most bytes of a datagram that arrive", "it has no datagrams that could be cut short"),
  queue: udpOnly(
    wholeNumber(100_000),
    "datagrams that wait for --rate; more are lost",
    "it makes the sender wait instead of dropping",
  ),
  split: tcpOnly(
    SPLIT,
    "cut what is sent into pieces: of N bytes, at random, or inside characters",
    "a datagram is never split",
  ),
  coalesce: tcpOnly(TIME, "what is sent within this time arrives at once", "datagrams are never joined"),
  slowRead: tcpOnly(RATE, "bytes per second that are read", "it makes no sender wait for a slow reader"),
  stallAfter: tcpOnly(BYTES, "after so many bytes nothing more passes", NO_CONNECTION),
  stallFor: tcpOnly(TIME, "how long --stall-after lasts; otherwise until the end", NO_CONNECTION),
  halfCloseAfter: tcpOnly(BYTES, "after so many bytes the end of the stream follows", NO_CONNECTION),
  resetAfter: tcpOnly(BYTES, "after so many bytes the connection is reset", NO_CONNECTION),
};

/** The names of all faults, in the order of {@linkcode FAULTS}. */
export const FAULT_NAMES: readonly FaultName[] = Object.keys(FAULTS) as FaultName[];

/** A fault's name as its flag has it: `half-close-after`. */
export function flagName(name: FaultName): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/**
 * Returns a plan with one value changed; `off` restores that of {@linkcode NO_FAULTS}.
 *
 * @throws {UsageError} The text is not a valid value. Whether the plan as a whole makes sense is up to {@linkcode checkPlan}.
 *
 * @example Usage
 * ```ts
 * import { changed, NO_FAULTS, planLine } from "./plan.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const plan = changed(changed(NO_FAULTS, "delay", "100"), "loss", "0.3");
 * assertEquals(planLine(plan), "--delay 100ms --loss 30%");
 * assertEquals(changed(changed(plan, "delay", "off"), "loss", "off"), NO_FAULTS);
 * ```
 */
export function changed(plan: FaultPlan, name: FaultName, text: string): FaultPlan {
  return { ...plan, [name]: text === "off" ? NO_FAULTS[name] : FAULTS[name].parse(text) };
}

/** A value of a plan as text: `30%`, `100ms`, `off`. */
export function printFault<K extends FaultName>(plan: FaultPlan, name: K): string {
  return FAULTS[name].print(plan[name]);
}

/** A plan as the flags that repeat it, without those that have no effect. With the prefix `up-`: `--up-delay 100ms`. */
export function planLine(plan: FaultPlan, prefix = ""): string {
  const given = FAULT_NAMES.filter((name) => plan[name] !== NO_FAULTS[name]);
  return given.map((name) => `--${prefix}${flagName(name)} ${printFault(plan, name)}`).join(" ");
}

/**
 * The flags that repeat the faults of both directions: `--seed 7 --delay 100ms --loss 30%`.
 *
 * @param prefix How the flags of each direction begin; if both have the same plan, it is printed once, without a prefix.
 */
export function faultsLine(
  { seed, out, in: back }: { readonly seed: number; readonly out: FaultPlan; readonly in: FaultPlan },
  prefix: { readonly out: string; readonly in: string },
): string {
  const same = FAULT_NAMES.every((name) => out[name] === back[name]);
  const plans = same ? [planLine(out)] : [planLine(out, prefix.out), planLine(back, prefix.in)];
  return [`--seed ${seed}`, ...plans].filter((part) => part !== "").join(" ");
}

/**
 * Checks that the values of a plan make sense together.
 *
 * @param prefix As of {@linkcode planLine}.
 * @throws {UsageError} They do not.
 */
export function checkPlan(plan: FaultPlan, prefix = ""): void {
  const needs = (name: FaultName, other: FaultName, why: string): void => {
    if (plan[name] === NO_FAULTS[name] || plan[other] !== NO_FAULTS[other]) return;
    throw new UsageError(`Cannot use --${prefix}${flagName(name)} without --${prefix}${flagName(other)}: ${why}`);
  };
  needs("burst", "loss", "nothing is lost");
  needs("stallFor", "stallAfter", "nothing stalls");
  needs("queue", "rate", "nothing has to wait");
  const { loss, burst } = plan;
  if (burst === 1 || loss === 0) return;
  // Gilbert's model: a burst begins with the chance loss / ((1 - loss) burst), which is at most 1.
  const least = Math.ceil(loss / (1 - loss) * 1000 - 1e-6) / 1000;
  if (burst >= least) return;
  const rule = loss === 1 ? "everything is lost" : `bursts last ${BURST.print(least)} on average then, or longer`;
  throw new UsageError(
    `Cannot use --${prefix}burst ${BURST.print(burst)} with --${prefix}loss ${SHARE.print(loss)}: ${rule}`,
  );
}

/**
 * Checks that a transport can have the faults of a plan.
 *
 * @param prefix As of {@linkcode planLine}.
 * @throws {UsageError} One of them makes no sense there; the message says why.
 */
export function checkTransport(plan: FaultPlan, transport: FaultTransport, prefix = ""): void {
  for (const name of FAULT_NAMES) {
    const { transports, why } = FAULTS[name];
    if (transports.includes(transport) || plan[name] === NO_FAULTS[name]) continue;
    throw new UsageError(`Cannot use --${prefix}${flagName(name)} over ${transport.toUpperCase()}: ${why}`);
  }
}

/** Whether a plan has any fault. */
export function hasFaults(plan: FaultPlan): boolean {
  return FAULT_NAMES.some((name) => plan[name] !== NO_FAULTS[name]);
}

/** Whether a plan leaves anything to chance; if not, it needs no seed to repeat it. */
export function needsChance({ jitter, loss, duplicate, reorder, corrupt, split }: FaultPlan): boolean {
  return split === "random" || [jitter, loss, duplicate, reorder, corrupt].some((value) => value > 0);
}

/** Whether a plan resets connections: `node:net` must open them, since Deno's own sockets cannot send RST. */
export function canReset(plan: FaultPlan): boolean {
  return plan.resetAfter !== Infinity;
}
