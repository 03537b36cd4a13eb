/**
 * The workers of one server: what they and the main thread say to each other, and who starts, replaces and stops them.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { stripAnsiCode } from "@std/fmt/colors";
import type { Endpoint } from "../../lib/addr.ts";
import { Exit, type ExitCode, Failure, stateOf } from "../../lib/errors.ts";
import type { Events, NetEvent } from "../../lib/events.ts";
import type { ServeOptions } from "../../lib/stream/server.ts";
import type { ServeTotals } from "../../lib/totals.ts";
import type { HttpSettings } from "../serve/shared.ts";
import { countMemory, SharedSlots } from "./shared_count.ts";

/** What a worker is to do. */
export interface Task {
  readonly endpoint: Endpoint;
  readonly settings: HttpSettings;
  readonly serve: Pick<ServeOptions, "once" | "maxConnections" | "allow" | "drainTime">;
  /** Which of the workers this is, from 0, and where all of them count their connections. */
  readonly index: number;
  readonly slots: SharedArrayBuffer;
  /** Where all of them number their connections. */
  readonly ids: SharedArrayBuffer;
  /** MiB that the connections of this worker together may hold; 0 = no limit. */
  readonly maxMemory: number;
  /** Whether anybody reads about single requests, and whether their fields matter or only their prose. */
  readonly detailed: boolean;
  readonly json: boolean;
  /** The first worker finds out whether the port is free; those after it share it. */
  readonly first: boolean;
}

/** What the main thread says to a worker. */
export type Order = { readonly kind: "start"; readonly task: Task } | { readonly kind: "stop" };

/** What a worker says to the main thread. */
export type Report =
  | { readonly kind: "listening"; readonly endpoint: Endpoint }
  | { readonly kind: "failed"; readonly code: ExitCode; readonly message: string }
  | { readonly kind: "events"; readonly events: readonly NetEvent[] }
  | { readonly kind: "done"; readonly totals: ServeTotals };

/** How a crew is made. */
export interface CrewOptions extends Pick<Task, "endpoint" | "settings" | "serve" | "json"> {
  /** MiB that the connections of all workers together may hold, each worker's an equal part of it; no limit unless given. */
  readonly maxMemory?: number;
  readonly workers: number;
  readonly events: Events;
  /** Stops all workers; requests under way are answered first. */
  readonly signal: AbortSignal;
  /** Called once, when all workers listen. */
  readonly onReady: (endpoint: Endpoint) => void;
  /** The worker's module, if it is not `worker.ts`. */
  readonly module?: URL;
}

/** How long the workers may take to drain their connections and say so (ms). */
const DRAIN = 7000;
/** A worker that dies so soon after its start (ms) is replaced after a pause: doubling, up to the longest. */
const SOON = 1000;
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;

/**
 * Runs workers that share one port until the signal fires.
 *
 * @returns What they did, together.
 * @throws {Failure} They cannot listen, or cannot start.
 */
export async function runCrew(options: CrewOptions): Promise<ServeTotals> {
  await mustBeReadable(new URL("./worker.ts", import.meta.url), new URL("../../lib/stream/server.ts", import.meta.url));
  return await new Crew(options).run();
}

/** A worker's program needs the right to be read, unlike the main one; without it the runtime would print a stack trace. */
async function mustBeReadable(...files: URL[]): Promise<void> {
  for (const path of files) {
    const { state } = await Deno.permissions.query({ name: "read", path });
    if (state === "granted") continue;
    const what = "Deno has no permission to read its program; add --allow-read, or use the task, which has it";
    throw new Failure(Exit.failed, `Cannot start a worker: ${what}`);
  }
}

