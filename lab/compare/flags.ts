/**
 * The flags of `lab:compare`, and what they mean together.
 *
 * @module
 */
import { UsageError } from "../../lib/errors.ts";
import { type FaultPlan, FAULTS } from "../../lib/faults/plan.ts";
import { SEGMENT } from "../../lib/faults/segments.ts";
import { drawSeed, faultFlags, planFrom } from "../../lib/script/fault_flags.ts";
import { flag } from "../../lib/script/flag_kinds.ts";
import type { Flag, FlagValues, ParsedFlags } from "../../lib/script/flags.ts";
import { basicFlags } from "../../lib/script/shared_flags.ts";
import { MAX_COUNT, MIN_SIZE } from "./message.ts";
import { netemArguments } from "./netem.ts";
import type { Stream } from "./record.ts";

/** The largest message: one datagram (RFC 768). */
const MAX_SIZE = 65_507;

const seconds = flag.seconds("seconds from one message to the next; with a unit too, such as 10ms", { default: 0.01 });

/** In seconds like all the other intervals, or with a unit like the faults' times. */
const interval: Flag<number> = {
  ...seconds,
  read: (texts) =>
    /\d(us|ms|s)$/.test(texts[0] ?? "") ? FAULTS.delay.parse(texts[0] ?? "") / 1000 : seconds.read(texts),
};

/** The flags of `lab:compare`. */
export const flags = {
  count: flag.integer("how many messages", { default: 100, min: 1, max: MAX_COUNT }),
  interval,
  size: flag.integer("bytes of a message; by default each is one full TCP segment, and one datagram", {
    default: SEGMENT,
    min: MIN_SIZE,
    max: MAX_SIZE,
    placeholder: "BYTES",
  }),
  plot: flag.path("draw message numbers against time (.svg)", { default: undefined }),
  netem: flag.optional(
    flag.choice<"own" | "here">(
      "let the kernel make the faults (Linux, root), in a network of its own, or here, where that has been done",
      [
        "own",
        "here",
      ],
      { default: "own", shown: "the script makes them" },
    ),
    "own" as const,
  ),
  ...faultFlags,
  ...basicFlags,
  timeout: flag.seconds("seconds without a message after which a run ends; 0 = never", { default: 10, short: "t" }),
};

/** What the flags ask for. Times are in milliseconds. */
export interface Wanted {
  readonly stream: Stream;
  readonly plan: FaultPlan;
  readonly seed: number;
  /** Who makes the faults: this script, the kernel in a network of the run's own, or the kernel where the script runs. */
  readonly maker: "layer" | "own" | "here";
  readonly timeout: number;
  /** The picture's path. */
  readonly plot: string | undefined;
}

/**
 * Reads the flags.
 *
 * @throws {UsageError} They do not make sense together.
 */
export function wantedOf({ values, given }: Pick<ParsedFlags<typeof flags>, "given"> & {
  readonly values: FlagValues<typeof flags>;
}): Wanted {
  const { count, size, plot, netem } = values;
  const [interval, timeout] = [values.interval * 1000, values.timeout * 1000];
  const plan = planFrom(values, given);
  const maker = given.has("netem") ? netem : "layer";
  if (maker !== "layer") {
    netemArguments(plan);
    if (given.has("seed")) {
      throw new UsageError("Cannot use --seed with --netem: the kernel's chance cannot be repeated");
    }
  }
  if (timeout > 0 && interval >= timeout) {
    throw new UsageError(
      `Cannot use --interval ${values.interval} with --timeout ${values.timeout}: the run would end between two messages`,
    );
  }
  if (plot !== undefined && !/\.svg$/i.test(plot)) {
    throw new UsageError(`Cannot draw ${plot}: its name must end in .svg`);
  }
  return { stream: { count, interval, size }, plan, seed: values.seed ?? drawSeed(), maker, timeout, plot };
}
