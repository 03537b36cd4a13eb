import { assertEquals } from "@std/assert";
import {
  bulk,
  count,
  ends,
  flood,
  hello,
  nobody,
  refused,
  relayed,
  reset,
  Script,
  secure,
  SERVER,
  unread,
} from "./samples.ts";
import { diagram, told } from "./told.ts";

Deno.test("with both clocks, arrows go from one to the other", () => {
  assertEquals(told(hello()), [
    "0.00 > ?0.11 SYN",
    "0.25 < ?0.14 SYN, ACK",
    "0.25 > 0.31 ACK",
    '0.60 > 0.75 data 19 B "Hello from client!⏎"',
    '1.31 < 0.90 data 19 B "Hello from server!⏎"',
    "1.46 < 1.20 FIN",
    "1.62 > 1.80 FIN",
  ]);
});

Deno.test("with one clock, the other end's times are unknown", () => {
  const [client = [], server = []] = hello();
  assertEquals(told([client]), [
    "0.00 > ? SYN",
    "0.25 < ? SYN, ACK",
    "0.25 > ? ACK",
    '0.60 > ? data 19 B "Hello from client!⏎"',
    '1.31 < ? data 19 B "Hello from server!⏎"',
    "1.46 < ? FIN",
    "1.62 > ? FIN",
  ]);
  assertEquals(told([server]), [
    "? > ?0.00 SYN",
    "? < ?0.00 SYN, ACK",
    "? > 0.00 ACK",
    '? > 0.44 data 19 B "Hello from client!⏎"',
    '? < 0.59 data 19 B "Hello from server!⏎"',
    "? < 0.89 FIN",
    "? > 1.49 FIN",
  ]);
});

Deno.test("a server may be told of the connection before the client is", () => {
  const [client, server] = ends("tcp");
  client.call(1, "connect", { duration: 1 });
  server.call(0.6, "accept");
  assertEquals(told([client.events, server.events]), [
    "0.00-1.00 > ?0.27 SYN",
    "?0.60 < ?0.33 SYN, ACK",
    "?0.60 > 0.60 ACK",
  ]);
});

Deno.test("a write that waited says so, and which reads brought it", () => {
  assertEquals(told(bulk()).slice(3), [
    `0.50-340.50 > 1.00-338.00 data 200000 B "${"a".repeat(96)}…" waited 340 ms in 4 reads`,
    "341.00 > 342.00 FIN",
    '345.00 < 342.50 data 13 B "200000 bytes⏎"',
    "345.20 < 342.90 FIN",
  ]);
});

Deno.test("a reset ends a connection, and no FIN follows", () => {
  assertEquals(told(reset()).slice(4), ["1.90 < 1.60 RST"]);
});

Deno.test("a close with unread data is the reset that arrived", () => {
  assertEquals(told(unread()).slice(4), [
    '0.70 > ? data 7 B "second⏎" not read',
    "1.90 < 1.60 RST closed with data unread",
  ]);
});

Deno.test("a write fails with EPIPE after a reset, which is drawn once", () => {
  const client = new Script("tcp", SERVER, SERVER);
  client.write(0, "a").call(1, "write", { error: "EPIPE" }).call(2, "read", { error: "ECONNRESET" }).call(3, "close");
  assertEquals(told([client.events]), ['0.00 > ? data 1 B "a"', "1.00 < ? RST"]);
});

Deno.test("attempts to connect that fail show how", () => {
  const { sections } = diagram(refused());
  assertEquals(sections.map(({ heading }) => heading), [1, 2, 3].map((n) => `TCP connection ${n}, not established`));
  assertEquals(told(refused()), [
    "0.00 > ? SYN",
    "0.30 < ? RST refused",
    "1.00-5000.00 > x SYN no answer: ETIMEDOUT",
    "left 5001.00: connect: ENETUNREACH",
  ]);
});

Deno.test("a lookup is a note at the client that used it, a TLS handshake one across both", () => {
  assertEquals(told(secure()).slice(0, 5), [
    "left 0.00: Lookup of example.org: 2001:db8::5 (14 ms)",
    "0.60 > ? SYN",
    "26.00 < ? SYN, ACK",
    "26.00 > ? ACK",
    "both 58.00: TLS handshake, peer verified: TLSv1.3, TLS_AES_128_GCM_SHA256, http/1.1, 31 ms",
  ]);
});

Deno.test("an unverified peer is named as such, and both ends' handshake is told once", () => {
  const [client, server] = ends("tcp");
  const session = {
    version: "TLSv1.3",
    cipher: "X",
    alpn: null,
    serverName: null,
    name: null,
    fingerprint: null,
    refusal: null,
  };
  client.call(2, "handshake", { duration: 1, session: { ...session, subject: "CN=localhost", verified: false } });
  server.call(1, "accept").call(2.1, "handshake", {
    duration: 1,
    session: { ...session, subject: null, verified: true },
  });
  assertEquals(told([client.events, server.events]).slice(-1), [
    "both 1.00: TLS handshake, peer NOT VERIFIED: TLSv1.3, X, 1.00 ms",
  ]);
  assertEquals(told([server.events]).slice(-1), ["both 1.10: TLS handshake: TLSv1.3, X, 1.00 ms"]);
});

