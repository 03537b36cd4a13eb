/**
 * The reader behind `--diagram FILE`: draws the run when it is over.
 *
 * @module
 */
import { Exit, Failure, stateOf } from "../../errors.ts";
import { encodeText } from "../../text.ts";
import type { WireReader } from "../event.ts";
import { diagramOfCalls } from "./build.ts";
import { diagramFormat } from "./draw.ts";
import { htmlOf } from "./html.ts";
import { Recorder } from "./recorder.ts";
import { svgOf } from "./svg.ts";

export { type DiagramFormat, diagramFormat, type DiagramOptions, drawDiagram } from "./draw.ts";

/** What {@linkcode openDiagram} needs besides the path. */
export interface OpenDiagramOptions {
  readonly title: string;
  readonly role: "client" | "server";
  /** Takes the sentence about a picture that cannot be written; the run itself goes on. */
  onTrouble(message: string): void;
}

/**
 * Opens the file at once, so that a bad path ends the run at its start, and draws what has passed when the run ends. A picture that is there
 * already stays as it is until then.
 *
 * @param path Ends in `.svg` or `.html`.
 * @returns A reader, which owns the file until its `end`.
 * @throws {UsageError} It ends in something else.
 * @throws {Failure} The file cannot be opened for writing.
 */
export function openDiagram(path: string, { title, role, onTrouble }: OpenDiagramOptions): WireReader {
  const format = diagramFormat(path);
  const file = open(path);
  const recorder = new Recorder();
  return {
    event: (event) => recorder.add(event),
    async end() {
      using owned = file;
      const diagram = diagramOfCalls([recorder.calls], { title, role, unkept: recorder.unkept });
      const bytes = encodeText(format === "svg" ? svgOf(diagram) : htmlOf(diagram));
      try {
        await owned.truncate();
        for (let at = 0; at < bytes.length;) at += await owned.write(bytes.subarray(at));
      } catch (error) {
        onTrouble(`Cannot write ${path}: ${reasonOf(error)}`);
      }
    },
  };
}

function open(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { write: true, create: true });
  } catch (error) {
    throw new Failure(Exit.failed, `Cannot write ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

/** "No such file or directory (os error 2): open '/x'" in plain words. */
function reasonOf(error: unknown): string {
  const { state } = stateOf(error);
  const plain = /^(.+?) \(os error \d+\)/.exec(state)?.[1] ?? state;
  return plain.charAt(0).toLowerCase() + plain.slice(1);
}
