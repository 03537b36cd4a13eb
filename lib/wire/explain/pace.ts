/**
 * How much is told one by one, and the sums of the rest. Pure.
 *
 * @module
 */
import { counted, milliseconds } from "../../text.ts";
import type { WireCall } from "../event.ts";
import { size } from "./words.ts";

/** A second (ms). */
const SECOND = 1000;

/**
 * Decides whether things come slowly enough to be told one by one. Once there were too many in a second, the following ones are not
 * told either until a second brings few.
 *
 * @example Usage
 * ```ts
 * import { Pace } from "./pace.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const pace = new Pace(2);
 * assertEquals([0, 1, 2, 1001].map((at) => pace.take(at)), [true, true, false, false]);
 * ```
 */
export class Pace {
  readonly most: number;
  #since = -Infinity;
  #count = 0;
  #flooded = false;

  /** @param most The most in a second. */
  constructor(most: number) {
    this.most = most;
  }

  /** Counts one, or one that weighs as much as several; returns whether it is to be told. */
  take(at: number, weight = 1): boolean {
    const passed = at - this.#since;
    if (passed >= SECOND || passed < 0) {
      this.#flooded = passed >= 0 && passed < 2 * SECOND && this.#count > this.most;
      this.#since = at;
      this.#count = 0;
    }
    this.#count += weight;
    return this.#count <= this.most && !this.#flooded;
  }
}

/** Sums up calls that were not told one by one. */
export class Tally {
  #since: number | null = null;
  #calls = new Map<WireCall, { count: number; bytes: number }>();
  #mistakes = new Map<number, number>();
  #remarks = 0;
  #longest = 0;

  /** Counts a call, or several with their bytes together. */
  add(at: number, call: WireCall, bytes: number, count = 1): void {
    this.#since ??= at;
    const sum = this.#calls.get(call);
    if (sum === undefined) this.#calls.set(call, { count, bytes });
    else {
      sum.count += count;
      sum.bytes += bytes;
    }
  }

  /** Notes how long a write waited (ms). */
  waited(ms: number): void {
    this.#longest = Math.max(this.#longest, ms);
  }

  /** Counts a mistake that was noticed again. */
  mistake(number: number, count = 1): void {
    this.#mistakes.set(number, (this.#mistakes.get(number) ?? 0) + count);
  }

  /** Counts something else that was to be said. */
  remark(at: number, count = 1): void {
    this.#since ??= at;
    this.#remarks += count;
  }

  /** Adds all of it to another, whose time runs from now on if it was empty, and begins again. */
  moveTo(other: Tally, at: number): void {
    for (const [call, { count, bytes }] of this.#calls) other.add(at, call, bytes, count);
    for (const [number, count] of this.#mistakes) other.mistake(number, count);
    if (this.#remarks > 0) other.remark(at, this.#remarks);
    other.waited(this.#longest);
    this.#clear();
  }

  #clear(): void {
    this.#since = null;
    this.#calls.clear();
    this.#mistakes.clear();
    this.#remarks = 0;
    this.#longest = 0;
  }

  /** Whether it holds nothing. */
  get empty(): boolean {
    return this.#since === null && this.#mistakes.size === 0;
  }

  /** Whether a second has passed since the first call that it holds. */
  due(at: number): boolean {
    return this.#since !== null && at - this.#since >= SECOND;
  }

  /** The sum in words, `640 reads (42 MB) in 1.0 s`; begins again. */
  take(at: number): string {
    const parts = [...this.#calls].map(([call, { count, bytes }]) =>
      `${counted(count, NOUNS[call])}${bytes > 0 ? ` (${size(bytes)})` : ""}`
    );
    if (this.#remarks > 0) parts.push(counted(this.#remarks, "more remark"));
    const time = this.#since === null ? "" : ` in ${milliseconds(Math.max(0, at - this.#since))}`;
    const waited = this.#longest >= 1 ? `; the longest write waited ${milliseconds(this.#longest)}` : "";
    const mistakes = [...this.#mistakes].map(([number, count]) => `mistake ${number}, ${counted(count, "more time")}`);
    this.#clear();
    return [`${parts.join(", ")}${parts.length > 0 ? time : ""}${waited}`, ...mistakes].filter((part) => part !== "")
      .join("; ");
  }
}

/** What the calls are counted as. */
const NOUNS: Readonly<Record<WireCall, string>> = {
  resolve: "lookup",
  listen: "listener",
  bind: "socket",
  connect: "connect",
  accept: "accept",
  handshake: "handshake",
  read: "read",
  writing: "write",
  write: "write",
  receive: "receive",
  sending: "send",
  send: "send",
  closeWrite: "half-close",
  close: "close",
  reset: "reset",
};
