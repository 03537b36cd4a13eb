/**
 * The bytes of a stream that are in flight in one direction. Pure.
 *
 * @module
 */
import { plural } from "../text.ts";
import { Chance } from "./chance.ts";
import { Cuts } from "./cuts.ts";
import type { Fault, FaultSink } from "./fault.ts";
import { capacity, CREDIT, limitOf, type Load, ticks } from "./capacity.ts";
import type { FaultPlan } from "./plan.ts";
import { againText, delayText, laterText, rateText } from "./say.ts";
import { retransmission, SEGMENT, type Segment, Segments } from "./segments.ts";

/** The most parts in a line; a part may be as small as a write. */
const MAX_PARTS = 4096;
/** The most bytes that pass at once. */
const MAX_AT_ONCE = 256 * 1024;

/** What follows the bytes: the end of the stream, an error, or the end that a fault gives it. */
export type Mark =
  | { readonly does: "end" }
  | { readonly does: "halfCloseAfter" | "resetAfter" }
  | { readonly does: "fail"; readonly error: unknown };

/** Bytes that were written together and belong to one segment, or a mark. */
interface Part {
  offset: number;
  bytes: Uint8Array;
  readonly mark: Mark | null;
  /** Parts of the same batch pass in a single write if they are due. */
  readonly batch: number;
  /** When it has passed the rate limit (ms). */
  readonly sent: number;
  readonly delay: number;
  readonly segment: Segment;
  /** Whether the segment begins here. Only this part is late after a loss; the rest has to wait behind it. */
  first: boolean;
  readonly jitters: boolean;
}

/** Which stream and direction a line belongs to, and who is told of its faults. */
export interface LineOptions {
  readonly seed: number;
  readonly flow: number;
  readonly direction: "out" | "in";
  readonly tell: FaultSink;
  /** How many bytes of the stream have passed already. */
  readonly start: number;
  /** What is in all lines of a layer. */
  readonly load?: Load;
}

/** A queue that bytes enter as they are written, and leave when their plan lets them. Times are in milliseconds. */
export class Line {
  #options: LineOptions;
  #segments: Segments;
  #cuts: Cuts;
  #parts: Part[] = [];
  #next = 0;
  #length = 0;
  /** The offsets after the last byte that went in, and after the last that came out. */
  #pushed: number;
  #passed: number;
  #ended = false;
  #batch = 0;
  #batchEnd = -Infinity;
  #free = -Infinity;
  #stall = { after: -1, until: 0 };
  #load: Load;
  #told = { delay: 0, rate: Infinity, slowRead: Infinity, coalesce: 0 };

  constructor(options: LineOptions) {
    const { seed, flow, direction, start } = options;
    this.#options = options;
    this.#load = options.load ?? { bytes: 0 };
    this.#segments = new Segments(seed, flow, direction);
    this.#cuts = new Cuts(new Chance(seed, flow, `${direction} split`));
    this.#pushed = this.#passed = start;
  }

  /** How many bytes are in the line. */
  get length(): number {
    return this.#length;
  }

  /** Whether there is nothing in the line, not even a mark. */
  get empty(): boolean {
    return this.#next === this.#parts.length;
  }

  /** Whether a mark has gone in; whatever comes after it is dropped. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The mark that comes next; `null` if bytes do. */
  get mark(): Mark | null {
    return this.#parts[this.#next]?.mark ?? null;
  }

  /** How many more bytes there is room for. */
  room(plan: FaultPlan): number {
    return this.#parts.length - this.#next >= MAX_PARTS ? 0 : Math.max(0, capacity(plan, this.#load) - this.#length);
  }

  /** Counts bytes that have bypassed the line. */
  skip(count: number): void {
    this.#pushed += count;
    this.#passed += count;
  }

