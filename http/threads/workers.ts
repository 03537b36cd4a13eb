/**
 * The worker pool of one server: the messages between workers and the main thread, and how workers are started, replaced and stopped.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { stripAnsiCode } from "@std/fmt/colors";
import type { Endpoint } from "../../lib/addr.ts";
import { Exit, type ExitCode, Failure, stateOf } from "../../lib/errors.ts";
import type { Events, NetEvent } from "../../lib/events.ts";
import type { Fault, Faults, FaultSink } from "../../lib/faults/fault.ts";
import { TimeOrder } from "../../lib/console/time_order.ts";
import type { ServeOptions } from "../../lib/stream/server.ts";
import type { ServeTotals } from "../../lib/totals.ts";
import { type WireEvent, type WireSink, wireTime } from "../../lib/wire/event.ts";
import type { HttpSettings } from "../serve/shared.ts";
import { sharedCounts, SharedSlots } from "./shared_count.ts";

/** The task of a worker. */
export interface Task {
  readonly endpoint: Endpoint;
  readonly settings: HttpSettings;
  readonly serve: Pick<ServeOptions, "once" | "maxConnections" | "allow" | "drainTime">;
  /** The index of this worker, from 0, and the shared counters of open connections. */
  readonly index: number;
  readonly slots: SharedArrayBuffer;
  /** The shared counter of connection numbers. */
  readonly ids: SharedArrayBuffer;
  /** MiB that the connections of this worker together may hold; 0 = no limit. */
  readonly maxMemory: number;
  /** Whether every call on a socket is told. */
  readonly watched: boolean;
  /** What goes wrong on purpose on its connections. */
  readonly faults: Faults | null;
  /** Whether single requests are logged, and whether as JSON or as prose only. */
  readonly detailed: boolean;
  readonly json: boolean;
  /** The first worker checks that the port is free; the others share it. */
  readonly first: boolean;
}

/** A message from the main thread to a worker. */
export type Command = { readonly kind: "start"; readonly task: Task } | { readonly kind: "stop" };

/** A message from a worker to the main thread. */
export type Report =
  | { readonly kind: "listening"; readonly endpoint: Endpoint }
  | { readonly kind: "failed"; readonly code: ExitCode; readonly message: string; readonly errno?: string }
  | { readonly kind: "events"; readonly events: readonly NetEvent[] }
  | { readonly kind: "wire"; readonly events: readonly WireEvent[] }
  | { readonly kind: "faults"; readonly faults: readonly Fault[] }
  | { readonly kind: "done"; readonly totals: ServeTotals };

/** Options of {@linkcode runWorkers}. */
export interface WorkerOptions extends Pick<Task, "endpoint" | "settings" | "serve" | "json"> {
  /** MiB that the connections of all workers together may hold, in equal shares; no limit by default. */
  readonly maxMemory?: number;
  readonly workers: number;
  readonly events: Events;
  /** Told every call on a socket of any worker. */
  readonly wire?: WireSink | undefined;
  /** What goes wrong on purpose on the connections of all workers, and who is told. */
  readonly faults?: { readonly faults: Faults; readonly tell: FaultSink } | undefined;
  /** Stops all workers; open requests are still answered. */
  readonly signal: AbortSignal;
  /** Called once, when all workers listen. */
  readonly onReady: (endpoint: Endpoint) => void | Promise<void>;
  /** The worker's module; `worker.ts` by default. */
  readonly module?: URL;
}

/** How long the workers may take to drain their connections and report (ms). */
const DRAIN_LIMIT = 7000;
/** A worker that dies within `EARLY` ms of its start is replaced after a delay, which doubles up to the maximum (ms). */
const EARLY = 1000;
const MIN_BACKOFF = 100;
const MAX_BACKOFF = 5000;

/**
 * Runs workers that share one port until the signal aborts.
 *
 * @returns Their combined totals.
 * @throws {Failure} They cannot listen or cannot start.
 */
export async function runWorkers(options: WorkerOptions): Promise<ServeTotals> {
  await requireReadable(
    new URL("./worker.ts", import.meta.url),
    new URL("../../lib/stream/server.ts", import.meta.url),
  );
  return await new WorkerPool(options).run();
}

/** A worker's module needs read permission, unlike the main one. Without this check the runtime would print a stack trace. */
async function requireReadable(...files: URL[]): Promise<void> {
  for (const path of files) {
    const { state } = await Deno.permissions.query({ name: "read", path });
    if (state === "granted") continue;
    const what = "Deno has no permission to read its program; add --allow-read, or use the task, which has it";
    throw new Failure(Exit.failed, `Cannot start a worker: ${what}`);
  }
}

