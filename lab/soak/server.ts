/**
 * A server of the soak while it runs, and what is measured of it.
 *
 * @module
 */
import { LatencyStats } from "../../lib/stats.ts";
import { Child, type Ending, taskCommand } from "./child.ts";
import type { Crowd, Sample, ServerRecord, Usage, Wrong } from "./record.ts";
import { flagsOf, type ServerSpec, UNDERSTOOD } from "./servers.ts";

/** How many wrong exchanges are kept in words. */
const KEPT = 5;
/** How often the operator of a chat in turns types a line (ms), whether or not it is its turn. */
const TYPES = 50;

/** Makes the command of a server: another one than its task's, where a test wants a bad server. */
export type CommandOf = (spec: ServerSpec, ports: ReadonlyMap<string, number>) => readonly string[];

/** The command of a server's task. */
export const taskOf: CommandOf = (spec, ports) => taskCommand(spec.task, flagsOf(spec, ports));

/** What is running, and its figures. */
export class SoakServer implements AsyncDisposable {
  readonly spec: ServerSpec;
  readonly child: Child;
  readonly crowds: Crowd[] = [];
  before: Usage | null = null;
  after: Usage | null = null;
  /** How many good clients and how many faulty ones it has had: each gets another number. */
  clients = 0;
  faulty = 0;
  exchanges = 0;
  retries = 0;
  #samples: Sample[] = [];
  #second = new LatencyStats();
  #wrong: Wrong[] = [];
  #wrongs = 0;
  #died: ServerRecord["died"] = null;
  #ending: Ending | null = null;
  #stopped: Promise<void> | null = null;
  #typing: ReturnType<typeof setInterval> | undefined;

  private constructor(spec: ServerSpec, child: Child) {
    this.spec = spec;
    this.child = child;
    if (spec.dialect.endsWith("turns")) this.#typing = setInterval(() => child.type(UNDERSTOOD), TYPES);
  }

  /** Starts a server. */
  static async start(spec: ServerSpec, command: readonly string[]): Promise<SoakServer> {
    const child = await Child.start({ name: spec.name, command });
    return new SoakServer(spec, child);
  }

  /** Adds a good exchange. */
  good(time: number): void {
    this.exchanges++;
    this.#second.add(time);
  }

  /** Adds one that went wrong. */
  bad(at: number, what: string): void {
    if (++this.#wrongs <= KEPT) this.#wrong.push({ at, what });
  }

  /** Ends a second. */
  sample(at: number, usage: Usage | null): void {
    const { count, max } = this.#second;
    const [p50, most] = count === 0 ? [null, null] : [this.#second.percentile(0.5), max];
    this.#samples.push({ at, usage, good: count, p50, max: most });
    this.#second = new LatencyStats();
    this.#noticeDeath(at);
  }

  /** Asks it to end. */
  async stop(at: number): Promise<void> {
    this.#noticeDeath(at);
    clearInterval(this.#typing);
    this.#stopped ??= this.child.stop().then((ending) => {
      this.#ending = ending;
    });
    await this.#stopped;
  }

  #noticeDeath(at: number): void {
    if (this.child.ending !== null && this.#stopped === null) this.#died ??= { at, how: describe(this.child) };
  }

  /** All that was measured. */
  get record(): ServerRecord {
    const { spec: { name }, crowds, before, after, faulty, exchanges, retries } = this;
    const measured = { samples: this.#samples, wrong: this.#wrong, wrongs: this.#wrongs, crowds, before, after };
    return { name, ...measured, faulty, exchanges, retries, died: this.#died, ending: this.#ending };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#typing);
    await this.child.stop();
  }
}

function describe({ ending, lastWords }: Child): string {
  const how = ending?.signal === null ? `with code ${ending.code}` : `by ${ending?.signal}`;
  return `${how}; it printed last: ${lastWords.slice(-3).join(" | ").slice(-500)}`;
}
