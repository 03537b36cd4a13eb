/**
 * The lines of a chat: what a client's line means, and what the lines sent to clients look like. Pure.
 *
 * Clients receive five kinds of lines, and none can be forged as another: names have no space and no colon and do not start with a
 * mark, and user text comes after the first `: ` or the second space.
 *
 * ```
 * * alice joined             a notice: only the server sends these
 * alice: hello               alice says
 * ~ alice waves              alice does (/me)
 * alice (to you): psst       alice says to you alone (/msg)
 * Cannot serve you: full     the server turns you away: its last line
 * ```
 *
 * @module
 */
import { Exit, Failure } from "../lib/errors.ts";
import { REFUSED } from "../lib/refusal.ts";
import { encodeText, escapeControls } from "../lib/text.ts";
import { checkName } from "./names.ts";

/** The maximum length of a line in bytes, its line end included; the textbook programs read this much at once. */
export const MAX_LINE = 4096;
/** The longest line that a client accepts (bytes): the room escapes its lines, which makes some of them four times as long. */
export const MAX_RECEIVED = 1024 * 1024;
/** The server's last line to a client that leaves. */
export const GOODBYE = "Goodbye! Closing connection.";
/** The same over UDP, where there is no connection. */
export const UDP_GOODBYE = "Goodbye! Closing session.";
/** The reason given to all clients on shutdown. */
export const SHUTTING_DOWN = "the server is shutting down";
/** In turns: why a client is turned away while another one is talking. Over UDP it must be short, see `amplificationLimit`. */
export const BUSY = "the line is busy; try again later";
/** In turns: the same once the operator's input has ended. */
export const UNATTENDED = "there is no one to answer";

/** What a line means: text for everyone, a command with its argument, or nothing. */
export type Meaning =
  | { readonly kind: "say"; readonly text: string }
  | { readonly kind: "command"; readonly name: string; readonly rest: string }
  | { readonly kind: "nothing" };

/**
 * Parses a line that a user wrote. `exit` alone means `/quit`; `//` escapes a `/` that does not start a command.
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

/** Whether a line ends the session: `exit` or `/quit` in any case, with nothing but white space around it. */
export function isFarewell(line: string): boolean {
  return /^\s*(exit|\/quit)\s*$/i.test(line);
}

/** Whether a line is short enough to be sent, its line end included. */
export function fitsLine(line: string): boolean {
  // Most lines are short; only a long one is encoded to count its bytes.
  return line.length * 3 < MAX_LINE || encodeText(line).length < MAX_LINE;
}

/** The failure to send a line, or a message, that is not short enough. */
export function tooLong(what: string): Failure {
  return new Failure(Exit.failed, `Cannot send ${what}: it is longer than this program's own limit, ${MAX_LINE} bytes`);
}

/** Splits a command's argument into its first word and the rest. */
export function splitWord(rest: string): { word: string; text: string } {
  const [, word = "", text = ""] = /^(\S*)\s*(.*)$/su.exec(rest) ?? [];
  return { word, text };
}

/** Makes what a member wrote safe to pass on. A tab may stay: code that somebody pastes has them. */
export function escapeText(text: string): string {
  return escapeControls(text, { tabs: true });
}

/** The line for what a member said. */
export function chatLine(name: string, text: string): string {
  return `${name}: ${escapeText(text)}`;
}

/** The line for what a member does (`/me`). */
export function actionLine(name: string, text: string): string {
  return `~ ${name} ${escapeText(text)}`;
}

/** The line for a private message. */
export function privateLine(name: string, text: string): string {
  return `${name} (to you): ${escapeText(text)}`;
}

/** The line for a notice of the server. */
export function noticeLine(text: string): string {
  return `* ${escapeControls(text)}`;
}

/** The last line to a client that is turned away. */
export function refusalLine(reason: string): string {
  return `${REFUSED}${escapeControls(reason)}`;
}

/** Whether a refusal is about the server and not about this client: the next server, or this one later, may take it. */
export function mayTryAgain(refusal: string): boolean {
  return refusal.endsWith("; try again later") || refusal === refusalLine(SHUTTING_DOWN);
}

/** In turns: a repeated message had already arrived. */
export const RECEIVED = "* already received: the answer is being written";
/** In turns: sent to a half-closed partner to find out whether it is still there. */
export const WANTED = "* another client is waiting for the line";
/** In turns: a message sent out of turn is queued. */
export const KEPT = "* not your turn: queued until you are answered";
/** In turns: a message sent out of turn is dropped. */
export const NOT_KEPT = "* not your turn: dropped, too many messages are queued";

/** In turns: the answer to a room's client, which sends its name first. */
export const TAKES_TURNS = "* this server takes turns (--mode turns): write a line, then wait for the answer";

/** Whether a line asks for a name, as a room's client does first. */
export function isNaming(line: string): boolean {
  return /^\s*\/nick\s+\S+\s*$/i.test(line);
}

/** Whether a message only says that the answer is still to come: it does not make it our turn. */
export function isStillWaiting(message: string): boolean {
  return [RECEIVED, WANTED, KEPT, NOT_KEPT].includes(message);
}

/** Whether a line is a notice. Notices are never answered, so that two servers cannot answer each other forever. */
export function isNotice(line: string): boolean {
  return line.startsWith("* ");
}

/** The notice that tells a member its own name. */
export function youAre(name: string): string {
  return `you are ${name}; /help lists what you can type`;
}

/** What a client learns from a line. */
export interface Learned {
  /** Its own name, if the line says it. */
  readonly own: string | null;
  /** Members named as present. */
  readonly here: readonly string[];
  /** Members that have left, or given up their name. */
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
 * Extracts the names from a line that a client received, for its prompt and for Tab completion. A server can send anything as a name;
 * only what {@linkcode checkName} accepts is kept, since prompt and completions reach the terminal unescaped.
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

/** A name in its displayable form; `null` if it is not valid. */
function asName(text: string): string | null {
  const checked = checkName(text);
  return "name" in checked ? checked.name : null;
}

function namesIn(texts: readonly string[]): string[] {
  return texts.map(asName).filter((name) => name !== null);
}
