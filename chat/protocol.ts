/**
 * The lines of a chat: what one means that a client sends, and how one looks that it gets. Pure.
 *
 * A client gets four kinds of lines, and nobody can make one look like another: a name has no space and no colon and begins with
 * none of the marks, and whatever people write comes after the first `: ` or the second space.
 *
 * ```
 * * alice joined             a notice: only the server makes it
 * alice: hello               alice says
 * ~ alice waves              alice does (/me)
 * alice (to you): psst       alice says to you alone (/msg)
 * ```
 *
 * @module
 */
import { encodeText, escapeControls } from "../lib/text.ts";
import { checkName } from "./names.ts";

/** The most bytes of one line; the textbook programs read so many at once. */
export const MAX_LINE = 4096;
/** The server's last line to a client that ends its session. */
export const GOODBYE = "Goodbye! Closing connection.";
/** The same over UDP, where there is no connection. */
export const UDP_GOODBYE = "Goodbye! Closing session.";

/** What a line means: words for everybody, a command with its argument, or nothing. */
export type Meaning =
  | { readonly kind: "say"; readonly text: string }
  | { readonly kind: "command"; readonly name: string; readonly rest: string }
  | { readonly kind: "nothing" };

/**
 * Reads a line that somebody wrote. `exit` alone means `/quit`; `//` stands for a `/` that is no command.
 *
 * @param line Without its line end.
 *
 * @example Usage
 * ```ts
 * import { parseLine } from "./protocol.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseLine("/msg bob see you"), { kind: "command", name: "msg", rest: "bob see you" });
 * assertEquals(parseLine(" EXIT "), { kind: "command", name: "quit", rest: "" });
 * assertEquals(parseLine("exit the room"), { kind: "say", text: "exit the room" });
 * ```
 */
export function parseLine(line: string): Meaning {
  const text = line.trim();
  if (text === "") return { kind: "nothing" };
  if (text.length <= 5 && isFarewell(text)) return { kind: "command", name: "quit", rest: "" };
  if (!text.startsWith("/")) return { kind: "say", text: line.trimEnd() };
  if (text.startsWith("//")) return { kind: "say", text: text.slice(1) };
  const [, name = "", rest = ""] = /^\/(\S*)\s*(.*)$/su.exec(text) ?? [];
  return { kind: "command", name: name.toLowerCase(), rest };
}

/** Tells whether a line ends the session: `exit` in any case, or `/quit`, alone but for spaces around it. */
export function isFarewell(line: string): boolean {
  return /^\s*(exit|\/quit)\s*$/i.test(line);
}

/** Tells whether a line is short enough to be sent, with its line end. */
export function fitsLine(line: string): boolean {
  // Most are; only what might not fit is measured in bytes.
  return line.length * 3 < MAX_LINE || encodeText(line).length < MAX_LINE;
}

/** Splits the argument of a command in two: the first word, and what follows. */
export function splitWord(rest: string): { word: string; text: string } {
  const [, word = "", text = ""] = /^(\S*)\s*(.*)$/su.exec(rest) ?? [];
  return { word, text };
}

/** The line that shows what somebody said. */
export function chatLine(name: string, text: string): string {
  return `${name}: ${escapeControls(text)}`;
}

/** The line that shows what somebody does. */
export function actionLine(name: string, text: string): string {
  return `~ ${name} ${escapeControls(text)}`;
}

/** The line that only one person gets. */
export function privateLine(name: string, text: string): string {
  return `${name} (to you): ${escapeControls(text)}`;
}

/** The line that the server makes. */
export function noticeLine(text: string): string {
  return `* ${escapeControls(text)}`;
}

/** In turns: what was said again has arrived before. */
export const RECEIVED = "* received already: the answer is being written";
/** In turns: a partner that has closed its side is asked whether it still listens. */
export const WANTED = "* somebody else wants the line";
/** In turns: what was said too early waits. */
export const KEPT = "* not your turn: kept until you have been answered";
/** In turns: what was said too early does not even wait. */
export const NOT_KEPT = "* not your turn: not taken, too much is waiting";

/** Tells whether a message only says that the answer is still to come, so that it is not our turn yet. */
export function isStillWaiting(message: string): boolean {
  return [RECEIVED, WANTED, KEPT, NOT_KEPT].includes(message);
}

/** Tells whether a line is a notice: those are never answered, so that two servers cannot talk each other to death. */
export function isNotice(line: string): boolean {
  return line.startsWith("* ");
}

/** The notice that tells somebody the name he or she goes by. */
export function youAre(name: string): string {
  return `you are ${name}; /help lists what you can type`;
}

/** What a client learns from the lines it gets. */
export interface Learned {
  /** The name that it goes by itself, when the line says so. */
  readonly own: string | null;
  /** Who is here, as far as the line tells. */
  readonly here: readonly string[];
  /** Who is here no more. */
  readonly gone: readonly string[];
}

const NOTICES: readonly { readonly form: RegExp; readonly learn: (match: RegExpExecArray) => Partial<Learned> }[] = [
  { form: /^\* you are (\S+);/u, learn: ([, own = ""]) => ({ own }) },
  { form: /^\* (\S+) joined$/u, learn: ([, name = ""]) => ({ here: [name] }) },
  { form: /^\* (\S+) left \([^)]*\)$/u, learn: ([, name = ""]) => ({ gone: [name] }) },
  { form: /^\* (\S+) is now (\S+)$/u, learn: ([, before = "", after = ""]) => ({ gone: [before], here: [after] }) },
  {
    form: /^\* (?:\d+ here|also here|here with you): (.+)$/u,
    learn: ([, names = ""]) => ({ here: names.split(", ") }),
  },
  { form: /^~ (\S+) /u, learn: ([, name = ""]) => ({ here: [name] }) },
  { form: /^([^\s:*~][^\s:]*)(?: \(to you\))?: /u, learn: ([, name = ""]) => ({ here: [name] }) },
];

/**
 * Reads a line as a client: for the words before its input line, and for the names that the Tab key completes. A server can send
 * anything as a name; only what {@linkcode checkName} takes is learnt, since prompt and completion go to the terminal as they are.
 *
 * @example Usage
 * ```ts
 * import { learnFrom } from "./protocol.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(learnFrom("* guest-1 is now alice"), { own: null, here: ["alice"], gone: ["guest-1"] });
 * ```
 */
export function learnFrom(line: string): Learned {
  for (const { form, learn } of NOTICES) {
    const match = form.exec(line);
    if (match === null) continue;
    const { own = null, here = [], gone = [] } = learn(match);
    return { own: own === null ? null : asName(own), here: namesIn(here), gone: namesIn(gone) };
  }
  return { own: null, here: [], gone: [] };
}

/** A name in the form in which it may be shown, or `null` when it is none. */
function asName(text: string): string | null {
  const checked = checkName(text);
  return "name" in checked ? checked.name : null;
}

function namesIn(texts: readonly string[]): string[] {
  return texts.map(asName).filter((name) => name !== null);
}
