/**
 * The servers whose keys were trusted on first use, in a file: a line each, `HOST:PORT sha256:…`.
 *
 * @module
 */
import { Exit, Failure, stateOf } from "../errors.ts";
import type { Fingerprint } from "./peer_identity.ts";
import { readSmallFile } from "./atomic_file.ts";

/** Knows which key a server had when it was trusted. */
export interface KnownHosts {
  /** Where that is written; for people. */
  readonly path: string;
  /** The key that a server had; `null` for one that is not known. */
  find(host: string): Promise<Fingerprint | null>;
  /** Remembers a server's key. */
  remember(host: string, fingerprint: Fingerprint): Promise<void>;
  /** Does one thing after the other: of many connections at once, the second finds what the first has had remembered. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
}

/** Known hosts in a file; it and its folder are made when the first one is remembered. */
export class KnownHostsFile implements KnownHosts {
  readonly path: string;
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.path = path;
  }

  /** @throws {Failure} The file cannot be read, or is none of ours: then nobody is trusted by it. */
  async find(host: string): Promise<Fingerprint | null> {
    for (const line of (await this.#read()).split("\n")) {
      const [name, fingerprint = ""] = line.trim().split(/\s+/);
      if (name !== host) continue;
      if (!/^sha256:[\da-f]{64}$/.test(fingerprint)) {
        throw this.#problem("read", `the line of ${host} has no fingerprint`);
      }
      return fingerprint as Fingerprint;
    }
    return null;
  }

  /** Appends a line, in one write: two clients at the same time lose nothing. */
  async remember(host: string, fingerprint: Fingerprint): Promise<void> {
    try {
      const before = await this.#text();
      // An editor may have left the last line without its end.
      const end = before === "" || before.endsWith("\n") ? "" : "\n";
      await Deno.mkdir(this.path.replace(/[/\\][^/\\]*$/, ""), { recursive: true, mode: 0o700 });
      await Deno.writeTextFile(this.path, `${end}${host} ${fingerprint}\n`, { append: true, mode: 0o600 });
    } catch (error) {
      throw this.#problem("write", stateOf(error).state);
    }
  }

  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #read(): Promise<string> {
    try {
      return await this.#text();
    } catch (error) {
      throw this.#problem("read", stateOf(error).state);
    }
  }

  /** What the file has; nothing when there is none. */
  async #text(): Promise<string> {
    try {
      return await readSmallFile(this.path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  }

  #problem(action: string, state: string): Failure {
    return new Failure(Exit.untrusted, `Cannot ${action} the known hosts in ${this.path}: ${state}`);
  }
}
