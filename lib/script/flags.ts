/**
 * One flag table per script: it defines the parser, the types of the values and the help text.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { closestString } from "@std/text/closest-string";
import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { UsageError } from "../errors.ts";
import { endpointOf, sideOf } from "./endpoint.ts";

/** A flag: its syntax, its help, and how its text is parsed. */
export interface Flag<T> {
  /** The one-letter form, without the dash. */
  readonly short?: string;
  /** The placeholder for the value in the help text; a flag without one is a switch. */
  readonly placeholder?: string;
  readonly help: string;
  /** The heading under which the help text lists it; without one, among the script's own. */
  readonly group?: string;
  /** Whether nothing can be done without it: the help text's usage names it then. */
  readonly required?: boolean;
  /** The default as the help text shows it; without it, none is shown. */
  readonly shown?: string;
  /** Whether the value may be left out; `read` then gets "". The argument after the flag is its value, unless it starts with a dash. */
  readonly optional?: boolean;
  /** Whether it may be given more than once. */
  readonly repeatable: boolean;
  /** Parses the given texts (none: returns the default). Throws {@linkcode UsageError}. */
  read(texts: readonly string[]): T;
}

/** A script's flags. The key `maxMessage` is the flag `--max-message`. */
export type FlagTable = Readonly<Record<string, Flag<unknown>>>;

/** Puts flags under a heading of the help text. */
export function grouped<F extends FlagTable>(group: string, flags: F): F {
  return Object.fromEntries(Object.entries(flags).map(([key, flag]) => [key, { ...flag, group }])) as F;
}

/** The parsed values of a table. */
export type FlagValues<F extends FlagTable> = {
  readonly [K in keyof F]: F[K] extends Flag<infer T> ? T
    : never;
};

/** The parsed flags, and which of them were given explicitly. */
export interface ParsedFlags<F extends FlagTable> {
  readonly values: FlagValues<F>;
  readonly given: ReadonlySet<keyof F>;
  /** The positional arguments, if the script takes any; everything after `--` is positional. */
  readonly operands: readonly string[];
}

/** The flag as the user types it: `maxMessage` is `--max-message`. */
export function flagName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * Parses command-line arguments.
 *
 * @param table The script's flags.
 * @param args The arguments from the shell.
 * @param options With `operands`, positional arguments are the script's own; otherwise they are the address of `--host` or `--bind`,
 * and `--port`, if the table has these.
 * @throws {UsageError} An unknown flag (the error suggests the nearest one), a flag given twice or without its value, an invalid
 * value, or an argument that is neither.
 *
 * @example Usage
 * ```ts
 * import { parseFlags } from "./flags.ts";
 * import { flag } from "./flag_kinds.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const table = { port: flag.port("port to listen on", { default: 12345, short: "p" }) };
 * assertEquals(parseFlags(table, ["-p", "9000"]).values.port, 9000);
 * ```
 */
export function parseFlags<F extends FlagTable>(
  table: F,
  args: readonly string[],
  options: { operands?: boolean } = {},
): ParsedFlags<F> {
  const keys = Object.keys(table);
  const names = keys.map((key) => flagName(key).slice(2));
  const alias: Record<string, string> = {};
  for (const [index, key] of keys.entries()) {
    const short = table[key]?.short;
    if (short !== undefined) alias[short] = names[index] ?? "";
  }
  const takesValue = new Set(
    names.filter((_, index) => table[keys[index] ?? ""]?.placeholder !== undefined),
  );
  const optional = new Set(names.filter((_, index) => table[keys[index] ?? ""]?.optional === true));
  const parsed = parseArgs(joinValues(args, { names, takesValue, optional, alias }), {
    // "_": a positional argument that looks like a number stays as it was typed.
    string: ["_", ...takesValue],
    boolean: names.filter((name) => !takesValue.has(name)),
    collect: names,
    alias,
    unknown: (arg, key) => {
      if (typeof key === "string") throw unknownFlag(arg, names);
    },
  });
  const operands = parsed._.map(String);
  const texts = Object.fromEntries(keys.map((key, index) => [key, (parsed[names[index] ?? ""] ?? []).map(String)]));
  if (options.operands === true) return { ...readValues(table, texts), operands };
  addEndpoint(table, texts, operands);
  return { ...readValues(table, texts), operands: [] };
}

/** Lets an address among the arguments stand for its flags. */
function addEndpoint(table: FlagTable, texts: Record<string, string[]>, args: readonly string[]): void {
  const [first] = args;
  if (first === undefined) return;
  const side = sideOf(table);
  if (side === null) {
    throw new UsageError(`Cannot use the argument ${JSON.stringify(first)}: everything here is a flag (see --help)`);
  }
  const { host, port } = endpointOf(side, args, { several: table.host?.repeatable === true });
  for (const [key, text] of [[side === "server" ? "bind" : "host", host], ["port", port]] as const) {
    if (text === undefined) continue;
    if ((texts[key] ?? []).length > 0) {
      const what = key === "bind" ? "address" : key;
      throw new UsageError(
        `Cannot use ${flagName(key)} with the argument ${JSON.stringify(first)}: both give the ${what}; leave one out`,
      );
    }
    texts[key] = [text];
  }
}

