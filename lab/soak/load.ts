/**
 * The clients that a server has in a part of the run.
 *
 * @module
 */
import { stateOf } from "../../lib/errors.ts";
import { within } from "../../lib/within.ts";
import { DATAGRAM_KINDS } from "./faulty/datagrams.ts";
import { drawClient } from "./faulty/fault.ts";
import { performDatagrams, performStream } from "./faulty/perform.ts";
import { streamKinds } from "./faulty/streams.ts";
import type { GoodClient } from "./good/client.ts";
import { GOOD } from "./good/by_dialect.ts";
import { pause } from "./pause.ts";
import type { SoakServer } from "./server.ts";

/** What the clients of a run share. */
export interface Load {
  readonly seed: number;
  /** How long a good exchange may take (ms). */
  readonly limit: number;
  /** The time since the beginning of the run (ms). */
  readonly now: () => number;
}

/** How long a good client waits after something went wrong (ms). */
const AGAIN = 500;
/** How long faulty clients leave the line free in turns (ms). */
const TURN = 500;

/** Good clients until the signal: how many, and how long each pauses (ms). */
export async function goodLoad(
  server: SoakServer,
  load: Load,
  signal: AbortSignal,
  { clients: count, pause: time }: { readonly clients: number; readonly pause: number } = GOOD[server.spec.dialect],
): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => goodClient(server, load, signal, time)));
}

async function goodClient(server: SoakServer, load: Load, signal: AbortSignal, time: number): Promise<void> {
  const { child, spec } = server;
  // Not aborted with the part of the run: an exchange that has begun is finished.
  using ended = new Ended();
  const retried = (): void => void server.retries++;
  for (let number = 0; !signal.aborted;) {
    let client: GoodClient | null = null;
    try {
      const where = { port: child.port, pin: child.pin, client: `good${++server.clients}`, seed: load.seed };
      const opening = GOOD[spec.dialect].open({ ...where, signal: ended.signal, retried });
      client = await inTime(opening, load.limit, "connect");
      while (!signal.aborted) {
        const began = performance.now();
        await inTime(client.exchange(++number), load.limit, "get an answer");
        server.good(performance.now() - began);
        await pause(time, signal);
      }
    } catch (error) {
      // One that has died is told of once, not with every client.
      if (child.ending === null) server.bad(load.now(), stateOf(error).state);
      await pause(AGAIN, signal);
    } finally {
      client?.[Symbol.dispose]();
    }
  }
}

/** A signal that fires at the end of a block. */
class Ended implements Disposable {
  #controller = new AbortController();
  readonly signal: AbortSignal = this.#controller.signal;

  [Symbol.dispose](): void {
    this.#controller.abort(new DOMException("The client has ended", "AbortError"));
  }
}

async function inTime<T>(work: Promise<T>, limit: number, what: string): Promise<T> {
  // It may fail after nobody waits for it any more.
  work.catch(() => {});
  if (await within(work, limit)) return await work;
  throw new DOMException(`Cannot ${what} within ${limit / 1000} s`, "TimeoutError");
}

/** Faulty clients until the signal, one after another. */
export async function faultyLoad(
  server: SoakServer,
  flow: number,
  { seed }: Pick<Load, "seed">,
  signal: AbortSignal,
): Promise<void> {
  const { child, spec: { dialect, transport, tls = false } } = server;
  const kinds = transport === "tcp" ? streamKinds(dialect) : DATAGRAM_KINDS;
  while (!signal.aborted && child.ending === null) {
    const client = drawClient({ seed, flow, number: ++server.faulty, dialect, kinds });
    if (transport === "tcp") await performStream(client, { port: child.port, tls, signal });
    else await performDatagrams(client, { port: child.port, signal });
    // In turns one of them after another would never leave the line to a good one.
    if (dialect.endsWith("turns")) await pause(TURN, signal);
  }
}
