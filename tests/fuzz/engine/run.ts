/**
 * Checks several targets, as many at a time as there are cores.
 *
 * @module
 */
import type { Finding, Hunted } from "./hunt.ts";
import { hashOf } from "./bytes.ts";
import type { TargetReport } from "./report.ts";
import type { Target } from "./target.ts";
import { huntInThread, type ThreadOptions } from "./thread.ts";

/** What a run is given. */
export interface RunOptions {
  readonly targets: readonly Target[];
  readonly seed: number;
  /** For each target. */
  readonly bytes: number;
  /** The kept inputs of a target. */
  readonly corpus: (name: string) => Promise<readonly Uint8Array[]>;
  /** Where to write the inputs of findings. */
  readonly folder: string;
  readonly onReport: (report: TargetReport) => void;
  /** Checks one target; in a thread of its own unless said otherwise. */
  readonly hunt?: (options: ThreadOptions) => Promise<Hunted>;
  /** Whether to show, on a terminal, how far it is. */
  readonly progress: boolean;
}

/** A line that is drawn over itself, on a terminal. */
class Progress {
  readonly #parts = new Map<string, number>();
  readonly #shown: boolean;
  /** When it was drawn last (ms). */
  #drawn = 0;

  constructor(wanted: boolean) {
    this.#shown = wanted && Deno.stderr.isTerminal();
  }

  set(name: string, share: number | null): void {
    if (share === null) this.#parts.delete(name);
    else this.#parts.set(name, share);
    if (share !== null && performance.now() - this.#drawn < 200) return;
    this.#drawn = performance.now();
    this.#draw(Array.from(this.#parts, ([name, share]) => `${name} ${Math.floor(100 * share)} %`).join(" · "));
  }

  /** Makes room for a line. */
  clear(): void {
    this.#draw("");
  }

  #draw(text: string): void {
    if (this.#shown) Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${text}`));
  }
}

/** Writes the input of a finding; returns the path. */
async function keep(folder: string, target: string, { input }: Finding): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  const path = `${folder}/${target}-${hashOf(input).toString(16).padStart(8, "0")}`;
  await Deno.writeFile(path, input);
  return path;
}

/** Checks the targets; returns the exit code: 0, or 1 if a property of one does not hold. */
export async function runAll(options: RunOptions): Promise<number> {
  const { targets, seed, bytes, corpus, folder, onReport, hunt = huntInThread } = options;
  const progress = new Progress(options.progress);
  const waiting = [...targets];
  let code = 0;
  const work = async (): Promise<void> => {
    for (let target; (target = waiting.shift()) !== undefined;) {
      const { name, max, edges = [] } = target;
      const started = performance.now();
      const kept = await corpus(name);
      const hunted = await hunt({
        name,
        max: Math.max(max, ...[...kept, ...edges].map(({ length }) => length)),
        seed,
        bytes,
        corpus: kept,
        onProgress: (made) => progress.set(name, made / bytes),
      });
      const file = hunted.finding === null ? "" : await keep(folder, name, hunted.finding);
      if (hunted.finding !== null) code = 1;
      progress.set(name, null);
      progress.clear();
      onReport({ target: name, ...hunted, duration: performance.now() - started, file });
    }
  };
  await Promise.all(Array.from({ length: Math.min(targets.length, navigator.hardwareConcurrency) }, work));
  return code;
}
