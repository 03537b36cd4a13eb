/**
 * What is kept of a process's events for its diagram: shortened calls, bounded in number. Pure.
 *
 * @module
 */
import type { WireEvent } from "../event.ts";
import { type Call, callOf } from "./call.ts";
import type { Unkept } from "./remarks.ts";

/** The most sections, and the most steps in all of them: beyond that a picture is no help, and a browser slow. */
export const MAX_SECTIONS = 40;
export const MAX_STEPS = 2000;

/** How many arrows reads or writes in a row make, as long as there is no pause: the last one stands for all that follow. */
const ARROWS = 16;
/** A longer pause (ms) is shown. */
const PAUSE = 1000;

/** The calls of the same kind that end a flow so far. */
interface Run {
  /** How many arrows they make. */
  readonly length: number;
  /** Where the last of them is in the list. */
  readonly index: number;
}

/** Keeps the first calls, and counts the rest. */
export class Recorder {
  readonly calls: Call[] = [];
  #steps: number;
  #sections: number;
  /** By flow; the recorder knows a flow by having an entry here. */
  #runs = new Map<string, Run>();
  /** The highest number of a flow that is not kept. */
  #highest = 0;
  #unkept = { arrows: 0, bytes: 0, flows: 0 };

  /** @param limits How many calls and flows are kept; `Infinity` for those of a file, which are in memory already. */
  constructor({ steps = MAX_STEPS, sections = MAX_SECTIONS } = {}) {
    this.#steps = steps;
    this.#sections = sections;
  }

  /** Takes the next event of the process. */
  add(event: WireEvent): void {
    // They say before what write and send tell when they return.
    if (event.call === "writing" || event.call === "sending") return;
    const flow = `${event.transport} ${event.flow}`;
    // Datagrams of many flows may be one series, and so one section.
    if (event.transport === "tcp" && !this.#runs.has(flow) && event.flow !== 0 && this.#runs.size >= this.#sections) {
      this.#skip(event);
      return;
    }
    const run = this.#runs.get(flow);
    const last = run === undefined ? undefined : this.calls[run.index];
    const continues = run !== undefined && last !== undefined && isNext(event, last);
    if (continues && run.length >= ARROWS) {
      this.calls[run.index] = merged(last, event);
    } else if (this.calls.length < this.#steps) {
      const length = continues ? run.length + 1 : 1;
      this.#runs.set(flow, { length, index: this.calls.push(callOf(event)) - 1 });
    } else {
      this.#unkept.arrows++;
      this.#unkept.bytes += event.bytes?.length ?? 0;
    }
  }

  /** What was not kept. */
  get unkept(): Unkept {
    return this.#unkept;
  }

  /** Flows are numbered as they come: a higher number is a new one. */
  #skip({ flow }: WireEvent): void {
    if (flow <= this.#highest) return;
    this.#highest = flow;
    this.#unkept.flows++;
  }
}

/** Whether an event goes on with what the last call of its flow did: more bytes of the same stream, the same way, without a pause. */
function isNext(event: WireEvent, last: Call): boolean {
  return event.transport === "tcp" && (event.call === "read" || event.call === "write") && event.call === last.call &&
    event.bytes !== null && event.error === undefined && event.offered === undefined && last.size !== null &&
    last.error === undefined && event.at - last.at < PAUSE;
}

function merged(last: Call, { at, bytes }: WireEvent): Call {
  const { issued, first = last.at, count = 1, size } = last;
  return { ...last, at, first, duration: at - issued, count: count + 1, size: (size ?? 0) + (bytes?.length ?? 0) };
}
