/**
 * Where a beginner whose server fails a check of a chat finds the remedy.
 *
 * @module
 */
import type { Remedy } from "../check.ts";

/** Lines out of a stream of bytes. */
export const LINES: Remedy = {
  why:
    "TCP carries bytes, not messages: one read can bring half a line, or two lines and a half. Collect what comes, take " +
    "each line out at its newline, and keep the rest for the next read.",
  file: "chat/transport/lines.ts",
  line: "In UTF-8 a newline is never part of another character.",
};

/** The same for two that take turns. */
export const MESSAGES: Remedy = {
  why:
    "TCP carries bytes, not messages: one read can bring half a message, or two. Read until the message is complete, and " +
    "keep what follows for the next time.",
  file: "chat/turns/partner.ts",
  line: "return await this.#connection.readMessage({ keepEnd: true });",
};

/** Text that drives no terminal. */
export const ESCAPES: Remedy = {
  why: "What one person types is shown on another's terminal, which obeys escape sequences, carriage returns and " +
    "direction marks. Show every control character as a visible sign before you pass a line on.",
  file: "chat/protocol.ts",
  line: "return escapeControls(text, { tabs: true });",
};

/** Lines that say who speaks. */
export const PREFIXES: Remedy = {
  why:
    "If the speaker's name is put before each read, what follows a newline in it stands there without a name, and can " +
    "pretend to be anybody's. Put it before each line, and let no control character of the speaker through.",
  file: "chat/protocol.ts",
  line: "return `${name}: ${escapeText(text)}`;",
};

/** Bytes that are not UTF-8. */
export const DECODING: Remedy = {
  why: "A decoder that throws at the first bad byte ends the program, or throws a member out. Let it put U+FFFD there.",
  file: "lib/text.ts",
  line: 'const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });',
};

/** Lines with an upper limit. */
export const LIMITS: Remedy = {
  why: "A line without a limit is kept in memory until there is none left. Set a limit, and say so to whom you refuse.",
  file: "chat/transport/lines.ts",
  line: "if (this.#begun.length > this.#max + LINE_OVERHEAD) throw this.#tooLong();",
};

/** Readers that do not read. */
export const QUEUES: Remedy = {
  why:
    "A write waits when the other side does not read. Do not write to members one after the other: give each its own " +
    "queue with a limit and its own writer, and drop the one whose queue is full.",
  file: "chat/room/outbox.ts",
  line: "if (this.#bytes + chunk.bytes.length > this.#options.max) return false;",
};

/** Speakers that never stop. */
export const PACE: Remedy = {
  why: "One who sends without end keeps a server busy that reads everything from one before it looks at the next.",
  file: "chat/room/pace.ts",
  line: "return this.#tokens >= 0 ? 0 : -this.#tokens / this.#rate * 1000;",
};

/** Clients that say nothing. */
export const CONCURRENCY: Remedy = {
  why:
    "Waiting for one client's name, or its first line, must not keep the server from accepting the next one: serve each " +
    "connection by itself.",
  file: "chat/room/seat.ts",
  line: "this.#introduction = setTimeout(() => {",
};

/** Connections that fail. */
export const RESETS: Remedy = {
  why:
    "Reading from a connection that was reset fails, and so does writing to it, in the middle of a line for everyone. " +
    "Catch it for this one member, take it out of the room, and go on with the others.",
  file: "chat/transport/line_member.ts",
  line: "await this.#fail(error, writing);",
};

/** One way out of the room. */
export const LEAVING: Remedy = {
  why:
    "A member can leave by its farewell, by closing, or by a reset. Let all ways lead through one place that takes it " +
    "out and tells the others once.",
  file: "chat/room/room.ts",
  line: 'this.#journal.append({ kind: "left", name: member.name, why }, member, null);',
};

/** What is wrong with a room in which nothing is heard. */
export const GONE: Remedy = {
  why:
    "If nothing is heard even here, it may be for a client that has gone: before the first check, one connects and leaves " +
    "without a word. A read that returns no bytes is the end: leave the loop, close, and take that client out of the room.",
  file: "chat/room/room.ts",
  line: 'this.#journal.append({ kind: "left", name: member.name, why }, member, null);',
};

/** The line that ends a session. */
export const FAREWELL: Remedy = {
  why:
    "Compare the whole line, without its line end (LF or CR LF) and the spaces around it, with the word: not the whole " +
    "read, and not a part of the line.",
  file: "chat/protocol.ts",
  line: "return /^\\s*(exit|\\/quit)\\s*$/i.test(line);",
};

/** Names that are checked. */
export const NAMES: Remedy = {
  why:
    "A name stands before every line of its owner, and in the server's own notices: it needs a length, and letters only.",
  file: "chat/names.ts",
  line: "if (!isAllowed(name) || hasUnseen(name)) {",
};

/** Names that are free. */
export const TAKEN: Remedy = {
  why:
    "Two members with one name cannot be told apart, nor can anna and Anna: look a name up in a form without case, and " +
    "give it free when its owner has left, however it left.",
  file: "chat/room/name_book.ts",
  line: "return `the name ${name} is taken`;",
};

/** What telnet mixes into the text. */
export const TELNET: Remedy = {
  why:
    "A telnet client sends negotiations between the text (RFC 854): the byte 255 and what follows it. Take them out, or " +
    "they are shown to the others, and change their telnet's settings.",
  file: "chat/transport/telnet.ts",
  line: 'if (byte === IAC) this.#state = "command";',
};

/** One guest at a time. */
export const ONE_BY_ONE: Remedy = {
  why:
    "The system accepts connections even if the program does not: a client that connects while another one talks is " +
    "left waiting, and hears nothing. Accept in a loop, say that the line is busy, or serve the next one afterwards.",
  file: "chat/turns/serve.ts",
  line: "if (!await host.freeLine()) return await turnAway(guest, { events, reason: BUSY });",
};

/** An operator who takes long. */
export const BOTH_AT_ONCE: Remedy = {
  why:
    "While the program waits for the keyboard only, it does not see that the client has gone. Read from both at once.",
  file: "chat/turns/callee.ts",
  line: "const speaking = this.speak(this.#options.input);",
};

/** Messages that end. */
export const LINE_ENDS: Remedy = {
  why:
    "Writing an empty text sends no bytes at all: the other side does not notice, and waits. A newline at the end of " +
    "each message makes an empty one visible, and shows where each one ends.",
  file: "chat/turns/partner.ts",
  line: "await this.#connection.write(`${text}\\n`);",
};
