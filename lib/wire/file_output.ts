/**
 * A file that grows while a run goes on: a capture, a trace.
 *
 * @module
 */
import { Exit, Failure, fileFailure } from "../errors.ts";

/** Options of a {@linkcode FileOutput}. */
export interface FileOutputOptions {
  /** Called once, when writing fails: the disk is full. What comes later is discarded. */
  readonly onTrouble: (message: string) => void;
  /** The longest that bytes wait in memory, in milliseconds (50). */
  readonly delay?: number;
  /** The permissions of a new file (owner only): what passes over a wire is private. */
  readonly mode?: number;
}

/** Why the permissions of a task do not cover a file. */
const ELSEWHERE = "the tasks may write only where you typed the command, and in /tmp; name a file there";

/** Why what shows the wire cannot be written. */
export function writeFailure(path: string, error: unknown): Failure {
  if (!(error instanceof Deno.errors.NotCapable)) return fileFailure(`write ${path}`, error);
  return new Failure(Exit.failed, `Cannot write ${path}: ${ELSEWHERE}`, { cause: error });
}

/** How many bytes wait before they are written at once. A larger piece grows the buffer. */
const FULL = 256 * 1024;

/**
 * Writes a file in few system calls, without an allocation per piece: the bytes are put into one buffer that is used again.
 *
 * The buffer is written out after {@linkcode FileOutputOptions.delay}, when it is full, and when the process exits, so a file shows what
 * happened even if the run is killed soon after. Each write is synchronous. It takes the time of a copy into the system's cache, and no
 * more bytes can pile up than the buffer holds; a named pipe blocks the process until its reader reads.
 *
 * @example Usage
 * ```ts
 * import { FileOutput } from "./file_output.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const path = await Deno.makeTempFile();
 * const output = new FileOutput(path, { onTrouble: () => {} });
 * output.reserve(100).set([104, 105]);
 * output.commit(2);
 * output.write(Uint8Array.of(10));
 * output.end();
 * assertEquals(await Deno.readTextFile(path), "hi\n");
 * await Deno.remove(path);
 * ```
 */
export class FileOutput implements Disposable {
  /** As it was given. */
  readonly path: string;
  #file: Deno.FsFile;
  #onTrouble: (message: string) => void;
  #delay: number;
  #buffer = new Uint8Array(64 * 1024);
  /** How many bytes of the buffer wait. */
  #waiting = 0;
  #total = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether writing has failed, or the file is closed: nothing more is written. */
  #over = false;
  #flush = (): void => this.flush();

  /**
   * Creates the file, or empties an existing one.
   *
   * @throws {Failure} It cannot be opened for writing.
   */
  constructor(path: string, { onTrouble, delay = 50, mode = 0o600 }: FileOutputOptions) {
    this.path = path;
    this.#onTrouble = onTrouble;
    this.#delay = delay;
    try {
      this.#file = Deno.openSync(path, { write: true, create: true, truncate: true, mode });
    } catch (error) {
      throw writeFailure(path, error);
    }
    // Deno.exit (a second Ctrl-C) runs no `finally`.
    addEventListener("unload", this.#flush);
  }

  /** How many bytes were committed so far, those that wait included. */
  get size(): number {
    return this.#total;
  }

  /**
   * Space to fill. It holds old bytes, and is valid until the next call.
   *
   * @param length How many bytes it has at least.
   */
  reserve(length: number): Uint8Array<ArrayBuffer> {
    if (this.#waiting + length > this.#buffer.length) this.#makeRoom(length);
    return this.#buffer.subarray(this.#waiting);
  }

  /** Adds the first `length` bytes of the reserved space to the file. */
  commit(length: number): void {
    if (this.#over) return;
    this.#waiting += length;
    this.#total += length;
    if (this.#waiting >= FULL) return this.flush();
    if (this.#timer === undefined) {
      this.#timer = setTimeout(this.#flush, this.#delay);
      // A run does not wait for it: `end` writes the rest.
      Deno.unrefTimer(this.#timer);
    }
  }

  /** Adds bytes to the file; they are copied. */
  write(bytes: Uint8Array): void {
    this.reserve(bytes.length).set(bytes);
    this.commit(bytes.length);
  }

  /** Writes out what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const end = this.#waiting;
    this.#waiting = 0;
    if (this.#over) return;
    try {
      for (let at = 0; at < end;) at += this.#file.writeSync(this.#buffer.subarray(at, end));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Writes out what waits and closes the file. Later calls of any method do nothing. */
  end(): void {
    this.flush();
    this.#close();
  }

  [Symbol.dispose](): void {
    this.end();
  }

  /** Makes room for `length` bytes more: the buffer grows up to its full size, then it is written out first. */
  #makeRoom(length: number): void {
    if (this.#buffer.length >= FULL) this.flush();
    const needed = this.#waiting + length;
    if (needed <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#buffer.length, needed));
    larger.set(this.#buffer.subarray(0, this.#waiting));
    this.#buffer = larger;
  }

  #fail(error: unknown): void {
    this.#close();
    this.#onTrouble(`${fileFailure(`write ${this.path}`, error).message}; the run goes on without it`);
  }

  #close(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    removeEventListener("unload", this.#flush);
    this.#file.close();
  }
}
