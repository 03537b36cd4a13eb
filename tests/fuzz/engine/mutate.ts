/**
 * Changes to inputs. Each keeps most of an input, so that it still gets past the first checks of a parser.
 *
 * @module
 */
import { concat, fromLatin1, latin1 } from "./bytes.ts";
import type { Draw } from "./draw.ts";

/** Bytes that mean something in most formats. */
const BYTES = [0, 1, 9, 10, 13, 32, 34, 35, 37, 44, 45, 47, 48, 57, 58, 59, 61, 64, 92, 127, 128, 192, 226, 240, 255];
/** Numbers at which arithmetic goes wrong, as text. */
const NUMBERS = [
  ...["0", "1", "-1", "+1", "00", "01", "127", "128", "255", "256", "32768", "65535", "65536", "2147483647"],
  ...["2147483648", "4294967295", "4294967296", "9007199254740991", "9007199254740992", "18446744073709551615"],
  ...["18446744073709551616", "99999999999999999999", "0x10", "1e3", "7fffffff", "ffffffff", "FFFFFFFFFFFFFFFF"],
];

/** Where a change takes its material. */
export interface Material {
  readonly inputs: readonly Uint8Array[];
  readonly words: readonly Uint8Array[];
}

type Change = (input: Uint8Array, draw: Draw, material: Material) => Uint8Array;

/** Puts other bytes in the place of a range. */
function replaced(input: Uint8Array, from: number, to: number, by: Uint8Array): Uint8Array {
  return concat([input.subarray(0, from), by, input.subarray(to)]);
}

function somewhere(input: Uint8Array, draw: Draw): number {
  return draw.below(input.length + 1);
}

/** A range, short most of the time. */
function range(input: Uint8Array, draw: Draw): [from: number, to: number] {
  const from = somewhere(input, draw);
  const most = input.length - from;
  return [from, from + (draw.happens(0.8) ? draw.below(Math.min(most, 8) + 1) : draw.below(most + 1))];
}

function withByte(input: Uint8Array, draw: Draw, change: (byte: number) => number): Uint8Array {
  if (input.length === 0) return Uint8Array.of(draw.below(256));
  const at = draw.below(input.length);
  const changed = input.slice();
  changed[at] = change(input[at] as number);
  return changed;
}

const CHANGES: readonly Change[] = [
  (input, draw) => withByte(input, draw, (byte) => byte ^ (1 << draw.below(8))),
  (input, draw) => withByte(input, draw, () => draw.pick(BYTES)),
  (input, draw) => withByte(input, draw, (byte) => byte + draw.between(-2, 2)),
  (input, draw) => withByte(input, draw, () => draw.below(256)),
  (input, draw) => {
    const at = somewhere(input, draw);
    return replaced(input, at, at, Uint8Array.of(draw.pick(BYTES)));
  },
  (input, draw, { words }) => {
    const at = somewhere(input, draw);
    return words.length === 0 ? input : replaced(input, at, at, draw.pick(words));
  },
  (input, draw, { words }) => words.length === 0 ? input : replaced(input, ...range(input, draw), draw.pick(words)),
  (input, draw) => replaced(input, ...range(input, draw), new Uint8Array()),
  // Something twice, or many times.
  (input, draw) => {
    const [from, to] = range(input, draw);
    const times = draw.happens(0.9) ? 1 : draw.size(40);
    return replaced(input, to, to, concat(Array.from({ length: times }, () => input.subarray(from, to))));
  },
  (input, draw) => input.slice(0, somewhere(input, draw)),
  // The beginning of one and the end of another.
  (input, draw, { inputs }) => {
    const other = draw.pick(inputs);
    return concat([input.subarray(0, somewhere(input, draw)), other.subarray(somewhere(other, draw))]);
  },
  (input, draw, { inputs }) => {
    const other = draw.pick(inputs);
    const at = somewhere(input, draw);
    return replaced(input, at, at, other.subarray(...range(other, draw)));
  },
  // A decimal number becomes another one.
  (input, draw) => {
    const starts = [...input.keys()].filter((at) => isDigit(input[at]) && !isDigit(input[at - 1]));
    if (starts.length === 0) return input;
    const from = draw.pick(starts);
    let to = from;
    while (isDigit(input[to])) to++;
    const value = Number(fromLatin1(input.subarray(from, to)));
    const near = String(Math.max(0, value + draw.between(-2, 2)));
    return replaced(input, from, to, latin1(draw.happens(0.5) && value < 1e15 ? near : draw.pick(NUMBERS)));
  },
  // A number of two, four or eight bytes becomes a small or a large one, in either byte order.
  (input, draw) => {
    const size = draw.pick([2, 4, 8]);
    if (input.length < size) return input;
    const changed = input.slice();
    const value = draw.pick([0n, 1n, BigInt(draw.size(70_000)), (1n << BigInt(8 * size)) - BigInt(draw.between(1, 3))]);
    const at = draw.below(input.length - size + 1);
    const little = draw.happens(0.5);
    for (let index = 0; index < size; index++) {
      changed[at + (little ? index : size - 1 - index)] = Number(value >> BigInt(8 * index) & 0xffn);
    }
    return changed;
  },
];

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** Changes an input once to a few times. */
export function mutate(input: Uint8Array, draw: Draw, material: Material): Uint8Array {
  let changed = input;
  for (let left = draw.happens(0.5) ? 1 : draw.between(2, 6); left > 0; left--) {
    changed = draw.pick(CHANGES)(changed, draw, material);
  }
  return changed;
}
