/**
 * What a script says of itself: `--help` for people, `--help --json` for programs, such as the shells' completion.
 *
 * @module
 */
import { commandFor } from "./command.ts";
import { ADDRESS, sideOf } from "./endpoint.ts";
import { flagName, type FlagTable } from "./flags.ts";
import type { Script } from "./script.ts";

const EXIT_CODES = `Exit codes:
  0 done · 1 other failure · 2 misuse · 3 name not found · 4 refused or unreachable · 5 timed out
  6 reset or cut off · 7 TLS not trusted · 8 peer broke the protocol · 9 cannot listen
  a client stopped by a signal: 128 + its number, 130 for Ctrl-C`;

/** What is said of a script: all but what it does. */
type Described = Omit<Script<FlagTable>, "check">;

/** The text of `--help`: usage with defaults, one worked example, exit codes. */
export function helpText(script: Described): string {
  const rows = Object.entries(script.flags).map(([key, flag]) => {
    const short = flag.short === undefined ? "    " : `-${flag.short}, `;
    const value = flag.placeholder === undefined ? "" : ` ${flag.placeholder}`;
    const shown = flag.shown === undefined ? "" : ` (default ${flag.shown})`;
    return { left: `  ${short}${flagName(key)}${value}`, right: `${flag.help}${shown}` };
  });
  const width = Math.max(...rows.map(({ left }) => left.length)) + 2;
  const run = commandFor(script.name);
  return `${script.name}: ${script.summary}

Usage: ${run} ${usage(script)}

Flags:
${rows.map(({ left, right }) => left.padEnd(width) + right).join("\n")}

Example:
  ${`${run} ${script.example.flags}`.trim()}
  ${script.example.does}

${EXIT_CODES}`;
}

/** What follows the name of the task. */
function usage({ flags, operands }: Described): string {
  if (operands !== undefined) return `[flags] ${operands.placeholder}\n\n  ${operands.placeholder}: ${operands.help}`;
  const side = sideOf(flags);
  return side === null ? "[flags]" : `[${ADDRESS[side]}] [flags]`;
}

/** The flag table as one JSON object. */
export function helpJson({ name, summary, flags, operands }: Described): string {
  return JSON.stringify({
    name,
    summary,
    operands: operands?.placeholder,
    flags: Object.entries(flags).map(([key, { short, placeholder, help, shown, repeatable }]) => ({
      name: flagName(key).slice(2),
      short,
      value: placeholder,
      help,
      default: shown,
      repeatable,
    })),
  });
}
