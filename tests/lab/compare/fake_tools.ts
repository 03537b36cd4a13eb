/**
 * Programs that stand in for the system's, each a shell script, first on a PATH.
 *
 * @module
 */

/** Runs what follows `--`, as `unshare` does, but in no namespace. */
export const UNSHARE = 'while [ "$1" != -- ]; do echo "unshare $1" >> "$LOG"; shift; done; shift; exec "$@"';
/** A system on which everything works. */
export const TOOLS = { unshare: UNSHARE, ip: 'echo "ip $*" >> "$LOG"', tc: 'echo "tc $*" >> "$LOG"' };

/** They exist until they are disposed of. */
export class FakeTools implements AsyncDisposable {
  #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Writes the scripts. */
  static async make(tools: Readonly<Record<string, string>>): Promise<FakeTools> {
    const folder = await Deno.makeTempDir({ prefix: "plainwire-test-" });
    for (const [name, text] of Object.entries(tools)) {
      await Deno.writeTextFile(`${folder}/${name}`, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    }
    return new FakeTools(folder);
  }

  /** The variables of a process that finds them. */
  get env(): Record<string, string> {
    return { PATH: `${this.#folder}:${Deno.env.get("PATH")}`, LOG: `${this.#folder}/log` };
  }

  /** What they were asked for, in order. */
  async log(): Promise<string[]> {
    return (await Deno.readTextFile(`${this.#folder}/log`)).trimEnd().split("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}
