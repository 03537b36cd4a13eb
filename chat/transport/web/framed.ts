/**
 * The lines of an outbox as what a browser gets: WebSocket frames, or server-sent events. Pure.
 *
 * Many members get the same chunk of lines at the same time, so each chunk is framed once.
 *
 * @module
 */
import { concat } from "@std/bytes/concat";
import { parseSessionLine } from "../../session_lines.ts";
import { frame } from "../../../http/websocket.ts";
import { decodeText, encodeText } from "../../../lib/text.ts";

const LF = 10, EQUALS = 0x3d;

/** How a chunk of whole lines is framed; `epoch` is the numbering of the room, if it is known. */
export type MakeFrames = (lines: Uint8Array, epoch: string | null) => Uint8Array;

/** Frames chunks, and remembers what it has made as long as the chunk is in use. */
export class Framing {
  #made = new WeakMap<Uint8Array, { readonly epoch: string | null; readonly framed: Uint8Array }>();
  #make: MakeFrames;

  constructor(make: MakeFrames) {
    this.#make = make;
  }

  /** A chunk of whole lines, framed. */
  of(lines: Uint8Array, epoch: string | null = null): Uint8Array {
    const before = this.#made.get(lines);
    if (before !== undefined && before.epoch === epoch) return before.framed;
    const framed = this.#make(lines, epoch);
    this.#made.set(lines, { epoch, framed });
    return framed;
  }
}

/**
 * Each line as a text message, without its line end.
 *
 * @param lines Whole lines.
 *
 * @example Usage
 * ```ts
 * import { textFrames } from "./framed.ts";
 * import { encodeText } from "../../../lib/text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(textFrames(encodeText("a\nbc\n")), Uint8Array.of(0x81, 1, 0x61, 0x81, 2, 0x62, 0x63));
 * ```
 */
export function textFrames(lines: Uint8Array): Uint8Array {
  const frames: Uint8Array[] = [];
  for (let from = 0, to; (to = lines.indexOf(LF, from)) >= 0; from = to + 1) {
    frames.push(frame("text", lines.subarray(from, to)));
  }
  return concat(frames);
}

/** The numbering that a chunk of whole lines tells, `= EPOCH N`; `null` if it tells none. */
export function epochIn(lines: Uint8Array): string | null {
  for (let at = -1; (at = lines.indexOf(EQUALS, at + 1)) >= 0;) {
    if (at > 0 && lines[at - 1] !== LF) continue;
    const parsed = parseSessionLine(decodeText(lines.subarray(at, lines.indexOf(LF, at))));
    if (parsed.kind === "start") return parsed.epoch;
  }
  return null;
}

/**
 * Each line as a server-sent event; that of a numbered line has its place as its id, from which a browser goes on by itself when it has
 * lost the connection (HTML 9.2).
 *
 * @param epoch The numbering of the room; `null` = the lines have no number.
 *
 * @example Usage
 * ```ts
 * import { lineEvents } from "./framed.ts";
 * import { decodeText, encodeText } from "../../../lib/text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const events = lineEvents(encodeText("* hello\n#7 alice: hi\n"), "q5T0");
 * assertEquals(decodeText(events), "data: * hello\n\nid: q5T0-7\ndata: #7 alice: hi\n\n");
 * ```
 */
export function lineEvents(lines: Uint8Array, epoch: string | null): Uint8Array {
  let events = "";
  for (const line of decodeText(lines).split("\n").slice(0, -1)) {
    const parsed = epoch === null ? null : parseSessionLine(line);
    events += `${parsed?.kind === "numbered" ? `id: ${epoch}-${parsed.n}\n` : ""}data: ${line}\n\n`;
  }
  return encodeText(events);
}
