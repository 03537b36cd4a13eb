/**
 * One worker of `http:threaded`: serves the shared port in a thread of its own and reports to the main thread.
 *
 * @module
 */
import { Exit, stateOf } from "../../lib/errors.ts";
import { type Events, type NetEvent, stamped } from "../../lib/events.ts";
import { BACKLOG, listenTcp } from "../../lib/net/listen.ts";
import { isEssential } from "../../lib/console/log.ts";
import { type MemoryBudget, memoryBudget } from "../../lib/memory.ts";
import type { Order, Report, Task } from "./workers.ts";
import { serveHttp } from "../serve/serve.ts";
import { countedIn, SharedSlots } from "./shared_count.ts";

/** How long events may gather before the main thread gets them (ms), and how many at most. */
const GATHER = 20;
const BATCH = 500;

/** Events on their way to the main thread: many in one message, since each message costs more than a request. */
class Reporter implements Events {
  readonly detailed: boolean;
  #json: boolean;
  #post: (report: Report) => void;
  #waiting: NetEvent[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor({ detailed, json }: Task, post: (report: Report) => void) {
    this.detailed = detailed;
    this.#json = json;
    this.#post = post;
  }

  emit(event: NetEvent): void {
    if (!this.detailed && !isEssential(event)) return;
    // Where only people read, the prose of a request is all that has to travel.
    const slim = !this.#json && event.event === "request" ? { event: event.event, prose: event.prose } : event;
    if (this.#waiting.push(stamped(slim)) >= BATCH) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), GATHER);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length > 0) this.#post({ kind: "events", events: this.#waiting });
    this.#waiting = [];
  }
}

/**
 * Does a worker's task from its start to its last report.
 *
 * @param signal Stops it.
 */
export async function work(task: Task, signal: AbortSignal, post: (report: Report) => void): Promise<void> {
  const events = new Reporter(task, post);
  try {
    // The port must be nobody's: with reusePort the system would quietly share it with a server that was started earlier.
    if (task.first && task.endpoint.port > 0) listenTcp(() => Deno.listen(task.endpoint), task.endpoint).close();
    // Several may say so for one port; the system deals the connections out among them (SO_REUSEPORT, socket(7)).
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
      nextId: countedIn(task.ids),
      memory,
      events,
      signal,
    });
    events.flush();
    post({ kind: "done", totals });
  } catch (error) {
    events.flush();
    const { code, state } = stateOf(error);
    post({ kind: "failed", code: code === Exit.done ? Exit.failed : code, message: state });
  }
}

/** This worker's part of the memory that all connections may hold; it says when that is spent. */
function memoryOf({ maxMemory, index }: Task, events: Events): MemoryBudget {
  const message = `The connections of worker ${index + 1} hold ${
    Math.round(maxMemory)
  } MiB, its part of --max-memory: what needs more is refused until there is room`;
  return memoryBudget(maxMemory, events, message);
}

/** The part of a worker's global scope that is used here. */
export interface WorkerScope extends EventTarget {
  postMessage(report: Report): void;
  close(): void;
}

/**
 * Takes orders from the main thread. An error that nobody caught is the end of this worker: what it leaves behind cannot be trusted.
 * The main thread hears of it in a word, since the runtime would print a stack trace.
 */
export function takeOrders(scope: WorkerScope): void {
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
    const { data: order } = event as MessageEvent<Order>;
    if (order.kind === "start") work(order.task, stop.signal, post).finally(() => scope.close());
    else stop.abort();
  });
}

if (import.meta.main) takeOrders(self as unknown as WorkerScope);
