/**
 * What a script says of itself: `--help` for people, `--help --json` for programs, such as the shells' completion.
 *
 * @module
 */
import { commandFor } from "./command.ts";
import { ADDRESS, ADDRESSES, sideOf } from "./endpoint.ts";
import { isUseful } from "./fault_flags.ts";
import { type Flag, flagName, type FlagTable } from "./flags.ts";
import type { Script } from "./script.ts";

const EXIT_CODES = `Exit codes:
  0 done · 1 other failure · 2 misuse · 3 name not found · 4 refused or unreachable · 5 timed out
  6 reset or cut off · 7 TLS not trusted · 8 peer broke the protocol · 9 cannot listen
  a client stopped by a signal: 128 + its number, 130 for Ctrl-C`;

/** What is said of a script: all but what it does. */
type Described = Omit<Script<FlagTable>, "check">;

/** The text of `--help`: usage with defaults, one worked example, exit codes. */
export function helpText(script: Described): string {
  const run = commandFor(script.name);
  return `${script.name}: ${script.summary}

Usage: ${run} ${usage(script)}

${flagRows(usefulFlags(script))}

Example:
  ${`${run} ${script.example.flags}`.trim()}
  ${script.example.does}

${EXIT_CODES}`;
}

/** A flag and its key. */
type Entry = readonly [string, Flag<unknown>];

/** The flags that do something in a script. */
function usefulFlags({ name, flags }: Pick<Described, "name" | "flags">): Entry[] {
  return Object.entries(flags).filter(([key]) => isUseful(name, key));
}

/** A row for each flag, under the heading of its group. */
function flagRows(flags: readonly Entry[]): string {
  // The script's own come first, although its table may begin with others.
  const ordered = [...flags.filter(([, { group }]) => group === undefined), ...flags];
  const rows = [...new Set(ordered)].map(([key, flag]) => ({ left: leftOf(key, flag), flag }));
  const width = Math.max(...rows.map(({ left }) => left.length)) + 2;
  const groups = new Map<string, string[]>();
  for (const { left, flag: { help, shown, group = "Flags" } } of rows) {
    const row = `${left.padEnd(width)}${help}${shown === undefined ? "" : ` (default ${shown})`}`;
    groups.set(group, [...groups.get(group) ?? [], row]);
  }
  return Array.from(groups, ([group, lines]) => `${group}:\n${lines.join("\n")}`).join("\n\n");
}

/** `  -p, --port PORT` */
function leftOf(key: string, { short, placeholder }: Flag<unknown>): string {
  return `  ${short === undefined ? "    " : `-${short}, `}${flagName(key)}${
    placeholder === undefined ? "" : ` ${placeholder}`
  }`;
}

/** What follows the name of the task. */
function usage({ flags, operands }: Described): string {
  if (operands !== undefined) return `[flags] ${operands.placeholder}\n\n  ${operands.placeholder}: ${operands.help}`;
  const side = sideOf(flags);
  if (side !== null) return `[${flags.host?.repeatable === true ? ADDRESSES : ADDRESS[side]}] [flags]`;
  const required = Object.entries(flags).filter(([, flag]) => flag.required === true);
  return [...required.map(([key, { placeholder }]) => `${flagName(key)} ${placeholder}`), "[flags]"].join(" ");
}

/** The flag table as one JSON object. */
export function helpJson({ name, summary, flags, operands }: Described): string {
  return JSON.stringify({
    name,
    summary,
    operands: operands?.placeholder,
    flags: usefulFlags({ name, flags }).map(([key, { short, placeholder, help, group, shown, repeatable }]) => ({
      name: flagName(key).slice(2),
      short,
      value: placeholder,
      help,
      group,
      default: shown,
      repeatable,
    })),
  });
}
