/**
 * Signals that end a run: SIGINT (Ctrl-C), SIGTERM, SIGHUP.
 *
 * @module
 */
/** The reason of the abort signal when a person or the system asked the run to stop. */
export class StopRequested extends Error {
  override name = "StopRequested";
  /** What a client exits with, as shells count: 128 + the signal's number. */
  readonly code: number;

  constructor(readonly signal: Deno.Signal) {
    super(`Stopped by ${signal}`);
    this.code = 128 + (SIGNAL_NUMBERS[signal] ?? 0);
  }
}

const SIGNAL_NUMBERS: Partial<Record<Deno.Signal, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15, SIGBREAK: 21 };

/** A terminal's Ctrl-C can arrive twice at once; only a signal this much later (ms) is a second wish. */
const REPEAT = 1000;

/**
 * Listens for the signals as long as it lives. The first one aborts {@linkcode Stop.signal}; another one a second or more later
 * ends the process on the spot.
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

  /** Asks for the same end from within: a room's operator leaves, standard output is gone. */
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
    } else if (now - this.#stoppedAt >= REPEAT) {
      Deno.exit(new StopRequested(signal).code);
    }
  }
}
