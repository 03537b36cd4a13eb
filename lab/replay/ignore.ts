/**
 * Parts of an answer that may differ: patterns over bytes. Pure.
 *
 * @module
 */
import { UsageError } from "../../lib/errors.ts";
import { encodeText } from "../../lib/text.ts";

/** Stands for an ignored part: no byte has this code. */
const IGNORED = 0x100;

/** Bytes in which each ignored part is one symbol. */
export interface Masked {
  /** A byte, or 256 for an ignored part. */
  readonly symbols: Uint16Array | Uint8Array;
  /** How many parts were ignored. */
  readonly ignored: number;
  /** Whether the last symbol is an ignored part: more bytes may belong to it. */
  readonly endsIgnored: boolean;
  /** The place of a symbol among the bytes; of the one after the last, their length. */
  offsetOf(symbol: number): number;
}

/**
 * Compiles the patterns of `--ignore`.
 *
 * A pattern is a JavaScript regular expression over bytes: `.` is a byte other than a line end, `^` and `$` are the ends of a line, and a
 * character beyond ASCII stands for its UTF-8 bytes.
 *
 * @throws {UsageError} One is no regular expression.
 */
export function ignorePatterns(sources: readonly string[]): RegExp[] {
  return sources.map((source) => {
    try {
      return new RegExp(latin1(encodeText(source)), "gm");
    } catch (error) {
      const why = error instanceof Error ? error.message.replace(/^.*\/gm?: /, "") : "";
      throw new UsageError(
        `Cannot use --ignore ${JSON.stringify(source)}: it is no regular expression (${why.toLowerCase()})`,
      );
    }
  });
}

/**
 * Masks what the patterns match. Matches that overlap or touch are one part.
 *
 * @example Usage
 * ```ts
 * import { ignorePatterns, mask } from "./ignore.ts";
 * import { encodeText } from "../../lib/text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { symbols, offsetOf } = mask(encodeText("id=4711;"), ignorePatterns(["\\d+"]));
 * assertEquals(Array.from(symbols.subarray(3)), [256, 0x3b]);
 * assertEquals(offsetOf(4), 7);
 * ```
 */
export function mask(bytes: Uint8Array, patterns: readonly RegExp[]): Masked {
  const parts = partsIn(bytes, patterns);
  if (parts.length === 0) return { symbols: bytes, ignored: 0, endsIgnored: false, offsetOf: (symbol) => symbol };
  const hidden = parts.reduce((sum, { start, end }) => sum + end - start - 1, 0);
  const symbols = new Uint16Array(bytes.length - hidden);
  let at = 0;
  let from = 0;
  for (const { start, end } of parts) {
    symbols.set(bytes.subarray(from, start), at);
    at += start - from;
    symbols[at++] = IGNORED;
    from = end;
  }
  symbols.set(bytes.subarray(from), at);
  const offsetOf = (symbol: number): number => {
    let shift = 0;
    for (const { start, end } of parts) {
      if (symbol + shift <= start) break;
      shift += end - start - 1;
    }
    return symbol + shift;
  };
  return { symbols, ignored: parts.length, endsIgnored: symbols.at(-1) === IGNORED, offsetOf };
}

interface Part {
  readonly start: number;
  end: number;
}

/** The matches of all patterns, in order, those that touch joined. */
function partsIn(bytes: Uint8Array, patterns: readonly RegExp[]): Part[] {
  if (patterns.length === 0) return [];
  const text = latin1(bytes);
  const found = patterns.flatMap((pattern) =>
    Array.from(text.matchAll(pattern), ({ index, 0: { length } }) => ({ start: index, end: index + length }))
  ).filter(({ start, end }) => end > start).sort((one, other) => one.start - other.start);
  const parts: Part[] = [];
  for (const part of found) {
    const last = parts.at(-1);
    if (last === undefined || part.start > last.end) parts.push(part);
    else last.end = Math.max(last.end, part.end);
  }
  return parts;
}

const UTF16 = new TextDecoder("utf-16", { ignoreBOM: true });

/** A character for each byte, with its code: `TextDecoder("latin1")` is windows-1252. */
function latin1(bytes: Uint8Array): string {
  return UTF16.decode(new Uint16Array(bytes));
}
