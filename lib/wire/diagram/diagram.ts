/**
 * The reader behind `--diagram FILE`: draws the run when it is over.
 *
 * @module
 */
import type { Role } from "../../events.ts";
import { encodeText } from "../../text.ts";
import type { WireReader } from "../event.ts";
import { writeFailure } from "../file_output.ts";
import { diagramFormat, drawRecorded } from "./draw.ts";
import { Recorder } from "./recorder.ts";

/** What {@linkcode openDiagram} needs besides the path. */
export interface OpenDiagramOptions {
  /** The picture's title: the script's name. */
  readonly title: string;
  /** Which end the run is; absent if it is both, as a relay: then whoever sends first is the client. */
  readonly role?: Role;
  /** Takes the sentence about a picture that cannot be written; the run itself goes on. */
  onTrouble(message: string): void;
}

/** Only the owner may read a new file: what passes over a wire is private. */
const MODE = 0o600;

/**
 * Opens the file at once, so that a bad path ends the run at its start, and draws what has passed when the run ends. A picture that is
 * there already stays as it is until then. It keeps up to 2,000 calls of 40 connections in memory; the picture says what it leaves out.
 *
 * @param path Ends in `.svg` or `.html`.
 * @returns A reader, which owns the file until its `end`. If the process exits before (a second Ctrl-C), it draws then.
 * @throws {UsageError} The path ends in something else.
 * @throws {Failure} The file cannot be opened for writing.
 *
 * @example Usage
 * ```ts
 * import { openDiagram } from "./diagram.ts";
 * import { assertMatch } from "@std/assert";
 *
 * const path = await Deno.makeTempFile({ suffix: ".svg" });
 * const diagram = openDiagram(path, { title: "tcp:client", role: "client", onTrouble: console.error });
 * const peer = { hostname: "127.0.0.1", port: 12345 };
 * const call = { call: "connect", local: null, peer, bytes: null } as const;
 * diagram.event({ at: Date.now(), transport: "tcp", flow: 1, duration: 0.2, ...call }, []);
 * await diagram.end?.();
 * assertMatch(await Deno.readTextFile(path), /SYN, ACK/);
 * await Deno.remove(path);
 * ```
 */
export function openDiagram(path: string, { title, role, onTrouble }: OpenDiagramOptions): WireReader {
  const format = diagramFormat(path);
  const file = open(path);
  const recorder = new Recorder();
  const finish = (): void => {
    removeEventListener("unload", finish);
    using owned = file;
    const bytes = encodeText(drawRecorded([recorder], { title, format, ...(role === undefined ? {} : { role }) }));
    try {
      empty(owned);
      for (let at = 0; at < bytes.length;) at += owned.writeSync(bytes.subarray(at));
    } catch (error) {
      onTrouble(writeFailure(path, error).message);
    }
  };
  addEventListener("unload", finish);
  return {
    event: (event) => recorder.add(event),
    end: () => Promise.resolve(finish()),
  };
}

function open(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { write: true, create: true, mode: MODE });
  } catch (error) {
    throw writeFailure(path, error);
  }
}

function empty(file: Deno.FsFile): void {
  try {
    file.truncateSync();
  } catch {
    // A pipe or a device has nothing to cut off; asking what it is takes a permission that the tasks lack.
  }
}