/** Makes the values out of the texts that were given for each flag. */
function readValues<F extends FlagTable>(
  table: F,
  given: Readonly<Record<string, readonly string[]>>,
): Pick<ParsedFlags<F>, "values" | "given"> {
  const values: Record<string, unknown> = {};
  for (const [key, flag] of Object.entries(table)) {
    const texts = given[key] ?? [];
    if (texts.length > 1 && !flag.repeatable) {
      throw new UsageError(`Cannot use ${flagName(key)} ${texts.length} times: it may be given once`);
    }
    try {
      values[key] = flag.read(texts);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(error.message.replace("Cannot use ", `Cannot use ${flagName(key)} `));
    }
  }
  const named = new Set<keyof F>(Object.keys(table).filter((key) => (given[key] ?? []).length > 0));
  return { values: values as FlagValues<F>, given: named };
}

/** What the arguments are split by. */
interface Shape {
  readonly names: readonly string[];
  readonly takesValue: ReadonlySet<string>;
  /** Those of `takesValue` whose value may be left out. */
  readonly optional: ReadonlySet<string>;
  readonly alias: Readonly<Record<string, string>>;
}

/**
 * Attaches every value to its flag (`--port 80`, `-p 80`, `-p80` and `-qp 80` become `--port=80`) and moves positional arguments to
 * the end, before `parseArgs` splits them. On its own, `parseArgs`
 * - takes `--port -1` for an empty port and a flag `-1`, so that the error would not name the port;
 * - cannot tell `--message` without a value from `--message=`, and sends an empty message for both;
 * - lets a switch take a following `true` as its value, and takes `--quiet=no` for yes;
 * - reads `-Hlocalhost` as the flags `-H -l -o …`, and `-qp80` as a value of `-q`.
 */
function joinValues(args: readonly string[], { names, takesValue, optional, alias }: Shape): string[] {
  const joined: string[] = [];
  const positional: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? "";
    if (arg === "--") {
      positional.push(...args.slice(index + 1));
      break;
    }
    if (!/^-./.test(arg)) {
      positional.push(arg);
      continue;
    }
    const found = flagsIn(arg, takesValue, alias);
    // `parseArgs` reports what is unknown; but `_` it takes for its own list of positional arguments.
    if (!found.every(({ name }) => names.includes(name))) {
      if (/^(--_(=|$)|-[^-=]*_)/.test(arg)) throw unknownFlag(arg, names);
      found.length = 0;
    }
    if (found.length === 0) joined.push(arg);
    for (const { name, value } of found) {
      const next = args[index + 1];
      if (!takesValue.has(name)) {
        if (value !== undefined) throw new UsageError(`Cannot use ${arg}: --${name} takes no value`);
        joined.push(`--${name}`);
      } else if (value !== undefined) {
        joined.push(`--${name}=${value}`);
      } else if (optional.has(name) && (next === undefined || next.startsWith("-"))) {
        joined.push(`--${name}=`);
      } else if (next === undefined || /^-[^\d.]/.test(next)) {
        throw new UsageError(
          `Cannot use --${name}: it needs a value (one that starts with a dash is written --${name}=VALUE)`,
        );
      } else {
        joined.push(`--${name}=${next}`);
        index++;
      }
    }
  }
  return [...joined, "--", ...positional];
}

/** The flags in one argument, `--port=80` or `-qp80`, each with the value attached to it. */
function flagsIn(
  arg: string,
  takesValue: ReadonlySet<string>,
  alias: Readonly<Record<string, string>>,
): { name: string; value?: string }[] {
  const [, name, , value] = /^--([^=]+)(=(.*))?$/s.exec(arg) ?? [];
  if (name !== undefined) return [value === undefined ? { name } : { name, value }];
  const found: { name: string; value?: string }[] = [];
  for (let at = 1; arg.startsWith("-") && at < arg.length; at++) {
    const name = alias[arg[at] ?? ""] ?? "";
    const rest = arg.slice(at + 1);
    // A value takes the rest of the argument. A switch before "=" gets the value too and is then reported.
    if (rest !== "" && (takesValue.has(name) || rest.startsWith("="))) {
      return [...found, { name, value: rest.replace(/^=/, "") }];
    }
    found.push({ name });
  }
  return found;
}

function unknownFlag(arg: string, names: readonly string[]): UsageError {
  const given = arg.replace(/=.*$/s, "").replace(/^-+/, "");
  // The most likely mistake is an abbreviated flag, then a misspelt one.
  const nearest = names.find((name) => name.startsWith(given)) ?? closestString(given, names);
  const near = given.length > 1 &&
    (nearest.startsWith(given) || levenshteinDistance(given, nearest) <= Math.max(2, given.length / 2));
  return new UsageError(
    `Cannot use ${arg.replace(/=.*$/s, "")}: no such flag${near ? `; the nearest is --${nearest}` : ""} (see --help)`,
  );
}
