/**
 * The lines of a session: how a member that lost its connection comes back without losing or doubling a line. Pure.
 *
 * A program, such as the page or `chat:client` with several servers, adds two commands to those of {@link ./protocol.ts} (PROTOCOL.md tells
 * how to write one):
 *
 * ```
 * /session KEY [EPOCH-N]     first of all: what it is recognised by, and the last line it has seen
 * /line ID TEXT              a line with an id; sent again, it is said once
 * ```
 *
 * and gets four kinds of lines more. No other line begins as they do: names begin with none of these marks.
 *
 * ```
 * = EPOCH N                  the numbering, and where it goes on: the next public line comes after line N
 * #N LINE                    a public line and its number
 * +ID N                      your line was said as line N; 0 if it is no public line, as a command is
 * -ID REASON                 your line was not said, and will not be
 * ```
 *
 * @module
 */
import { escapeControls } from "../lib/text.ts";

/**
 * The most bytes that `/line ID ` adds to a line, whatever its id: a server that limits what a member says to `n` bytes takes lines
 * of `n + LINE_OVERHEAD` bytes.
 */
export const LINE_OVERHEAD = "/line ".length + 32 + 1;

/**
 * How many ids of lines a server remembers of a session. A client sends a line only when the one so many before it has its receipt:
 * otherwise, sent again, it might be said twice.
 */
export const REMEMBERED_IDS = 100;

/** The largest number of a line. */
const MAX_NUMBER = Number.MAX_SAFE_INTEGER;
const KEY = /^[\w-]{22,64}$/;
const ID = /^[\w-]{1,32}$/;
const EPOCH = /^[\w-]{1,64}$/;

/** A place in the numbered lines of a room. */
export interface Cursor {
  /** The numbering: a room that starts anew numbers anew. */
  readonly epoch: string;
  /** The last line that was seen; 0 = none. */
  readonly n: number;
}

/** Whether a text can be the key of a session: 22 to 64 characters of base64url (RFC 4648 5), which hold 128 random bits and more. */
export function isSessionKey(text: string): boolean {
  return KEY.test(text);
}

/** Whether a text can be the id of a line: 1 to 32 characters of base64url. */
function isLineId(text: string): boolean {
  return ID.test(text);
}

/** Makes the key of a new session: 32 characters, 192 random bits. */
export function newSessionKey(): string {
  return crypto.getRandomValues(new Uint8Array(24)).toBase64({ alphabet: "base64url" });
}

/** Formats a place as `EPOCH-N`. */
export function formatCursor({ epoch, n }: Cursor): string {
  return `${epoch}-${n}`;
}

/** Parses a place; `null` if it is none. An epoch may contain dashes. */
export function parseCursor(text: string): Cursor | null {
  const dash = text.lastIndexOf("-");
  return dash < 0 ? null : cursorOf(text.slice(0, dash), text.slice(dash + 1));
}

function cursorOf(epoch: string, number: string): Cursor | null {
  const n = numberOf(number);
  return n === null || !EPOCH.test(epoch) ? null : { epoch, n };
}

/** A line's number, written as it must be: `007` and `1e3` are none. */
function numberOf(text: string): number | null {
  const n = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : NaN;
  return n <= MAX_NUMBER ? n : null;
}

/** The line that begins a session, or takes it up again after a cursor. */
export function sessionCommand(key: string, cursor: Cursor | null): string {
  return cursor === null ? `/session ${key}` : `/session ${key} ${formatCursor(cursor)}`;
}

/** A line with its id. */
export function lineCommand(id: string, text: string): string {
  return `/line ${id} ${text}`;
}

/** What a program's line means beyond what every line may. */
export type SessionCommand =
  | { readonly kind: "session"; readonly key: string; readonly cursor: Cursor | null }
  | { readonly kind: "line"; readonly id: string; readonly text: string }
  /** It begins as one of the two, but is neither; the rule that it breaks. */
  | { readonly kind: "invalid"; readonly problem: string };

