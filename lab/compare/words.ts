/**
 * A comparison in plain words: what the network did wrong, what that cost each transport, and where the figures come from. Pure.
 *
 * @module
 */
import { FAULT_NAMES, type FaultName, type FaultPlan, NO_FAULTS, printFault } from "../../lib/faults/plan.ts";
import { listed, milliseconds, thousands } from "../../lib/text.ts";
import type { Figures } from "./figures.ts";

/** Both transports' figures. */
export interface Both {
  readonly tcp: Figures;
  readonly udp: Figures;
}

/** Who makes the faults: this program, between the sender and its socket, or the kernel. */
export type Maker = "layer" | "kernel";

/** How faults are put into words, given their value. The others are named by their flags. */
const TOLD: Partial<Record<FaultName, (value: string) => string>> = {
  delay: (value) => `${value} delay`,
  jitter: (value) => `± ${value} jitter`,
  rate: (value) => `at ${value}`,
  loss: (value) => `${value} loss`,
  burst: (value) => `${value} in a row`,
  duplicate: (value) => `${value} duplicates`,
  reorder: (value) => `${value} reordered`,
  corrupt: (value) => `${value} corrupted`,
};

/**
 * A plan in a few words, the loss first: `5 % loss, 20 ms delay`.
 *
 * @example Usage
 * ```ts
 * import { faultWords } from "./words.ts";
 * import { NO_FAULTS } from "../../lib/faults/plan.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(faultWords({ ...NO_FAULTS, loss: 0.05, delay: 20 }), "5 % loss, 20 ms delay");
 * assertEquals(faultWords(NO_FAULTS), "no faults");
 * ```
 */
export function faultWords(plan: FaultPlan): string {
  const names = FAULT_NAMES.filter((name) => plan[name] !== NO_FAULTS[name]);
  const lossFirst = [...names.filter((name) => name === "loss"), ...names.filter((name) => name !== "loss")];
  const words = lossFirst.map((name) => {
    // "5%" is how a flag is written; prose has a space there.
    const value = printFault(plan, name).replace(/^([\d.]+)(%|us|ms|s|\w*B\/s)$/, "$1 $2");
    return TOLD[name]?.(value) ?? `${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)} ${value}`;
  });
  return words.length === 0 ? "no faults" : words.join(", ");
}

/**
 * What the table says, in sentences for a student.
 *
 * @param stopped Why TCP's run ended early, as a clause.
 */
export function sentences({ tcp, udp }: Both, stopped: string | null = null): string[] {
  return [aboutTcp(tcp, stopped), aboutUdp(udp), ...lesson({ tcp, udp })];
}

function aboutTcp({ sent, arrived, lost, waited, max }: Figures, stopped: string | null): string {
  const end = stopped === null ? "" : ` The run was ended: ${stopped}.`;
  if (arrived === 0 || max === null) return `TCP delivered ${noneOf(sent)}.${end}`;
  const what = lost === 0
    ? `TCP delivered ${allOf(sent)} in order`
    : `TCP delivered the first ${thousands(arrived)} of ${thousands(sent)}`;
  const latest = latestOf(arrived, max);
  if (waited === null || waited === 0) return `${what}, ${latest}; nothing had to be sent again.${end}`;
  return `${what}; ${
    waited === arrived ? "every one" : `${thousands(waited)} of them`
  } waited for a retransmission, ${latest}.${end}`;
}

function aboutUdp({ sent, arrived, lost, dropped, duplicated, outOfOrder, damaged, max }: Figures): string {
  if (arrived === 0 || max === null) {
    const how = damaged === 0 ? "" : ` whole: ${thousands(damaged)} came damaged`;
    return `UDP delivered ${noneOf(sent)}${how}, and its sender was not told.`;
  }
  const what = `UDP delivered ${lost === 0 ? allOf(sent) : `${thousands(arrived)} of ${thousands(sent)}`}, ${
    latestOf(arrived, max)
  }`;
  const odd = [
    ...(duplicated > 0 ? [`${thousands(duplicated)} came again`] : []),
    ...(outOfOrder > 0 ? [`${thousands(outOfOrder)} came after a later one`] : []),
    ...(damaged > 0 ? [`${thousands(damaged)} came damaged`] : []),
    ...(lost > damaged ? [`${thousands(lost - damaged)} never came`] : []),
  ];
  const full = dropped === null || dropped === 0
    ? ""
    : ` Of these, the kernel dropped ${thousands(dropped)}: the receiver's buffer was full.`;
  return odd.length === 0 ? `${what}.` : `${what}; ${listed(odd)}.${full}`;
}

/** By how much the p50 and the p99 of two runs through the same faults may differ on a busy machine (ms). */
const [HALF_ALIKE, ALL_ALIKE] = [5, 25];

/** What the difference teaches, if there is any. */
function lesson({ tcp, udp }: Both): string[] {
  if (tcp.arrived === 0 || udp.arrived === 0 || tcp.lost > 0) return [];
  if (udp.lost > 0 && tcp.waited !== null && tcp.waited > 0) {
    return [
      "TCP pays for a loss with time, and what is behind it pays too (head-of-line blocking); UDP pays with the message, and tells nobody.",
    ];
  }
  if (udp.lost > udp.damaged && tcp.waited === 0) {
    return [
      "What could not pass in time came later over TCP, and all that follows it too; over UDP it never came, and its sender was not told.",
    ];
  }
  const odd = udp.lost + udp.duplicated + udp.outOfOrder + udp.damaged;
  const alike = apart(tcp.p50, udp.p50) <= HALF_ALIKE && apart(tcp.p99, udp.p99) <= ALL_ALIKE;
  if (odd > 0 || tcp.waited !== 0 || !alike) return [];
  return ["Nothing was lost, so both did the same: on such a network the choice between them hardly shows."];
}

function apart(one: number | null, other: number | null): number {
  return Math.abs((one ?? Infinity) - (other ?? 0));
}

/**
 * Where the figures come from, which decides what they prove; `null` if there is nothing to say.
 *
 * @param same Whether both lost the same messages.
 */
export function honesty(maker: Maker, plan: FaultPlan, same: boolean): string | null {
  if (maker === "kernel") {
    return "The kernel made the faults (tc netem), in a network of their own: TCP's retransmissions are real. What waited for one is " +
      "what came later than delay and jitter explain.";
  }
  if (plan.corrupt > 0 && plan.loss === 0) {
    return "Bits are flipped in datagrams only, past UDP's checksum; TCP's own checksum finds most damage, and then the segment is sent again.";
  }
  if (plan.loss === 0) return null;
  return same
    ? "Without root nothing can be lost under TCP: what UDP loses is modelled there, as the delay that a retransmission costs."
    : "Without root nothing can be lost under TCP: its losses are modelled, as the delay that a retransmission costs. UDP's are real.";
}

function latestOf(arrived: number, max: number): string {
  return `${arrived === 1 ? "" : "the latest "}${milliseconds(max)} after it was due`;
}

function noneOf(count: number): string {
  return count === 1 ? "nothing" : `none of ${thousands(count)} messages`;
}

function allOf(count: number): string {
  return count === 1 ? "the message" : `all ${thousands(count)} messages`;
}
