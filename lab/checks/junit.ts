/**
 * The results of checks as JUnit XML, which CI systems display.
 *
 * @module
 */
import { escape } from "@std/html/entities";
import { printableText } from "../../lib/text.ts";
import type { Finding } from "./finding.ts";
import type { Result } from "./runner.ts";
import { yamlBlock } from "./yaml.ts";

/** A result, and the finding if it is a failure. */
export interface Reported {
  readonly result: Result;
  readonly finding: Finding | null;
}

/** What a suite is about. */
export interface Suite {
  /** `lab:check tcp`. */
  readonly name: string;
  /** When it began. */
  readonly began: Date;
}

/** The whole file. */
export function junitOf(reported: readonly Reported[], { name, began }: Suite): string {
  const count = (outcome: Result["outcome"]): number =>
    reported.filter(({ result }) => result.outcome === outcome).length;
  const total = reported.reduce((sum, { result }) => sum + result.duration, 0);
  const counts = `tests="${reported.length}" failures="${count("failed")}" errors="0" skipped="${count("skipped")}"`;
  const time = `time="${seconds(total)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${safe(name)}" ${counts} ${time}>`,
    `  <testsuite name="${safe(name)}" ${counts} ${time} timestamp="${began.toISOString().slice(0, 19)}">`,
    ...reported.flatMap((each) => testCase(each, name)),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function testCase({ result, finding }: Reported, suite: string): string[] {
  const { check, outcome, reason, duration } = result;
  const title = safe(`${check.name}: ${check.title}`);
  const open = `    <testcase classname="${safe(suite)}" name="${title}" time="${seconds(duration)}"`;
  if (outcome === "skipped") return [`${open}>`, `      <skipped message="${safe(reason)}"/>`, "    </testcase>"];
  if (finding === null) return [`${open}/>`];
  const message = `      <failure type="${safe(check.level)}" message="${safe(finding.instead)}">`;
  return [`${open}>`, `${message}${safe(yamlBlock(finding).join("\n"))}</failure>`, "    </testcase>"];
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function safe(text: string): string {
  return escape(printableText(text, { lines: true }));
}
