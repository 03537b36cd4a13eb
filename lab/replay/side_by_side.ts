/**
 * Two byte strings where they differ, side by side for people. Pure.
 *
 * @module
 */
import { textWidth } from "../../lib/console/width.ts";
import { decodeText, escapeControls, hexPairs } from "../../lib/text.ts";
import { isContinuation } from "../../lib/utf8.ts";

/** A place in some bytes. */
export interface Place {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

const LABELS = ["captured", "now     "] as const;
/** How many bytes the text shows before the place. */
const BEFORE = 32;
/** How many columns a text takes at most. */
const COLUMNS = 62;
/** How many bytes a row of hex has. */
const ROW = 16;
const LF = 10;

/**
 * Shows where captured and received bytes differ: as text from the start of the line, and as hex, with a mark below the first difference.
 *
 * @returns Lines of at most 72 columns, with every control character escaped.
 *
 * @example Usage
 * ```ts
 * import { sideBySide } from "./side_by_side.ts";
 * import { encodeText } from "../../lib/text.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const [one, other] = ["pong 1\n", "pong 2\n"].map((text) => ({ bytes: encodeText(text), offset: 5 }));
 * if (one === undefined || other === undefined) throw new Error();
 * assertEquals(sideBySide(one, other), [
 *   'captured "pong 1\\n"',
 *   'now      "pong 2\\n"',
 *   "               ^",
 *   "captured 00000000  70 6f 6e 67 20 31 0a",
 *   "now      00000000  70 6f 6e 67 20 32 0a",
 *   "                                  ^^",
 * ]);
 * ```
 */
export function sideBySide(captured: Place, now: Place): string[] {
  return [...pair(textAt(captured), textAt(now)), ...pair(hexAt(captured), hexAt(now))];
}

/** The start of some bytes as text, in quotes; `nothing` for none. */
export function beginning(bytes: Uint8Array): string {
  return textAt({ bytes, offset: 0 }).line;
}

/** A line, and the column of its mark. */
interface Marked {
  readonly line: string;
  readonly column: number;
  readonly mark: string;
}

/** Both lines; and their mark, unless an ignored part of another length moves one of them. */
function pair(captured: Marked, now: Marked): string[] {
  const lines = [`${LABELS[0]} ${captured.line}`, `${LABELS[1]} ${now.line}`];
  if (captured.column !== now.column) return lines;
  const mark = captured.mark.length > now.mark.length ? captured.mark : now.mark;
  return [...lines, `${" ".repeat(LABELS[0].length + 1 + captured.column)}${mark}`];
}

function textAt({ bytes, offset }: Place): Marked {
  if (bytes.length === 0) return { line: "nothing", column: 1, mark: "^" };
  const lineStart = bytes.subarray(0, offset).lastIndexOf(LF) + 1;
  const start = characterStart(bytes, Math.max(lineStart, offset - BEFORE));
  // A character that differs in its second byte differs as a whole.
  const place = characterStart(bytes, offset);
  const end = characterStart(bytes, offset + COLUMNS);
  const before = `${start > lineStart ? "…" : '"'}${shown(bytes.subarray(start, place))}`;
  const column = textWidth(before);
  const { text, whole } = fitting(shown(bytes.subarray(place, end)), COLUMNS - column);
  return { line: `${before}${text}${whole && end === bytes.length ? '"' : "…"}`, column, mark: "^" };
}

function hexAt({ bytes, offset }: Place): Marked {
  const start = offset - offset % ROW;
  const address = start.toString(16).padStart(8, "0");
  return {
    line: `${address}  ${hexPairs(bytes.subarray(start, start + ROW))}`.trimEnd(),
    column: address.length + 2 + 3 * (offset - start),
    mark: "^^",
  };
}

function shown(bytes: Uint8Array): string {
  return escapeControls(decodeText(bytes));
}

/** The place, at most the end, moved back to the start of the UTF-8 character that it is in. */
function characterStart(bytes: Uint8Array, at: number): number {
  if (at >= bytes.length) return bytes.length;
  let start = at;
  while (start > 0 && at - start < 3 && isContinuation(bytes[start])) start--;
  return start;
}

/** As much of a text as fits into some columns. */
function fitting(text: string, columns: number): { text: string; whole: boolean } {
  let width = 0;
  let fits = "";
  for (const char of text) {
    width += textWidth(char);
    if (width > columns) return { text: fits, whole: false };
    fits += char;
  }
  return { text: fits, whole: true };
}
