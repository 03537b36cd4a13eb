/**
 * A run's flags as text, to be typed again.
 *
 * @module
 */
import { type Flag, flagName } from "../../lib/script/flags.ts";
import { shellWord } from "../../lib/text.ts";
import { type CheckFlags, flags } from "./flags.ts";
import { flagsOf } from "./protocol_flags.ts";

/** The flags that matter to the checks of every protocol. */
const COMMON = ["seed", "timeout", "allowRemote"] as const;
/** The values of `--terminator` that have names, and the escapes in others. */
const ENDS: Readonly<Record<string, string>> = { "\n": "lf", "\r\n": "crlf", "": "none" };
const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0", "\\": "\\\\" };

/** The flags that differ from their defaults, each after a space: ` --mode turns --seed 7`; "" if none does. */
export function typedFlags(protocol: keyof typeof flagsOf, values: CheckFlags): string {
  const keys: readonly (keyof CheckFlags)[] = [...Object.keys(flagsOf[protocol]) as (keyof CheckFlags)[], ...COMMON];
  return keys.flatMap((key) => {
    const [value, flag]: [unknown, Flag<unknown>] = [values[key], flags[key]];
    if (value === undefined || value === flag.read([])) return [];
    if (flag.placeholder === undefined) return [` ${flagName(key)}`];
    const text = key === "terminator" ? ENDS[String(value)] ?? escaped(String(value)) : String(value);
    return [` ${flagName(key)} ${shellWord(text, Deno.build.os)}`];
  }).join("");
}

function escaped(text: string): string {
  return text.replace(/[\n\r\t\0\\]/g, (character) => ESCAPES[character] ?? character);
}
