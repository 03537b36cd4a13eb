/**
 * How the values of faults are written: shares, times, rates, numbers of bytes. Pure.
 *
 * What is printed can be parsed again, and is the same value then.
 *
 * @module
 */
import { UsageError } from "../errors.ts";

/** A kind of value. */
export interface Syntax<T> {
  /** What stands for the value in a help text: `TIME`. */
  readonly placeholder: string;
  /**
   * Reads a value.
   *
   * @throws {UsageError} It is none; the message says what is allowed.
   */
  parse(text: string): T;
  /** Prints a value; one that limits nothing, or is not there, as `off`. */
  print(value: T): string;
}

/** The longest time (ms): one hour. */
const LONGEST = 3_600_000;
/** The highest rate (bytes per second). */
const FASTEST = 1_000_000_000_000;
/** The longest mean burst. */
const MAX_BURST = 1000;
/** The longest pieces into which a stream is cut (bytes). */
const MAX_PIECE = 1_048_576;
/** A decimal number, without sign and exponent. */
const NUMBER = String.raw`(\d{1,16}(?:\.\d{0,12})?|\.\d{1,12})`;
/** Units of 1000 and of 1024. `K` and `m` are no mistake that could mean something else. */
const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  ki: 1024,
  mi: 1024 ** 2,
  gi: 1024 ** 3,
};

/** A share, as `30%` or `0.3`; kept to 12 decimals. */
export const SHARE: Syntax<number> = {
  placeholder: "SHARE",
  parse(text) {
    const [digits = "", percent = ""] = groupsOf(text, `${NUMBER}(%?)`);
    const number = digits === "" ? NaN : Number(digits);
    if (percent === "" && number > 1 && number <= 100) throw refuse(text, `a share up to 1, or written as ${digits}%`);
    const share = percent === "" ? number : number / 100;
    if (!(share <= 1)) throw refuse(text, "a share from 0% to 100%, such as 30% or 0.3");
    return Math.round(share * 1e12) / 1e12;
  },
  print: (share) => `${decimal(share * 100, 10)}%`,
};

/** A time in milliseconds, as `200ms`, `1.5s`, `200us`, or a bare number of milliseconds; kept to the microsecond. */
export const TIME: Syntax<number> = {
  placeholder: "TIME",
  parse(text) {
    const [digits = "", unit = "ms"] = groupsOf(text, `${NUMBER}(us|ms|s)?`);
    const scale = unit === "s" ? 1e6 : unit === "ms" ? 1e3 : 1;
    const time = digits === "" ? NaN : Math.round(Number(digits) * scale) / 1e3;
    if (!(time <= LONGEST)) throw refuse(text, "a time up to 3600s, such as 200ms, 1.5s or 200us");
    return time;
  },
  print(time) {
    if (time === Infinity) return "off";
    if (time >= 1000) return `${decimal(time / 1e3, 6)}s`;
    return time >= 1 || time === 0 ? `${decimal(time, 3)}ms` : `${decimal(time * 1e3, 0)}us`;
  },
};

/** Bytes per second, as `10k`, `1.5M`, `10MiB`, with `B/s` or `/s` after it, or in bits: `8Mbit`, `8Mbit/s`. */
export const RATE: Syntax<number> = {
  placeholder: "RATE",
  parse(text) {
    const [digits = "", unit = "", what = ""] = groupsOf(text, `${NUMBER}([kKMmG]|[KkMG]i)?(B|bit)?(?:/s)?`);
    const rate = digits === "" ? NaN : Math.round(bytesOf(digits, unit) / (what === "bit" ? 8 : 1));
    if (!(rate >= 1 && rate <= FASTEST)) {
      throw refuse(text, "a rate from 1 to 1000G bytes per second, such as 10k, 1.5MiB/s or 8Mbit/s");
    }
    return rate;
  },
  print: (rate) => rate === Infinity ? "off" : `${sizeText(rate)}B/s`,
};

/** A number of bytes, as `500`, `10k` or `1MiB`. */
export const BYTES: Syntax<number> = {
  placeholder: "BYTES",
  parse(text) {
    const [digits = "", unit = ""] = groupsOf(text, `${NUMBER}([kKMmG]|[KkMG]i)?B?`);
    const bytes = digits === "" ? NaN : Math.round(bytesOf(digits, unit));
    if (!(bytes <= Number.MAX_SAFE_INTEGER)) throw refuse(text, "a number of bytes, such as 500, 10k or 1MiB");
    return bytes;
  },
  print: (bytes) => bytes === Infinity ? "off" : sizeText(bytes),
};

/** A mean number of losses in a row; kept to three decimals. */
export const BURST: Syntax<number> = {
  placeholder: "N",
  parse(text) {
    const [digits = ""] = groupsOf(text, NUMBER);
    const burst = digits === "" ? NaN : Math.round(Number(digits) * 1e3) / 1e3;
    if (!(burst >= 1 && burst <= MAX_BURST)) throw refuse(text, `a number from 1 to ${MAX_BURST}, such as 3 or 2.5`);
    return burst;
  },
  print: (burst) => decimal(burst, 3),
};

/** A whole number from 1. */
export function wholeNumber(most: number): Syntax<number> {
  return {
    placeholder: "N",
    parse(text) {
      const count = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
      if (!(count >= 1 && count <= most)) throw refuse(text, `a whole number from 1 to ${most}`);
      return count;
    },
    print: String,
  };
}

/** How a stream is cut into pieces. */
export const SPLIT: Syntax<number | "random" | "utf8" | null> = {
  placeholder: "N|random|utf8",
  parse(text) {
    if (text === "random" || text === "utf8") return text;
    const bytes = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (!(bytes >= 1 && bytes <= MAX_PIECE)) {
      throw refuse(text, `a number of bytes from 1 to ${MAX_PIECE}, or random, or utf8`);
    }
    return bytes;
  },
  print: (split) => split === null ? "off" : String(split),
};

function refuse(text: string, rule: string): UsageError {
  return new UsageError(`Cannot use ${JSON.stringify(text)}: it must be ${rule}`);
}

/** The groups of a pattern that matches the whole text; none if it does not. */
function groupsOf(text: string, pattern: string): (string | undefined)[] {
  return new RegExp(`^${pattern}$`).exec(text)?.slice(1) ?? [];
}

function bytesOf(digits: string, unit: string): number {
  return Number(digits) * (UNITS[unit.toLowerCase()] ?? NaN);
}

/** A number with at most so many decimals, without zeros at its end and without an exponent. */
function decimal(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** A whole number with the largest unit in which it has at most three decimals: 1500 as `1.5k`, 1048576 as `1Mi`. */
function sizeText(value: number): string {
  for (const unit of ["Gi", "Mi", "Ki"]) {
    const size = UNITS[unit.toLowerCase()] ?? 1;
    if (value >= size && value % size === 0) return `${value / size}${unit}`;
  }
  for (const unit of ["G", "M", "k"]) {
    const size = UNITS[unit.toLowerCase()] ?? 1;
    const digits = decimal(value / size, 3);
    // Beyond 15 digits the quotient is not exact.
    if (value >= size && Math.round(bytesOf(digits, unit)) === value) return `${digits}${unit}`;
  }
  return String(value);
}
