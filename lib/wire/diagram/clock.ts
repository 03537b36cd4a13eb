/**
 * The difference between the clocks of two processes, as far as what passed between them shows it. Pure.
 *
 * @module
 */
import type { Flow } from "./call.ts";
import type { Pair } from "./pairing.ts";
import { type Sighting, sightingsOf } from "./sightings.ts";

/** What may be added to the other clock (ms) so that nothing arrives before it left. */
interface Range {
  least: number;
  most: number;
}

/**
 * Estimates for each process what to add to its times so that they fit those of process 0.
 *
 * Clocks that contradict nothing stay as they are. If they do, the middle of what is possible is taken, as if both ways took equally long
 * (as in NTP, RFC 5905 8); if only one way tells, the least correction.
 *
 * @param pairs The flows of which both ends' events are given.
 * @param processes How many processes there are.
 */
export function clockCorrections(pairs: readonly Pair[], processes: number): number[] {
  const ranges = new Map<string, Range>();
  for (const { one, other } of pairs) {
    const key = `${one.process} ${other.process}`;
    const range = ranges.get(key) ?? { least: -Infinity, most: Infinity };
    ranges.set(key, range);
    narrow(range, one, other);
  }
  const corrections: (number | undefined)[] = [0];
  // Each round reaches the processes that talk to those already reached.
  for (let round = 0; round < processes; round++) {
    for (const [key, range] of ranges) {
      const [one = 0, other = 0] = key.split(" ").map(Number);
      const [from, to] = [corrections[one], corrections[other]];
      if (from !== undefined && to === undefined) corrections[other] = from + correctionOf(range);
      if (from === undefined && to !== undefined) corrections[one] = to - correctionOf(range);
    }
  }
  return Array.from({ length: processes }, (_, process) => corrections[process] ?? 0);
}

function correctionOf({ least, most }: Range): number {
  if (least <= 0 && most >= 0) return 0;
  if (most === Infinity) return least;
  return least === -Infinity ? most : (least + most) / 2;
}

function narrow(range: Range, one: Flow, other: Flow): void {
  const [here, there] = [sightingsOf(one), sightingsOf(other)];
  const [connect, accept] = [one.calls, other.calls].map((calls) =>
    calls.find(({ call, error }) => (call === "connect" || call === "accept") && error === undefined)
  );
  if (connect?.call === "connect" && accept?.call === "accept") {
    range.least = Math.max(range.least, connect.issued - accept.at);
  } else if (connect?.call === "accept" && accept?.call === "connect") {
    range.most = Math.min(range.most, connect.at - accept.issued);
  }
  for (const [left, came] of passages(here, there)) range.least = Math.max(range.least, left - came);
  for (const [left, came] of passages(there, here)) range.most = Math.min(range.most, came - left);
}

/**
 * Times of things that surely left before they arrived. On a stream, the read that brought the end of a write. Of equal datagrams, the first that
 * left: whichever of them arrived, it left no earlier.
 */
function passages(outs: readonly Sighting[], ins: readonly Sighting[]): [left: number, came: number][] {
  const times: [number, number][] = [];
  const sent = new Map<string, Sighting>();
  for (const out of outs) {
    const content = `${out.kind} ${out.size} ${out.digest}`;
    if (out.way === "out" && out.kind !== "data" && !sent.has(content)) sent.set(content, out);
  }
  for (const one of ins) {
    const out = sent.get(`${one.kind} ${one.size} ${one.digest}`);
    if (one.way === "in" && out !== undefined) times.push([out.when.at, one.when.at]);
  }
  return [...times, ...streamPassages(outs, ins)];
}

function streamPassages(outs: readonly Sighting[], ins: readonly Sighting[]): [left: number, came: number][] {
  const times: [number, number][] = [];
  const reads = ins.filter(({ way, kind }) => way === "in" && kind === "data");
  let [written, received, next] = [0, 0, 0];
  for (const { way, kind, size, when } of outs) {
    if (way !== "out" || kind !== "data") continue;
    // The first byte of this write came with the first read that goes beyond what was written before.
    for (; next < reads.length && received + (reads[next]?.size ?? 0) <= written; next++) {
      received += reads[next]?.size ?? 0;
    }
    const read = reads[next];
    if (read !== undefined) times.push([when.at, read.when.at]);
    written += size ?? 0;
  }
  return times;
}
