/**
 * Where a beginner whose server fails a check of the number exchange finds the remedy.
 *
 * @module
 */
import type { Remedy } from "../check.ts";

export const INTEGER: Remedy = {
  why:
    "The language's own conversion takes more than integers: Number() takes 4.5, 1e1 and 0x10, int() takes ٤٢ and 1_0, atoi() takes " +
    "whatever begins with digits. Check the text first.",
  file: "sum/protocol.ts",
  line: "/^([+-]?)([0-9]+)$/.exec(text)",
};

export const EXACT: Remedy = {
  why:
    "A number that does not fit into the variable becomes another one: in 32 bits, 4294967338 is 42. Compute with numbers that have room, " +
    "or look at the length first, and compare before you convert.",
  file: "sum/protocol.ts",
  line: 'return sign === "-" ? -BigInt(digits) : BigInt(digits);',
};

export const LAST_COLON: Remedy = {
  why:
    "The number stands after the last colon, so that a name may have colons of its own. split(':') makes three parts of such a line.",
  file: "sum/protocol.ts",
  line: 'const colon = line.lastIndexOf(":");',
};

export const REFUSE: Remedy = {
  why:
    "What is no integer is a mistake of one client. Tell it, and go on; an exception that nobody catches, or a comparison with NaN, ends " +
    "the server for all.",
  file: "sum/exchange.ts",
  line: 'return { kind: "refusal", text: writeRefusal(error.message, form), reason: error.message };',
};

export const STOP: Remedy = {
  why: "Answer first, then stop taking clients, let the open exchanges end, and exit with 0.",
  file: "sum/server.ts",
  line: 'if (reply.kind === "stop") stop.abort();',
};

export const ONE_QUESTION: Remedy = {
  why:
    "TCP carries bytes, not messages: one read may have half a question. Read on until there is a newline, the end, or a pause.",
  file: "sum/server.ts",
  line: "const question = await connection.readMessage();",
};

export const WHOLE_CHARACTERS: Remedy = {
  why: "The bytes of one character may come in two reads. Decode the whole question, not each read.",
  file: "sum/server.ts",
  line: "const reply = replyTo(decodeText(question), rules);",
};

export const MANY_AT_ONCE: Remedy = {
  why:
    "The loop that accepts must not wait for a client's question: each connection is served on its own, or one that is silent stops all.",
  file: "sum/server.ts",
  line: "return await serveTcp(listener, async (connection) => {",
};

export const ONE_ENDS_ALONE: Remedy = {
  why: "A client that goes away makes a read or a write fail. That ends its connection, never the program.",
  file: "lib/stream/server.ts",
  line: "A client can end only its own connection: whatever a handler throws becomes an event.",
};

export const NOTHING_ASKED: Remedy = {
  why:
    "A client may connect and leave without a word, as a port scanner does. A read of no bytes is its end, not a question.",
  file: "sum/server.ts",
  line: "if (question === null) return;",
};

export const LIMIT: Remedy = {
  why: "A line that never ends fills the memory. Every read has a limit; what is longer is refused.",
  file: "lib/reader.ts",
  line: "if (this.buffered > most) throw new TooLongError(rules.max);",
};

export const ANSWER_ENDS: Remedy = {
  why: "The client reads a stream too: it knows that the answer is whole by a newline, or by your close.",
  file: "sum/server.ts",
  line: "await connection.write(`${reply.text}\\n`);",
};

export const ESCAPED: Remedy = {
  why:
    "A stranger's name is printed as it came, so it can clear the screen of the server's terminal, or forge the sum below it.",
  file: "lib/text.ts",
  line: "export function escapeControls(text: string",
};

export const SAME_ANSWER: Remedy = {
  why:
    "An answer can be lost; then the client asks again. It is the same exchange, so it gets the same number, or the two sides print " +
    "different sums.",
  file: "sum/udp_server.ts",
  line: "const before = recent.find(peer, question);",
};

export const LARGE_BUFFER: Remedy = {
  why: "A datagram that is longer than the buffer is cut without a word, and its number with it.",
  file: "lib/datagram/socket.ts",
  line: "const BUFFER = 65_536;",
};

export const DATAGRAM_ENDS_NOBODY: Remedy = {
  why: "What one datagram brings must not end the loop that serves the others.",
  file: "lib/datagram/server.ts",
  line: "/** Serves one exchange; never rejects. */",
};

export const JSON_STRICT: Remedy = {
  why: "JSON.parse and json.loads take the last of two equal keys in silence, and round long numbers.",
  file: "sum/json.ts",
  line: "if (members.has(key)) throw new SyntaxError(",
};
