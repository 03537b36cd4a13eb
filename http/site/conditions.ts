/**
 * Conditional and range requests (RFC 9110 13 and 14), evaluated from the fields alone. Pure.
 *
 * @module
 */
import type { Answer } from "../answer/answer.ts";
import { errorAnswer } from "./error_answer.ts";
import type { SiteRequest } from "./resource.ts";
import { NOTHING, textOf, withoutSpace } from "../request/syntax.ts";

/** The selected representation. */
export interface Selected {
  /** Its strong entity tag, with the quotes. */
  readonly etag: string;
  /** Its modification time in whole seconds since 1970; `null` if unknown. */
  readonly modified: number | null;
  /** Its length in bytes. */
  readonly size: number;
}

/** The result: all of it, a part (`first` to `last`, inclusive), or only a status. */
export type Decision =
  | { readonly status: 200 | 304 | 412 | 416 }
  | { readonly status: 206; readonly first: number; readonly last: number };

/** Reads a field of a request; `null` if there is none. */
export type FieldReader = (name: string) => string | null;

/**
 * Evaluates the conditions of a GET or HEAD in the order of RFC 9110 13.2.2.
 *
 * @param now The current time, in milliseconds since 1970.
 *
 * @example Usage
 * ```ts
 * import { decide } from "./conditions.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const fields = new Map([["range", "bytes=-5"]]);
 * const decision = decide((name) => fields.get(name) ?? null, { etag: '"v1"', modified: null, size: 100 });
 * assertEquals(decision, { status: 206, first: 95, last: 99 });
 * ```
 */
export function decide(field: FieldReader, selected: Selected, now = Date.now()): Decision {
  const ifMatch = field("if-match");
  const ifNoneMatch = field("if-none-match");
  if (ifMatch !== null) {
    if (!matches(ifMatch, selected.etag, "strong")) return { status: 412 };
  } else if (isLater(selected.modified, field("if-unmodified-since"), now)) {
    return { status: 412 };
  }
  if (ifNoneMatch !== null) {
    if (matches(ifNoneMatch, selected.etag, "weak")) return { status: 304 };
  } else if (isUnchanged(selected.modified, field("if-modified-since"), now)) {
    return { status: 304 };
  }
  const range = field("range");
  if (range === null || !rangeStillMeans(field("if-range"), selected, now)) return { status: 200 };
  return part(range, selected.size);
}

/**
 * What an answer becomes under the conditions of its request if its resource knows none: it has no entity tag, so that no list of them
 * matches, but it exists, so that `*` does (RFC 9110 13.1.1, 13.1.2).
 */
export function underConditions(answer: Answer, { head }: SiteRequest): Answer {
  // They do not count where the answer is none about the resource (RFC 9110 13.2.1).
  const { status, fields, evaluated = false } = answer;
  if (evaluated || status < 200 || status > 299 || head.method === "OPTIONS") return answer;
  const accept = head.field("accept");
  if (!isAny(head.field("if-match") ?? "*")) {
    return errorAnswer(accept, { status: 412, message: "this path has no entity tag that If-Match could name" });
  }
  if (!isAny(head.field("if-none-match") ?? "")) return answer;
  if (head.method === "GET") {
    const text = typeof fields === "string" ? fields : textOf(fields);
    return { status: 304, fields: /^Cache-Control: .*\r\n/m.exec(text)?.[0] ?? "", body: NOTHING };
  }
  return errorAnswer(accept, { status: 412, message: "If-None-Match: * wants nothing to be at this path" });
}

function isAny(list: string): boolean {
  return withoutSpace(list) === "*";
}

/** Whether an entity tag is in a list (RFC 9110 8.8.3); `*` matches every tag. */
function matches(list: string, etag: string, comparison: "strong" | "weak"): boolean {
  if (isAny(list)) return true;
  for (const [tag] of list.matchAll(/(?:W\/)?"[\x21\x23-\x7e\x80-\uffff]*"/g)) {
    if ((comparison === "weak" ? tag.replace(/^W\//, "") : tag) === etag) return true;
  }
  return false;
}

function isLater(modified: number | null, date: string | null, now: number): boolean {
  const time = date === null ? null : parseHttpDate(date, now);
  return modified !== null && time !== null && modified > time;
}

function isUnchanged(modified: number | null, date: string | null, now: number): boolean {
  const time = date === null ? null : parseHttpDate(date, now);
  return modified !== null && time !== null && modified <= time;
}

/**
 * Whether a range may be served: without `If-Range`, or if the representation is unchanged (RFC 9110 13.1.5). A date of this very second
 * does not prove that: the representation may change in it once more (RFC 9110 8.8.2.2).
 */
function rangeStillMeans(ifRange: string | null, { etag, modified }: Selected, now: number): boolean {
  if (ifRange === null) return true;
  if (ifRange.includes('"')) return ifRange === etag;
  return modified !== null && parseHttpDate(ifRange, now) === modified && modified < Math.floor(now / 1000);
}

/**
 * A single range: `bytes=0-4`, `bytes=5-` or `bytes=-5`. Multiple ranges, other units and malformed ones are ignored, which is allowed
 * and defeats an attack with thousands of ranges (RFC 9110 14.2).
 */
function part(range: string, size: number): Decision {
  const [, from, to] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(range) ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return { status: 200 };
  // The end of an empty representation is all of it; a part of no bytes cannot be expressed (RFC 9110 14.1.2, 14.4).
  if (size === 0 && from === "" && Number(to) > 0) return { status: 200 };
  const first = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (from !== "" && to !== "" && Number(to) < Number(from)) return { status: 200 };
  return first < size && first <= last ? { status: 206, first, last } : { status: 416 };
}

const DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
const LONG_DAY = "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)";
const MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
const TIME = "\\d\\d:\\d\\d:\\d\\d";
const DATES = new RegExp(
  `^(?:${DAY}, \\d\\d ${MONTH} \\d{4} ${TIME} GMT|${LONG_DAY}, \\d\\d-${MONTH}-\\d\\d ${TIME} GMT|${DAY} ${MONTH} [ \\d]\\d ${TIME} \\d{4})$`,
);

/**
 * Parses a date in one of the three formats of RFC 9110 5.6.7, to whole seconds since 1970; `null` if it is malformed, or if there is no
 * such day or time.
 *
 * @param now The current time in milliseconds: a year of two digits is at most 50 years ahead of it.
 */
export function parseHttpDate(text: string, now = Date.now()): number | null {
  if (!DATES.test(text)) return null;
  const full = text.replace(/-(\d\d) /, (_, year) => `-${fullYear(Number(year), now)} `);
  // The asctime format has no zone; it means GMT.
  const date = new Date(full.endsWith("GMT") ? full : `${full} GMT`);
  // The runtime takes 31 February for 3 March, 24:00 for the next day, and a second 60 for 0.
  const day = Number(/[ \d]\d(?=[ -])/.exec(full)?.[0]);
  const time = /[\d:]{8}/.exec(full)?.[0];
  return date.getUTCDate() === day && date.toUTCString().includes(` ${time} `) ? date.getTime() / 1000 : null;
}

function fullYear(year: number, now: number): number {
  const current = new Date(now).getUTCFullYear();
  const full = current - current % 100 + year;
  return full > current + 50 ? full - 100 : full;
}
