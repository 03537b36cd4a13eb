/**
 * One run of one check: its connections, its chance, its steps.
 *
 * @module
 */
import type { Endpoint } from "../../lib/addr.ts";
import { isDisconnect } from "../../lib/errors.ts";
import { connectNode } from "../../lib/net/node_socket.ts";
import { CheckFailure } from "./check.ts";
import { Steps } from "./steps.ts";
import { Talk } from "./talk.ts";

/** How long to wait for an answer that should come at once (ms), unless the user says otherwise. */
export const PATIENCE = 2000;

/** What a trial needs. */
export interface TrialOptions<D> {
  readonly server: Endpoint;
  readonly dialect: D;
  /** How long to wait for an answer that should come at once (ms). */
  readonly patience: number;
  /** Numbers from 0 to 1, the same for the same `--seed` and check. */
  readonly random: () => number;
  /** Ends the trial. */
  readonly signal: AbortSignal;
}

/** What a check works with. Everything that it opens is closed when it ends. */
export class Trial<D> implements Disposable {
  readonly server: Endpoint;
  readonly dialect: D;
  readonly patience: number;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly steps = new Steps();
  #talks: Talk[] = [];

  constructor({ server, dialect, patience, random, signal }: TrialOptions<D>) {
    this.server = server;
    this.dialect = dialect;
    this.patience = patience;
    this.random = random;
    this.signal = signal;
  }

  /**
   * Connects.
   *
   * @param options With `reading: false`, nothing is read until {@linkcode Talk.startReading}.
   * @throws {CheckFailure} The server does not accept.
   */
  async connect(options: { reading?: boolean } = {}): Promise<Talk> {
    const number = this.#talks.length + 1;
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(this.patience)]);
    try {
      const socket = await connectNode({ ...this.server, signal });
      this.steps.add(number, "connect");
      const talk = new Talk(socket, number, this.steps, options);
      this.#talks.push(talk);
      return talk;
    } catch (error) {
      if (this.signal.aborted) throw this.signal.reason;
      this.steps.add(number, "refused");
      const refused = error instanceof Deno.errors.ConnectionRefused || isDisconnect(error);
      this.fail(refused ? "the server does not accept connections any more" : "the server did not accept in time");
    }
  }

  /** Ends the check: the server did something else. `what` completes the sentence "Instead, …". */
  fail(what: string): never {
    throw new CheckFailure(what);
  }

  /** Ends the check unless the condition holds. */
  expect(condition: boolean, what: string): asserts condition {
    if (!condition) this.fail(what);
  }

  [Symbol.dispose](): void {
    for (const talk of this.#talks) talk.close();
  }
}
