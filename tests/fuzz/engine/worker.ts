/**
 * The thread in which one target is checked, so that an endless loop can be ended from outside.
 *
 * @module
 */
import { targetNamed } from "../targets.ts";
import type { Report, Task } from "./messages.ts";
import { hunt } from "./hunt.ts";

const thread = globalThis as unknown as {
  postMessage(report: Report): void;
  onmessage: (event: MessageEvent<Task>) => Promise<void>;
};

thread.onmessage = async ({ data }) => {
  const { name, seed, bytes, corpus, watched } = data;
  const counter = new Int32Array(watched, 0, 2);
  const shared = new Uint8Array(watched, 8);
  const onInput = (input: Uint8Array): void => {
    shared.set(input.subarray(0, shared.length));
    Atomics.store(counter, 1, Math.min(input.length, shared.length));
    Atomics.add(counter, 0, 1);
  };
  const onProgress = (bytes: number, inputs: number): void => thread.postMessage({ kind: "progress", bytes, inputs });
  try {
    const hunted = await hunt(targetNamed(name), { seed, bytes, corpus, onInput, onProgress });
    thread.postMessage({ kind: "done", ...hunted });
  } catch (error) {
    thread.postMessage({
      kind: "failed",
      message: error instanceof Error ? error.stack ?? error.message : String(error),
    });
  }
};
