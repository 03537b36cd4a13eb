/**
 * Runs a load generator against a server, and reads the server's CPU time when the measurement begins and when it ends.
 *
 * @module
 */
import { Exit, Failure } from "../lib/errors.ts";
import type { Figures, Metric } from "./model.ts";
import type { Target } from "./server.ts";
import { lastLine, run, shellCommand, type Words } from "./shell.ts";

/** What a generator of `bench/load/` tells in the end; see there. */
export interface Told {
  readonly seconds: number;
  readonly exchanges?: number;
  readonly bytes?: number;
  readonly lines?: number;
  readonly burst?: number;
  readonly p50?: number;
  readonly p99?: number;
  readonly slowest?: number;
  readonly broken?: number;
  readonly wrong?: number;
  readonly lost?: number;
  /** Bytes that had not come back when the server closed, after our FIN. */
  readonly missing?: number;
}

/** Bytes in a gigabyte, and exchanges whose CPU time is told. */
const [GIGABYTE, PER] = [1e9, 100_000];

/** What a generator told, and what its server did meanwhile. */
export interface Loaded {
  readonly told: Told;
  /** The server's CPU time while it was measured (s). */
  readonly cpu: number;
}

/**
 * Runs a generator.
 *
 * @throws {Failure} It could not measure; the message is its own.
 */
export async function runLoad(words: Words, target: Target, signal: AbortSignal): Promise<Loaded> {
  await using child = shellCommand(words, { stdout: "piped", stderr: "piped", signal }).spawn();
  const errors = new Response(child.stderr).text();
  const cpus: Promise<number>[] = [];
  let last = "";
  for await (const line of linesOf(child.stdout)) {
    if (line === "begin" || line === "end") cpus.push(target.cpu());
    else last = line;
  }
  const { success } = await child.status;
  signal.throwIfAborted();
  if (!success) throw new Failure(Exit.failed, lastLine(await errors) ?? "Cannot measure: the generator failed");
  await errors;
  const [before = 0, after = 0] = await Promise.all(cpus);
  return { told: JSON.parse(last), cpu: after - before };
}

/** The lines of a stream as they come. */
async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of stream) {
    const lines = (text + decoder.decode(bytes, { stream: true })).split("\n");
    text = lines.pop() ?? "";
    yield* lines;
  }
}

/**
 * The figures of what a generator told.
 *
 * @throws {Failure} Bytes came back wrong, or connections broke.
 */
export function figuresFrom({ told, cpu }: Loaded): Figures {
  const { seconds, exchanges, bytes, lines, burst, p50, p99, slowest, broken = 0, wrong = 0, missing = 0, lost } = told;
  if (wrong > 0) throw new Failure(Exit.protocol, `Cannot count that: ${wrong} answers were wrong`);
  if (missing > 0) {
    throw new Failure(Exit.cutOff, `Cannot count that: it closed after our FIN, with ${missing} bytes still to come`);
  }
  if (broken > 0) throw new Failure(Exit.cutOff, `Cannot count that: ${broken} connections were refused or broken`);
  const figures: Partial<Record<Metric, number>> = {};
  // A large stream has no exchanges that take a time.
  if (bytes !== undefined) {
    figures.gigabytes = bytes / seconds / GIGABYTE;
    if (bytes > 0) figures.cpu = cpu / bytes * GIGABYTE;
    return figures;
  }
  const [counted, all] = [exchanges ?? burst ?? 0, exchanges ?? lines ?? 0];
  figures.rate = counted / seconds;
  if (p50 !== undefined) figures.p50 = p50;
  if (p99 !== undefined) figures.p99 = p99;
  if (slowest !== undefined) figures.slowest = slowest;
  if (lost !== undefined) figures.lost = lost / (counted + lost) * 100;
  if (all > 0) figures.cpu = cpu / all * PER;
  return figures;
}

/**
 * Runs a program that has no marks, such as wrk, and reads the server's CPU time before and after it.
 *
 * @param hold Keeps idle connections open meanwhile, if any.
 * @returns What it printed.
 * @throws {Failure} One of them failed.
 */
export async function runHolding(
  words: Words,
  hold: Words | null,
  target: Target,
  signal: AbortSignal,
): Promise<{ readonly report: string; readonly cpu: number }> {
  await using _held = hold === null ? null : await Held.open(hold, signal);
  const before = await target.cpu();
  const report = await run("measure", words, { signal });
  return { report, cpu: await target.cpu() - before };
}

/** Connections that are kept open by a generator, until it is disposed of. */
export class Held implements AsyncDisposable {
  #child: Deno.ChildProcess;
  #stdin: WritableStreamDefaultWriter<Uint8Array>;
  #lines: AsyncGenerator<string>;
  #errors: Promise<string>;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#stdin = child.stdin.getWriter();
    this.#lines = linesOf(child.stdout);
    this.#errors = new Response(child.stderr).text();
  }

  /**
   * Opens them.
   *
   * @throws {Failure} The server refused some.
   */
  static async open(words: Words, signal: AbortSignal): Promise<Held> {
    const child = shellCommand(words, { stdin: "piped", stdout: "piped", stderr: "piped", signal }).spawn();
    const held = new Held(child);
    try {
      await held.#until("open", signal);
      return held;
    } catch (error) {
      await held[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Has each of them send a message, and waits until all are answered.
   *
   * @throws {Failure} Some are not.
   */
  async exchange(signal: AbortSignal): Promise<void> {
    await this.#stdin.write(new TextEncoder().encode("\n"));
    await this.#until("exchanged", signal);
  }

  async #until(word: string, signal: AbortSignal): Promise<void> {
    const { value, done } = await this.#lines.next();
    signal.throwIfAborted();
    if (done === true || value !== word) {
      throw new Failure(Exit.failed, lastLine(await this.#errors) ?? "Cannot hold connections: the generator ended");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stdin.close().catch(() => {});
    await this.#child.status;
    await this.#lines.return(undefined).catch(() => {});
    await this.#errors;
  }
}
