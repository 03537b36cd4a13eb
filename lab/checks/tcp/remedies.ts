/**
 * Where a beginner whose server fails a check of plain TCP finds the remedy.
 *
 * @module
 */
import type { Remedy } from "../check.ts";

/** One read is not one message. */
export const FRAMING: Remedy = {
  why:
    "One read (recv in Python and C, a data event in Node) returns what has arrived by then, which may be half a message " +
    "or two. Collect bytes until the message's end is there, and keep what follows it for the next one (Python: " +
    "makefile('rb').readline(limit); Node: a Buffer, cut at each newline).",
  file: "tcp/server.ts",
  line: "await connection.readMessage()",
};

/** A character is more than one byte. */
export const CHARACTERS: Remedy = {
  why:
    "Where a read ends is chance, so it may end inside a character. Collect the bytes of the whole message, then decode " +
    "them; or use a decoder that keeps the rest for the next read (Node: setEncoding('utf8'); Python: " +
    "codecs.getincrementaldecoder).",
  file: "lib/text.ts",
  line: "Decodes a whole message",
};

/** Bytes that are no UTF-8. */
export const NO_UTF8: Remedy = {
  why:
    "What a client sends need not be UTF-8, and a strict decoder throws there. Replace what cannot be decoded (Python: " +
    "decode(errors='replace')), or keep the bytes as they are.",
  file: "lib/text.ts",
  line: 'const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });',
};

/** Clients at the same time. */
export const AT_ONCE: Remedy = {
  why:
    "A loop that serves one client to its end before it accepts the next one makes all others wait for the slowest. " +
    "Serve each connection on its own (a thread, a process, a task of an event loop), and go on accepting: serveTcp does " +
    "(lib/stream/accept.ts).",
  file: "tcp/server.ts",
  line: "await serveTcp(listener, options.echo ? echo",
};

/** One connection's error. */
export const ONE_CONNECTION: Remedy = {
  why:
    "A client that resets, or leaves before its answer, makes a read or a write fail. If nothing catches that error, it " +
    "ends the whole program. Catch it around what serves this one client (Python: except OSError; Node: " +
    "socket.on('error', …); C: read() returns -1, and write() sends SIGPIPE unless that is ignored), as " +
    "lib/stream/server.ts does for serveTcp.",
  file: "tcp/server.ts",
  line: "await serveTcp(listener, options.echo ? echo",
};

/** The answer before the close. */
export const LINGER: Remedy = {
  why:
    "A socket that is closed with input unread resets the connection, and the answer may be lost with it. Send FIN " +
    "first (Python and C: shutdown; Node: end()), read to the client's end, then close.",
  file: "lib/stream/linger.ts",
  line: "await socket.closeWrite();",
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
    "A write may take fewer bytes than it is given, and says how many. Write the rest in a loop, and wait for one write " +
    "before the next (Python: sendall instead of send; Node: wait for 'drain' when write() returns false).",
  file: "lib/stream/connection.ts",
  line: "const written = await this.#socket.write(",
};

/** What belongs to one connection. */
export const OWN_BYTES: Remedy = {
  why:
    "What has come from one client is not another's: a buffer, a name or a count that all connections share mixes them " +
    "up as soon as two are served at once. Give each connection variables of its own.",
  file: "lib/reader.ts",
  line: "export class ByteReader {",
};

/** One who does not read. */
export const SLOW_READER: Remedy = {
  why:
    "A write to a client that does not read waits. Let what serves that client wait, and nothing else: no loop that " +
    "serves the others, and no lock that they need.",
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
