/**
 * Runs for the tests of the diagrams, told event by event.
 *
 * @module
 */
import type { Endpoint } from "../../../../lib/addr.ts";
import type { WireEvent } from "../../../../lib/wire/event.ts";

/** The zero of the samples' times. */
export const START = Date.UTC(2026, 10, 29, 18, 30);

/** Writes down one end of a flow; times are milliseconds since {@linkcode START}. */
export class Script {
  readonly events: WireEvent[] = [];

  constructor(
    readonly transport: "tcp" | "udp",
    readonly local: Endpoint,
    readonly peer: Endpoint,
    readonly flow = 1,
  ) {}

  /** One call; `ago` is how long it took. */
  call(at: number, call: WireEvent["call"], more: Partial<WireEvent> = {}): this {
    const { local, peer, transport, flow } = this;
    this.events.push({ at: START + at, transport, call, flow, local, peer, bytes: null, duration: 0, ...more });
    return this;
  }

  read(at: number, bytes: Uint8Array | string | null): this {
    return this.call(at, "read", { bytes: typeof bytes === "string" ? utf8(bytes) : bytes, duration: 0.1 });
  }

  write(at: number, bytes: Uint8Array | string, duration = 0.05): this {
    return this.call(at + duration, "write", { bytes: typeof bytes === "string" ? utf8(bytes) : bytes, duration });
  }

  send(at: number, bytes: Uint8Array | string): this {
    return this.call(at + 0.03, "send", { bytes: typeof bytes === "string" ? utf8(bytes) : bytes, duration: 0.03 });
  }

