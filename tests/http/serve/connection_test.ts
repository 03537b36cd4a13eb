/** Connections: the order of answers, and when they close (RFC 9112 9). */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { sendAndReset } from "../../support/sockets.ts";
import { answersIn, serve } from "../serving.ts";

const HOST = "Host: localhost\r\n";
const get = (path = "/status/200", fields = ""): string => `GET ${path} HTTP/1.1\r\n${HOST}${fields}\r\n`;
const last = (path = "/status/200"): string => get(path, "Connection: close\r\n");
const statuses = (text: string, methods: string[] = []): number[] =>
  answersIn(text, methods).map(({ status }) => status);

Deno.test("a connection stays open, and an answer says so only to HTTP/1.0 (H19, 23)", async () => {
  await using server = serve();
  using client = await server.client();
  await client.send(get());
  assertMatch(await client.until(/200 OK\n$/), /^HTTP\/1\.1 200 OK\r\nDate: [A-Z][a-z]{2}, .* GMT\r\n(?!.*Connection)/);
  await client.send(`GET /status/200 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`);
  assertMatch(await client.until(/200 OK\n$/), /\r\nConnection: keep-alive\r\n/);
  await client.send("GET /status/200 HTTP/1.0\r\n\r\n");
  const [answer] = answersIn(await client.rest());
  assertEquals([answer?.status, answer?.fields.get("connection")], [200, "close"]);
});

Deno.test("requests after the last one are not served (23)", async () => {
  await using server = serve();
  assertEquals(statuses(await server.ask(last() + get())), [200]);
  assertEquals(statuses(await server.ask(`GET /status/200 HTTP/1.0\r\n\r\n${get()}`)), [200]);
});

Deno.test("pipelined requests are answered in order and in one write (22)", async () => {
  await using server = serve();
  using client = await server.client();
  await client.send(get("/status/201") + get("/status/202") + get("/cookie", "Cookie: a=1\r\n") + get("/status/203"));
  const bytes = await client.read();
  assertEquals(statuses(new TextDecoder().decode(bytes ?? new Uint8Array())), [201, 202, 200, 203]);
});

Deno.test("pipelined requests keep their order if one is slow (22)", async () => {
  await using server = serve();
  const requests = get("/status/201") + get("/delay/0.05") + get("/stream/2") +
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\nhi` + last();
  const answers = answersIn(await server.ask(requests));
  assertEquals(answers.map(({ status }) => status), [201, 200, 200, 200, 200]);
  assertEquals(answers[2]?.body, '{"line":0,"of":2}\n{"line":1,"of":2}\n');
  assertEquals(answers[3]?.body, "hi");
});

Deno.test("of 100 pipelined requests with a malformed one in the middle, it and those before it are answered (H16)", async () => {
  await using server = serve();
  const text = await server.ask(get().repeat(50) + "GET  / HTTP/1.1\r\n\r\n" + get().repeat(49));
  assertEquals(statuses(text), [...new Array(50).fill(200), 400]);
  assertEquals(answersIn(text).at(-1)?.fields.get("connection"), "close");
});

Deno.test("a refusal gives the reason, closes, and can be read even while the client still sends (H13, 25)", async () => {
  await using server = serve({ maxBody: 1000 });
  using client = await server.client();
  // Far more than the socket buffers of both ends hold: all of it is sent before the answer is read.
  await client.send(`POST / HTTP/1.1\r\n${HOST}Content-Length: 50000000\r\n\r\n`);
  await client.send(new Uint8Array(50_000_000));
  const [answer] = answersIn(await client.rest());
  assertEquals([answer?.status, answer?.fields.get("connection")], [413, "close"]);
  assertStringIncludes(answer?.body ?? "", "the body is longer than 1000 bytes");
});

Deno.test("a chunked body that is too large also gets a readable 413 (H13)", async () => {
  await using server = serve({ maxBody: 1000 });
  using client = await server.client();
  await client.send(`POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`);
  const chunk = `2000\r\n${"x".repeat(0x2000)}\r\n`;
  await client.send(chunk.repeat(500));
  assertEquals(statuses(await client.rest()), [413]);
});

Deno.test("Expect: 100-continue is answered before the body arrives (H14, 20)", async () => {
  await using server = serve();
  using client = await server.client();
  await client.send(`POST / HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\n`);
  assertEquals(await client.until(/\r\n\r\n/), "HTTP/1.1 100 Continue\r\n\r\n");
  await client.send("hello");
  const [answer] = answersIn(await client.rest());
  assertEquals([answer?.status, answer?.body], [200, "hello"]);
});

Deno.test("a client that does not wait for 100, or speaks HTTP/1.0, gets only the final answer (H14, 20)", async () => {
  await using server = serve();
  const expect = "Expect: 100-continue\r\nContent-Length: 5\r\n";
  assertEquals(statuses(await server.ask(`POST / HTTP/1.1\r\n${HOST}${expect}Connection: close\r\n\r\nhello`)), [200]);
  using old = await server.client();
  await old.send(`POST / HTTP/1.0\r\n${expect}\r\n`);
  await old.send("hello");
  assertEquals(statuses(await old.rest()), [200]);
});

Deno.test("a client that waits for 100 and is refused need not send the body (H14)", async () => {
  await using server = serve({ maxBody: 10 });
  const expects = (line: string, length: number): string =>
    `${line} HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;
  assertEquals(statuses(await server.ask(expects("POST /nowhere", 5))), [404]);
  assertEquals(statuses(await server.ask(expects("PUT /", 5))), [405]);
  assertEquals(statuses(await server.ask(expects("POST /", 11))), [413]);
  assertEquals(statuses(await server.ask(`POST / HTTP/1.1\r\n${HOST}Expect: tea\r\nContent-Length: 5\r\n\r\n`)), [417]);
});

