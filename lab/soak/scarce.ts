/**
 * A server with few descriptors, and more clients than it can have: it must serve those it has, say what happens, and serve again.
 *
 * @module
 */
import { stateOf } from "../../lib/errors.ts";
import { within } from "../../lib/within.ts";
import { Child } from "./child.ts";
import { IdleCrowd } from "./crowd.ts";
import type { GoodClient, Where } from "./good/client.ts";
import { GOOD } from "./good/by_dialect.ts";
import { pause } from "./pause.ts";
import type { ScarceRecord } from "./record.ts";
import type { CommandOf } from "./server.ts";
import { type Dialect, type ServerSpec, takesCrowd } from "./servers.ts";

/** The descriptors of such a server, and its clients. */
export const DESCRIPTORS = 64;
const CLIENTS = 200;
/** How long the crowd stays (ms). */
const STAY = 2500;
/** How long an exchange may take (ms): a server waits up to a second before it accepts again. */
const LIMIT = 8000;
/** Those whose clients keep their connection from one exchange to the next. */
const KEEPING: ReadonlySet<Dialect> = new Set(["echo", "http", "room"]);
/** The most warnings in that time; it would be hundreds if each failure were told. */
const MOST_WARNINGS = 3;

/** What a trial needs. */
export interface ScarceOptions {
  readonly spec: ServerSpec;
  readonly command: readonly string[];
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** Tries one server. */
export async function tryScarce({ spec, command, seed, signal }: ScarceOptions): Promise<ScarceRecord> {
  let said = 0;
  const onEvent = ({ event, message }: Readonly<Record<string, unknown>>): void => {
    if (event === "warning" && /Cannot accept/.test(String(message))) said++;
  };
  const child = await Child.start({ name: spec.name, command, descriptors: DESCRIPTORS, onEvent });
  const trial = new Trial(child, spec, { seed, signal });
  try {
    await trial.run();
  } finally {
    const alive = child.ending === null;
    const ending = await child.stop();
    if (alive && ending?.code !== 0) trial.wrong.push("did not end with code 0 after SIGTERM");
  }
  if (said === 0) trial.wrong.push("did not warn that it had no descriptor left");
  if (said > MOST_WARNINGS) trial.wrong.push(`warned ${said} times`);
  return { name: spec.name, descriptors: DESCRIPTORS, clients: CLIENTS, said, wrong: trial.wrong };
}

/** A trial, and what has gone wrong in it so far. */
class Trial {
  readonly wrong: string[] = [];
  #child: Child;
  #spec: ServerSpec;
  #where: Where;
  #number = 0;
  #clients = 0;

  constructor(child: Child, spec: ServerSpec, { seed, signal }: { seed: number; signal: AbortSignal }) {
    this.#child = child;
    this.#spec = spec;
    const { port, pin } = child;
    this.#where = { port, pin, client: "", seed, signal, retried: () => {} };
  }

  async run(): Promise<void> {
    const { port } = this.#child;
    const { signal } = this.#where;
    const open = (): Promise<GoodClient> =>
      GOOD[this.#spec.dialect].open({ ...this.#where, client: `good${++this.#clients}` });
    const kept = KEEPING.has(this.#spec.dialect) ? await this.#attempt("served nobody", open) : null;
    using _kept = kept;
    if (kept !== null) await this.#ask(kept, "served nobody");
    {
      using crowd = new IdleCrowd();
      await crowd.open({ port, count: CLIENTS, time: STAY, signal, reads: true });
      await pause(STAY, signal);
      if (kept !== null) await this.#ask(kept, "did not serve on a client that it had");
    }
    const late = await this.#attempt("did not serve again when descriptors were free", open);
    using _late = late;
    if (late !== null) await this.#ask(late, "did not serve again when descriptors were free");
    const { ending, lastWords } = this.#child;
    if (ending !== null) this.wrong.push(`died: ${lastWords.slice(-2).join(" | ")}`);
  }

  async #ask(client: GoodClient, otherwise: string): Promise<void> {
    await this.#attempt(otherwise, async () => {
      await client.exchange(++this.#number);
    });
  }

  async #attempt<T>(otherwise: string, work: () => Promise<T>): Promise<T | null> {
    try {
      const working = work();
      working.catch(() => {});
      if (await within(working, LIMIT)) return await working;
      this.wrong.push(`${otherwise}: no answer within ${LIMIT / 1000} s`);
    } catch (error) {
      this.wrong.push(`${otherwise}: ${stateOf(error).state}`);
    }
    return null;
  }
}

/**
 * Tries the servers that listen by themselves over TCP, all at once.
 *
 * @throws {Failure} A server cannot be started.
 */
export async function tryAllScarce(
  servers: readonly ServerSpec[],
  { seed, signal, commandOf }: { readonly seed: number; readonly signal: AbortSignal; readonly commandOf: CommandOf },
): Promise<ScarceRecord[]> {
  // A relay needs its target, and one that serves a guest at a time turns the others away.
  const fit = servers.filter((spec) => takesCrowd(spec) && spec.task !== "lab:relay");
  const trials = fit.map((spec) => tryScarce({ spec, command: commandOf(spec, new Map()), seed, signal }));
  const results = await Promise.allSettled(trials);
  for (const result of results) if (result.status === "rejected") throw result.reason;
  signal.throwIfAborted();
  return results.flatMap((result) => result.status === "fulfilled" ? [result.value] : []);
}
