/**
 * What the system says of the servers, once a second: memory, descriptors, threads.
 *
 * @module
 */
import { isDisconnect } from "../../lib/errors.ts";
import { encodeText } from "../../lib/text.ts";
import type { Usage } from "./record.ts";

/**
 * The shell's loop: a line for each process. Reading `/proc` needs all of Deno's permissions, but none of the shell's, which does it
 * without starting a process. It reads the process numbers from its input; at the end of that it ends the servers, if they still run:
 * this process was killed then.
 */
const LOOP = `
while read -r pids; do
  last=$pids
  for pid in $pids; do
    rss=0 threads=0
    { while read -r key value rest; do
      case $key in VmRSS:) rss=$value;; Threads:) threads=$value;; esac
    done < /proc/$pid/status; } 2>/dev/null || continue
    set -- /proc/$pid/fd/*
    printf '%s %s %s %s\\n' "$pid" "$rss" "$#" "$threads"
  done
  echo
done
test -z "$last" || kill $last 2>/dev/null
`;

/** How often (ms). */
export const EVERY = 1000;

/**
 * Reads a line of the loop: the process, its memory in KiB, its descriptors and threads.
 *
 * @example Usage
 * ```ts
 * import { readUsage } from "./sampler.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(readUsage("4711 2048 12 5"), { pid: 4711, usage: { rss: 2_097_152, descriptors: 12, threads: 5 } });
 * assertEquals(readUsage("no process"), null);
 * ```
 */
export function readUsage(line: string): { readonly pid: number; readonly usage: Usage } | null {
  const [, pid, rss, descriptors, threads] = /^(\d+) (\d+) (\d+) (\d+)$/.exec(line) ?? [];
  if (pid === undefined) return null;
  return {
    pid: Number(pid),
    usage: { rss: Number(rss) * 1024, descriptors: Number(descriptors), threads: Number(threads) },
  };
}

/** Asks the shell about processes. Only Linux has `/proc`; elsewhere there is nothing to read. */
export class Sampler implements AsyncDisposable {
  #process: Deno.ChildProcess | null = null;
  #input: WritableStreamDefaultWriter<Uint8Array> | null = null;
  #reader: ReadableStreamDefaultReader<string> | null = null;

  constructor() {
    if (Deno.build.os !== "linux") return;
    const process = new Deno.Command("sh", { args: ["-c", LOOP], stdin: "piped", stdout: "piped", stderr: "null" })
      .spawn();
    this.#process = process;
    this.#input = process.stdin.getWriter();
    this.#reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Whether anything is measured. */
  get measures(): boolean {
    return this.#process !== null;
  }

  /** What each of the processes holds; one that has ended is missing. */
  async read(pids: readonly number[]): Promise<ReadonlyMap<number, Usage>> {
    const found = new Map<number, Usage>();
    if (this.#input === null || this.#reader === null || pids.length === 0) return found;
    const lines = await this.#answer(this.#input, this.#reader, `${pids.join(" ")}\n`);
    for (const line of lines) {
      const read = readUsage(line);
      if (read !== null) found.set(read.pid, read.usage);
    }
    return found;
  }

  /** Asks the loop; it has ended if the terminal's Ctrl-C has reached it. */
  async #answer(
    input: WritableStreamDefaultWriter<Uint8Array>,
    reader: ReadableStreamDefaultReader<string>,
    question: string,
  ): Promise<string[]> {
    let answer = "";
    try {
      await input.write(encodeText(question));
      // An empty line ends it.
      while (!/(^|\n)\n$/.test(answer)) {
        const { value, done } = await reader.read();
        if (done) return [];
        answer += value;
      }
    } catch (error) {
      if (!isDisconnect(error)) throw error;
    }
    return answer.split("\n");
  }

  /** Call it when the servers have ended: the loop would end them. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process?.kill("SIGTERM");
    } catch {
      // It has ended.
    }
    await this.#process?.status;
    await this.#input?.close().catch(() => {});
    await this.#reader?.cancel();
  }
}
