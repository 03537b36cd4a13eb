// @ts-check
/**
 * What the lines of the chat mean to the page. Pure.
 *
 * `chat/protocol.ts` has the same for terminals; a test compares the two.
 *
 * @module
 */

/** @typedef {"said" | "did" | "told" | "notice" | "refused" | "goodbye" | "other"} Kind */

/**
 * A line of the chat. `name` is who speaks, "" where nobody does; `text` is what a reader is shown.
 *
 * @typedef {{ kind: Kind, name: string, text: string }} Line
 */

/**
 * A line that is shown. `sent` is a private line of the member's own to `name`. `time` is when it came (ms since 1970), `null` if it
 * came earlier than it was received.
 *
 * @typedef {{ kind: Kind | "sent", name: string, text: string, time: number | null, own: boolean }} Shown
 */

/**
 * What a server sends to a member with a session: a line, numbered if it is public; where the numbering starts; what became of a line
 * of its own.
 *
 * @typedef {{ kind: "line", number: number | null, text: string }
 *   | { kind: "numbering", epoch: string, number: number }
 *   | { kind: "taken", id: string, number: number }
 *   | { kind: "rejected", id: string, reason: string }} Message
 */

/**
 * What a notice tells about the members.
 *
 * @typedef {{ own?: string, joined?: string[], left?: string[], all?: string[], more?: string[], isGreeting?: boolean,
 *   isCount?: boolean, sentTo?: string, stillNamed?: string }} News
 */

/**
 * Reads what the server sent.
 *
 * @param {string} raw
 * @returns {Message}
 */
export function readMessage(raw) {
  const [, number, text = ""] = /^#(\d+) (.*)$/su.exec(raw) ?? [];
  if (number !== undefined) return { kind: "line", number: Number(number), text };
  const [, epoch, start] = /^= (\S+) (\d+)$/u.exec(raw) ?? [];
  if (epoch !== undefined) return { kind: "numbering", epoch, number: Number(start) };
  const [, taken, as] = /^\+([\w-]+) (\d+)$/u.exec(raw) ?? [];
  if (taken !== undefined) return { kind: "taken", id: taken, number: Number(as) };
  const [, rejected, reason = ""] = /^-([\w-]+) (.*)$/su.exec(raw) ?? [];
  if (rejected !== undefined) return { kind: "rejected", id: rejected, reason };
  return { kind: "line", number: null, text: raw };
}

/** @type {readonly (readonly [RegExp, Kind])[]} */
const FORMS = [
  [/^\* ()(.*)$/su, "notice"],
  [/^~ (\S+) (.*)$/su, "did"],
  [/^Cannot serve you: ()(.*)$/su, "refused"],
  [/^(Goodbye! Closing connection\.)$/u, "goodbye"],
  [/^([^\s:*~][^\s:]*) \(to you\): (.*)$/su, "told"],
  [/^([^\s:*~][^\s:]*): (.*)$/su, "said"],
];

/**
 * Reads a line of the chat.
 *
 * @param {string} text
 * @returns {Line}
 */
export function readLine(text) {
  for (const [form, kind] of FORMS) {
    const match = form.exec(text);
    if (match === null) continue;
    const [, name = "", rest = ""] = match;
    return kind === "goodbye" ? { kind, name: "", text } : { kind, name, text: rest };
  }
  return { kind: "other", name: "", text };
}

/** @type {readonly (readonly [RegExp, (match: string[]) => News])[]} */
const NOTICES = [
  [/^you are (\S+);/u, ([, own = ""]) => ({ own })],
  [/^you are still (\S+): names here come from certificates$/u, ([, own = ""]) => ({ own })],
  [/^you are still \S+: (.+)$/su, ([, stillNamed = ""]) => ({ stillNamed })],
  [/^(\S+) joined$/u, ([, name = ""]) => ({ joined: [name] })],
  [/^(\S+) left \([^)]*\)$/u, ([, name = ""]) => ({ left: [name] })],
  [/^\d+ more (?:joined|left)(?:, \d+ more left)?$/u, () => ({ isCount: true })],
  [/^(\S+) is now (\S+)$/u, ([, before = "", after = ""]) => ({ left: [before], joined: [after] })],
  [/^\d+ here: (.+)$/u, ([, names = ""]) => ({ all: names.split(", ") })],
  [/^also here: (.+)$/u, ([, names = ""]) => ({ more: names.split(", ") })],
  [/^(?:here with you: |nobody else is here$)/u, () => ({ isGreeting: true })],
  [/^sent to (\S+) only$/u, ([, sentTo = ""]) => ({ sentTo })],
];

/**
 * What a notice tells about the members.
 *
 * @param {string} notice Without its `* `.
 * @returns {News}
 */
export function newsIn(notice) {
  for (const [form, read] of NOTICES) {
    const match = form.exec(notice);
    if (match !== null) return read(match);
  }
  return {};
}

/**
 * Takes a text apart into plain text and links. Only http and https, only ASCII: what a link shows is where it leads.
 *
 * @param {string} text
 * @returns {{ text: string, isLink: boolean }[]}
 */
export function linksIn(text) {
  return text.split(/(\bhttps?:\/\/[\w.[\]:-]*[\w\]](?:[/?#](?:[\w~:/?#[\]@!$&()*+,;=.%-]*[\w/=&#-])?)?)/)
    .map((part, at) => ({ text: part, isLink: at % 2 === 1 && URL.canParse(part) }))
    .filter((part) => part.text !== "");
}
