/**
 * `--capture`: what passes over the sockets of a run, as a pcapng file that Wireshark opens.
 *
 * @module
 */
import { stateOf } from "../../errors.ts";
import { ifPermitted } from "../../permission.ts";
import type { Remark, WireEvent, WireReader } from "../event.ts";
import { FileOutput } from "../file_output.ts";
import { type CaptureOptions, CaptureWriter } from "./writer.ts";
import type { Space } from "./space.ts";

/** Options of {@linkcode openCapture}. */
export interface OpenCaptureOptions {
  /** The script: `tcp:server`. */
  readonly app: string;
  /** The number of its process: this one. */
  readonly pid?: number;
  /** The most bytes of a file; 0 = no limit (default). See {@linkcode otherPath}. */
  readonly max?: number;
  /** Called once, when writing fails: the disk is full. The run goes on without the capture. */
  readonly onTrouble: (message: string) => void;
}

/**
 * Where a capture goes on when its file is full: in `x.1.pcapng`, then in `x.pcapng` again, in turn, as with `tcpdump -C -W 2`. Each time
 * the older of the two is emptied, so a capture takes at most twice its limit and holds the newest packets. Nothing is renamed, for which
 * Deno would want permission to read.
 *
 * @example Usage
 * ```ts
 * import { otherPath } from "./capture.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(otherPath("a.b/x.pcapng"), "a.b/x.1.pcapng");
 * assertEquals(otherPath("a.b/x"), "a.b/x.1");
 * ```
 */
export function otherPath(path: string): string {
  return path.replace(/(?<=[^/\\])(\.[^./\\]+)?$/, ".1$1");
}

/** What the end of a file takes, in bytes. */
const ENDING = 128;
/** What the packets of a call take besides its bytes: about. */
const HEADERS = 1000;

/** A capture's file, which makes way for the next one before it gets too long. */
class RotatingFile implements Space {
  /** The file to write, and the one to go on in. */
  #paths: [string, string];
  #max: number;
  #onTrouble: (message: string) => void;
  #output: FileOutput;
  #writer: CaptureWriter;
  /** Whether a file is being ended or begun, which is not to be interrupted by another. */
  #rotating = false;
  /** Whether there is no packet in the file: it holds at least one, however low the limit is. */
  #fresh = true;
  #failed = false;

  /** @throws {Failure} The file cannot be opened. */
  constructor(path: string, { max = 0, onTrouble }: OpenCaptureOptions, described: CaptureOptions) {
    this.#paths = [path, otherPath(path)];
    this.#max = max;
    this.#onTrouble = onTrouble;
    this.#output = this.#open();
    this.#writer = new CaptureWriter(described, this);
    this.#begin();
  }

  event(event: WireEvent, remarks: readonly Remark[]): void {
    // What belongs together stays together where it can.
    this.#makeRoom((event.bytes?.length ?? 0) + HEADERS);
    this.#writer.event(event, remarks);
  }

  silence(remarks: readonly Remark[]): void {
    this.#writer.silence(remarks);
  }

  end(): void {
    this.#writer.end({ last: true });
    this.#output.end();
  }

  reserve(length: number): Uint8Array<ArrayBuffer> {
    this.#makeRoom(length);
    return this.#output.reserve(length);
  }

  commit(length: number): void {
    this.#output.commit(length);
    if (!this.#rotating) this.#fresh = false;
  }

  #makeRoom(length: number): void {
    if (this.#max === 0 || this.#fresh || this.#rotating || this.#failed) return;
    if (this.#output.size + length + ENDING > this.#max) this.#rotate();
  }

  #rotate(): void {
    this.#rotating = true;
    this.#writer.end({ last: false });
    this.#output.end();
    if (this.#failed) return;
    this.#paths.reverse();
    try {
      this.#output = this.#open();
    } catch (error) {
      return this.#fail(`${stateOf(error).state}; the run goes on without it`);
    }
    this.#begin();
  }

  /** Begins a file, at once. */
  #begin(): void {
    this.#rotating = true;
    this.#writer.header();
    this.#output.flush();
    this.#rotating = false;
    this.#fresh = true;
  }

  #open(): FileOutput {
    return new FileOutput(this.#paths[0], { onTrouble: (message) => this.#fail(message) });
  }

  /** The disk is full, or the folder is gone: from now on nothing is written. */
  #fail(message: string): void {
    if (!this.#failed) this.#onTrouble(message);
    this.#failed = true;
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
  const { app, pid = Deno.pid } = options;
  const file = new RotatingFile(path, options, {
    app,
    pid,
    os: Deno.build.os,
    get own() {
      return ifPermitted(() => Deno.networkInterfaces()) ?? [];
    },
  });
  return {
    wantsRemarks: true,
    event: (event, remarks) => file.event(event, remarks),
    silence: (remarks) => file.silence(remarks),
    end: () => Promise.resolve(file.end()),
  };
}