class Crew {
  #options: CrewOptions;
  #handles = new Set<WorkerHandle>();
  #slots: SharedArrayBuffer;
  #ids = countMemory(1);
  #totals: ServeTotals = { connections: 0, refused: 0, bytesIn: 0, bytesOut: 0 };

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#slots = countMemory(options.workers);
  }

  async run(): Promise<ServeTotals> {
    const { workers, signal, onReady, endpoint } = this.#options;
    signal.addEventListener("abort", this.#stop);
    try {
      // The first one takes the port, any free one perhaps; the others join it there.
      const first = this.#handle(0, endpoint, true);
      const bound = await first.listening;
      const handles = [first];
      for (let index = 1; index < workers; index++) handles.push(this.#handle(index, bound, false));
      await Promise.all(handles.map((handle) => handle.listening));
      onReady(bound);
      if (signal.aborted) this.#stop();
      await Promise.all(handles.map((handle, index) => this.#keep(index, bound, handle)));
    } finally {
      signal.removeEventListener("abort", this.#stop);
      for (const handle of this.#handles) handle.end();
    }
    return this.#totals;
  }

  #stop = (): void => {
    for (const handle of this.#handles) handle.stop();
  };

  #handle(index: number, endpoint: Endpoint, first: boolean): WorkerHandle {
    const { workers, events, module, settings, serve, json, maxMemory = 0 } = this.#options;
    const task = {
      endpoint,
      first,
      settings,
      serve,
      json,
      index,
      slots: this.#slots,
      ids: this.#ids,
      maxMemory: maxMemory / workers,
      detailed: events.detailed,
    };
    const url = module ?? new URL("./worker.ts", import.meta.url);
    const handle = new WorkerHandle(url, task, (event) => events.emit(event));
    this.#handles.add(handle);
    return handle;
  }

  /** Keeps one place filled until its worker is done: one that dies is replaced. */
  async #keep(index: number, endpoint: Endpoint, handle: WorkerHandle): Promise<void> {
    const { events, signal } = this.#options;
    for (let pause = FIRST_PAUSE;;) {
      const started = performance.now();
      try {
        return this.#add(await handle.ended);
      } catch (error) {
        this.#handles.delete(handle);
        handle.end();
        new SharedSlots(this.#slots, index, 0).clear();
        const { state } = stateOf(error);
        const then = signal.aborted ? "" : "; starting another";
        events.emit({ event: "warning", message: `Cannot go on with worker ${index + 1}: ${state}${then}` });
      }
      if (signal.aborted) return;
      pause = performance.now() - started < SOON ? Math.min(pause * 2, LONGEST_PAUSE) : FIRST_PAUSE;
      await delay(pause, { signal }).catch(() => {});
      if (signal.aborted) return;
      handle = this.#handle(index, endpoint, false);
      const back: NetEvent = { event: "notice", message: `Worker ${index + 1} is there again` };
      handle.listening.then(() => events.emit(back), () => {});
    }
  }

  #add(totals: ServeTotals): void {
    const { connections, refused, bytesIn, bytesOut } = this.#totals;
    this.#totals = {
      connections: connections + totals.connections,
      refused: refused + totals.refused,
      bytesIn: bytesIn + totals.bytesIn,
      bytesOut: bytesOut + totals.bytesOut,
    };
  }
}

/** One worker, seen from the main thread. */
class WorkerHandle {
  /** Where it listens; rejects when it cannot. */
  readonly listening: Promise<Endpoint>;
  /** What it did; rejects when it dies. */
  readonly ended: Promise<ServeTotals>;
  #worker: Worker;
  #late: ReturnType<typeof setTimeout> | undefined;

  constructor(module: URL, task: Task, onEvent: (event: NetEvent) => void) {
    const listening = Promise.withResolvers<Endpoint>();
    const ended = Promise.withResolvers<ServeTotals>();
    const fail = (error: unknown): void => {
      clearTimeout(this.#late);
      listening.reject(error);
      ended.reject(error);
    };
    // Whoever waits for one of them may never have come to wait for the other.
    listening.promise.catch(() => {});
    ended.promise.catch(() => {});
    this.listening = listening.promise;
    this.ended = ended.promise;
    this.#fail = fail;
    this.#worker = new Worker(module, { type: "module" });
    this.#worker.onerror = (event) => {
      event.preventDefault();
      fail(new Failure(Exit.failed, stripAnsiCode(event.message.split("\n", 1)[0] ?? "")));
    };
    this.#worker.onmessage = ({ data: report }: MessageEvent<Report>) => {
      if (report.kind === "listening") listening.resolve(report.endpoint);
      else if (report.kind === "failed") fail(new Failure(report.code, report.message));
      else if (report.kind === "events") report.events.forEach(onEvent);
      else {
        clearTimeout(this.#late);
        ended.resolve(report.totals);
      }
    };
    this.#tell({ kind: "start", task });
  }

  /** Asks it to answer what is under way and to end. */
  stop(): void {
    this.#tell({ kind: "stop" });
    this.#late = setTimeout(() => this.#fail(new Failure(Exit.failed, "it did not stop in time")), DRAIN);
  }

  /** Ends it, whatever it does. */
  end(): void {
    clearTimeout(this.#late);
    this.#worker.terminate();
  }

  #fail: (error: unknown) => void;

  #tell(order: Order): void {
    this.#worker.postMessage(order);
  }
}
