/**
 * A little YAML (1.2.2): a mapping whose values are text, numbers and lists of text. Pure.
 *
 * @module
 */
import { printableText } from "../../lib/text.ts";

/** A value of the mapping; `null` leaves the key out. */
export type YamlValue = string | number | readonly string[] | null;

/** A plain scalar (7.3.3) that cannot be mistaken for a number, a boolean or an indicator. */
const PLAIN = /^[A-Za-z][\w ./()',;+<>=-]*$/;
const WORDS = /^(true|false|yes|no|on|off|null|y|n)$/i;

/**
 * The lines of a mapping.
 *
 * @example Usage
 * ```ts
 * import { yamlBlock } from "./yaml.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(yamlBlock({ expected: "an answer", sent: ["#1: a"] }), ["expected: an answer", "sent:", "  - '#1: a'"]);
 * ```
 */
export function yamlBlock(mapping: Readonly<Record<string, YamlValue>> | object): string[] {
  return Object.entries(mapping).flatMap(([key, value]: [string, YamlValue]) => {
    if (value === null) return [];
    if (typeof value === "number") return [`${key}: ${value}`];
    if (typeof value !== "string") {
      return value.length === 0 ? [] : [`${key}:`, ...value.map((text) => `  - ${scalar(text)}`)];
    }
    // Doubled quotation marks could not be pasted into a shell.
    if (!value.includes("\n")) {
      const shown = scalar(value);
      return /^'.*''.*\S'$/.test(shown) ? [`${key}: |2-`, `  ${printableText(value)}`] : [`${key}: ${shown}`];
    }
    // A literal (8.1.2) has no escapes. Its indentation is stated, since the first line may be indented itself.
    const lines = printableText(value.replace(/\n$/, ""), { lines: true }).split("\n");
    return [`${key}: |2`, ...lines.map((line) => `  ${line}`.trimEnd())];
  });
}

function scalar(text: string): string {
  const safe = printableText(text);
  const isPlain = PLAIN.test(safe) && !WORDS.test(safe) && !safe.includes(": ") && !safe.endsWith(" ");
  return isPlain ? safe : `'${safe.replaceAll("'", "''")}'`;
}
