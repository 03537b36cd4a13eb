/**
 * The servers whose keys were trusted on first use, in a file with a line for each: `HOST:PORT sha256:…`.
 *
 * @module
 */
import { Exit, Failure, stateOf } from "../errors.ts";
import type { Fingerprint } from "./peer_identity.ts";
import { readSmallFile } from "./atomic_file.ts";

/** Remembers the key that each server had when it was trusted. */
export interface KnownHosts {
  /** The path of the file, for messages. */
  readonly path: string;
  /** The remembered key of a server; `null` if the server is unknown. */
  find(host: string): Promise<Fingerprint | null>;
  /** Stores a server's key. */
  remember(host: string, fingerprint: Fingerprint): Promise<void>;
  /** Runs one call at a time: of several concurrent connections, the second finds the key that the first one stored. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * Finds a server's key in the lines of such a file; the first line for a server counts.
 *
 * @returns `null` if the server is unknown, "" if its line has no key.
 *
 * @example Usage
 * ```ts
 * import { entryFor, keyOf } from "./known_hosts.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const key = `sha256:${"0".repeat(64)}` as const;
 * assertEquals(keyOf(entryFor("", "localhost:443", key), "localhost:443"), key);
 * ```
 */
export function keyOf(text: string, host: string): Fingerprint | "" | null {
  for (const line of text.split("\n")) {
    const [name, fingerprint = ""] = line.trim().split(/\s+/);
    if (name === host) return /^sha256:[\da-f]{64}$/.test(fingerprint) ? fingerprint as Fingerprint : "";
  }
  return null;
}

/** The line to append to a text for a server: an editor may have left the last line without a newline. */
export function entryFor(text: string, host: string, fingerprint: Fingerprint): string {
  return `${text === "" || text.endsWith("\n") ? "" : "\n"}${host} ${fingerprint}\n`;
}

/** Known hosts in a file; it and its folder are created for the first entry. */
export class KnownHostsFile implements KnownHosts {
  readonly path: string;
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.path = path;
  }

  /** @throws {Failure} The file cannot be read or is malformed: then no server is trusted. */
  async find(host: string): Promise<Fingerprint | null> {
    const key = keyOf(await this.#read(), host);
    if (key === "") throw this.#problem("read", `the line for ${host} has no fingerprint`);
    return key;
  }

  /** Appends a line in one write, so that concurrent clients lose no entry. */
  async remember(host: string, fingerprint: Fingerprint): Promise<void> {
    try {
      const entry = entryFor(await this.#text(), host, fingerprint);
      await Deno.mkdir(this.path.replace(/[/\\][^/\\]*$/, ""), { recursive: true, mode: 0o700 });
      await Deno.writeTextFile(this.path, entry, { append: true, mode: 0o600 });
    } catch (error) {
      throw this.#problem("write", stateOf(error).state);
    }
  }

  exclusively<T>(work: () => Promise<T>): Promise<T> {
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

  /** The file's content; "" if there is no file. */
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
