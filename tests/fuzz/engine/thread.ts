/**
 * Checks one target in a thread of its own, and ends the thread when it hangs.
 *
 * @module
 */
import { Exit, Failure } from "../../../lib/errors.ts";
import type { Hunted } from "./hunt.ts";
import type { Report, Task } from "./messages.ts";

/** An input that takes so long never ends (ms): a slow one is found sooner, by the thread itself. */
const HANGS = 30_000;
/** How often to look (ms). */
const LOOK = 500;

/** What a thread is given: all but the memory that is watched. */
export interface ThreadOptions extends Omit<Task, "watched"> {
  /** The longest input. */
  readonly max: number;
  readonly onProgress: (bytes: number, inputs: number) => void;
  /** After how long an input hangs (ms). */
  readonly hangs?: number;
  /** The thread's module. */
  readonly module?: URL;
}

/**
 * Hunts in a thread.
 *
 * @throws {Failure} The thread itself failed, which says nothing about the target.
 */
export async function huntInThread(options: ThreadOptions): Promise<Hunted> {
  const { max, onProgress, hangs = HANGS, module = new URL("./worker.ts", import.meta.url), ...task } = options;
  const watched = new SharedArrayBuffer(8 + max);
  const counter = new Int32Array(watched, 0, 2);
  const worker = new Worker(module, { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<Hunted>();
  let told = { bytes: 0, inputs: 0 };
  worker.onmessage = ({ data }: MessageEvent<Report>) => {
    if (data.kind === "failed") reject(failed(data.message));
    else if (data.kind === "done") resolve(data);
    else onProgress((told = data).bytes, data.inputs);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    reject(failed(event.message));
  };
  let [last, since] = [-1, performance.now()];
  const timer = setInterval(() => {
    const count = Atomics.load(counter, 0);
    if (count !== last) [last, since] = [count, performance.now()];
    // Before the first input, the thread is still loading.
    if (count === 0 || performance.now() - since < hangs) return;
    const input = new Uint8Array(watched, 8, Atomics.load(counter, 1)).slice();
    const message = `an input is checked in time: ${input.length} bytes took more than ${hangs} ms (not minimised)`;
    resolve({ ...told, finding: { input, message, stack: "" } });
  }, Math.min(LOOK, hangs));
  try {
    worker.postMessage({ ...task, watched } satisfies Task);
    return await promise;
  } finally {
    clearInterval(timer);
    worker.terminate();
  }
}

function failed(why: string): Failure {
  return new Failure(Exit.failed, `Cannot check this target: ${why}`);
}