  /** Puts bytes in; the line owns them from now on. */
  push(bytes: Uint8Array, now: number, plan: FaultPlan): void {
    if (this.#ended) return;
    const [limit, does] = limitOf(plan);
    const whole = bytes.subarray(0, Math.max(0, limit - this.#pushed));
    if (whole.length > 0) this.#tellPlan(plan);
    const base = this.#begin(now, plan);
    const rate = Math.min(plan.rate, plan.slowRead);
    const bySegment = plan.loss > 0 || plan.jitter > 0;
    for (let at = 0; at < whole.length;) {
      const most = Math.min(bySegment ? SEGMENT - this.#pushed % SEGMENT : Infinity, ticks(rate));
      const part = whole.subarray(at, at + most);
      this.#add(part, null, this.#sent(base, part.length / rate * 1000), plan);
      at += part.length;
    }
    if (this.#pushed >= limit) this.end({ does }, now, plan);
  }

  /** Puts a mark behind the bytes. */
  end(mark: Mark, now: number, plan: FaultPlan): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#add(new Uint8Array(), mark, Math.max(now, this.#free), plan);
  }

  /** Drops everything. */
  clear(): void {
    this.#parts = [];
    this.#load.bytes -= this.#length;
    this.#next = this.#length = 0;
  }

  /** When the next part is due; `Infinity` if there is none, or never. */
  get due(): number {
    const part = this.#parts[this.#next];
    return part === undefined ? Infinity : this.#dueOf(part);
  }

  /** Until when the stream stalls; what is due has to wait. */
  stalledUntil(now: number, { stallAfter, stallFor }: FaultPlan): number {
    if (this.#passed < stallAfter) return 0;
    if (this.#stall.after !== stallAfter) {
      this.#stall = { after: stallAfter, until: now + stallFor };
      this.#tell("stallAfter", stallFor === Infinity ? "nothing more passes" : `nothing passes for ${stallFor} ms`);
    }
    return this.#stall.until;
  }

  /** Reports that the cable is unplugged while something waits. */
  tellCut(): void {
    this.#tell("cut", "stands still");
  }

  /** Whether what comes next begins at a cut. */
  isCut({ split }: FaultPlan): boolean {
    const part = this.#parts[this.#next];
    return part !== undefined && this.#cuts.cutAt(part.offset, part.bytes[0] ?? 0, split) > 0;
  }

  /** Takes out what passes next in a single write: whatever is due of one batch, up to the next cut. The first part must be due. */
  take(now: number, plan: FaultPlan, most = MAX_AT_ONCE): Uint8Array[] {
    const taken: Uint8Array[] = [];
    const batch = this.#parts[this.#next]?.batch;
    let left = this.#passed < plan.stallAfter ? Math.min(most, plan.stallAfter - this.#passed) : most;
    for (let part; left > 0 && (part = this.#parts[this.#next]) !== undefined;) {
      if (part.batch !== batch || part.mark !== null) break;
      const cut = this.#cuts.cutAt(part.offset, part.bytes[0] ?? 0, plan.split);
      if (taken.length > 0 && (this.#dueOf(part) > now || cut > 0)) break;
      this.#tellPart(part, cut, plan);
      const bytes = part.bytes.subarray(0, this.#cuts.length(part.offset, part.bytes.subarray(0, left), plan.split));
      taken.push(bytes);
      left -= bytes.length;
      this.#drop(part, bytes.length);
    }
    return taken;
  }

  /** Takes out the mark that comes next, and reports it if it is a fault. */
  takeMark(): Mark | null {
    const { mark } = this;
    if (mark === null) return null;
    this.#next++;
    const after = plural(this.#passed, "byte");
    if (mark.does === "halfCloseAfter") this.#tell(mark.does, `the stream ends after ${after}`);
    if (mark.does === "resetAfter") this.#tell(mark.does, `the connection is reset after ${after}`);
    return mark;
  }

  /** Begins a batch, or joins the current one; returns when it departs. */
  #begin(now: number, { coalesce }: FaultPlan): number {
    if (coalesce === 0) {
      this.#batch++;
      return now;
    }
    if (now >= this.#batchEnd) {
      this.#batch++;
      this.#batchEnd = now + coalesce;
    }
    return this.#batchEnd;
  }

  /** When something that takes this long at the rate limit has passed it: a token bucket. */
  #sent(base: number, takes: number): number {
    this.#free = Math.max(base - CREDIT, this.#free) + takes;
    return Math.max(base, this.#free);
  }

  #add(bytes: Uint8Array, mark: Mark | null, sent: number, plan: FaultPlan): void {
    const offset = this.#pushed;
    // A mark belongs to the last byte's segment.
    const { segment, first } = this.#segments.at(mark === null ? offset : Math.max(0, offset - 1), sent, plan);
    const { delay, jitter } = plan;
    const batch = this.#batch;
    this.#parts.push({ offset, bytes, mark, batch, sent, delay, segment, first, jitters: jitter > 0 });
    // It never comes out, when the others are told.
    if (first && segment.losses === Infinity) this.#tell("loss", "lost for good, and all that follows", offset);
    this.#pushed += bytes.length;
    this.#length += bytes.length;
    this.#load.bytes += bytes.length;
  }

  #dueOf({ sent, delay, segment, first }: Part): number {
    const late = Math.max(0, delay + segment.jitter);
    // Whatever is behind it waits, since a line stays in order.
    return sent + late + (first ? retransmission(segment, sent, delay) : 0);
  }

  #drop(part: Part, count: number): void {
    part.offset += count;
    part.bytes = part.bytes.subarray(count);
    part.first = false;
    this.#passed += count;
    this.#length -= count;
    this.#load.bytes -= count;
    if (part.bytes.length > 0) return;
    this.#next++;
    if (this.#next < MAX_PARTS && this.#next < this.#parts.length) return;
    this.#parts = this.#parts.slice(this.#next);
    this.#next = 0;
  }

  #tellPart({ first, segment, delay, jitters }: Part, cut: number, { split }: FaultPlan): void {
    if (cut > 0) {
      this.#tell("split", split === "utf8" ? "split inside a character" : `split after ${plural(cut, "byte")}`);
    }
    if (!first) return;
    if (jitters) this.#tell("jitter", laterText(Math.max(0, delay + segment.jitter)));
    // Not how much later: that depends on when others are sent, and the same seed is to tell the same.
    if (segment.losses > 0) this.#tell("loss", againText(segment.losses));
  }

  /** Reports what happens to all bytes alike, once. */
  #tellPlan({ delay, rate, slowRead, coalesce }: FaultPlan): void {
    const tell = (kind: Fault["kind"], detail: string): void => this.#tell(kind, detail, this.#pushed);
    if (delay !== this.#told.delay) tell("delay", delayText(delay));
    if (rate !== this.#told.rate) tell("rate", rateText(rate));
    if (slowRead !== this.#told.slowRead) tell("slowRead", rateText(slowRead));
    if (coalesce !== this.#told.coalesce) tell("coalesce", `what comes within ${coalesce} ms passes at once`);
    this.#told = { delay, rate, slowRead, coalesce };
  }

  #tell(kind: Fault["kind"], detail: string, where = this.#passed): void {
    const { flow, direction, tell } = this.#options;
    tell({ flow, direction, kind, where, detail });
  }
}
