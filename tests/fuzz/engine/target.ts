/**
 * What is fuzzed, and how a target says that something does not hold.
 *
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import type { Draw } from "./draw.ts";
import { hashOf } from "./bytes.ts";

/** A parser or the like, with the properties that it must have for every input. */
export interface Target {
  /** One word. */
  readonly name: string;
  /** What it takes, and what is checked, in one line. */
  readonly what: string;
  /** The longest input in bytes. */
  readonly max: number;
  /** Valid inputs, which are changed. */
  readonly seeds: readonly Uint8Array[];
  /** Inputs at a limit: checked first, but too long to be changed again and again. */
  readonly edges?: readonly Uint8Array[];
  /** What means something to the parser, to be put into inputs; of a string, each character is a byte. */
  readonly words: readonly (string | Uint8Array)[];
  /** Makes an input by a grammar. */
  make?(draw: Draw): Uint8Array;
  /**
   * Checks every property, by the input alone: the same input always has the same result.
   *
   * @throws {Broken} A property does not hold. Any other error is a finding too.
   */
  check(input: Uint8Array): void | Promise<void>;
}

/** A property does not hold. */
export class Broken extends Error {
  override name = "Broken";

  /**
   * @param rule The property, in words that are the same for every input that breaks it.
   * @param details What was seen.
   */
  constructor(readonly rule: string, details = "") {
    super(details === "" ? rule : `${rule}: ${details}`);
  }
}

/** Throws {@linkcode Broken} unless the condition holds. */
export function holds(condition: boolean, rule: string, details: () => string = () => ""): asserts condition {
  if (!condition) throw new Broken(rule, details());
}

/** Throws {@linkcode Broken} unless both are equal, however deep. */
export function same(seen: unknown, expected: unknown, rule: string): void {
  if (!Object.is(seen, expected) && !isDeepStrictEqual(seen, expected)) {
    throw new Broken(rule, `${shown(seen)}, and not ${shown(expected)}`);
  }
}

function shown(value: unknown): string {
  const text = Deno.inspect(value, { depth: 6, breakLength: Infinity, iterableLimit: 40, strAbbreviateSize: 200 });
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
}

/**
 * The ways to cut an input into pieces: whole, byte by byte if it is short, and twice somewhere else. The pieces are copies: their bytes are
 * overwritten once they were taken, as a reader's buffer is.
 */
export function* splits(input: Uint8Array): Generator<Uint8Array[]> {
  yield [input.slice()];
  if (input.length > 1 && input.length <= 600) yield Array.from(input, (byte) => Uint8Array.of(byte));
  let state = hashOf(input);
  const next = (below: number): number => {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  for (let round = 0; round < 2 && input.length > 1; round++) {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < input.length;) {
      // Short and long pieces, so that both fit into what a parser expects next.
      const length = next(3) === 0 ? 1 + next(4) : 1 + next(Math.max(1, input.length >> round));
      pieces.push(input.slice(at, at + length));
      at += length;
    }
    yield pieces;
  }
}

/**
 * Checks that the way in which the input arrives makes no difference.
 *
 * @param run Takes the pieces in turn; its result is compared.
 * @returns The result for the whole input.
 */
export function sameForAllSplits<T>(input: Uint8Array, run: (pieces: readonly Uint8Array[]) => T): T {
  let first: { result: T } | null = null;
  for (const pieces of splits(input)) {
    const result = run(pieces);
    if (first === null) first = { result };
    else same(result, first.result, `the same result however the bytes are split (here ${pieces.length} pieces)`);
  }
  return (first as { result: T } | null)?.result ?? run([]);
}

/** Overwrites a piece that was taken, so that a view of it that was kept shows. */
export function overwrite(piece: Uint8Array): void {
  piece.fill(0xaa);
}

/** The result of a call, or its error, if that is one that is allowed. */
export function outcome<T>(
  call: () => T,
  ...allowed: readonly (new (...args: never[]) => Error)[]
): { value: T } | { error: Error } {
  try {
    return { value: call() };
  } catch (error) {
    if (error instanceof Error && allowed.some((kind) => error instanceof kind)) return { error };
    throw error;
  }
}
