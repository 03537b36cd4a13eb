/**
 * Small YAML (1.2.2): a mapping whose values are text, numbers, and lists of text. Pure.
 *
 * @module
 */
import { escapeControls } from "../../lib/text.ts";

/** A value of the mapping; `null` leaves the key out. */
export type YamlValue = string | number | readonly string[] | null;

/** A plain scalar (7.3.3) that nobody takes for a number, a boolean or a mark. */
const PLAIN = /^[A-Za-z][\w ./()',;+<>=-]*$/;
const WORDS = /^(true|false|yes|no|on|off|null|y|n)$/i;
/** What a scalar in quotes cannot carry as it is: all but the printable characters (5.1). */
const UNPRINTABLE = /[^\x20-\x7e\x85\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|[\u2028\u2029\ufeff]/u;

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
    if (!value.includes("\n")) return [`${key}: ${scalar(value)}`];
    // A literal (8.1.2) has no escapes; its first line tells the indentation.
    const lines = value.replace(/\n$/, "").split("\n").map((line) => escapeControls(line, { tabs: true }));
    return [`${key}: |2`, ...lines.map((line) => `  ${line}`.trimEnd())];
  });
}

function scalar(text: string): string {
  if (PLAIN.test(text) && !WORDS.test(text) && !text.includes(": ") && !/ $/.test(text)) return text;
  return UNPRINTABLE.test(text) || !text.isWellFormed()
    ? JSON.stringify(escapeControls(text.toWellFormed()))
    : `'${text.replaceAll("'", "''")}'`;
}
