/** A worker that signs its events, and that dies when it has logged a request for `/die`, by an error that nobody catches. */
import { takeOrders, type WorkerScope } from "../../http/threads/worker.ts";
import type { Report } from "../../http/threads/workers.ts";

const NAME = crypto.randomUUID();
const scope = self as unknown as WorkerScope;

takeOrders(Object.assign(new EventTarget(), {
  addEventListener: scope.addEventListener.bind(scope),
  close: () => scope.close(),
  postMessage(report: Report): void {
    if (report.kind !== "events") return scope.postMessage(report);
    scope.postMessage({ ...report, events: report.events.map((event) => ({ ...event, worker: NAME })) });
    if (
      !report.events.some((event) => event.event === "request" && String(event.prose).includes("GET /die"))
    ) return;
    setTimeout(() => {
      throw new Error("somebody asked for it");
    });
  },
}));
