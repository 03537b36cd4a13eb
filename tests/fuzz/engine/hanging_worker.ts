/**
 * A thread whose first input is never done, for the test of what ends it.
 *
 * @module
 */
import type { Task } from "./messages.ts";

const thread = globalThis as unknown as { onmessage: (event: MessageEvent<Task>) => void };

thread.onmessage = ({ data }) => {
  new Uint8Array(data.watched, 8).set([1, 2, 3]);
  const counter = new Int32Array(data.watched, 0, 2);
  Atomics.store(counter, 1, 3);
  Atomics.store(counter, 0, 1);
  for (;;);
};
