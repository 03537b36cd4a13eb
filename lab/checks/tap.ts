/**
 * The results of checks in the Test Anything Protocol, version 14 (testanything.org).
 *
 * @module
 */
import { escapeControls } from "../../lib/text.ts";
import { yamlBlock } from "./yaml.ts";
import type { Result } from "./runner.ts";
import type { Finding } from "./finding.ts";

/** The lines before the first result. */
export function tapHead(total: number): string[] {
  return ["TAP version 14", `1..${total}`];
}

/** A line that TAP readers ignore. */
export function tapComment(text: string): string {
  return `# ${escapeControls(text)}`;
}

/** One result: its line and, for a failure, the findings below it. */
export function tapResult({ number, check, outcome, reason }: Result, finding: Finding | null): string[] {
  const words = described(`${check.name}: ${check.title}`);
  const line = `${outcome === "failed" ? "not ok" : "ok"} ${number} - ${words}`;
  if (outcome === "skipped") return [`${line} # SKIP ${escapeControls(reason)}`];
  return finding === null ? [line] : [line, "  ---", ...yamlBlock(finding).map((row) => `  ${row}`.trimEnd()), "  ..."];
}

/** Escapes what TAP gives a meaning: a number sign begins a directive. */
function described(text: string): string {
  return escapeControls(text).replace(/[\\#]/g, "\\$&");
}
