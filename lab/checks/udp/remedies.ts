/**
 * Where a beginner whose server fails a check of UDP finds the remedy.
 *
 * @module
 */
import type { Remedy } from "../check.ts";

/** A datagram is a whole message, whatever is in it. */
export const WHOLE: Remedy = {
  why:
    "A datagram is a message, not text: its bytes go back as they came, without decoding, trimming or encoding them.",
  file: "udp/server.ts",
  line: "export const echo: DatagramHandler = (bytes) => bytes;",
};

export const LARGE_BUFFER: Remedy = {
  why:
    "recvfrom(1024) takes the first 1,024 bytes of a datagram and throws the rest away, without an error. Receive into a buffer that " +
    "holds the longest datagram there is.",
  file: "lib/datagram/socket.ts",
  line: "const BUFFER = 65_536;",
};

export const EMPTY: Remedy = {
  why: "Over TCP, a read of no bytes is the end. Over UDP it is a message of no bytes, and the next one follows.",
  file: "lib/datagram/socket.ts",
  line: "@returns The datagram, or `null` once the socket is closed.",
};

export const ONE_CLIENT_ENDS_NOBODY: Remedy = {
  why:
    "What one client sends must not end the loop that serves the others: catch the error of one exchange, and go on.",
  file: "lib/datagram/server.ts",
  line: "/** Serves one exchange; never rejects. */",
};

export const TO_THE_SENDER: Remedy = {
  why:
    "There is no connection: each datagram comes with the address and port of its sender, and its answer goes there, from the socket on " +
    "which it came.",
  file: "lib/datagram/server.ts",
  line: "await this.#socket.send(sent, from);",
};

export const PORT_CLOSED: Remedy = {
  why:
    "When an answer meets a closed port, the system may report that on the socket at the next call. It concerns that client only: catch " +
    "it, and receive the next datagram.",
  file: "lib/datagram/server.ts",
  line: "An earlier peer left before its answer arrived; this does not concern the next one.",
};

export const OWN_ANSWER: Remedy = {
  why:
    "The sender's address can be forged. One datagram that seems to come from another server like this one sets the two at each other, " +
    "and they never stop. Do not answer what looks like your own answer, or answer one peer only so often.",
  file: "udp/server.ts",
  line: "Do not answer our own reply: a forged datagram could set two such servers on each other.",
};

export const ESCAPED: Remedy = {
  why:
    "What a stranger sends is printed as it came, so it can clear the screen of the server's terminal, or forge a line of its log. Print " +
    "control characters in another form.",
  file: "lib/text.ts",
  line: "export function escapeControls(text: string",
};

export const ONE_AT_A_TIME: Remedy = {
  why: "The bytes of one datagram are sent back before the buffer takes the next one, or they are copied.",
  file: "lib/datagram/server.ts",
  line: "await this.#serve(datagram);",
};
