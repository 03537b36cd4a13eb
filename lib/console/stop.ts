/**
 * Signals that end a run: SIGINT (Ctrl-C), SIGTERM, SIGHUP.
 *
 * @module
 */
/** The abort reason when the user or the system has stopped the run. */
export class StopRequested extends Error {
  override name = "StopRequested";
  /** A client's exit code, by shell convention 128 + the signal number. */
  readonly code: number;

  constructor(readonly signal: Deno.Signal) {
    super(`Stopped by ${signal}`);
    this.code = 128 + (SIGNAL_NUMBERS[signal] ?? 0);
  }
}

const SIGNAL_NUMBERS: Partial<Record<Deno.Signal, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15, SIGBREAK: 21 };

/** A terminal's Ctrl-C can arrive twice at once; only a signal this much later (ms) counts as a second one. */
const SECOND_SIGNAL = 1000;

/**
 * Handles the signals until it is disposed of. The first one aborts {@linkcode Stop.signal}; another one a second or more later exits
 * the process immediately.
 */
export class Stop implements Disposable {
  #controller = new AbortController();
  #stoppedAt = 0;
  #listeners = new Map<Deno.Signal, () => void>();

  constructor() {
    const signals: Deno.Signal[] = Deno.build.os === "windows"
      ? ["SIGINT", "SIGBREAK"]
      : ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) {
      const listener = (): void => this.#on(signal);
      this.#listeners.set(signal, listener);
      Deno.addSignalListener(signal, listener);
    }
  }

  /** Aborts with {@linkcode StopRequested} at the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Stops the run from within: a room's operator leaves, or standard output is closed. */
  request(reason: unknown): void {
    this.#controller.abort(reason);
  }

  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) Deno.removeSignalListener(signal, listener);
  }

  #on(signal: Deno.Signal): void {
    const now = performance.now();
    if (this.#stoppedAt === 0) {
      this.#stoppedAt = now;
      this.#controller.abort(new StopRequested(signal));
    } else if (now - this.#stoppedAt >= SECOND_SIGNAL) {
      Deno.exit(new StopRequested(signal).code);
    }
  }
}
