/** The textbook programs for HTTP do their work, and make the mistakes that they admit. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { run, startServer, type TaskName } from "../support/script.ts";
import { RawClient, sendAndReset } from "../support/sockets.ts";

const PAGE = "<!doctype html>\n<title>Mini Server</title>\n<h1>Hello!</h1>\n";
const RESPONSE =
  `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${PAGE.length}\r\nConnection: close\r\n\r\n${PAGE}`;
const REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

for (const task of ["http:basic-server", "http:basic-threaded"] satisfies TaskName[]) {
  Deno.test(`http:basic-client and fetch -> ${task}`, async () => {
    await using server = await startServer(task);
    const { code, stdout, stderr } = await run("http:basic-client", [String(server.port)]);
    assertEquals({ code, stdout, stderr }, { code: 0, stdout: RESPONSE, stderr: "" });
    const [, block = ""] = await server.script.until(/(----- HTTP REQUEST from 127\.0\.0\.1:\d+ -----\n[^]+?\n-+\n)/);
    assertMatch(block, /\nGET \/ HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\nConnection: close\r\n/);
    const response = await fetch(`http://127.0.0.1:${server.port}/`);
    assertEquals([response.status, response.headers.get("content-type")], [200, "text/html"]);
    assertEquals(await response.text(), PAGE);
  });

  Deno.test(`${task} does not look at the request, nor wait for all of it`, async () => {
    await using server = await startServer(task);
    const rest = "/missing HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (const sent of [`HEAD ${rest}`, `POST ${rest}`, "nonsense", "GET / HT"]) {
      using client = await RawClient.connect(server.port);
      await client.send(sent);
      assertEquals(await client.rest(), RESPONSE, sent);
    }
  });
}

Deno.test("http:basic-client -> http:server", async () => {
  await using server = await startServer("http:server");
  const { code, stdout } = await run("http:basic-client", [String(server.port)]);
  assertEquals(code, 0);
  assertMatch(stdout, /^HTTP\/1\.1 200 OK\r\n/);
  assertStringIncludes(stdout, "<h1>Hello!</h1>");
  assertMatch(stdout, /<\/html>\s*$/);
});

Deno.test("http:basic-server serves one client at a time, and goes on when one leaves without a word", async () => {
  await using server = await startServer("http:basic-server");
  using silent = await RawClient.connect(server.port);
  using waiting = await RawClient.connect(server.port);
  await waiting.send("GET /spoke-first HTTP/1.1\r\n\r\n");
  await silent.send("GET /heard-first HTTP/1.1\r\n\r\n");
  assertEquals([await waiting.rest(), await silent.rest()], [RESPONSE, RESPONSE]);
  await server.script.until(/heard-first[^]*spoke-first/);
  using mute = await RawClient.connect(server.port);
  mute.close();
  using next = await RawClient.connect(server.port);
  await next.send(REQUEST);
  assertEquals(await next.rest(), RESPONSE);
});

Deno.test("http:basic-threaded serves others while one client is silent", async () => {
  await using server = await startServer("http:basic-threaded");
  await server.script.until(/(Listening on 127\.0\.0\.1:\d+\n[^]*){4}/);
  using _silent = await RawClient.connect(server.port);
  // The system deals the clients out by their ports. That all of these wait behind the silent one happens once in 4 to the power of 24.
  const clients = await Promise.all(Array.from({ length: 24 }, () => RawClient.connect(server.port)));
  try {
    for (const client of clients) await client.send(REQUEST);
    assertEquals(await Promise.any(clients.map((client) => client.until(/<\/h1>\n/))), RESPONSE);
  } finally {
    for (const client of clients) client.close();
  }
});

Deno.test("a client that resets ends http:basic-server, and all threads of http:basic-threaded", async () => {
  for (const task of ["http:basic-server", "http:basic-threaded"] satisfies TaskName[]) {
    await using server = await startServer(task);
    // Served before: by then the server waits for the next client, and has accepted it when it resets.
    using first = await RawClient.connect(server.port);
    await first.send(REQUEST);
    assertEquals(await first.rest(), RESPONSE);
    await sendAndReset(server.port, "");
    await server.script.until(/ConnectionReset|NotConnected/, "stderr");
    assertEquals((await server.script.ended()).code, 1);
  }
});
