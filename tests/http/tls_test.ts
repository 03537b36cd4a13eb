/** HTTP over TLS, on one thread and on several. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startServer } from "../support/script.ts";
import { RawClient } from "../support/sockets.ts";
import { pki, readAll, writePki, writeText } from "../support/tls.ts";
import { answersIn, serve } from "./serving.ts";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const files = await writePki(folder);
const pair = (name: Parameters<typeof files>[0]): string[] => ["--cert", files(name).cert, "--key", files(name).key];
const GET = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

for (const task of ["http:server", "http:threaded"] as const) {
  Deno.test(`${task} --tls serves https, shows it on the page, and refuses plaintext clients in HTTP (T3)`, async () => {
    await using server = await startServer(task, ["--tls", ...pair("server")]);
    await server.script.until(new RegExp(`Open https://127\\.0\\.0\\.1:${server.port}/`));
    await server.script.until(/Listening on 127\.0\.0\.1:\d+ \(TLS\)/);
    using client = Deno.createHttpClient({ caCerts: [pki.ca.certificate] });
    const page = await (await fetch(`https://localhost:${server.port}/`, { client })).text();
    assertMatch(
      page,
      /<dt>Transport<\/dt><dd>TLS 1\.3 \(<code>TLS_\w+<\/code>\) over TCP, negotiated <code>http\/1\.1/,
    );
    const { url } = await (await fetch(`https://localhost:${server.port}/anything?a=1`, { client })).json();
    assertEquals(url, `https://localhost:${server.port}/anything?a=1`);
    using plain = await RawClient.connect(server.port);
    await plain.send(GET);
    const answer = await plain.rest();
    assertMatch(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
    assertStringIncludes(answer, "this port speaks TLS: its URL starts with https, not http");
    const sent = answersIn(answer)[0]?.body.length;
    const [, total] = await server.script.until(
      new RegExp(
        `Refused (?:\\S+) -> 400, ${sent} B: this port speaks TLS\n.* Closed \\S+: ${GET.length} B in, (\\d+) B out`,
      ),
    );
    assertEquals(Number(total), answer.length);
    assertEquals((await server.script.stop()).code, 0);
  });

  Deno.test(`${task} --client-ca answers 403 to a client without a valid certificate (T7)`, async () => {
    await using server = await startServer(task, ["--tls", ...pair("server"), "--client-ca", files("ca").cert, "-q"]);
    const ask = async (name: keyof typeof pki | null): Promise<string> => {
      const [hostname, port, caCerts] = ["127.0.0.1", server.port, [pki.ca.certificate]];
      using conn = name === null
        ? await Deno.connectTls({ hostname, port, caCerts })
        : await Deno.connectTls({ hostname, port, caCerts, cert: pki[name].certificate, key: pki[name].key });
      await writeText(conn, GET);
      return await readAll(conn);
    };
    for (
      const [name, words] of [[null, "requires a certificate"], ["eve", "by a CA that this server trusts"]] as const
    ) {
      const answer = await ask(name);
      assertMatch(answer, /^HTTP\/1\.1 403 Forbidden\r\n/);
      assertStringIncludes(answer, words);
    }
    const answer = await ask("ada");
    assertMatch(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assertStringIncludes(answer, "your certificate names <code>CN=Ada</code>");
  });
}

Deno.test("http:server --tls --log common logs the answer to a plaintext client", async () => {
  await using server = await startServer("http:server", ["--tls", ...pair("server"), "--log", "common"]);
  using plain = await RawClient.connect(server.port);
  await plain.send(GET);
  const [answer] = answersIn(await plain.rest());
  await server.script.until(new RegExp(`^127\\.0\\.0\\.1 - - \\[.*\\] "-" 400 ${answer?.body.length}\n`));
});

Deno.test("9110 6.6.1: the answer to a plaintext client on a TLS port has its own Date", async () => {
  const { certificate, key } = pki.server;
  await using server = serve({}, { tls: { certificate, key, clientCa: null, alpn: [] } });
  assertEquals(answersIn(await server.ask(GET))[0]?.status, 400);
  const { now } = Date;
  const later = now() + 86_400_000;
  Date.now = () => later;
  try {
    const [answer] = answersIn(await server.ask(GET));
    assertEquals(answer?.fields.get("date"), new Date(later).toUTCString());
  } finally {
    Date.now = now;
  }
});

Deno.test("http:server prints the curl command: https, and the pin of its key", async () => {
  await using server = await startServer("http:server", ["--tls", "--ephemeral", "--bind", "0.0.0.0"]);
  const { stdout } = await server.script.stop();
  const joins = stdout.split("\n").filter((line) => line.startsWith("  "));
  for (const line of joins) {
    assertMatch(line, /^ {2}curl -k --pinnedpubkey sha256\/\/[\w+/]{43}= https:\/\/\S+:\d+\/$/);
  }
  assertMatch(stdout, /Open https:\/\/127\.0\.0\.1:/);
});

Deno.test("an answer in progress survives the stop, over TLS", async () => {
  await using server = await startServer("http:server", ["--tls", ...pair("server")]);
  using conn = await Deno.connectTls({ hostname: "127.0.0.1", port: server.port, caCerts: [pki.ca.certificate] });
  await writeText(conn, "GET /delay/1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await server.script.until(/Secured/);
  const first = readAll(conn);
  server.script.signal("SIGTERM");
  await server.script.until(/Exiting/);
  assertMatch(await first, /^HTTP\/1\.1 200 OK\r\n/);
  assertEquals((await server.script.ended()).code, 0);
});
