/**
 * The classic mistakes of network programs, with the numbers under which `--explain` names them. Pure.
 *
 * `MISTAKES.md` shows the same table with the way to commit each; a test compares the two.
 *
 * @module
 */

/** A classic mistake. */
export interface Mistake {
  readonly number: number;
  readonly name: string;
  /** How `--explain` notices it. */
  readonly noticed: string;
  /** Why it matters: said once in a run. */
  readonly why: string;
  /** What to do instead, and the script or file that does it. */
  readonly remedy: string;
}

const TABLE = [
  {
    number: 1,
    name: "one write = one read",
    noticed: "a message comes in several reads, or one read holds several messages",
    why:
      "TCP carries bytes, not messages (RFC 9293 3.7): where a read ends is chance. A program that takes one read for one message breaks here",
    remedy: "collect bytes until the message is complete: a newline, a length, or the end (lib/reader.ts)",
  },
  {
    number: 2,
    name: "ignoring the byte count",
    noticed: "text is followed by four or more NUL bytes up to the end of the read or datagram",
    why:
      "read(2) says how many bytes it put into the buffer. A program that ignores that count sends the rest of the buffer too",
    remedy: "use the count: `buffer.subarray(0, count)` (lib/reader.ts)",
  },
  {
    number: 3,
    name: "partial writes, no back-pressure",
    noticed: "a write accepts fewer bytes than offered, or waits 50 ms or more on a connection that has carried 16 KiB",
    why:
      "a full send buffer makes write(2) wait, or take only a part. A program that ignores its result loses bytes; one that queues without limit runs out of memory",
    remedy: "write in a loop, and wait for one write before the next (lib/stream/connection.ts)",
  },
  {
    number: 4,
    name: "end of stream = connection dead",
    noticed:
      "a peer answers our half-close by closing, with our last message unanswered; or our bytes, sent after its FIN, are reset",
    why:
      "a FIN ends one direction only (RFC 9293 3.6): its sender can still read. A read that returns 0 is no reason to throw the answer away",
    remedy: "at the end of the input, finish the answer, then close (tcp:server; lib/stream/linger.ts)",
  },
  {
    number: 5,
    name: "never half-closing: both sides wait",
    noticed:
      "2 s of silence after a message that is not complete, or after one to a peer that has never answered; or the answer comes only after our FIN",
    why:
      "a side that reads to the end of the stream, or to a newline, cannot know that you are done: then both wait for ever",
    remedy: "end each message with a newline, or send FIN by shutdown(2) when done (tcp:client does both)",
  },
  {
    number: 6,
    name: "UTF-8 cut between reads",
    noticed: "a character begins in one read and ends in the next; or U+FFFD comes back for a character that we sent",
    why: "a read ends at any byte, so also inside a character. Decoding each read for itself turns é into \uFFFD\uFFFD",
    remedy:
      "decode whole messages, or with a decoder that keeps the rest: `decode(bytes, { stream: true })` (lib/text.ts)",
  },
  {
    number: 7,
    name: "a datagram longer than the buffer",
    noticed: "the answer is our datagram, cut off; or a datagram is too long to send (EMSGSIZE)",
    why:
      "recvfrom(2) gives one datagram; what does not fit into the buffer is discarded, and there is no second read for it",
    remedy: "receive into 65,535 bytes, and keep datagrams under 1,472 (lib/datagram/socket.ts)",
  },
  {
    number: 8,
    name: "UDP loss, order and duplicates ignored",
    noticed:
      "numbers in the datagrams have gaps, repeat or run backwards; a datagram stays unanswered though later ones are; an answer comes twice",
    why:
      "UDP (RFC 768) neither resends what is lost nor keeps datagrams in order: each arrives once, twice, late or never",
    remedy:
      "number the datagrams, ask again after a time, drop what came before (udp:client --count, lib/datagram/request.ts)",
  },
  {
    number: 9,
    name: "sent = arrived",
    noticed:
      "a datagram to a peer that has never answered stays unanswered; or ECONNREFUSED follows a send that succeeded",
    why: "UDP (RFC 768) acknowledges nothing: only an answer shows that a datagram arrived",
    remedy: "expect an answer, and ask again (udp:client --retries)",
  },
  {
    number: 10,
    name: "accepting any UDP sender",
    noticed: "a client's socket receives a datagram from an endpoint to which it has sent nothing",
    why:
      "anybody can send to a UDP port. A program that does not compare addresses takes a stranger's words for the answer",
    remedy: "compare the sender with the one you asked (lib/datagram/socket.ts)",
  },
  {
    number: 11,
    name: "bound to 127.0.0.1, or to IPv4 only",
    noticed:
      "of a name's two families one refuses and the other accepts: the server listens on one only. A listener's own line says who can reach it, and names the mistake with its condition",
    why:
      "a server is found only at the addresses to which it is bound: 127.0.0.1 is this machine's own, 0.0.0.0 is all IPv4, :: is both",
    remedy: "bind `::` (--bind ::), or 0.0.0.0 for IPv4, if others are to connect",
  },
  {
    number: 12,
    name: "localhost is two addresses",
    noticed: "a name has an IPv6 and an IPv4 address, and the one tried first fails",
    why: "localhost is ::1 and 127.0.0.1. A client that tries only the first address fails, though the server runs",
    remedy: "try every address of the name (RFC 8305; lib/stream/connect.ts)",
  },
  {
    number: 13,
    name: "address already in use",
    noticed: "listen or bind fails with EADDRINUSE",
    why:
      "another program holds the port. It is not an old connection in TIME_WAIT: that stops only programs that do not set SO_REUSEADDR (socket(7)), for about a minute; Deno sets it",
    remedy: "end the other program, or take --port 0",
  },
  {
    number: 14,
    name: "one client at a time",
    noticed:
      "2 s without a byte from a server since connect, or its first byte comes just as another connection to it ends",
    why:
      "the server's system accepts connections and bytes on its program's behalf; a program that serves one client at a time reads them only when the one before has left",
    remedy: "serve each connection on its own (lib/stream/accept.ts)",
  },
  {
    number: 15,
    name: "Nagle and the delayed ACK",
    noticed: "twice on one connection, two small parts of one message come about 40 ms (or 200 ms) apart",
    why:
      "the sender's system holds back the second small write until the first is acknowledged (RFC 896), and the receiver's delays that acknowledgement (RFC 1122 4.2.3.2)",
    remedy: "send a message by one write, or set TCP_NODELAY (lib/net/socket.ts)",
  },
  {
    number: 16,
    name: "a blocked event loop",
    noticed: "with a socket open, the clock of --explain comes more than a second late",
    why: "while one function computes or blocks, the whole program reads nothing, and its timers stand still",
    remedy: "never block: ask asynchronously (lib/console/line_input.ts), move long work to a worker (http:threaded)",
  },
  {
    number: 17,
    name: "LF instead of CR LF",
    noticed: "a line of an HTTP head ends with LF alone",
    why:
      "HTTP ends its lines with CR LF (RFC 9112 2.2). Where one program accepts less and the next does not, they disagree on where a message ends",
    remedy: "write \\r\\n (http/basic_client.ts; tcp:client --crlf)",
  },
  {
    number: 18,
    name: "trusting what arrives",
    noticed: "control characters or escape sequences in text, or a line of more than 64 KiB",
    why:
      "printed as it comes, an escape sequence drives the terminal and a forged line end fakes the log; an endless line fills the memory",
    remedy: "escape controls, limit the length (lib/text.ts, lib/reader.ts)",
  },
  {
    number: 19,
    name: "TLS without verification",
    noticed: "a client's handshake succeeds without the server's identity being verified",
    why: "encrypted, but for whom? Anybody between you and the server can answer with a certificate of their own",
    remedy: "--ca, --pin, or a certificate that the system trusts (lib/tls/trust.ts)",
  },
  {
    number: 20,
    name: "byte order and number limits",
    noticed:
      "2, 4 or 8 bytes are a small integer in little-endian order only; or an integer in the text exceeds 32 bits or 2^53",
    why:
      "both sides must agree on the order of bytes (the network's is big-endian, htonl(3)) and on the range: a number too big for the receiver's type silently becomes another",
    remedy: "`DataView` with its default order, and check the range before computing (sum/protocol.ts)",
  },
] as const satisfies readonly Mistake[];

/** The number of a mistake. */
export type MistakeNumber = typeof TABLE[number]["number"];

/** The mistakes, in the order of their numbers. */
export const MISTAKES: readonly Mistake[] = TABLE;

/** Why a mistake matters. */
export function whyOf(number: MistakeNumber): string {
  return MISTAKES[number - 1]?.why ?? "";
}
