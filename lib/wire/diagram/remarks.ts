/**
 * Sentences about a whole diagram: lookups, listeners, clocks, what is left out. Pure.
 *
 * @module
 */
import { formatEndpoint } from "../../addr.ts";
import { plural } from "../../text.ts";
import type { Call } from "./call.ts";
import type { LeftOut } from "./model.ts";
import { sizeText, spanText } from "./words.ts";

/** The most sentences about calls that belong to no flow: a load generator binds hundreds of sockets. */
const MOST = 5;

/** What a recorder did not keep. */
export interface Unkept extends LeftOut {
  readonly flows: number;
}

/** What a lookup found. */
export function lookupText({ name = "a name", addresses = [], error, duration }: Call): string {
  return `Lookup of ${name}: ${error ?? addresses.join(", ")} (${spanText(duration)})`;
}

/** Tells the calls that belong to no flow. */
export function callRemarks(calls: readonly Call[]): string[] {
  const texts = calls.flatMap((call) => {
    const { local, error, transport } = call;
    if (call.call === "resolve") return [lookupText(call)];
    const where = `${local === null ? "an address" : formatEndpoint(local)} (${transport.toUpperCase()})`;
    if (call.call === "listen" || call.call === "bind") {
      if (error !== undefined) return [`Cannot ${call.call} on ${where}: ${error}`];
      return [`${call.call === "listen" ? "Listening on" : "Bound to"} ${where}`];
    }
    return error === undefined ? [] : [`${call.call} on ${where}: ${error}`];
  });
  return texts.length <= MOST ? texts : [...texts.slice(0, MOST), `… and ${texts.length - MOST} calls like these`];
}

/**
 * Tells which clocks were corrected.
 *
 * @param corrections What was added to each process's times (ms).
 * @param names Whose they are: `the server`.
 */
export function clockRemarks(corrections: readonly number[], names: readonly string[]): string[] {
  return corrections.flatMap((by, process) => {
    if (by === 0) return [];
    const way = by > 0 ? "slow" : "fast";
    return [
      `The clock of ${names[process] ?? "a process"} is about ${spanText(Math.abs(by))} ${way}; ` +
      "its times are corrected, for nothing arrives before it has left.",
    ];
  });
}

/** Tells what the picture does not show. */
export function leftOutRemarks(flows: number, { flows: more, arrows, bytes }: Unkept): string[] {
  const all = flows + more;
  return [
    ...(all === 0 ? [] : [`Not drawn: ${plural(all, "more connection")} or flows.`]),
    ...(arrows === 0 ? [] : [`Not drawn: ${plural(arrows, "later call")} with ${sizeText(bytes)}.`]),
  ];
}
