/**
 * What left one process and what arrived at the other, brought together. Pure.
 *
 * @module
 */
import { thousands } from "../../text.ts";
import type { Arrow, Moment, Side } from "./model.ts";
import type { Sighting } from "./sightings.ts";
import { sizeText } from "./words.ts";

/**
 * Joins the sightings of both ends.
 *
 * @param outs What the sender's process saw leave, in the order in which it left; `null` if its events are not given.
 * @param ins What the receiver's saw arrive; `null` if its events are not given.
 * @param from The sender's side.
 * @param cut Whether there were more events than those given: what did not arrive among them may have arrived later.
 */
export function joined(
  outs: readonly Sighting[] | null,
  ins: readonly Sighting[] | null,
  from: Side,
  cut = false,
): Arrow[] {
  if (outs === null || ins === null) {
    return [
      ...(outs ?? []).map((out) => arrowOf(out, from, out.when, null)),
      ...(ins ?? []).map((one) => arrowOf(one, from, null, one.when, lastOf(one))),
    ];
  }
  const of = (kind: Sighting["kind"], list: readonly Sighting[]): Sighting[] => list.filter((one) => one.kind === kind);
  const [fins, resets] = closings(of("fin", outs), of("reset", outs), of("fin", ins), of("reset", ins));
  return [
    ...streamed(of("data", outs), of("data", ins), from, cut),
    ...inOrder(fins, of("fin", ins), from),
    ...inOrder(resets, of("reset", ins), from),
    ...datagrams(of("datagram", outs), of("datagram", ins), from, cut),
  ];
}

/** A `close` while data is unread sends a RST instead of a FIN (RFC 2525 2.17): if a RST arrived and no FIN, that is what happened. */
function closings(
  fins: readonly Sighting[],
  resets: readonly Sighting[],
  finsCame: readonly Sighting[],
  resetsCame: readonly Sighting[],
): [fins: readonly Sighting[], resets: readonly Sighting[]] {
  const last = fins.at(-1);
  if (!last?.closing || fins.length <= finsCame.length || resets.length >= resetsCame.length) return [fins, resets];
  return [fins.slice(0, -1), [{ ...last, kind: "reset", flags: "RST", remark: "closed with data unread" }]];
}

type More = Partial<Pick<Arrow, "again" | "last" | "lost" | "receipt">>;

function arrowOf(one: Sighting, from: Side, leaves: Moment | null, arrives: Moment | null, more: More = {}): Arrow {
  const { kind, flags, size, text, returned, remark } = one;
  const told = { ...(returned === undefined ? {} : { returned }), ...(remark === undefined ? {} : { remark }) };
  return { type: "arrow", kind, from, leaves, arrives, flags, size, text, ...told, ...more };
}

function lastOf({ last }: Sighting): More {
  return last === undefined ? {} : { last };
}

function inOrder(outs: readonly Sighting[], ins: readonly Sighting[], from: Side): Arrow[] {
  return [
    ...outs.map((out, index) => arrowOf(out, from, out.when, ins[index]?.when ?? null)),
    ...ins.slice(outs.length).map((one) => arrowOf(one, from, null, one.when)),
  ];
}

/** A stretch of the byte stream: what one write put into it, or one read took out. */
interface Stretch {
  readonly one: Sighting;
  readonly start: number;
  readonly end: number;
}

function stretches(list: readonly Sighting[]): Stretch[] {
  let end = 0;
  return list.map((one) => ({ one, start: end, end: end += one.size ?? 0 }));
}

/** A stream keeps its order and loses nothing: the bytes' positions say which reads brought which write. */
function streamed(outs: readonly Sighting[], ins: readonly Sighting[], from: Side, cut: boolean): Arrow[] {
  const arrows: Arrow[] = [];
  const reads = stretches(ins);
  let next = 0;
  /** The reads that have a receipt: there is room for one, and the first says enough. */
  const told = new Set<Sighting>();
  const writes = stretches(outs);
  for (const write of writes) {
    while ((reads[next]?.end ?? Infinity) <= write.start) next++;
    const brought: Stretch[] = [];
    for (let at = next; (reads[at]?.start ?? Infinity) < write.end; at++) brought.push(...reads.slice(at, at + 1));
    const [first, last] = [brought[0], brought.at(-1)];
    const receipt = last === undefined || told.has(last.one) ? "" : receiptOf(write, brought);
    if (last !== undefined && receipt !== "") told.add(last.one);
    arrows.push(arrowOf(cut ? write.one : withUnread(write, last), from, write.one.when, first?.one.when ?? null, {
      ...(last === undefined ? {} : last === first ? lastOf(last.one) : { last: last.one.last ?? last.one.when }),
      ...(receipt === "" ? {} : { receipt }),
    }));
  }
  const sent = writes.at(-1)?.end ?? 0;
  return [
    ...arrows,
    ...reads.filter(({ start }) => start >= sent).map(({ one }) => arrowOf(one, from, null, one.when, lastOf(one))),
  ];
}