Deno.test("hundreds of reads in a row become one arrow, and a pause begins another", () => {
  const steps = told(flood());
  assertEquals(steps.length, 3 + 1 + 16 + 2);
  const content = `${"b".repeat(96)}…`;
  assertEquals(steps[18], `7.60 < ? data 65536 B "${content}"`);
  assertEquals(steps[19], `8.00-161.60 < ? data 25231360 B "${content}" 385 more reads in 154 ms`);
  const server = new Script("tcp", SERVER, SERVER);
  for (let index = 0; index < 40; index++) server.read(index * 1500, "tick\n");
  assertEquals(told([server.events]).length, 40);
});

Deno.test("an ICMP message is the answer to the only flow of its socket", () => {
  assertEquals(told(nobody()), ['0.00 > ? datagram 17 B "Is anybody there?"', "0.20 < ? ICMP, port unreachable"]);
});

Deno.test("the ends of a relayed flow are found by what passed", () => {
  const { sections: [section], ...rest } = diagram(relayed());
  assertEquals([section?.heading, section?.ends, rest.notes], [
    "UDP flow 1, relayed",
    ["127.0.0.1:40001", "127.0.0.1:12345"],
    [],
  ]);
  assertEquals(told(relayed()), [
    '0.00 > x datagram 4 B "ping"',
    '1000.00 > 1010.00 datagram 4 B "ping"',
    '1021.00 < 1010.30 datagram 4 B "pong"',
  ]);
});

Deno.test("a series of requests from new ports is one section, and what the server did not get is lost", () => {
  const { sections: [section, ...more] } = diagram(count());
  assertEquals([more.length, section?.heading, section?.ends], [0, "UDP, 5 flows", [
    "127.0.0.1, 5 ports",
    "127.0.0.1:12345",
  ]]);
  assertEquals(told(count()), [
    '0.00 > 0.40 datagram 4 B "ping" flow 1',
    '1.00 < 0.60 datagram 4 B "pong" flow 1',
    '20.00 > x datagram 4 B "ping" flow 2',
    '40.00 > 40.40 datagram 4 B "ping" flow 3',
    '73.00 < 40.60 datagram 4 B "pong" flow 3',
    '60.00 > 60.40 datagram 4 B "ping" flow 4',
    'x < 60.60 datagram 4 B "pong" flow 4',
    '80.00 > 80.40 datagram 4 B "ping" flow 5',
    '81.00 < 80.60 datagram 4 B "pong" flow 5',
  ]);
  const [client = []] = count();
  assertEquals(told([client]).filter((line) => line.includes("> x")), [], "one end alone does not know of losses");
});

Deno.test("behind a relay, requests that are alike are told apart by their times", () => {
  const [client = [], server = []] = count();
  const relay = server.map((event) => ({ ...event, peer: { hostname: "127.0.0.1", port: 50_000 + event.flow } }));
  assertEquals(told([client, relay]), told(count()));
});

Deno.test("flows are not taken for the two ends of one that are a day apart, or in one process", () => {
  const [client = [], server = []] = relayed();
  const tomorrow = server.map((event) => ({ ...event, at: event.at + 86_400_000 }));
  assertEquals(diagram([client, tomorrow]).sections.length, 2);
  assertEquals(diagram([[...client, ...server]]).sections.length, 2);
  const [one, other] = ends("tcp");
  one.call(0.2, "connect", { duration: 0.2 });
  other.call(0.3, "accept");
  assertEquals(diagram([[...one.events, ...other.events.map((event) => ({ ...event, flow: 2 }))]]).sections.length, 2);
});

Deno.test("an error of a socket with several peers belongs to none of them", () => {
  const one = new Script("udp", SERVER, { hostname: "127.0.0.1", port: 1 }, 1).send(0, "a");
  const two = new Script("udp", SERVER, { hostname: "127.0.0.1", port: 2 }, 2).send(1, "b")
    .call(2, "receive", { peer: null, flow: 0, error: "ECONNREFUSED" });
  const { sections, notes } = diagram([[...one.events, ...two.events]]);
  assertEquals(sections.map(({ steps }) => steps.length), [1, 1]);
  assertEquals(notes, ["receive on 127.0.0.1:12345 (UDP): ECONNREFUSED"]);
});

Deno.test("calls that are told as they are issued are not drawn twice", () => {
  const script = new Script("tcp", SERVER, SERVER);
  script.call(0, "writing", { bytes: new Uint8Array(3) }).write(0, "abc");
  assertEquals(told([script.events]), ['0.00 > ? data 3 B "abc"']);
});

Deno.test("empty datagrams are drawn, other errors are notes", () => {
  const script = new Script("udp", SERVER, SERVER);
  script.send(0, "").call(1, "send", { error: "EMSGSIZE", offered: 70_000 });
  assertEquals(told([script.events]), ["0.00 > ? datagram 0 B", "left 1.00: send: EMSGSIZE"]);
});

Deno.test("who is the client: whoever connects, or sends first, or as told", () => {
  const received = new Script("udp", SERVER, SERVER).receive(0, "a").send(1, "b").events;
  assertEquals(told([received]), ['? > 0.00 datagram 1 B "a"', '? < 1.00 datagram 1 B "b"']);
  assertEquals(told([received], { role: "client" }), ['0.00 < ? datagram 1 B "a"', '1.00 > ? datagram 1 B "b"']);
});
