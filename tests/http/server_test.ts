import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Exit } from "../../lib/errors.ts";
import { eventsIn, run, startServer } from "../support/script.ts";
import { RawClient, sendAndReset } from "../support/sockets.ts";
import { answersIn } from "./serving.ts";

const HOST = "Host: localhost\r\n";

async function ask(port: number, text: string, hostname = "127.0.0.1"): Promise<ReturnType<typeof answersIn>> {
  using client = await RawClient.connect(port, hostname);
  await client.send(text);
  return answersIn(await client.rest());
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;

Deno.test("http:server prints its address and URL, and shows the request on the page and in the log", async () => {
  await using server = await startServer("http:server");
  const [answer] = await ask(server.port, get("/?name='b'&c"));
  assertEquals([answer?.status, answer?.fields.get("content-type")], [200, "text/html; charset=utf-8"]);
  assertStringIncludes(answer?.body ?? "", "<h1>Hello!</h1>");
  assertStringIncludes(answer?.body ?? "", "/?name=&#39;b&#39;&amp;c</b>");
  await server.script.until(
    /----- HTTP REQUEST from 127\.0\.0\.1:\d+ -----\nGET \/\?name='b'&c HTTP\/1\.1\nHost: localhost\nConnection: close\n\n-+\n/,
  );
  await server.script.until(/\[\+\] Closed /);
  const { code, stdout, stderr } = await server.script.stop();
  assertEquals([code, stderr], [0, ""]);
  const listening =
    `[+] Listening on 127.0.0.1:${server.port}\n[+] Reachable from this machine only (--bind 0.0.0.0 opens it); to connect, type:\n`;
  const command = `[+]   curl http://127.0.0.1:${server.port}/\n`;
  assertStringIncludes(stdout, `${listening}${command}[+] Open http://127.0.0.1:${server.port}/\n`);
  assertMatch(stdout, /\n\[!\] Exiting\.\.\.\n\[\+\] Done: 1 connection served/);
});

Deno.test("http:server --quiet prints the ready line and nothing per request", async () => {
  await using server = await startServer("http:server", ["--quiet"]);
  await ask(server.port, get("/"));
  const { stdout } = await server.script.stop();
  assertEquals(stdout, `[+] Listening on 127.0.0.1:${server.port}\n`);
});

Deno.test("http:server --json prints each request as an event", async () => {
  await using server = await startServer("http:server", ["--json"]);
  await ask(server.port, `POST /echo HTTP/1.1\r\n${HOST}Content-Length: 2\r\nConnection: close\r\n\r\nhi`);
  await ask(server.port, "bad\r\n\r\n");
  const { stdout } = await server.script.stop();
  const events = eventsIn(stdout);
  const requests = events.filter(({ event }) => event === "request");
  assertEquals(requests.map(({ method, target, status }) => [method, target, status]), [["POST", "/echo", 200], [
    null,
    null,
    400,
  ]]);
  assertStringIncludes(String(requests[0]?.text), "Content-Length: 2\r\nConnection: close\r\n\r\nhi");
  for (const { duration } of requests) assert(typeof duration === "number" && duration >= 0 && duration < 10_000);
  assertEquals(requests.map(({ sent }) => Number(sent) > 0), [true, true]);
  assertEquals(events.map(({ event }) => event).filter((event) => event === "received" || event === "sent"), []);
  assertEquals(events.at(-1)?.code, 0);
  assertEquals([events[0]?.event, events[0]?.urls], ["listening", [`http://127.0.0.1:${server.port}/`]]);
});

for (const task of ["http:server", "http:threaded"] as const) {
  Deno.test(`${task} logs method, target, status, bytes and time of each answer, and from whom`, async () => {
    await using server = await startServer(task);
    await ask(server.port, get("/bytes/3000?a"));
    await ask(server.port, `DELETE / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
    await ask(server.port, "bad\r\n\r\n");
    const [, slow] = await Promise.all([
      ask(server.port, get("/delay/0.2")),
      server.script.until(/^\[\+\] 127\.0\.0\.1:\d+ GET \/delay\/0\.2 -> 200, \d+ B in (\d+) ms$/m),
    ]);
    assert(Number(slow[1]) >= 199, slow[1]);
    const { stdout } = await server.script.stop();
    assertMatch(stdout, /^\[\+\] 127\.0\.0\.1:\d+ GET \/bytes\/3000\?a -> 200, 3 kB in [\d.]+ ms$/m);
    assertMatch(stdout, /^\[\+\] 127\.0\.0\.1:\d+ DELETE \/ -> 405, \d+ B in [\d.]+ ms$/m);
    assertMatch(stdout, /^\[!\] 127\.0\.0\.1:\d+ malformed request -> 400, \d+ B in [\d.]+ ms: .+$/m);
    assertEquals(stdout.match(/ -> /g)?.length, 4, "one line per answer");
  });

  Deno.test(`${task} --log common prints nothing but Common Log lines on stdout`, async () => {
    await using server = await startServer(task, ["--log", "common"]);
    await ask(server.port, get("/status/404"));
    await ask(server.port, `HEAD / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
    await ask(server.port, get('/?a"b\\c'));
    await ask(server.port, '\x1b"\\\xff x\r\n\r\n');
    const { code, stdout, stderr } = await server.script.stop();
    const line =
      /^127\.0\.0\.1 - - \[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "([\x20-\x7e]*)" (\d{3}) (\d+|-)$/;
    // Workers report independently.
    const order = ["/status/404", "HEAD", "/?a", "x1b"];
    const place = (text: string): number => order.findIndex((part) => text.includes(part));
    const printed = stdout.trimEnd().split("\n").sort((one, other) => place(one) - place(other));
    const lines = printed.map((text) => line.exec(text)?.slice(1) ?? [text]);
    assertEquals(lines.map(([request, status, bytes]) => [request, status, bytes === "-"]), [
      ["GET /status/404 HTTP/1.1", "404", false],
      ["HEAD / HTTP/1.1", "200", true],
      [`GET /?a\\"b\\\\c HTTP/1.1`, lines[2]?.[1], false],
      ['\\x1b\\"\\\\\\xc3\\xbf x', "400", false],
    ]);
    assertEquals(lines[0]?.[2], "14");
    assertEquals(code, 0);
    assertMatch(
      stderr,
      /^\[\+\] Listening on 127\.0\.0\.1:\d+\n\[\+\] Reachable .*\n\[\+\] {3}curl .*\n\[\+\] Open .*\n\[!\] Exiting\.\.\.\n\[\+\] Done: 4 connections served.*\n$/,
    );
  });
}

for (const task of ["http:server", "http:threaded"] as const) {
  Deno.test(`${task} logs the answer to a client that is refused, in both formats`, async () => {
    for (const format of ["prose", "common"]) {
      await using server = await startServer(task, ["--max-connections", "1", "--log", format]);
      using first = await RawClient.connect(server.port);
      await first.send(`GET /status/204 HTTP/1.1\r\n${HOST}\r\n`);
      await first.until(/\r\n\r\n/);
      const [answer] = await ask(server.port, get("/"));
      const sent = answer?.body.length;
      assertEquals(answer?.status, 503);
      const line = format === "prose"
        ? `\\[!\\] Refused 127\\.0\\.0\\.1:\\d+ -> 503, ${sent} B: the server is full`
        : `127\\.0\\.0\\.1 - - \\[.*\\] "-" 503 ${sent}\n`;
      await server.script.until(new RegExp(`^${line}`, "m"));
    }
  });
}

Deno.test("http:server cannot print JSON and Common Log lines at once", async () => {
  const { code, stdout } = await run("http:server", ["--log", "common", "--json"]);
  assertEquals(code, Exit.misuse);
  assertStringIncludes(stdout, "Cannot use --json with --log common");
});

Deno.test("http:server logs an answer that is cut off, with the bytes of it that were sent", async () => {
  await using server = await startServer("http:server", ["--log", "common"]);
  using client = await RawClient.connect(server.port);
  await client.send(get("/bytes/104857600"));
  await client.read();
  client.close();
  const [, bytes] = await server.script.until(/"GET \/bytes\/104857600 HTTP\/1\.1" 200 (\d+)$/m);
  assert(Number(bytes) > 0 && Number(bytes) < 104857600, bytes);
});

Deno.test("http:server --dir hides dotfiles unless --dotfiles", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/.env`, "SECRET");
    for (const [flags, status] of [[[], 404], [["--dotfiles"], 200]] as const) {
      await using server = await startServer("http:server", ["--dir", dir, ...flags]);
      assertEquals((await ask(server.port, get("/.env")))[0]?.status, status);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("http:server --once serves one connection and ends with 0", async () => {
  await using server = await startServer("http:server", ["--once"]);
  assertEquals((await ask(server.port, get("/status/204")))[0]?.status, 204);
  assertEquals((await server.script.ended()).code, 0);
});

Deno.test("http:server --bind :: serves IPv6 and IPv4, and prints a URL that works on this machine", async () => {
  await using server = await startServer("http:server", ["--bind", "::"]);
  await server.script.until(new RegExp(`\\[\\+\\] Open http://\\[::1\\]:${server.port}/\n`));
  for (const hostname of ["::1", "127.0.0.1"]) {
    assertEquals((await ask(server.port, get("/status/200"), hostname))[0]?.status, 200);
  }
});

Deno.test("http:server survives clients that reset at any point (S9, 30, 31)", async () => {
  await using server = await startServer("http:server");
  for (
    const data of ["", "GET", get("/"), get("/stream/1000"), `POST / HTTP/1.1\r\n${HOST}Content-Length: 9\r\n\r\n`]
  ) {
    for (let count = 0; count < 5; count++) await sendAndReset(server.port, data);
  }
  assertEquals((await ask(server.port, get("/status/200")))[0]?.status, 200);
  assertEquals((await server.script.stop()).code, 0);
});

Deno.test("http:server refuses misuse with one line, code 2 (P4, 66)", async () => {
  const cases: [string[], string][] = [
    [["--dir", "/no/such/folder"], 'Cannot use --dir "/no/such/folder": there is no such folder'],
    [["--dir", new URL(import.meta.url).pathname], "it is not a folder"],
    [["--log", "combined"], 'Cannot use --log "combined": it must be prose or common'],
    [["--dotfiles"], "Cannot use --dotfiles without --dir"],
    [["-q", "--log", "common"], "Cannot use --quiet with --log common"],
    [["--max-body", "-1"], "Cannot use --max-body"],
    [["--max-fields", "0"], "Cannot use --max-fields"],
    [["--head-time", "soon"], "Cannot use --head-time"],
    [["--workers", "2"], "Cannot use --workers: no such flag"],
    [["index.html"], 'Cannot use the argument "index.html"'],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await run("http:server", args);
    assertEquals([code, stdout, stderr.split("\n").length], [Exit.misuse, "", 2], args.join(" "));
    assertStringIncludes(stderr, message);
  }
});

Deno.test("http:server --max-body, --max-requests and --timeout set the limits", async () => {
  await using server = await startServer("http:server", ["--max-body", "3", "--max-requests", "1", "--timeout", "0.1"]);
  const post = (body: string): string => `POST / HTTP/1.1\r\n${HOST}Content-Length: ${body.length}\r\n\r\n${body}`;
  assertEquals((await ask(server.port, post("abcd")))[0]?.status, 413);
  const [answer] = await ask(server.port, post("abc"));
  assertEquals([answer?.status, answer?.fields.get("connection")], [200, "close"]);
  assertEquals((await ask(server.port, "GET / HT"))[0]?.status, 408);
  assertEquals(await ask(server.port, ""), []);
});