  receive(at: number, bytes: Uint8Array | string): this {
    return this.call(at, "receive", { bytes: typeof bytes === "string" ? utf8(bytes) : bytes, duration: 0.1 });
  }
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export const CLIENT: Endpoint = { hostname: "127.0.0.1", port: 40001 };
export const SERVER: Endpoint = { hostname: "127.0.0.1", port: 12345 };

/** Both ends of a TCP exchange or of a datagram flow. */
export function ends(transport: "tcp" | "udp", client = CLIENT, server = SERVER, flow = 1): [Script, Script] {
  return [new Script(transport, client, server, flow), new Script(transport, server, client, flow)];
}

type Sides = WireEvent[][];

/** The textbook's exchange, seen from both ends. */
export function hello(): Sides {
  const [client, server] = ends("tcp");
  client.call(0.25, "connect", { duration: 0.25 }).write(0.6, "Hello from client!\n").read(1.31, "Hello from server!\n")
    .read(1.46, null).call(1.62, "close");
  server.call(0.31, "accept", { duration: 12 }).read(0.75, "Hello from client!\n").write(0.9, "Hello from server!\n")
    .call(1.2, "closeWrite").read(1.8, null).call(1.9, "close");
  return [client.events, server.events];
}

/** A request by curl, as the server sees it. */
export function http(): Sides {
  const server = new Script("tcp", { hostname: "127.0.0.1", port: 8080 }, CLIENT);
  const head = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n";
  server.call(0.4, "accept", { duration: 3 }).read(0.62, head)
    .write(
      1.4,
      "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 5230\r\n\r\n" + "x".repeat(5230),
    )
    .read(2.1, null).call(2.2, "close");
  return [server.events];
}

/** Three people in a room, seen by its server. */
export function chat(): Sides {
  const names = ["ada", "bob", "eve"];
  const members = names.map((_, index) =>
    new Script(
      "tcp",
      { hostname: "192.168.1.20", port: 23456 },
      { hostname: `192.168.1.${31 + index}`, port: 50110 + index },
      index + 1,
    )
  );
  members.forEach((member, index) => {
    const at = index * 2300;
    member.call(at, "accept").write(at + 0.4, "Welcome to the room. Your name?\n").read(at + 820, `${names[index]}\n`);
  });
  const say = (who: number, at: number, text: string): void => {
    members[who]?.read(at, `${text}\n`);
    members.forEach((member, index) => {
      if (index !== who) member.write(at + 0.2 + index * 0.05, `${names[who]}: ${text}\n`);
    });
  };
  say(0, 9000, "hello, who is here?");
  say(1, 11_400, "me, and the weather is grand: 21 °C 🌞");
  say(2, 12_000.5, "Grüße aus Köln!");
  members.forEach((member, index) => {
    member.read(15_000 + index * 3, "/quit\n").write(15_000.4 + index * 3, "Goodbye! Closing connection.\n")
      .call(15_000.6 + index * 3, "closeWrite").read(15_001 + index * 3, null).call(15_001.2 + index * 3, "close");
  });
  return [members.flatMap(({ events }) => events)];
}

/** Numbered datagrams: one is lost, one comes twice, two change places. */
export function series(): Sides {
  const [client, server] = ends("udp");
  const delays = [[0.4], [], [0.35, 0.9], [7.2], [0.4], [0.5], [], [0.45]];
  const arrivals: [number, string][] = [];
  delays.forEach((list, index) => {
    const text = `datagram ${index + 1} of 8`;
    client.send(index * 2, text);
    arrivals.push(...list.map((delay): [number, string] => [index * 2 + delay, text]));
  });
  arrivals.sort(([a], [b]) => a - b);
  for (const [at, text] of arrivals) server.receive(at, text).send(at + 0.2, `echo of ${text}`);
  arrivals.forEach(([at, text], index) => index === 3 || client.receive(at + 0.7, `echo of ${text}`));
  return [client.events, server.events];
}

/** A peer that resets, seen from both ends. */
export function reset(): Sides {
  const [client, server] = ends("tcp");
  client.call(0.2, "connect", { duration: 0.2 }).write(0.5, "GET /secret HTTP/1.0\r\n\r\n")
    .call(1.9, "read", { error: "ECONNRESET" }).call(2, "close");
  server.call(0.3, "accept").read(0.9, "GET /secret HTTP/1.0\r\n\r\n").call(1.6, "reset");
  return [client.events, server.events];
}

/** A silence of 12 s, and a time limit. */
export function silent(): Sides {
  const [client, server] = ends("tcp");
  client.call(0.25, "connect", { duration: 0.25 }).write(0.6, "Is anybody there?\n").read(12_003.4, "Yes, but slow.\n")
    .call(12_004, "close");
  server.call(0.31, "accept").read(0.75, "Is anybody there?\n").write(12_003, "Yes, but slow.\n")
    .read(12_004.4, null).call(12_004.6, "close");
  return [client.events, server.events];
}

/** 200 kB in one write, which waits for a slow reader. */
export function bulk(): Sides {
  const [client, server] = ends("tcp");
  client.call(0.2, "connect", { duration: 0.2 }).write(0.5, new Uint8Array(200_000).fill(0x61), 340)
    .call(341, "closeWrite").read(345, "200000 bytes\n").read(345.2, null).call(345.3, "close");
  server.call(0.3, "accept");
  for (const [at, size] of [[1, 65_536], [120, 65_536], [240, 65_536], [338, 3392]] as const) {
    server.read(at, new Uint8Array(size).fill(0x61));
  }
  server.read(342, null).write(342.5, "200000 bytes\n").call(342.9, "close");
  return [client.events, server.events];
}

/** 30 connections, one after the other. */
export function many(count = 30): Sides {
  const events = Array.from({ length: count }, (_, index) => {
    const script = new Script("tcp", SERVER, { hostname: "127.0.0.1", port: 41_000 + index }, index + 1);
    const at = index * 7.3;
    return script.call(at, "accept").read(at + 0.2, `ping ${index}\n`).write(at + 0.3, `pong ${index}\n`)
      .read(at + 0.7, null).call(at + 0.8, "close").events;
  });
  return [events.flat().sort((a, b) => a.at - b.at)];
}

/** What a hostile peer may send. */
export const HOSTILE = [
  "</text><script>alert(1)</script>",
  "]]><!-- --><![CDATA[",
  `" onload="alert(1)" '`,
  "&#0;&amp;<svg onload=alert(1)>",
  "\0\x01\x1b[31mred\x7f\x9b\r\n\r\u2028\u2029",
  "\u202etxt.exe\u2066\u2069\u200f",
  "\ufffe\uffff\ufeff",
  "Z\u0324\u0324\u0324\u0324\u0308\u0308\u0308\u0308\u0308algo",
  "שלום עולם, 漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字",
  "W".repeat(200),
];

/** A hostile peer at an address that is none, and TLS. */
export function hostile(): Sides {
  const odd: Endpoint = { hostname: "<b>&\ud800\u202e", port: 1 };
  const server = new Script("tcp", { hostname: "2001:db8:85a3:8d3:1319:8a2e:370:7348", port: 65535 }, odd);
  server.call(0, "resolve", { peer: null, name: `evil"><script>\ud800`, addresses: ["<i>"] });
  server.call(0, "accept");
  HOSTILE.forEach((text, index) => server.read(1 + index, text));
  server.read(20, Uint8Array.of(0xff, 0xfe, 0, 0xc3, 0x28, 0x80, 0x80, 0x90, 1, 2, 3, 4, 5, 6, 7, 8));
  server.write(22, Uint8Array.of(0xed, 0xa0, 0x80, 0x41));
  server.call(30, "read", { error: "<script>" });
  return [server.events];
}

/** An encrypted connection, after a lookup, seen by its client. */
export function secure(): Sides {
  const server: Endpoint = { hostname: "2001:db8::5", port: 443 };
  const client = new Script("tcp", { hostname: "2001:db8::77", port: 51000 }, server);
  client.call(14, "resolve", { peer: null, flow: 0, name: "example.org", addresses: ["2001:db8::5"], duration: 14 });
  client.call(40, "connect", { duration: 25.4 });
  client.call(72, "handshake", {
    duration: 31,
    session: {
      version: "TLSv1.3",
      cipher: "TLS_AES_128_GCM_SHA256",
      alpn: "http/1.1",
      serverName: "example.org",
      subject: "CN=example.org",
      name: "example.org",
      fingerprint: "sha256:…",
      refusal: null,
      verified: true,
    },
  });
  client.write(73, "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n").call(101, "read", {
    bytes: utf8("HTTP/1.1 204 No Content\r\n\r\n"),
    tls: true,
  });
  client.read(102, null).call(102.2, "close");
  return [client.events];
}

/** Connects that fail: refused, no answer, no route. */
export function refused(): Sides {
  const at = (hostname: string, flow: number): Script =>
    new Script("tcp", { hostname: "127.0.0.1", port: 40002 }, { hostname, port: 9001 }, flow);
  const unknown = { local: null };
  return [[
    ...at("::1", 1).call(0.3, "connect", { ...unknown, duration: 0.3, error: "ECONNREFUSED" }).events,
    ...at("192.0.2.1", 2).call(5000, "connect", { ...unknown, duration: 4999, error: "ETIMEDOUT" }).events,
    ...at("198.51.100.1", 3).call(5001, "connect", { ...unknown, duration: 0.1, error: "ENETUNREACH" }).events,
  ]];
}

/** Writes and reads that do not correspond, the peer's clock being 3 s behind. */
export function boundaries(): Sides {
  const [client, server] = ends("tcp");
  client.call(0.25, "connect", { duration: 0.25 }).write(0.5, "one\n").write(0.7, "two\n").write(0.9, "three\n")
    .write(3, "a long line that comes in pieces\n").read(6, "ok\n").call(7, "close");
  const late = -3000;
  server.call(late + 0.3, "accept").read(late + 1.4, "one\ntwo\nthree\n").read(late + 3.3, "a long ").read(
    late + 3.9,
    "line that ",
  )
    .read(late + 4.6, "comes in pieces\n").write(late + 5, "ok\n").read(late + 7.4, null).call(late + 7.5, "close");
  return [client.events, server.events];
}

/** A long transfer, seen by its receiver: hundreds of reads. */
export function flood(): Sides {
  const client = new Script("tcp", CLIENT, SERVER);
  client.call(0.3, "connect", { duration: 0.3 }).write(0.5, "GET /big HTTP/1.0\r\n\r\n");
  for (let index = 0; index < 400; index++) client.read(2 + index * 0.4, new Uint8Array(65_536).fill(0x62));
  client.read(170, null).call(170.2, "close");
  return [client.events];
}

/** Datagrams through a relay: the ends know other addresses than each other's; the server closes a socket that it has not read. */
export function relayed(): Sides {
  const client = new Script("udp", CLIENT, { hostname: "127.0.0.1", port: 5000 });
  const server = new Script("udp", SERVER, { hostname: "127.0.0.1", port: 50_001 });
  client.send(0, "ping").send(1000, "ping").receive(1021, "pong");
  server.receive(1010, "ping").send(1010.3, "pong");
  return [client.events, server.events];
}

/** A server that closes while it has unread data: the system sends a reset. */
export function unread(): Sides {
  const [client, server] = ends("tcp");
  client.call(0.2, "connect", { duration: 0.2 }).write(0.5, "first\n").write(0.7, "second\n")
    .call(1.9, "read", { error: "ECONNRESET" }).call(2, "close");
  server.call(0.3, "accept").read(0.6, "first\n").call(1.6, "close");
  return [client.events, server.events];
}

/** Datagrams to a port where nobody listens. */
export function nobody(): Sides {
  const client = new Script("udp", CLIENT, SERVER);
  client.call(0, "bind", { peer: null, flow: 0 }).send(0.2, "Is anybody there?")
    .call(0.4, "receive", { peer: null, flow: 0, error: "ECONNREFUSED" });
  return [client.events];
}

/** Datagrams that were held up on their way and arrive all at once, two of them in the wrong order. */
export function burst(): Sides {
  const [client, server] = ends("udp");
  for (let index = 0; index < 6; index++) client.send(index * 40, `tick ${index}`);
  [0, 1, 3, 2, 4, 5].forEach((number, index) => server.receive(260 + index * 0.002, `tick ${number}`));
  return [client.events, server.events];
}

/** Requests that are alike, each from a port of its own, as `udp:client --count` sends them; one is lost, and one answer. */
export function count(): Sides {
  const [client, server]: Sides = [[], []];
  for (let index = 0; index < 5; index++) {
    const at = index * 20;
    const [request, answer] = ends("udp", { ...CLIENT, port: 40_001 + index }, undefined, index + 1);
    request.send(at, "ping");
    if (index !== 1) answer.receive(at + 0.4, "ping").send(at + 0.6, "pong");
    if (index !== 1 && index !== 3) request.receive(at + (index === 2 ? 33 : 1), "pong");
    client?.push(...request.events);
    server?.push(...answer.events);
  }
  return [client ?? [], server ?? []];
}

/** All of them by name. */
export const SAMPLES: Readonly<Record<string, () => Sides>> = {
  hello,
  http,
  chat,
  series,
  reset,
  silent,
  bulk,
  many,
  hostile,
  secure,
  refused,
  boundaries,
  flood,
  relayed,
  unread,
  nobody,
  burst,
  count,
};
