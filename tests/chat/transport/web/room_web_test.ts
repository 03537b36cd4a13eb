import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { concat } from "../../../support/chunks.ts";
import { RawClient, sendAndReset } from "../../../support/sockets.ts";
import { clientFrame, CLOSE, closePayload, handshake, TEXT } from "../../../support/websocket.ts";
import { LineClient } from "../../support.ts";
import { ask, EventPeer, KEY, LOCAL, SocketPeer, webRoom } from "./support.ts";

const HOST = "Host: 127.0.0.1";

Deno.test("a WebSocket, a stream of events and a raw connection are in one room", async () => {
  await using room = webRoom();
  using alice = await room.join("alice");
  using bob = await SocketPeer.open(room.port, { path: "/room?name=bob" });
  await alice.until(/^\* bob joined/);
  using carol = await EventPeer.open(room.port, { name: "carol" });
  await alice.until(/^\* carol joined/);
  await alice.say("from TCP");
  assertEquals((await bob.until(/from TCP/)).at(-1), "alice: from TCP");
  assertMatch((await carol.until(/from TCP/)).at(-1) ?? "", /^#\d+ alice: from TCP$/);
  await bob.say("from WebSocket");
  assertEquals(await alice.line(), "bob: from WebSocket");
  assertMatch((await carol.until(/from Web/)).at(-1) ?? "", /^#\d+ bob: from WebSocket$/);
  assertEquals(await carol.say("/line a1 from POST", "/me waves"), 204);
  assertEquals([await alice.line(), await alice.line()], ["carol: from POST", "~ carol waves"]);
  assertEquals((await bob.until(/waves/)).slice(-2), ["carol: from POST", "~ carol waves"]);
  assertMatch((await carol.until(/^\+a1/)).at(-1) ?? "", /^\+a1 [1-9]\d*$/);
  room.user.input.type("/list");
  assertMatch(await room.log(/NAME/), /bob +127\.0\.0\.1:\d+ \(WebSocket\)[^]*carol +127\.0\.0\.1:\d+ \(events\)/);
});

Deno.test("the page comes with its length, its policy and no-store; HEAD has its head, favicon.ico nothing", async () => {
  await using room = webRoom();
  const page = await ask(room.port, `GET / HTTP/1.1\n${HOST}`);
  assertEquals(page.status, 200);
  const { length } = new TextEncoder().encode(page.body);
  for (
    const line of [
      `Content-Length: ${length}`,
      "Content-Type: text/html; charset=utf-8",
      "Cache-Control: no-store",
      "Content-Security-Policy: default-src 'none';",
      "frame-ancestors 'none'",
      "X-Content-Type-Options: nosniff",
      "Connection: close",
    ]
  ) assertStringIncludes(page.head, line);
  const head = await ask(room.port, `HEAD / HTTP/1.1\n${HOST}`);
  assertEquals([head.status, head.body], [200, ""]);
  assertStringIncludes(head.head, `Content-Length: ${length}\r\n`);
  const icon = await ask(room.port, `GET /favicon.ico HTTP/1.0`);
  assertEquals([icon.status, icon.body], [204, ""]);
});

Deno.test("hostile and mistaken requests are refused as RFC 9110 and RFC 9112 ask; nobody in the room hears of it", async () => {
  await using room = webRoom();
  using alice = await room.join("alice");
  const post = `POST /say?session=${KEY} HTTP/1.1\n${HOST}\n`;
  const cases: [status: number, request: string, field?: string][] = [
    [404, `GET /nothing HTTP/1.1\n${HOST}`],
    [405, `POST / HTTP/1.1\n${HOST}\nContent-Length: 0`, "Allow: GET, HEAD"],
    [405, `GET /say HTTP/1.1\n${HOST}`, "Allow: POST"],
    [426, `GET /room HTTP/1.1\n${HOST}`, "Upgrade: websocket"],
    [426, handshake("/room").replace("13\r\n", "8\r\n").replaceAll("\r\n", "\n").trim(), "Sec-WebSocket-Version: 13"],
    [400, `GET /room HTTP/1.1`],
    [400, `GET / HTTP/1.1\n${HOST}\n${HOST}`],
    [400, `GET / HTTP/1.1\n${HOST}\nContent-Length: 1\nTransfer-Encoding: chunked`],
    [400, `GET / HTTP/1.1\n${HOST}\n folded`],
    [400, `GET /events HTTP/1.1\n${HOST}`],
    [400, `GET /events?session=short HTTP/1.1\n${HOST}`],
    [400, `GET /events?session=${KEY}&after=7 HTTP/1.1\n${HOST}`],
    [409, `${post}Content-Length: 0`],
    [413, `${post}Content-Length: 65537`],
    [414, `GET /${"a".repeat(8180)} HTTP/1.1\n${HOST}`],
    [421, `GET / HTTP/1.1\nHost: evil.example`],
    [421, `GET http://evil.example/ HTTP/1.1\n${HOST}`],
    [421, `GET / HTTP/1.1\nHost: 192.0.2.7`],
    [421, `GET https://127.0.0.1/ HTTP/1.1\n${HOST}`],
    [431, `GET / HTTP/1.1\n${HOST}\nCookie: ${"a".repeat(9000)}`],
    [431, `GET / HTTP/1.1\n${HOST}\n${Array.from({ length: 100 }, (_, n) => `A${n}: b`).join("\n")}`],
  ];
  using _stream = await EventPeer.open(room.port, { session: `${KEY}-2`, name: "carol" });
  await alice.until(/carol joined/);
  for (const [status, request, field = ""] of cases) {
    const wanted = status === 413 ? request.replace(KEY, `${KEY}-2`) : request;
    const answer = await ask(room.port, wanted);
    assertEquals(answer.status, status, request.slice(0, 80));
    assertStringIncludes(answer.head, field);
    assertStringIncludes(answer.head, "Connection: close");
  }
  const bare = await ask(room.port, "GET / HTTP/1.1");
  assertEquals(bare.status, 400);
  await alice.say("/who");
  assertEquals(await alice.line(), "* 3 here: server, alice, carol");
});

Deno.test("pages of other origins get neither a WebSocket nor events, and cannot post; programs without Origin may", async () => {
  await using room = webRoom();
  const own = `http://127.0.0.1:${room.port}`;
  const host = `Host: 127.0.0.1:${room.port}`;
  const socket = (origin: string): string =>
    handshake("/room", `Origin: ${origin}\r\n`).replace(/Host: .*\r\n/, `${host}\r\n`).replaceAll("\r\n", "\n").trim();
  using events = await EventPeer.open(room.port, {}, `Origin: http://localhost\r\n`);
  assertStringIncludes(events.head, "200 OK");
  for (const origin of ["https://evil.example", "null", "http://127.0.0.1:1", own.replace("http", "https")]) {
    const posted = `POST /say?session=${KEY} HTTP/1.1\n${host}\nContent-Length: 2\nOrigin: ${origin}`;
    const asked = `GET /events?session=${KEY} HTTP/1.1\n${host}\nOrigin: ${origin}`;
    assertEquals((await ask(room.port, posted, "hi")).status, 403, origin);
    assertEquals((await ask(room.port, asked)).status, 403, origin);
    assertEquals((await ask(room.port, socket(origin))).status, 403, origin);
  }
  // As <img src> asks: without Origin.
  for (const site of ["cross-site", "same-site"]) {
    const asked = `GET /events?session=${KEY}&name=ghost HTTP/1.1\n${host}\nSec-Fetch-Site: ${site}`;
    assertEquals((await ask(room.port, asked)).status, 403, site);
  }
  using ownEvents = await EventPeer.open(room.port, { session: "k".repeat(22) }, "Sec-Fetch-Site: same-origin\r\n");
  assertStringIncludes(ownEvents.head, "200 OK");
  assertEquals(
    (await ask(room.port, `POST /say?session=${KEY} HTTP/1.1\n${host}\nContent-Length: 2\nOrigin: ${own}`, "hi"))
      .status,
    204,
  );
  using program = await SocketPeer.open(room.port);
  assertEquals((await program.until(/: hi/)).at(-1), "guest-1: hi");
});

Deno.test("a client of nc that types GET, or GET / and Enter, says just that", async () => {
  await using room = webRoom();
  using alice = await room.join("alice");
  using bob = await LineClient.connect(room.port);
  await bob.say("GET /");
  assertEquals((await alice.until(/: /)).at(-1), "guest-2: GET /");
  await bob.say("GET / HTTP/1.1");
  assertEquals(await alice.line(), "guest-2: GET / HTTP/1.1");
});

Deno.test("a silent client is greeted and announced; with telnet's commands first, too", async () => {
  await using room = webRoom();
  using alice = await room.join("alice");
  using silent = await LineClient.connect(room.port);
  assertEquals((await silent.until(/you are/)).at(-1), "* you are guest-2; /help lists what you can type");
  assertEquals(await alice.line(), "* guest-2 joined");
  using telnet = await LineClient.connect(room.port);
  await telnet.raw.send(Uint8Array.of(255, 253, 1, 255, 251, 31));
  const answer = await telnet.raw.read();
  assertEquals(answer?.subarray(0, 3), Uint8Array.of(255, 252, 1));
  await telnet.say("GET / HTTP/1.1\r");
  assertEquals((await alice.until(/GET/)).at(-1), "guest-3: GET / HTTP/1.1");
});

Deno.test("a browser's spare connection is not announced; a person behind the same address is in, and announced by the first line", async () => {
  await using room = webRoom();
  using alice = await room.join("alice");
  await ask(room.port, `GET / HTTP/1.1\n${HOST}`);
  using spare = await LineClient.connect(room.port);
  assertEquals(await spare.line(), "* here with you: server, alice");
  spare.raw.close();
  using person = await LineClient.connect(room.port);
  await person.line();
  await alice.say("who is there?");
  assertEquals(await person.line(), "alice: who is there?");
  await person.say("hello");
  assertEquals([await alice.line(), await alice.line()], ["* guest-3 joined", "guest-3: hello"]);
});

Deno.test("a WebSocket client resets mid-frame: that is announced once, and the next one is served", async () => {
  await using room = webRoom();
  using alice = await room.join("alice");
  for (let count = 0; count < 3; count++) {
    const reset = room.events.next("reset");
    const opening = new TextEncoder().encode(handshake("/room?name=bob"));
    const half = clientFrame(TEXT, "half a message").subarray(0, 10);
    await sendAndReset(room.port, concat(opening, half), { before: () => alice.until(/bob joined/) });
    assertEquals(await alice.line(), "* bob left (reset)");
    await reset;
  }
  using carol = await SocketPeer.open(room.port, { path: "/room?name=carol" });
  assertEquals((await carol.until(/you are/)).at(-1), "* you are carol; /help lists what you can type");
});

Deno.test("frames that come in the same segment as the handshake are not lost", async () => {
  await using room = webRoom();
  using alice = await room.join("alice");
  using bob = await SocketPeer.open(room.port, { path: "/room?name=bob", together: clientFrame(TEXT, "at once") });
  await bob.until(/you are bob/);
  assertEquals(await alice.until(/at once/), ["* bob joined", "bob: at once"]);
});

Deno.test("hostile frames: the sender is told in a last message and by the code, the others why it left", async () => {
  await using room = webRoom();
  using alice = await room.join("alice");
  for (
    const [bytes, code, line, why] of [
      [
        clientFrame(TEXT, "x", { key: null }),
        1002,
        /^Cannot serve you: a client must mask its frames/,
        "bad frame",
      ],
      [clientFrame(TEXT, Uint8Array.of(0xc0)), 1007, /^Cannot serve you: the text is not UTF-8/, "bad frame"],
      [clientFrame(2, "x"), 1003, /^Cannot serve you: a binary message is no line of text$/, "bad frame"],
      [
        clientFrame(TEXT, "x".repeat(5000)),
        1008,
        /^Cannot serve you: your message is longer than 4096/,
        "line too long",
      ],
      [clientFrame(TEXT, "", { announced: 65_537n }), 1009, /longer than 65536 bytes$/, "line too long"],
    ] as const
  ) {
    using bob = await SocketPeer.open(room.port, { path: "/room?name=bob" });
    await alice.until(/bob joined/);
    await bob.raw.send(bytes);
    const { lines, code: got } = await bob.rest();
    assertMatch(lines.at(-1) ?? "", line);
    assertEquals(got, code);
    assertEquals(await alice.line(), `* bob left (${why})`);
  }
});

Deno.test("closing, /quit, a kick and the end of the server are closing handshakes", async () => {
  const room = webRoom();
  using alice = await room.join("alice");
  using bob = await SocketPeer.open(room.port, { path: "/room?name=bob" });
  await alice.until(/bob joined/);
  await bob.close(1000);
  assertEquals((await bob.rest()).code, 1000);
  assertEquals(await alice.line(), "* bob left (quit)");
  using carol = await SocketPeer.open(room.port, { path: "/room?name=carol" });
  await carol.until(/you are/);
  await carol.say("/quit");
  const { lines, code } = await carol.rest();
  assertEquals([lines.at(-1), code], ["Goodbye! Closing connection.", 1000]);
  using dave = await SocketPeer.open(room.port, { path: "/room?name=dave" });
  await dave.until(/you are/);
  room.user.input.type("/kick dave");
  const kicked = await dave.rest();
  assertEquals([kicked.lines.at(-1), kicked.code], [
    "Cannot serve you: the operator has kicked you out for 1 minute",
    1008,
  ]);
  using again = await SocketPeer.open(room.port);
  assertEquals((await again.rest()).code, 1008);
  room.user.input.type("/unban dave");
  await room.log(/is no longer banned/);
  using erin = await SocketPeer.open(room.port, { path: "/room?name=erin" });
  await erin.until(/you are/);
  await room[Symbol.asyncDispose]();
  const end = await erin.rest();
  assertEquals([end.lines.at(-1), end.code], ["* the server is shutting down", 1001]);
});

Deno.test("mute, the rate and the idle limit hold for WebSockets", async () => {
  await using room = webRoom({ rate: 4, idle: 300 });
  using bob = await SocketPeer.open(room.port, { path: "/room?name=bob" });
  await bob.until(/you are/);
  room.user.input.type("/mute bob");
  assertMatch((await bob.until(/mute/)).at(-1) ?? "", /muted/);
  await bob.say("psst");
  assertEquals((await bob.until(/not sent/)).at(-1), "* you are muted: that was not sent");
  await bob.say(...Array.from({ length: 80 }, () => "/help"));
  assertMatch((await bob.until(/slowed/)).at(-1) ?? "", /more than 4 lines a second/);
  const { lines, code } = await bob.rest();
  assertEquals([lines.at(-1), code], ["Cannot serve you: no message from you for 0.3 s", 1008]);
  assertEquals(await room.log(/bob left/), "* bob left (idle)");
});

Deno.test("a full server says so: to a line client, in HTTP, and to a WebSocket with 1013", async () => {
  await using room = webRoom({ maxConnections: 1 });
  using alice = await room.join("alice");
  using line = await LineClient.connect(room.port);
  assertMatch((await line.rest()).join(), /^Cannot serve you: the server is full/);
  const page = await ask(room.port, `GET / HTTP/1.1\n${HOST}`);
  assertEquals(page.status, 503);
  assertStringIncludes(page.head, "Retry-After: 5");
  assertStringIncludes(page.body, "the server is full (1 connection at most)");
  using socket = await SocketPeer.open(room.port);
  const { lines, code, reason } = await socket.rest();
  assertEquals(code, 1013);
  assertMatch(lines.join(), /^Cannot serve you: the server is full/);
  assertMatch(reason, /^the server is full/);
  await alice.say("/who");
});

Deno.test("too many page loads from one address are refused; members are not", async () => {
  await using room = webRoom({ rate: 1 });
  using events = await EventPeer.open(room.port, { name: "carol" });
  await events.until(/you are/);
  let refused = "";
  for (let count = 0; count < 25 && refused === ""; count++) {
    const { status, head } = await ask(room.port, `GET /favicon.ico HTTP/1.1\n${HOST}`);
    if (status === 429) refused = head;
  }
  assertStringIncludes(refused, "Retry-After: ");
  assertEquals(await events.say("still here"), 204);
});

Deno.test("slow heads: bytes that trickle do not keep a connection, and half a request gets 408", async () => {
  // The time limit itself: request_test.ts.
  await using room = webRoom();
  using slow = await RawClient.connect(room.port);
  await slow.send(`GET / HTTP/1.1\r\n`);
  await slow.send("Ho");
  using alice = await room.join("alice");
  await alice.say("the room goes on");
  await slow.send(`st: 127.0.0.1\r\n\r\n`);
  assertMatch(await slow.rest(), /^HTTP\/1\.1 200 /);
});

Deno.test("stopping does not wait for a client that has half a request, or none", async () => {
  const room = webRoom();
  await ask(room.port, `GET / HTTP/1.1\n${HOST}`);
  using half = await RawClient.connect(room.port);
  await half.send("GET / HTTP/1.1\r\n");
  using spare = await LineClient.connect(room.port);
  await spare.line();
  const told = spare.rest().finally(() => spare.raw.close());
  const before = performance.now();
  await room[Symbol.asyncDispose]();
  assert(performance.now() - before < 1500);
  assertEquals(await half.rest(), "");
  assertEquals((await told).at(-1), "* the server is shutting down");
  assertEquals(room.events.all.filter(({ event }) => event === "error"), []);
});

Deno.test("without web, a request is chat, and a silent client is greeted at once", async () => {
  await using room = webRoom({ web: null });
  using alice = await room.join("alice");
  using bob = await LineClient.connect(room.port);
  await bob.say("GET / HTTP/1.1");
  assertEquals((await alice.until(/GET/)).at(-1), "guest-2: GET / HTTP/1.1");
});

Deno.test("with --once the page is not what is served once", async () => {
  await using room = webRoom({ web: LOCAL, once: true });
  using alice = await LineClient.connect(room.port);
  await alice.say("GET / HTTP/1.1");
  await alice.until(/you are guest-1/);
});

Deno.test("a name in a URL is no more than a name", async () => {
  await using room = webRoom();
  using alice = await room.join("alice");
  using bob = await SocketPeer.open(room.port, { path: "/room?name=bob%0Ahello%0D%0A/me+waves" });
  assertMatch((await bob.until(/you are/)).join(), /you are still guest-2: /);
  await bob.say("hi");
  assertEquals([await alice.line(), await alice.line()], ["* guest-2 joined", "guest-2: hi"]);
});

Deno.test("a second stream of a session takes the place of the first, and what is posted", async () => {
  await using room = webRoom();
  using alice = await room.join("alice");
  using first = await EventPeer.open(room.port, { name: "carol" });
  await first.until(/you are carol/);
  using second = await EventPeer.open(room.port, { name: "carol" });
  await second.until(/^= /);
  assertEquals(await first.until(/./).then(() => first.raw.rest()).then(() => "ended", () => "ended"), "ended");
  assertEquals(await second.say("still here"), 204);
  assertEquals(await alice.until(/still/), ["* carol joined", "carol: still here"]);
});

Deno.test("a session survives its WebSocket: the tab that loads anew has its name back, and nobody is told", async () => {
  await using room = webRoom();
  using alice = await room.join("alice");
  using bob = await SocketPeer.open(room.port);
  await bob.say(`/session ${KEY}`, "/nick bob", "/line a1 one");
  const place = /^= (\S+) (\d+)$/.exec((await bob.until(/^= /)).at(-1) ?? "");
  await bob.until(/^\+a1/);
  await bob.raw.send(clientFrame(CLOSE, closePayload(1001)));
  assertEquals((await bob.rest()).code, 1001);
  await alice.say("meanwhile");
  using again = await EventPeer.open(room.port, { after: `${place?.[1]}-${place?.[2]}`, name: "bob" });
  const seen = await again.until(/^#\d+ alice: meanwhile/);
  assertEquals(seen.map((line) => line.replace(/^#\d+ /, "")).slice(-3), [
    "* bob joined",
    "bob: one",
    "alice: meanwhile",
  ]);
  assertEquals(await again.say("/line a1 one", "/line a2 two"), 204);
  await again.until(/^\+a2/);
  assertEquals(await alice.until(/two/), ["* bob joined", "bob: one", "bob: two"]);
});
