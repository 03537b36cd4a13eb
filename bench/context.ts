/**
 * What every group of a benchmark works with: how long to measure, where to put files, the programs that are there, the generators.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { argumentsOf, commandOf } from "../lab/tasks.ts";
import { figuresFrom, runLoad } from "./generator.ts";
import type { Figures } from "./model.ts";
import type { Target } from "./server.ts";
import { printed, run, type Words } from "./shell.ts";

const HERE = import.meta.dirname ?? ".";
/** How long a load lasts before its figures count: at most (s), and as a share of the measurement. */
const [WARM_UP, WARM_SHARE] = [0.3, 0.5];
/** Descriptors that a process needs besides its connections. */
const SPARE = 200;

/** The libraries of the one generator that speaks TLS, besides the mathematical one. */
const TLS_LIBRARIES = ["-lssl", "-lcrypto", "-lpthread"];

/** How a benchmark runs. */
export interface Options {
  readonly rounds: number;
  /** How long each measurement takes, without its warm-up (s). */
  readonly seconds: number;
  readonly quick: boolean;
}

/** The context of a run; its files are in a folder that is removed at the end. */
export class Bench implements AsyncDisposable {
  /** What could not take part, and why. */
  readonly missing = new Set<string>();
  #programs = new Map<string, boolean>();
  #built = new Map<string, Promise<boolean>>();

  private constructor(readonly options: Options, readonly folder: string, readonly descriptors: number) {}

  /** Makes the folder, and finds out how many connections are possible. */
  static async open(options: Options): Promise<Bench> {
    const folder = await Deno.makeTempDir({ dir: "/tmp", prefix: "plainwire-bench-" });
    // nginx's worker is another user, and reads what is to be served.
    await Deno.chmod(folder, 0o755);
    const hard = await printed("ulimit -Hn");
    return new Bench(options, folder, hard === "unlimited" ? Infinity : Number(hard));
  }

  /** As many connections as wanted, or as the limit of descriptors leaves. */
  connections(wanted: number): number {
    const most = this.descriptors - SPARE;
    if (wanted > most) this.missing.add(`${wanted} connections: the hard limit of descriptors is ${this.descriptors}`);
    return Math.min(wanted, most);
  }

  /** Whether a program is installed; one that is not is told in the report. */
  async has(program: string): Promise<boolean> {
    const known = this.#programs.get(program);
    if (known !== undefined) return known;
    const found = await printed('command -v "$1"', program) !== "";
    if (!found) this.missing.add(`${program}: not installed`);
    this.#programs.set(program, found);
    return found;
  }

  /** Whether a program in C is there: it is compiled when it is needed first. */
  async built(name: string): Promise<boolean> {
    if (!await this.has("gcc")) return false;
    const building = this.#built.get(name) ?? this.#build(name);
    this.#built.set(name, building);
    return await building;
  }

  async #build(name: string): Promise<boolean> {
    const libraries = name === "tls_load" ? ["-lm", ...TLS_LIBRARIES] : ["-lm"];
    const source = `${HERE}/${name.startsWith("c_") ? "peers" : "load"}/${name}.c`;
    try {
      await run(`build ${name}`, ["gcc", "-O2", "-o", this.path(name), source, ...libraries]);
      return true;
    } catch (error) {
      const advice = name === "tls_load" ? " (it needs libssl-dev)" : "";
      this.missing.add(`${name}: ${(error as Error).message}${advice}`);
      return false;
    }
  }

  /** A file of this run. */
  path(name: string): string {
    return `${this.folder}/${name}`;
  }

  /** The command of one of our scripts, quiet, with the permissions of its task; its user's folders are this run's. */
  script(task: string, ...args: string[]): Words {
    const flags = argumentsOf(commandOf(config.tasks, task), () => this.folder)
      .map((flag) => /^\w+\/\w+\.ts$/.test(flag) ? `${HERE}/../${flag}` : flag);
    return [Deno.execPath(), ...flags, "--quiet", ...args];
  }

  /** The command of a program of `bench/peers/`. */
  peer(file: string, ...args: string[]): Words {
    const path = `${HERE}/peers/${file}`;
    if (file.endsWith(".mjs")) return ["node", path, ...args];
    if (file.endsWith(".py")) return ["python3", path, ...args];
    return [
      Deno.execPath(),
      "run",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      `--allow-read=${this.folder}`,
      path,
      ...args,
    ];
  }

  /** Runs a generator of `bench/load/` against a server. */
  async load(
    name: string,
    options: Readonly<Record<string, string | number>>,
    target: Target,
    signal: AbortSignal,
  ): Promise<Figures> {
    const { seconds } = this.options;
    const all = { port: target.ports[0] ?? 0, seconds, warm: Math.min(WARM_UP, seconds * WARM_SHARE), ...options };
    const words: Words = [this.path(name), ...Object.entries(all).map(([key, value]) => `${key}=${value}`)];
    return figuresFrom(await runLoad(words, target, signal));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
