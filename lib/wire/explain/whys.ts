/**
 * Why a thing matters: `--explain` says it with the first remark of its kind in a run. Pure.
 *
 * @module
 */
const WHYS = {
  resolve: "a connection needs addresses; a name can have several, of both families (getaddrinfo(3))",
  listen:
    "bind(2) takes the address, listen(2) opens it: from now on the system itself shakes hands with clients and queues them",
  bind: "UDP has no connections: the socket takes datagrams from anybody who knows its address (udp(7))",
  connect:
    "the three steps are TCP's handshake (RFC 9293 3.5). They show that the server's system is there, not that its program is",
  accept:
    "the handshake was over before: accept(2) takes a finished connection from the listener's queue, as a new socket",
  handshake: "from here on the bytes shown are plain text; on the wire they are encrypted, in records of TLS's own",
  read:
    "read(2) gives what has arrived so far. Where it ends is chance: TCP carries a stream of bytes, not messages (RFC 9293 3.7)",
  write: "write(2) hands the bytes to the system. That it has returned does not mean that the peer has them",
  eof: "FIN closes one direction only (RFC 9293 3.6). What we send can still arrive",
  halfClose: "only this tells a peer that reads to the end that no more will come (shutdown(2))",
  close:
    "the side that sends the first FIN keeps the pair of addresses in TIME_WAIT for a while, 60 s on Linux, so that late segments do not get into a new connection (RFC 9293 3.6.1)",
  reset:
    "RST ends both directions at once (RFC 9293 3.5.2): bytes that were on their way may be lost, and no more can be sent",
  refused: "the server is not running, it is on another port, or it is bound to another address, 127.0.0.1 say",
  timeout: "nobody answered, not even to refuse: the machine is off or elsewhere, or a firewall drops what we send",
  unreachable: "this machine has no route there, or a router on the way has none",
  sending: "sendto(2) returns when this machine's system has the datagram: it says nothing of its arrival (udp(7))",
  receive: "recvfrom(2) gives one whole datagram and who sent it; the next call gives the next one",
  empty: "an empty datagram is a message too, unlike over TCP, where 0 means the end",
  fragments:
    "Ethernet carries 1,500 bytes: a longer datagram travels in fragments, and is lost if one of them is (RFC 8085 3.2)",
  repeat:
    "UDP repeats nothing by itself, so the program does. The receiver may get the same datagram twice, and has to cope",
  unanswered: "whether the question was lost, the answer was lost, or nobody is there looks the same from here",
  slowWrite:
    "write(2) waits when the buffers of both systems are full. With so few bytes they cannot be: the machine was busy",
  notUtf8: "it may be Latin-1, or no text at all. A decoder shows U+FFFD (\uFFFD) in its place",
  nul: "C ends a string with a NUL byte. On the wire it is a byte like any other, which the receiver has to remove",
  telnet: "telnet asks how the two sides are to talk (RFC 854): such bytes begin with ff and are not text",
  incomplete: "the length in the head says that more is to come; until then the reader waits",
  sink: "some servers only take; others take a half-close for a hang-up. From here the two look alike",
  integer: "the network sends the highest byte first (htonl(3)); both sides have to agree",
  bulk: "so many calls a second are told as one sum",
} as const satisfies Record<string, string>;

/** A kind of remark. */
export type Topic = keyof typeof WHYS;

/** Why a kind of remark matters. */
export function reasonOf(topic: Topic): string {
  return WHYS[topic];
}