/** A write that says how much of it was not read. */
function withUnread({ one, start, end }: Stretch, last: Stretch | undefined): Sighting {
  const missing = end - (last?.end ?? start);
  if (missing <= 0) return one;
  const unread = missing === one.size ? "not read" : `${sizeText(missing)} not read`;
  return { ...one, remark: one.remark === undefined ? unread : `${one.remark} · ${unread}` };
}

/** What the receiver's end says: that one write is not one read. */
function receiptOf({ start, end }: Stretch, brought: readonly Stretch[]): string {
  const [first] = brought;
  const reads = brought.reduce((sum, { one }) => sum + one.count, 0);
  if (reads > 1) return `in ${thousands(reads)} reads`;
  if (first === undefined || (first.start >= start && first.end <= end)) return "";
  return `one read of ${sizeText(first.one.size ?? 0)}`;
}

/** Datagrams have no positions: equal bytes are taken for the same datagram, the latest one sent before. */
function datagrams(outs: readonly Sighting[], ins: readonly Sighting[], from: Side, cut: boolean): Arrow[] {
  const sent = new Map<string, Sighting[]>();
  for (const out of outs) listIn(sent, out).push(out);
  const came = new Map<string, Sighting[]>();
  for (const one of ins) listIn(came, one).push(one);
  const arrows: Arrow[] = [];
  for (const [content, copies] of sent) {
    const pairs = paired(copies, came.get(content) ?? []);
    came.delete(content);
    const arrived = new Set<Sighting>();
    for (const [out, one] of pairs) {
      const more = out !== undefined && arrived.has(out) ? { receipt: "duplicate", again: true } : {};
      if (out !== undefined) arrived.add(out);
      arrows.push(arrowOf(one, from, out?.when ?? null, one.when, more));
    }
    const lost = copies.filter((out) => !arrived.has(out));
    arrows.push(...lost.map((out) => arrowOf(out, from, out.when, null, { lost: true })));
  }
  const all = [...arrows, ...[...came.values()].flat().map((one) => arrowOf(one, from, null, one.when))];
  return cut ? unsure(all) : all;
}

/** Takes back that the last ones are lost: they left after the last one that is known to have arrived. */
function unsure(arrows: readonly Arrow[]): Arrow[] {
  const arrived = arrows.filter(({ lost }) => !lost).map(({ leaves }) => leaves?.at ?? -Infinity);
  const last = arrived.reduce((a, b) => Math.max(a, b), -Infinity);
  return arrows.map((arrow) => (arrow.leaves?.at ?? -Infinity) > last ? { ...arrow, lost: false } : arrow);
}

function listIn(lists: Map<string, Sighting[]>, one: Sighting): Sighting[] {
  const content = `${one.size} ${one.digest}`;
  const list = lists.get(content) ?? [];
  lists.set(content, list);
  return list;
}

/**
 * Finds for each arrival the datagram that it is. Those that left later than an arrival are none; of equal ones, as of a request that is
 * repeated, the last before it is the likeliest; what is left over when all are found has arrived twice.
 */
function paired(outs: readonly Sighting[], ins: readonly Sighting[]): [out: Sighting | undefined, one: Sighting][] {
  const open: Sighting[] = [];
  const found: Sighting[] = [];
  const first: Sighting[] = [];
  const extra: Sighting[] = [];
  let next = 0;
  for (const one of ins) {
    for (; (outs[next]?.when.at ?? Infinity) <= one.when.at; next++) open.push(...outs.slice(next, next + 1));
    const out = open.pop();
    if (out === undefined) {
      extra.push(one);
    } else {
      found.push(out);
      first.push(one);
    }
  }
  // Which of them arrived is settled; equal ones are taken to have kept their order.
  found.sort((a, b) => a.when.at - b.when.at);
  const pairs = first.map((one, index): [Sighting | undefined, Sighting] => [found[index], one]);
  const twice = extra.map((one): [Sighting | undefined, Sighting] => [
    found.findLast((out) => out.when.at <= one.when.at),
    one,
  ]);
  return [...pairs, ...twice];
}
