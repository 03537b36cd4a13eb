/** A worker that adds its name to its events, and dies of an uncaught error after logging a request for `/die`. */
import { handleCommands, type WorkerScope } from "../../http/threads/worker.ts";
import type { Report } from "../../http/threads/workers.ts";

const NAME = crypto.randomUUID();
const scope = self as unknown as WorkerScope;

handleCommands(Object.assign(new EventTarget(), {
  addEventListener: scope.addEventListener.bind(scope),
  close: () => scope.close(),
  postMessage(report: Report): void {
    if (report.kind !== "events") return scope.postMessage(report);
    scope.postMessage({ ...report, events: report.events.map((event) => ({ ...event, worker: NAME })) });
    if (
      !report.events.some((event) => event.event === "request" && String(event.prose).includes("GET /die"))
    ) return;
    setTimeout(() => {
      throw new Error("killed by the test");
    });
  },
}));