class WorkerPool {
  #options: WorkerOptions;
  #handles = new Set<WorkerHandle>();
  #slots: SharedArrayBuffer;
  #ids = sharedCounts(1);
  /** Workers send their calls in batches; readers get them in the order of time. */
  #wire: TimeOrder<WireEvent>;
  #totals: ServeTotals = { connections: 0, refused: 0, bytesIn: 0, bytesOut: 0 };

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#slots = sharedCounts(options.workers);
    this.#wire = new TimeOrder((event) => options.wire?.emit(event), { clock: wireTime });
  }

  async run(): Promise<ServeTotals> {
    const { workers, signal, onReady, endpoint } = this.#options;
    signal.addEventListener("abort", this.#stop);
    try {
      // The first worker binds the port, perhaps any free one; the others share it.
      const first = this.#handle(0, endpoint, true);
      const bound = await first.listening;
      const handles = [first];
      for (let index = 1; index < workers; index++) handles.push(this.#handle(index, bound, false));
      await Promise.all(handles.map((handle) => handle.listening));
      await onReady(bound);
      if (signal.aborted) this.#stop();
      await Promise.all(handles.map((handle, index) => this.#keep(index, bound, handle)));
    } finally {
      signal.removeEventListener("abort", this.#stop);
      for (const handle of this.#handles) handle.end();
      this.#wire.flush();
    }
    return this.#totals;
  }

  #stop = (): void => {
    for (const handle of this.#handles) handle.stop();
  };

  #handle(index: number, endpoint: Endpoint, first: boolean): WorkerHandle {
    const { workers, events, wire, faults, module, settings, serve, json, maxMemory = 0 } = this.#options;
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
      watched: wire !== undefined,
      faults: faults?.faults ?? null,
    };
    const url = module ?? new URL("./worker.ts", import.meta.url);
    const handle = new WorkerHandle(url, task, { events, wire: this.#wire, fault: faults?.tell });
    this.#handles.add(handle);
    return handle;
  }

  /** Runs one worker until it is done, and replaces it if it dies. */
  async #keep(index: number, endpoint: Endpoint, handle: WorkerHandle): Promise<void> {
    const { events, signal } = this.#options;
    for (let backoff = MIN_BACKOFF;;) {
      const started = performance.now();
      try {
        return this.#add(await handle.ended);
      } catch (error) {
        this.#handles.delete(handle);
        handle.end();
        new SharedSlots(this.#slots, index, 0).clear();
        const { state } = stateOf(error);
        const then = signal.aborted ? "" : "; starting another";
        events.emit({ event: "warning", message: `Cannot keep worker ${index + 1} running: ${state}${then}` });
      }
      if (signal.aborted) return;
      backoff = performance.now() - started < EARLY ? Math.min(backoff * 2, MAX_BACKOFF) : MIN_BACKOFF;
      await delay(backoff, { signal }).catch(() => {});
      if (signal.aborted) return;
      handle = this.#handle(index, endpoint, false);
      const back: NetEvent = { event: "notice", message: `Worker ${index + 1} is running again` };
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

/** A worker's failure, with the name of the system's error: `--explain` tells by it why a port cannot be had. */
function failureOf({ code, message, errno }: Extract<Report, { kind: "failed" }>): Failure {
  const cause = errno === undefined ? {} : { cause: Object.assign(new Error(message), { code: errno }) };
  return new Failure(code, message, cause);
}

/** Who is told what a worker reports. */
interface Told {
  readonly events: Events;
  readonly wire: TimeOrder<WireEvent>;
  readonly fault: FaultSink | undefined;
}

/** The main thread's handle of one worker. */
class WorkerHandle {
  /** Where it listens; rejects if it cannot. */
  readonly listening: Promise<Endpoint>;
  /** Its totals; rejects if it dies. */
  readonly ended: Promise<ServeTotals>;
  #worker: Worker;
  #late: ReturnType<typeof setTimeout> | undefined;

  constructor(module: URL, task: Task, told: Told) {
    const listening = Promise.withResolvers<Endpoint>();
    const ended = Promise.withResolvers<ServeTotals>();
    const fail = (error: unknown): void => {
      clearTimeout(this.#late);
      listening.reject(error);
      ended.reject(error);
    };
    // One of them may reject before anything awaits it.
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
      else if (report.kind === "failed") fail(failureOf(report));
      else if (report.kind === "events") report.events.forEach((event) => told.events.emit(event));
      else if (report.kind === "faults") report.faults.forEach((fault) => told.fault?.(fault));
      else if (report.kind === "wire") report.events.forEach((event) => told.wire.push(event));
      else {
        clearTimeout(this.#late);
        ended.resolve(report.totals);
      }
    };
    this.#send({ kind: "start", task });
  }

  /** Tells it to finish open requests and end. */
  stop(): void {
    this.#send({ kind: "stop" });
    this.#late = setTimeout(() => this.#fail(new Failure(Exit.failed, "it did not stop in time")), DRAIN_LIMIT);
  }

  /** Terminates it at once. */
  end(): void {
    clearTimeout(this.#late);
    this.#worker.terminate();
  }

  #fail: (error: unknown) => void;

  #send(command: Command): void {
    this.#worker.postMessage(command);
  }
}