Deno.test("bodies that no resource needs are skipped, so that the next request is found", async () => {
  await using server = serve();
  const requests = `GET /status/201 HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nGET /` +
    `DELETE /nowhere HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n` + last();
  assertEquals(statuses(await server.ask(requests)), [201, 404, 200]);
});

Deno.test("HEAD gets the fields of GET without a body, on every route (H18, 21)", async () => {
  await using server = serve();
  for (
    const path of [
      "/",
      "/echo",
      "/anything",
      "/cookie",
      "/status/404",
      "/bytes/100",
      "/stream/3",
      "/redirect/1",
      "/nowhere",
    ]
  ) {
    const [got] = answersIn(await server.ask(`GET ${path} HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`));
    const text = await server.ask(`HEAD ${path} HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
    const [head] = answersIn(text, ["HEAD"]);
    const compared = (fields?: ReadonlyMap<string, string>): [string, string][] =>
      [...fields ?? []].filter(([name]) => name !== "date");
    assertEquals([head?.status, compared(head?.fields)], [got?.status, compared(got?.fields)], path);
    assert(text.endsWith("\r\n\r\n"), path);
  }
});

Deno.test("9110 9.3.2: a HEAD that is refused gets no body either", async () => {
  await using server = serve();
  for (const fields of ["", `${HOST}Expect: something\r\n`, `${HOST}Content-Length: x\r\n`, `${HOST}Host: b\r\n`]) {
    const text = await server.ask(`HEAD / HTTP/1.1\r\n${fields}\r\n`);
    assertMatch(text, /^HTTP\/1\.1 4\d\d [^]*\r\nContent-Length: \d+\r\n[^]*\r\n\r\n$/, fields);
  }
  for (const line of ["HEAD /{ HTTP/1.1", "HEAD / HTTP/2.0", "HEAD / HTTP/1.1 ", "\r\nHEAD /%zz HTTP/1.1"]) {
    const text = await server.ask(`${get()}${line}\r\n${HOST}\r\n`);
    const [, answer, more] = answersIn(text, ["GET", "HEAD"]);
    assertEquals([(answer?.status ?? 0) >= 400, answer?.fields.has("content-length"), more], [true, true, undefined]);
  }
  const [, answer] = answersIn(await server.ask(`HEAD / HTTP/1.1\r\n${HOST}\r\nGET /{ HTTP/1.1\r\n`), ["HEAD", "GET"]);
  assertMatch(answer?.body ?? "", /^400 Bad Request: .*\n$/);
});

Deno.test("9112 9.6: the last answer is complete even if the client sent something after its request (25)", async () => {
  await using server = serve();
  const size = 3_000_000;
  for (
    const head of [
      `GET /bytes/${size} HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`,
      `GET /bytes/${size} HTTP/1.0\r\n\r\n`,
    ]
  ) {
    using client = await server.client();
    await client.send(head);
    // The server has started to answer, so it will read nothing more.
    const first = await client.read();
    await client.send("\r\n");
    const rest = await client.restBytes();
    assert((first?.length ?? 0) + rest.length > size, head);
  }
});

Deno.test("204 and 304 have neither body nor length (21)", async () => {
  await using server = serve();
  const answers = answersIn(await server.ask(get("/status/204") + get("/status/304") + last("/status/205")));
  assertEquals(answers.map(({ status }) => status), [204, 304, 205]);
  assertEquals(answers.map(({ fields }) => fields.get("content-length")), [undefined, undefined, "0"]);
});

Deno.test("for an HTTP/1.0 client, a body of unknown length ends when the connection closes", async () => {
  await using server = serve();
  const text = await server.ask("GET /stream/2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  assertMatch(
    text,
    /^HTTP\/1\.1 200 OK\r\n(?![^]*Transfer-Encoding)[^]*Connection: close\r\n\r\n\{"line":0,"of":2\}\n\{"line":1,"of":2\}\n$/,
  );
});

Deno.test("a client that half-closes after the request still gets the answer (S8, H17)", async () => {
  await using server = serve();
  using client = await server.client();
  await client.send(get("/delay/0.05"));
  await client.end();
  assertEquals(statuses(await client.rest()), [200]);
});

Deno.test("a request that ends in mid-head or mid-body gets 400 (S10, H17, 19)", async () => {
  await using server = serve();
  for (
    const part of [
      "GET /status/200 HT",
      `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhel`,
      `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhel`,
    ]
  ) {
    using client = await server.client();
    await client.send(part);
    await client.end();
    assertEquals(statuses(await client.rest()), [400], part);
  }
});

Deno.test("a client resets mid-message and the next one is served (S9)", async () => {
  await using server = serve();
  for (
    const data of [
      "",
      "GET / HT",
      `POST / HTTP/1.1\r\n${HOST}Content-Length: 100\r\n\r\nabc`,
      get("/delay/0.05"),
      get("/bytes/1000000"),
    ]
  ) {
    await sendAndReset(server.port, data);
    assertEquals(statuses(await server.ask(last())), [200], data);
  }
});

Deno.test("a slow head, a slow body and an idle request get 408 (H15, 26)", async () => {
  const body = `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhel`;
  const cases = [[{ headTime: 60 }, "GET / HTTP/1.1\r\nHos"], [{ requestTime: 60 }, body], [
    { idleTime: 60 },
    body,
  ]] as const;
  for (const [limits, part] of cases) {
    await using server = serve(limits);
    using client = await server.client();
    await client.send(part);
    const [answer] = answersIn(await client.rest());
    assertEquals([answer?.status, answer?.fields.get("connection")], [408, "close"], JSON.stringify(limits));
  }
});

Deno.test("dripping bytes does not extend the time limit of a head (H15, 26)", async () => {
  await using server = serve({ headTime: 100, idleTime: 5000 });
  using client = await server.client();
  let dripping = true;
  const drip = (async () => {
    await client.send("GET / HTTP/1.1\r\n");
    while (dripping) {
      await client.send("a");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })().catch(() => {});
  assertMatch(await client.until(/\r\n\r\n/), /^HTTP\/1\.1 408 Request Timeout\r\n/);
  dripping = false;
  await drip;
});

Deno.test("a connection that is idle between requests is closed without an answer (S18, 26)", async () => {
  await using server = serve({ idleTime: 60 });
  using silent = await server.client();
  assertEquals(await silent.rest(), "");
  using client = await server.client();
  await client.send(get());
  assertEquals(statuses(await client.rest()), [200]);
  assertEquals(server.events.names.filter((name) => name === "error"), []);
});

Deno.test("empty lines do not keep an idle connection open (26)", async () => {
  await using server = serve({ idleTime: 200 });
  using client = await server.client();
  let open = true;
  const drip = (async () => {
    for (; open; await delay(20)) await client.send("\r\n");
  })().catch(() => {});
  assertEquals(await client.rest().catch(() => ""), "");
  open = false;
  await drip;
});

Deno.test("9110 10.1.1: an expectation may be listed twice", async () => {
  await using server = serve();
  const text =
    `POST / HTTP/1.1\r\n${HOST}Expect: 100-continue, 100-Continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi`;
  assertEquals(statuses(await server.ask(text)), [200]);
});

Deno.test("time that the server needs for an answer does not count as idle", async () => {
  await using server = serve({ idleTime: 50, headTime: 50, requestTime: 50 });
  assertEquals(statuses(await server.ask(get("/delay/0.3") + last())), [200, 200]);
});

Deno.test("the same request again and again gets the same answer, and each is logged", async () => {
  await using server = serve();
  const head = "HEAD /status/201 HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const post = `POST /status/201 HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nGET /`;
  for (
    const [request, method] of [[get("/"), "GET"], [get("/status/404"), "GET"], [head, "HEAD"], [post, "POST"]] as const
  ) {
    const before = server.events.all.length;
    using client = await server.client();
    for (let round = 0; round < 5; round++) await client.send(request);
    await client.send(request.repeat(5) + last("/status/203"));
    const answers = answersIn(await client.rest(), new Array(10).fill(method));
    assertEquals(answers.length, 11);
    const same = answers.slice(0, 10).map(({ status, body, fields }) => [status, body, fields.get("content-length")]);
    assertEquals(same, new Array(10).fill(same[0]));
    assertEquals(answers[10]?.status, 203);
    const logged = server.events.all.slice(before).flatMap((event) => event.event === "request" ? [event.bytes] : []);
    assertEquals(logged, [...new Array(10).fill(request.length), last("/status/203").length]);
  }
});

Deno.test("the time of an answer includes a slow head and a slow body, and not the requests before it", async () => {
  await using server = serve();
  using client = await server.client();
  await client.send("POST /status/200 HTTP/1.1\r\n");
  await delay(30);
  await client.send(`${HOST}Content-Length: 1\r\n\r\n`);
  await delay(30);
  await client.send(`x${get("/delay/0.06")}${last()}`);
  await client.rest();
  const times = server.events.all.flatMap((event) => event.event === "request" ? [Number(event.duration)] : []);
  assertEquals(times.length, 3);
  const [slow = 0, delayed = 0, quick = 0] = times;
  assert(slow >= 59 && delayed >= 59 && quick < 59, times.join(" "));
});

Deno.test("a request that is refused after its request line is logged with method, target and version", async () => {
  await using server = serve({ maxLine: 100, headTime: 200 });
  const cases = [
    ["GET /a HTTP/1.1\r\n\r\n", "GET", "/a", "HTTP/1.1", 400],
    ["\r\nHEAD /b HTTP/1.0\r\nno colon\r\n\r\n", "HEAD", "/b", "HTTP/1.0", 400],
    [`PUT /c HTTP/1.1\r\n${HOST}Expect: miracles\r\n\r\n`, "PUT", "/c", "HTTP/1.1", 417],
    [`GET /d HTTP/1.1\r\n${HOST}A: ${"x".repeat(200)}`, "GET", "/d", "HTTP/1.1", 431],
    [`GET /e HTTP/1.1\r\n${HOST}TE: pigeons\r\n\r\n`, "GET", "/e", "HTTP/1.1", 501],
    ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "PRI", "*", "HTTP/2.0", 505],
    [`GET /${"f".repeat(100)} HTTP/1.1\r\n`, "GET", `/${"f".repeat(100)}`, "HTTP/1.1", 414],
    ["GET /g HTTP/1.1\r\nHos", "GET", "/g", "HTTP/1.1", 408],
    // Another request's line is not theirs.
    [`${get("/status/204")}nonsense\r\n\r\n`, null, null, null, 400],
    ["GET /h HT", null, null, null, 408],
  ] as const;
  for (const [text, method, target, version, status] of cases) {
    await server.ask(text);
    const event = server.events.all.findLast((event) => event.event === "request");
    assert(event?.event === "request");
    assertEquals([event.method, event.target, event.version, event.status], [method, target, version, status], text);
  }
});

Deno.test("the connection closes after --max-requests requests", async () => {
  await using server = serve({ maxRequests: 2 });
  const answers = answersIn(await server.ask(get() + get() + get()));
  assertEquals(answers.map(({ fields }) => fields.get("connection")), [undefined, "close"]);
});

Deno.test("a client that does not read is disconnected, with bounded memory, and others are not affected (S11, S12, 27)", async () => {
  await using server = serve({ idleTime: 200 });
  using stuck = await server.client();
  const error = server.events.next("error");
  const closed = server.events.next("closed");
  const flood = (async () => {
    for (;;) await stuck.send(get("/bytes/100000").repeat(50));
  })().catch(() => {});
  assertEquals(statuses(await server.ask(last())), [200]);
  assertMatch(JSON.stringify(await error), /it has not read for 0\.2 s/);
  await closed;
  const stages = server.events.all.flatMap(({ event, ...more }) => "id" in more && more.id === 1 ? [event] : []);
  assertEquals(stages.filter((event) => event !== "request").slice(-2), ["error", "closed"]);
  await flood;
});

Deno.test("a stopping server closes idle connections at once and answers open requests (70, 72)", async () => {
  const server = serve();
  using idle = await server.client();
  await idle.send(get());
  await idle.until(/200 OK\n$/);
  using busy = await server.client();
  await busy.send(`POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhe`);
  using slow = await server.client();
  await slow.send(get("/delay/30"));
  // When a fourth request is answered, the three have arrived.
  await server.ask(last());
  server.stop();
  assertEquals(await idle.rest(), "");
  await busy.send("llo");
  const [answer] = answersIn(await busy.rest());
  assertEquals([answer?.status, answer?.body, answer?.fields.get("connection")], [200, "hello", "close"]);
  assertEquals(statuses(await slow.rest()), [200]);
  busy.close();
  slow.close();
  await server.done;
  assertEquals(server.events.names.includes("warning"), false);
});

Deno.test("refused clients get an HTTP answer: 503 or 403 (65)", async () => {
  await using full = serve({}, { maxConnections: 1 });
  using first = await full.client();
  await first.send(get());
  await first.until(/200 OK\n$/);
  const [excess] = answersIn(await full.ask(get()));
  assertEquals([excess?.status, excess?.fields.get("connection")], [503, "close"]);
  assertStringIncludes(excess?.body ?? "", "the server is full (1 connection at most)");
  await using closed = serve({}, { allow: [{ network: "10.0.0.0", prefix: 8, family: "ipv4" }] });
  assertEquals(statuses(await closed.ask(get())), [403]);
});

Deno.test("the answer to a refused client is logged: by the event of the refusal, or by a line in the common format", async () => {
  for (const log of ["prose", "common"] as const) {
    const allow = [{ network: "10.0.0.0", prefix: 8, family: "ipv4" }] as const;
    await using server = serve({}, { allow, log });
    const [answer] = answersIn(await server.ask(get()));
    const sent = answer?.body.length ?? 0;
    const told = server.events.all.flatMap<unknown>((event) => {
      if (event.event === "refused") return [[event.kind, event.status, event.sent]];
      return event.event === "request" ? [[String(event.prose).replace(/\[.*\]/, "[]")]] : [];
    });
    const line = log === "prose" ? [] : [[`127.0.0.1 - - [] "-" 403 ${sent}`]];
    assertEquals(told, [["not allowed", 403, sent], ...line]);
  }
});
