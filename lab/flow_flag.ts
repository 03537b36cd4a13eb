/**
 * `--flow`: which connections and datagram flows of a capture, by the numbers that `wire:show` tells. Pure.
 *
 * @module
 */
import { UsageError } from "../lib/errors.ts";
import type { Flag } from "../lib/script/flags.ts";

/** Whether a flow is wanted. */
export type Wanted = (flow: number) => boolean;

/**
 * A flag that takes numbers and ranges, and may be repeated.
 *
 * @param what What is done with these flows.
 * @returns The flag; its value is `undefined` if all are wanted.
 *
 * @example Usage
 * ```ts
 * import { flowFlag } from "./flow_flag.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const wanted = flowFlag("tell").read(["1,4-7"]);
 * assertEquals([1, 3, 4].map((flow) => wanted?.(flow)), [true, false, true]);
 * ```
 */
export function flowFlag(what: string): Flag<Wanted | undefined> {
  return {
    help: `${what} only these connections and datagram flows, such as 2 or 1,4-7; repeatable`,
    placeholder: "N,...",
    repeatable: true,
    shown: "all",
    read(texts) {
      if (texts.length === 0) return undefined;
      const ranges = texts.flatMap((text) => text.split(",").map((part) => rangeIn(part, text)));
      return (flow) => ranges.some(([first, last]) => flow >= first && flow <= last);
    },
  };
}

function rangeIn(part: string, text: string): readonly [first: number, last: number] {
  const [, first = "", last = first] = /^([1-9]\d{0,8})(?:-(\d{1,9}))?$/.exec(part) ?? [];
  if (first === "" || Number(first) > Number(last)) {
    throw new UsageError(`Cannot use ${JSON.stringify(text)}: it must be numbers or ranges, such as 1,4-7`);
  }
  return [Number(first), Number(last)];
}
