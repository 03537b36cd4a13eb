/**
 * Why a thing matters: `--explain` says it with the first remark of its kind in a run. Pure.
 *
 * @module
 */
const WHYS = {
  resolve: "connect(2) and sendto(2) take addresses, not names; a name can have several, of both families",
  listen:
    "from now on the system completes handshakes by itself, and queues the connections until accept(2) takes them",
  bind: "UDP has no connections: the socket receives from anybody who sends to this port (udp(7))",
  connect:
    "these three steps are TCP's handshake (RFC 9293 3.5). They prove that the server's system is there; its program may still be busy",
  accept: "accept(2) takes a finished connection from a queue: the client may have connected, and sent, long before",
  handshake: "the bytes shown from here on are plain text; on the wire they are encrypted, in records of other sizes",
  read: "read(2) returns what has arrived so far, be it less or more than one message",
  write: "when write(2) returns, this machine's system has the bytes; it does not say that the peer has them",
  eof:
    "a FIN ends one direction only (RFC 9293 3.6): the side that gets it can still send, but cannot tell whether the peer still reads",
  closeNotify:
    "TLS marks the end of each direction itself (RFC 8446 6.1), since anybody on the way could forge TCP's FIN, which follows",
  halfClose: "without it, a peer that reads to the end of the stream would wait for ever",
  close:
    "the side that sends the first FIN keeps the pair of addresses in TIME_WAIT for a while, 60 s on Linux (RFC 9293 3.6.1): that is why servers set SO_REUSEADDR",
  reset: "an RST ends both directions at once (RFC 9293 3.5.2), and bytes on their way may be lost",
  refused: "the server is not running, or on another port, or bound to another address, such as 127.0.0.1 (mistake 11)",
  timeout: "nobody answered, not even to refuse: the machine is off or elsewhere, or a firewall drops what we send",
  unreachable: "this machine, or a router on the way, does not know how to get there",
  sending: "when sendto(2) returns, this machine's system has the datagram; nothing says whether it arrives (udp(7))",
  receive: "recvfrom(2) returns one whole datagram and its sender: datagrams are never joined or split",
  empty: "an empty datagram is a message; over TCP, 0 bytes mean the end",
  fragments:
    "Ethernet carries 1,500 bytes: a longer datagram travels in fragments, and is lost if one of them is (RFC 8085 3.2)",
  repeat: "UDP itself never resends, so programs do. The receiver may get the same datagram twice, and has to cope",
  unanswered: "a lost question, a lost answer and nobody there look the same from here",
  slowWrite: "so few bytes cannot have filled the buffers: this machine was busy",
  notUtf8: "it may be Latin-1, or not text at all; a decoder shows U+FFFD (\uFFFD) in its place",
  nul: "a NUL byte ends a string in C; on the wire it is a byte like any other, and the receiver has to remove it",
  telnet: "telnet negotiates how the two sides talk (RFC 854): such bytes begin with ff, and are not text",
  integer: "the two sides have to agree on the order; the network's is the highest byte first (htonl(3))",
  incomplete: "a blank line ends the head, and the head says how long the body is: the reader waits for all of it",
  noLineEnd:
    "nothing marks the end, so a pause has to do. A server that reads whole lines would still be waiting, and so would the client (mistake 5)",
  sink: "some servers only take; others take a half-close for a hang-up (mistake 4). From here the two look alike",
  bulk: "too many calls a second to show each one",
} as const satisfies Record<string, string>;

/** A kind of remark. */
export type Topic = keyof typeof WHYS;

/** Why a kind of remark matters. */
export function reasonOf(topic: Topic): string {
  return WHYS[topic];
}
