/**
 * Checks one target with many inputs.
 *
 * @module
 */
import { latin1 } from "./bytes.ts";
import { Draw } from "./draw.ts";
import { minimise } from "./minimise.ts";
import { type Material, mutate } from "./mutate.ts";
import { Broken, type Target } from "./target.ts";

/** An input is too slow if it takes so long, twice (ms). */
const SLOW = 5000;
/** How many of the grammar's inputs are remembered to be changed, besides the seeds. */
const REMEMBERED = 64;

/** An input for which a property does not hold. */
export interface Finding {
  /** Minimised. */
  readonly input: Uint8Array;
  /** The error's message. */
  readonly message: string;
  /** Where it was thrown, if it is no {@linkcode Broken}. */
  readonly stack: string;
}

/** What a hunt has done. */
export interface Hunted {
  readonly inputs: number;
  readonly bytes: number;
  readonly finding: Finding | null;
}

/** What a hunt is given besides its target. */
export interface HuntOptions {
  readonly seed: number;
  /** How many bytes to make; the corpus comes on top. */
  readonly bytes: number;
  /** Inputs that are checked first, and then changed as the seeds are. */
  readonly corpus?: readonly Uint8Array[];
  /** Called before each input is checked. */
  readonly onInput?: (input: Uint8Array) => void;
  /** Called now and then, with the bytes so far. */
  readonly onProgress?: (bytes: number, inputs: number) => void;
  readonly now?: () => number;
}

/** Makes the inputs of a target: the same seed makes the same ones. */
export function* inputsOf(target: Target, seed: number, corpus: readonly Uint8Array[] = []): Generator<Uint8Array> {
  const draw = new Draw(seed, target.name);
  const fixed = [...target.seeds, ...corpus];
  const grown: Uint8Array[] = [];
  const words = target.words.map((word) => typeof word === "string" ? latin1(word) : word);
  for (;;) {
    const make = target.make?.bind(target);
    let input: Uint8Array;
    if (make !== undefined && (fixed.length === 0 || draw.happens(0.4))) {
      input = make(draw);
      grown[grown.length < REMEMBERED ? grown.length : draw.below(REMEMBERED)] = input;
    } else {
      const inputs = grown.length > 0 && draw.happens(0.5) ? grown : fixed;
      const material: Material = { inputs, words };
      input = mutate(draw.pick(inputs), draw, material);
    }
    yield input.length > target.max ? input.slice(0, target.max) : input;
  }
}

/** Checks a target until the bytes are used up or a property does not hold. */
export async function hunt(target: Target, options: HuntOptions): Promise<Hunted> {
  const { seed, bytes, corpus = [], onProgress } = options;
  let [inputs, made] = [0, 0];
  const take = async (input: Uint8Array): Promise<Finding | null> => {
    inputs++;
    const error = await failure(target, input, options);
    return error === null ? null : await minimised(target, input, error, options);
  };
  for (const input of [...corpus, ...target.seeds, ...target.edges ?? []]) {
    const finding = await take(input);
    if (finding !== null) return { inputs, bytes: made, finding };
  }
  for (const input of inputsOf(target, seed, corpus)) {
    if (made >= bytes) break;
    // An empty input costs something too.
    made += Math.max(1, input.length);
    const finding = await take(input);
    if (finding !== null) return { inputs, bytes: made, finding };
    if (inputs % 64 === 0) onProgress?.(made, inputs);
  }
  return { inputs, bytes: made, finding: null };
}

/** The error of a check; `null` if every property holds. */
async function failure(
  target: Target,
  input: Uint8Array,
  { onInput, now = () => performance.now() }: HuntOptions,
): Promise<Error | null> {
  for (let times = 0; times < 2; times++) {
    onInput?.(input);
    const started = now();
    try {
      // A target must not change its input, which may be checked again.
      await target.check(input.slice());
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
    if (now() - started < SLOW) return null;
  }
  return new Broken("an input is checked in time", `${input.length} bytes took more than ${SLOW} ms`);
}

/** What two errors share if they are one finding. */
function kindOf(error: Error): string {
  return error instanceof Broken ? error.rule.replace(/\d+/g, "N") : error.name;
}

async function minimised(target: Target, input: Uint8Array, error: Error, options: HuntOptions): Promise<Finding> {
  let last = error;
  const fails = async (candidate: Uint8Array): Promise<boolean> => {
    const other = await failure(target, candidate, options);
    if (other === null || kindOf(other) !== kindOf(error)) return false;
    last = other;
    return true;
  };
  const small = await minimise(input, fails);
  const plain = last instanceof Broken;
  return {
    input: small,
    message: plain ? last.message : `an error that is not documented: ${last.name}: ${last.message}`,
    stack: plain ? "" : last.stack ?? "",
  };
}
