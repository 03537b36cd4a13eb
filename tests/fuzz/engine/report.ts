/**
 * What a run of the fuzzers says.
 *
 * @module
 */
import { thousands } from "../../../lib/text.ts";
import { excerpt } from "./bytes.ts";
import type { Hunted } from "./hunt.ts";

/** How one target fared. */
export interface TargetReport extends Hunted {
  readonly target: string;
  /** Milliseconds. */
  readonly duration: number;
  /** The file with the finding's input, as it is given to `--input`; "" if there is none. */
  readonly file: string;
}

/** The command that checks a file again. */
export function repeatCommand(target: string, file: string): string {
  return `deno task fuzz ${target} --input ${file}`;
}

/** A report as a line of JSON. */
export function jsonOf({ target, inputs, bytes, duration, finding, file }: TargetReport): string {
  const found = finding === null ? null : {
    message: finding.message,
    input: finding.input.toBase64(),
    file,
    repeat: repeatCommand(target, file),
  };
  return JSON.stringify({ event: "fuzzed", target, inputs, bytes, duration: Math.round(duration), finding: found });
}

/** A report for people. */
export function proseOf({ target, inputs, bytes, duration, finding, file }: TargetReport): string {
  const size = `${thousands(inputs)} inputs, ${thousands(bytes)} bytes, ${(duration / 1000).toFixed(1)} s`;
  if (finding === null) return `[+] ${target.padEnd(12)} ${size}`;
  const stack = finding.stack === "" ? [] : finding.stack.split("\n").slice(1, 6).map((line) => `    ${line.trim()}`);
  return [
    `[!] ${target}: ${finding.message}`,
    ...stack,
    `    after ${size}`,
    `    input: ${excerpt(finding.input)}`,
    `    it is in ${file}; again: ${repeatCommand(target, file)}`,
  ].join("\n");
}