/**
 * Parses a line that a member sent.
 *
 * @param line Without its line end.
 * @returns `null` for any other line. Most begin without a slash, and cost no more than that.
 *
 * @example Usage
 * ```ts
 * import { parseSessionCommand } from "./session_lines.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseSessionCommand("/line a1 hello, all"), { kind: "line", id: "a1", text: "hello, all" });
 * assertEquals(parseSessionCommand("/who"), null);
 * ```
 */
export function parseSessionCommand(line: string): SessionCommand | null {
  if (line.startsWith("/line ")) {
    const space = line.indexOf(" ", 6);
    const id = line.slice(6, space < 0 ? undefined : space);
    if (!isLineId(id)) return { kind: "invalid", problem: "an id is 1 to 32 characters of base64url: /line ID TEXT" };
    return { kind: "line", id, text: space < 0 ? "" : line.slice(space + 1) };
  }
  if (!line.startsWith("/session ")) return null;
  const [key = "", place, ...more] = line.slice(9).trim().split(" ");
  const cursor = place === undefined ? null : parseCursor(place);
  if (!isSessionKey(key) || (place !== undefined && cursor === null) || more.length > 0) {
    const problem = "a key is 22 to 64 characters of base64url, a place is EPOCH-N: /session KEY [EPOCH-N]";
    return { kind: "invalid", problem };
  }
  return { kind: "session", key, cursor };
}

/** The line that tells where the numbering goes on. */
export function startLine({ epoch, n }: Cursor): string {
  return `= ${epoch} ${n}`;
}

/** A public line with its number. */
export function numbered(n: number, line: string): string {
  return `#${n} ${line}`;
}

/** The receipt of a line: said as line `n`, or 0 if it is no public line. */
export function receiptLine(id: string, n: number): string {
  return `+${id} ${n}`;
}

/** The receipt of a line that was not said, with the reason. */
export function rejectionLine(id: string, reason: string): string {
  return `-${id} ${escapeControls(reason)}`;
}

/** What a line of the server means to a member with a session. */
export type SessionLine =
  | { readonly kind: "start"; readonly epoch: string; readonly n: number }
  | { readonly kind: "numbered"; readonly n: number; readonly line: string }
  | { readonly kind: "receipt"; readonly id: string; readonly n: number }
  | { readonly kind: "rejection"; readonly id: string; readonly reason: string }
  /** Any other line: to this member alone. */
  | { readonly kind: "plain"; readonly line: string };

/**
 * Parses a line that a server sent.
 *
 * @param line Without its line end.
 *
 * @example Usage
 * ```ts
 * import { parseSessionLine } from "./session_lines.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseSessionLine("#7 alice: hello"), { kind: "numbered", n: 7, line: "alice: hello" });
 * assertEquals(parseSessionLine("+a1 7"), { kind: "receipt", id: "a1", n: 7 });
 * assertEquals(parseSessionLine("-a2 you are muted"), { kind: "rejection", id: "a2", reason: "you are muted" });
 * assertEquals(parseSessionLine("= q5T0 6"), { kind: "start", epoch: "q5T0", n: 6 });
 * assertEquals(parseSessionLine("* alice joined"), { kind: "plain", line: "* alice joined" });
 * ```
 */
export function parseSessionLine(line: string): SessionLine {
  const space = line.indexOf(" ");
  const word = space < 0 ? line.slice(1) : line.slice(1, space);
  const rest = space < 0 ? "" : line.slice(space + 1);
  return marked(line.charAt(0), word, rest) ?? { kind: "plain", line };
}

/** A line by its mark, its first word without the mark, and the rest; `null` if it is none of the four. */
function marked(mark: string, word: string, rest: string): SessionLine | null {
  switch (mark) {
    case "#": {
      const n = numberOf(word);
      return n === null || n === 0 ? null : { kind: "numbered", n, line: rest };
    }
    case "+": {
      const n = numberOf(rest);
      return n === null || !isLineId(word) ? null : { kind: "receipt", id: word, n };
    }
    case "-":
      return isLineId(word) ? { kind: "rejection", id: word, reason: rest } : null;
    case "=": {
      const [epoch = "", n = "", ...more] = rest.split(" ");
      const cursor = word === "" && more.length === 0 ? cursorOf(epoch, n) : null;
      return cursor === null ? null : { kind: "start", ...cursor };
    }
    default:
      return null;
  }
}
