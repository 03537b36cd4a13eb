/**
 * Where a beginner whose server fails a check of plain TCP finds the remedy.
 *
 * @module
 */
import type { Remedy } from "../check.ts";

/** One read is not one message. */
export const FRAMING: Remedy = {
  why:
    "read() returns what has arrived by then, which may be half a message or two. Collect bytes until the message's " +
    "end is there, and keep what follows it for the next one.",
  file: "tcp/server.ts",
  line: "await connection.readMessage()",
};

/** A character is more than one byte. */
export const CHARACTERS: Remedy = {
  why:
    "Where a read ends is chance, so it may end inside a character. Decode whole messages, or use a decoder that keeps " +
    "the rest for the next read.",
  file: "lib/text.ts",
  line: "Decodes a whole message",
};

/** Clients at the same time. */
export const AT_ONCE: Remedy = {
  why:
    "A loop that serves one client to its end before it accepts the next one makes all others wait for the slowest. " +
    "Serve each connection on its own (a task, a thread, or an event loop), and go on accepting: serveTcp does " +
    "(lib/stream/accept.ts).",
  file: "tcp/server.ts",
  line: "await serveTcp(listener, options.echo ? echo",
};

/** One connection's error. */
export const ONE_CONNECTION: Remedy = {
  why:
    "A client that resets makes read() or write() fail. That error ends this one connection; if nothing catches it, it " +
    "ends the whole program. serveTcp catches it where it calls the handler (lib/stream/server.ts).",
  file: "tcp/server.ts",
  line: "await serveTcp(listener, options.echo ? echo",
};

/** The answer before the close. */
export const LINGER: Remedy = {
  why:
    "A socket that is closed with input unread resets the connection, and the answer may be lost with it. Send FIN " +
    "first, read to the client's end, then close.",
  file: "lib/stream/linger.ts",
  line: "await closeWrite();",
};

/** The end of the client's stream. */
export const HALF_CLOSE: Remedy = {
  why:
    "A client that half-closes has finished sending, and still reads: read() returns 0 (or null), which ends the loop " +
    "and nothing else. Answer what is left, then close.",
  file: "tcp/server.ts",
  line: "(bytes = await connection.read()) !== null",
};

/** A limit on what is kept. */
export const LIMIT: Remedy = {
  why:
    "Who waits for a newline that never comes keeps all that arrives until memory runs out. Give each message a limit, " +
    "say so in a line, and close.",
  file: "lib/reader.ts",
  line: "throw new TooLongError(rules.max)",
};

/** Writing all of it. */
export const WRITE_ALL: Remedy = {
  why:
    "write() may take fewer bytes than it is given, and says how many. Write the rest in a loop, and wait for one write " +
    "before the next.",
  file: "lib/stream/connection.ts",
  line: "const written = await this.#socket.write(",
};

/** What a terminal obeys. */
export const ESCAPE: Remedy = {
  why:
    "What a client sends can hold sequences that a terminal obeys: they clear it, rename it, or forge lines of the log. " +
    "Escape control characters before you print them.",
  file: "lib/text.ts",
  line: "export function escapeControls(",
};
