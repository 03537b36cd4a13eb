/**
 * One worker of `http:threaded`: serves the shared port in its own thread and reports to the main thread.
 *
 * @module
 */
import { Exit, stateOf } from "../../lib/errors.ts";
import { type Events, type NetEvent, stamped } from "../../lib/events.ts";
import type { Fault, FaultSink } from "../../lib/faults/fault.ts";
import type { Layer } from "../../lib/net/layers.ts";
import { BACKLOG, listenTcp } from "../../lib/net/listen.ts";
import { isEssential } from "../../lib/console/log.ts";
import { type MemoryBudget, memoryBudget } from "../../lib/memory.ts";
import type { Command, Report, Task } from "./workers.ts";
import type { WireEvent } from "../../lib/wire/event.ts";
import { errorName } from "../../lib/wire/event_parts.ts";
import { serveHttp } from "../serve/serve.ts";
import { sharedCounter, SharedSlots } from "./shared_count.ts";

/** How long events are batched before they are sent to the main thread (ms), and the maximum size of a batch. */
const FLUSH_DELAY = 20;
const BATCH = 500;

/** What is sent to the main thread in batches, since a message costs more than a request. */
class Batches<T> {
  #send: (batch: readonly T[]) => void;
  #waiting: T[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (batch: readonly T[]) => void) {
    this.#send = send;
  }

  push(item: T): void {
    if (this.#waiting.push(item) >= BATCH) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_DELAY);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length > 0) this.#send(this.#waiting);
    this.#waiting = [];
  }
}

/** Sends events to the main thread. */
class Reporter implements Events {
  readonly detailed: boolean;
  #json: boolean;
  #batches: Batches<NetEvent>;

  constructor({ detailed, json }: Task, post: (report: Report) => void) {
    this.detailed = detailed;
    this.#json = json;
    this.#batches = new Batches((events) => post({ kind: "events", events }));
  }

  emit(event: NetEvent): void {
    if (!this.detailed && !isEssential(event)) return;
    // Without --json, only the prose of a request is needed.
    const slim = !this.#json && event.event === "request" ? { event: event.event, prose: event.prose } : event;
    this.#batches.push(stamped(slim));
  }

  flush(): void {
    this.#batches.flush();
  }
}

/**
 * Runs a worker's task until its last report.
 *
 * @param signal Stops it.
 */
export async function runTask(task: Task, signal: AbortSignal, post: (report: Report) => void): Promise<void> {
  const events = new Reporter(task, post);
  const told = new Batches<Fault>((faults) => post({ kind: "faults", faults }));
  const flush = (): void => [events, wire, told].forEach((each) => each?.flush());
  const wire = task.watched ? new Batches<WireEvent>((calls) => post({ kind: "wire", events: calls })) : undefined;
  try {
    // The port must be free: with reusePort the system would silently share it with a server that is already running.
    if (task.first && task.endpoint.port > 0) listenTcp(() => Deno.listen(task.endpoint), task.endpoint).close();
    // All workers listen with SO_REUSEPORT, and the system distributes connections among them (socket(7)).
    const at = { ...task.endpoint, reusePort: true, tcpBacklog: BACKLOG };
    using listener = listenTcp(() => Deno.listen(at), at);
    const { hostname, port } = listener.addr;
    post({ kind: "listening", endpoint: { hostname, port } });
    const { maxConnections = 0 } = task.serve;
    const slots = maxConnections > 0 ? { slots: new SharedSlots(task.slots, task.index, maxConnections) } : {};
    const memory = memoryOf(task, events);
    const totals = await serveHttp(listener, task.settings, {
      ...task.serve,
      ...slots,
      nextId: sharedCounter(task.ids),
      memory,
      events,
      signal,
      wire: wire && { emit: (event) => wire.push(event) },
      faults: await faultsOf(task, (fault) => told.push(fault)),
    });
    flush();
    post({ kind: "done", totals });
  } catch (error) {
    flush();
    const { code, state } = stateOf(error);
    post({ kind: "failed", code: code === Exit.done ? Exit.failed : code, message: state, errno: errorName(error) });
  }
}

/** The layer that does wrong what the task says. */
async function faultsOf({ faults }: Task, tell: FaultSink): Promise<Layer | undefined> {
  if (faults === null) return undefined;
  const { streamFaults } = await import("../../lib/faults/stream_faults.ts");
  return streamFaults(faults, tell);
}

/** This worker's share of the memory limit; it logs when the share is used up. */
function memoryOf({ maxMemory, index }: Task, events: Events): MemoryBudget {
  const message = `The connections of worker ${index + 1} hold ${
    Math.round(maxMemory)
  } MiB, its share of --max-memory: requests that need more are refused until there is room`;
  return memoryBudget(maxMemory, events, message);
}

/** The part of a worker's global scope used here. */
export interface WorkerScope extends EventTarget {
  postMessage(report: Report): void;
  close(): void;
}

/**
 * Handles commands from the main thread. An uncaught error ends this worker, since its state cannot be trusted. It is reported to the
 * main thread as one message; the runtime would print a stack trace.
 */
export function handleCommands(scope: WorkerScope): void {
  const stop = new AbortController();
  const post = (report: Report): void => scope.postMessage(report);
  const die = (event: Event, error: unknown): void => {
    event.preventDefault();
    post({ kind: "failed", code: Exit.failed, message: stateOf(error).state });
    scope.close();
  };
  scope.addEventListener("error", (event) => die(event, (event as ErrorEvent).error));
  scope.addEventListener("unhandledrejection", (event) => die(event, (event as PromiseRejectionEvent).reason));
  scope.addEventListener("message", (event) => {
    const { data: command } = event as MessageEvent<Command>;
    if (command.kind === "start") runTask(command.task, stop.signal, post).finally(() => scope.close());
    else stop.abort();
  });
}

if (import.meta.main) handleCommands(self as unknown as WorkerScope);
