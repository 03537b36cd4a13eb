/**
 * Which checks are run.
 *
 * @module
 */
import { closestString } from "@std/text/closest-string";
import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { UsageError } from "../../lib/errors.ts";
import { MISTAKES } from "../../lib/wire/explain/mistakes.ts";
import type { Check } from "./check.ts";

/**
 * The checks that `--only` selects, in their usual order; all of them if it selects none.
 *
 * @param wanted Names separated by commas; a name that ends in an asterisk selects all that begin with it.
 * @throws {UsageError} There is no check of that name.
 */
export function selected(checks: readonly Check<unknown>[], wanted: readonly string[]): readonly Check<unknown>[] {
  const names = wanted.flatMap((text) => text.split(",")).map((name) => name.trim()).filter((name) => name !== "");
  if (names.length === 0) return checks;
  const matches = (check: Check<unknown>, name: string): boolean =>
    name.endsWith("*") ? check.name.startsWith(name.slice(0, -1)) : check.name === name;
  for (const name of names) {
    if (checks.some((check) => matches(check, name))) continue;
    const names = checks.map((check) => check.name);
    const nearest = names.find((other) => other.startsWith(name)) ??
      (names.length === 0 ? "" : closestString(name, names));
    const isNear = nearest.startsWith(name) || levenshteinDistance(name, nearest) <= Math.max(2, nearest.length / 2);
    const near = isNear ? `the nearest is ${nearest}; ` : "";
    throw new UsageError(`Cannot use --only ${JSON.stringify(name)}: there is no such check; ${near}see --list`);
  }
  return checks.filter((check) => names.some((name) => matches(check, name)));
}

/** The line of a check in `--list`: name, title, the mistake that it finds, source. */
export function listLines(checks: readonly Check<unknown>[]): string[] {
  const width = Math.max(0, ...checks.map(({ name }) => name.length));
  return checks.map(({ name, title, mistake, source, level }) => {
    const found = mistake === undefined ? "" : ` [mistake ${mistake}, ${MISTAKES[mistake - 1]?.name}]`;
    return `${name.padEnd(width)}  ${title}${found} (${source}, ${level})`;
  });
}
