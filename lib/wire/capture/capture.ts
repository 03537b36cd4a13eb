/**
 * `--capture`: what passes over the sockets of a run, as a pcapng file that Wireshark opens.
 *
 * @module
 */
import { fileFailure } from "../../errors.ts";
import { ifPermitted } from "../../permission.ts";
import type { Remark, WireEvent, WireReader } from "../event.ts";
import { FileOutput } from "../file_output.ts";
import { type CaptureOptions, CaptureWriter } from "./encoder.ts";
import type { Space } from "./space.ts";

/** Options of {@linkcode openCapture}. */
export interface OpenCaptureOptions {
  /** The script: `tcp:server`. */
  readonly app: string;
  /** The number of its process: this one. */
  readonly pid?: number;
  /** The most bytes of a file; 0 = no limit (default). See {@linkcode previousPath}. */
  readonly max?: number;
  /** Called once, when writing fails: the disk is full. The run goes on without the capture. */
  readonly onTrouble: (message: string) => void;
}

/**
 * Where a full file goes: `x.1.pcapng` beside `x.pcapng`. What was there before is replaced, so a capture takes at most twice its limit,
 * and holds the newest packets.
 *
 * @example Usage
 * ```ts
 * import { previousPath } from "./capture.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(previousPath("a.b/x.pcapng"), "a.b/x.1.pcapng");
 * assertEquals(previousPath("a.b/x"), "a.b/x.1");
 * ```
 */
export function previousPath(path: string): string {
  return path.replace(/(?<=[^/\\])(\.[^./\\]+)?$/, ".1$1");
}

/** What the end of a file takes, in bytes. */
const ENDING = 128;
/** What the packets of a call take besides its bytes: about. */
const HEADERS = 1000;

/** A file that makes way for the next one before it gets too long. */
class RotatingSpace implements Space {
  #path: string;
  #max: number;
  #onTrouble: (message: string) => void;
  #output: FileOutput;
  /** Writes the end of a file, and the beginning of the next one. */
  between = { end: (): void => {}, begin: (): void => {} };
  /** Whether a file is being ended or begun, which is not to be interrupted by another. */
  #rotating = false;
  #fresh = true;

  constructor(path: string, max: number, onTrouble: (message: string) => void) {
    this.#path = path;
    this.#max = max;
    this.#onTrouble = onTrouble;
    this.#output = new FileOutput(path, { onTrouble });
  }

  reserve(length: number): Uint8Array<ArrayBuffer> {
    this.prepare(length);
    return this.#output.reserve(length);
  }

  /** Begins the next file if this one has no room for so many bytes: what belongs together stays together where it can. */
  prepare(length: number): void {
    const full = this.#max > 0 && !this.#fresh && this.#output.size + length + ENDING > this.#max;
    if (full && !this.#rotating) this.#rotate();
  }

  commit(length: number): void {
    this.#output.commit(length);
    // A file holds at least one packet, however low the limit is.
    if (!this.#rotating) this.#fresh = false;
  }

  end(): void {
    this.#output.end();
  }

  #rotate(): void {
    this.#rotating = true;
    try {
      this.between.end();
      this.#output.end();
      try {
        Deno.renameSync(this.#path, previousPath(this.#path));
      } catch (error) {
        throw fileFailure(`rename ${this.#path}`, error);
      }
      this.#output = new FileOutput(this.#path, { onTrouble: this.#onTrouble });
      this.between.begin();
    } catch (error) {
      this.#max = 0;
      this.#onTrouble(`${fileFailure(`write ${this.#path}`, error).message}; the run goes on without it`);
    } finally {
      this.#rotating = false;
      this.#fresh = true;
    }
  }
}

/**
 * Opens a capture. The file and its header exist when this returns; packets follow within 50 ms of what they tell, so that the file of a
 * run that is killed can be opened too.
 *
 * @param path A new file is readable by its owner only, for it holds what was sent, also over TLS; an existing one is emptied.
 * @throws {Failure} The file cannot be written.
 */
export function openCapture(path: string, options: OpenCaptureOptions): WireReader {
  const { app, pid = Deno.pid, max = 0, onTrouble } = options;
  let troubled = false;
  const tellOnce = (message: string): void => {
    if (!troubled) onTrouble(message);
    troubled = true;
  };
  const described: CaptureOptions = {
    app,
    pid,
    os: Deno.build.os,
    get own() {
      return ifPermitted(() => Deno.networkInterfaces()) ?? [];
    },
  };
  const space = new RotatingSpace(path, max, tellOnce);
  const writer = new CaptureWriter(described, space);
  space.between = { end: () => writer.end({ last: false }), begin: () => writer.header() };
  writer.header();
  return {
    wantsRemarks: true,
    event(event: WireEvent, remarks: readonly Remark[]) {
      space.prepare((event.bytes?.length ?? 0) + HEADERS);
      writer.event(event, remarks);
    },
    silence: (remarks: readonly Remark[]) => writer.silence(remarks),
    end() {
      writer.end({ last: true });
      space.end();
      return Promise.resolve();
    },
  };
}
