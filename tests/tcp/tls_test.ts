/** TLS in `tcp:server` and `tcp:client`, with the permissions of their tasks. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { streamSocket } from "../../lib/net/socket.ts";
import { tlsServer } from "../../lib/tls/server.ts";
import { TlsSocket } from "../../lib/tls/socket.ts";
import { CONFIG_HOME, eventsIn, run, startServer } from "../support/script.ts";
import { RawClient, rawServer } from "../support/sockets.ts";
import { serverTls, writePki } from "../support/tls.ts";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const files = await writePki(folder);
const pair = (name: Parameters<typeof files>[0]): string[] => ["--cert", files(name).cert, "--key", files(name).key];

Deno.test("--tls alone: a key is made, stored, reused, and pinned by the join command", async () => {
  let fingerprint = "";
  {
    await using server = await startServer("tcp:server", ["--tls", "--bind", "0.0.0.0"]);
    fingerprint = (await server.script.until(/The server's key is (sha256:[\da-f]{64})/))[1] ?? "";
    await server.script.until(/Listening on 0\.0\.0\.0:\d+ \(TLS\)/);
    assert(
      !server.script.stdout.includes("from the network") || server.script.stdout.includes(`--tls --pin ${fingerprint}`),
    );
    const port = ["--port", `${server.port}`];
    const pinned = await run("tcp:client", [...port, "--tls", "--pin", fingerprint]);
    assertEquals([pinned.code, pinned.stdout], [0, "Hello from server!\n"]);
    assertMatch(pinned.stderr, /\[\+\] Secured 127\.0\.0\.1:\d+: TLSv1\.3, TLS_\w+, CN=localhost, sha256:/);
    await server.script.until(/Secured 127\.0\.0\.1:\d+: TLSv1\.3/);
    // Its issuer is not trusted, and there is no terminal to ask at.
    const unknown = await run("tcp:client", [...port, "--tls"]);
    assertEquals([unknown.code, unknown.stdout], [7, ""]);
    assertStringIncludes(unknown.stderr, fingerprint);
    const first = await run("tcp:client", [...port, "--tls", "--trust-first"]);
    assertStringIncludes(first.stderr, "Remembered the key of 127.0.0.1:");
    assertEquals((await run("tcp:client", [...port, "--tls"])).code, 0);
  }
  const secret = `${CONFIG_HOME}/plainwire/server-key.pem`;
  if (Deno.build.os !== "windows") assertEquals((await Deno.stat(secret)).mode! & 0o777, 0o600);
  await using again = await startServer("tcp:server", ["--tls"]);
  await again.script.until(new RegExp(`The server's key is ${fingerprint}`));
  assert(!again.script.stdout.includes("was made"), again.script.stdout);
  await using ephemeral = await startServer("tcp:server", ["--tls", "--ephemeral"]);
  const [, other] = await ephemeral.script.until(/The server's key is (sha256:\S+)/);
  assert(other !== fingerprint);
  // T6: the key of the first server was remembered for its port.
  const line = `127.0.0.1:${ephemeral.port} ${fingerprint}\n`;
  await Deno.writeTextFile(`${CONFIG_HOME}/plainwire/known_hosts`, line, { append: true });
  const changed = await run("tcp:client", ["--port", `${ephemeral.port}`, "--tls", "--trust-first"]);
  assertEquals([changed.code, changed.stdout], [7, ""]);
  for (const part of [fingerprint, other ?? "", "has changed"]) assertStringIncludes(changed.stderr, part);
});

Deno.test("every refusal ends with code 7 and its own message, and nothing is sent (T1)", async () => {
  for (
    const [name, words] of [
      ["expired", "expired on"],
      ["early", "is not valid before"],
      ["elsewhere", "is for example.org, not for 127.0.0.1"],
      ["unknown", "not issued for servers by a CA that this client trusts"],
      ["itself", "is self-signed"],
    ] as const
  ) {
    await using server = await startServer("tcp:server", ["--tls", ...pair(name), "--once"]);
    const { code, stdout, stderr } = await run("tcp:client", [
      ...["--port", `${server.port}`, "--tls", "--ca", files("ca").cert],
    ]);
    assertEquals([name, code, stdout], [name, 7, ""]);
    assertMatch(stderr, /\n\[!\] Cannot trust 127\.0\.0\.1:\d+: its certificate /);
    assertEquals(stderr.includes("Secured"), false, "a connection is secured once its peer is trusted");
    assertStringIncludes(stderr, words);
    const { stdout: log, stderr: trouble } = await server.script.ended();
    assertEquals([log.includes("Received"), trouble.replace(/\[!\] The certificate in .*\n/, "")], [false, ""]);
  }
});

Deno.test("--tls-insecure warns every time, even with --quiet", async () => {
  await using server = await startServer("tcp:server", ["--tls", ...pair("expired"), "--echo"]);
  const args = ["--port", `${server.port}`, "--tls", "--tls-insecure", "--quiet"];
  const { code, stdout, stderr } = await run("tcp:client", [...args, "--message", "x"]);
  assertEquals([code, stdout], [0, "x\n"]);
  assertMatch(stderr, /^\[!\] ENCRYPTED BUT NOT VERIFIED: .* sha256:[\da-f]{64}\n$/);
  const load = await run("tcp:client", [...args, "--connections", "3", "--duration", "1.5"]);
  assertEquals([load.code, load.stderr.match(/NOT VERIFIED/g)?.length], [0, 1]);
});

Deno.test("Secured comes after the decision to trust, and Cannot trust without it", async () => {
  await using server = await startServer("tcp:server", ["--tls", "--ephemeral", "--echo"]);
  const args = ["--port", `${server.port}`, "--tls", "--message", "x"];
  const insecure = await run("tcp:client", [...args, "--tls-insecure"]);
  assertMatch(insecure.stderr, /Connected[^]*NOT VERIFIED[^]*Secured/);
  const { code, stdout } = await run("tcp:client", [...args, "--json"]);
  assertEquals([code, eventsIn(stdout).some(({ event }) => event === "secured")], [7, false]);
  const first = await run("tcp:client", [...args, "--trust-first"]);
  assertMatch(first.stderr, /Connected[^]*Remembered[^]*Secured/);
});

Deno.test("a pipe over TLS is binary-safe and ends by half-close", async () => {
  await using server = await startServer("tcp:server", ["--tls", ...pair("server"), "--echo", "-q"]);
  const input = new Uint8Array(3_000_000).map((_, index) => index * 7 + (index >> 8) & 0x7f);
  const { code, stdout } = await run("tcp:client", [
    ...["--port", `${server.port}`, "--tls", "--ca", files("ca").cert, "-q"],
  ], { input });
  assertEquals([code, stdout === new TextDecoder().decode(input)], [0, true]);
});

Deno.test("--client-ca: a client is admitted by its certificate, or told why not (T7)", async () => {
  await using server = await startServer("tcp:server", ["--tls", ...pair("server"), "--client-ca", files("ca").cert]);
  const args = ["--port", `${server.port}`, "--tls", "--ca", files("ca").cert];
  const known = await run("tcp:client", [...args, ...pair("ada")]);
  assertEquals([known.code, known.stdout], [0, "Hello from server!\n"]);
  await server.script.until(/Secured 127\.0\.0\.1:\d+: \S+ \S+ CN=Ada, sha256:/);
  for (
    const [name, words] of [[null, "requires a certificate"], ["eve", "by a CA that this server trusts"], [
      "late",
      "expired",
    ]]
  ) {
    const { code, stdout, stderr } = await run("tcp:client", [...args, ...(name ? pair(name as "eve") : [])]);
    assertEquals([code, stdout], [4, ""]);
    assertMatch(stderr, /\[!\] Cannot serve you: /);
    assertStringIncludes(stderr, words ?? "");
    await server.script.until(new RegExp(`\\[!\\] Refused 127\\.0\\.0\\.1:\\d+: .*${words}`));
  }
  assertEquals((await run("tcp:client", [...args, ...pair("ada")])).code, 0);
});

Deno.test("a stream that ends without close_notify gives code 6, with it 0 (T5)", async () => {
  for (const [goodbye, code] of [[true, 0], [false, 6]] as const) {
    const raw = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    let below: Deno.TcpConn | undefined;
    const serving = (async () => {
      below = await raw.accept();
      const socket = tlsServer(serverTls())(streamSocket(below, 1));
      await socket.read(new Uint8Array(64));
      await socket.write(new TextEncoder().encode("part"));
      if (goodbye) await socket.closeWrite();
      else await below?.closeWrite();
      while (await socket.read(new Uint8Array(64)) !== null);
      socket.close();
      await socket.gone;
    })();
    const args = ["--port", `${raw.addr.port}`, "--tls", "--ca", files("ca").cert, "-q"];
    const ended = await run("tcp:client", args, { input: "question\n" });
    await serving;
    raw.close();
    assertEquals([goodbye, ended.code, ended.stdout], [goodbye, code, "part"]);
    if (!goodbye) assertStringIncludes(ended.stderr, "cut off without a TLS close_notify");
  }
});

Deno.test("plain text on a TLS port and TLS on a plain port are reported on both sides (T3)", async () => {
  await using secured = await startServer("tcp:server", ["--tls", ...pair("server")]);
  const plain = await run("tcp:client", ["--port", `${secured.port}`]);
  assertEquals([plain.code, plain.stdout], [4, ""]);
  assertStringIncludes(plain.stderr, "[!] Cannot serve you: this port speaks TLS; try --tls (with ncat: --ssl)\n");
  await secured.script.until(/Refused (127\.0\.0\.1:\d+): this port speaks TLS\n.* Closed \1: 19 B in, 69 B out, /);
  await using bare = await startServer("tcp:server");
  const tls = await run("tcp:client", ["--port", `${bare.port}`, "--tls"]);
  assertEquals([tls.code, tls.stdout], [7, ""]);
  assertStringIncludes(tls.stderr, "the peer does not speak TLS on this port");
  await bare.script.until(/Refused 127\.0\.0\.1:\d+: this port does not speak TLS; start the server with --tls/);
  for (const server of [secured, bare]) {
    const more = server === secured ? ["--tls", "--ca", files("ca").cert] : [];
    assertEquals((await run("tcp:client", ["--port", `${server.port}`, ...more])).code, 0);
    assertMatch((await server.script.stop()).stdout, /Done: 1 connection served, 1 refused, /);
  }
  // --echo on a plain port accepts any bytes.
  await using echo = await startServer("tcp:server", ["--echo"]);
  using client = await RawClient.connect(echo.port);
  await client.send(Uint8Array.of(0x16, 3, 1));
  assertEquals([...await client.read() ?? []], [0x16, 3, 1]);
});

Deno.test("an unfinished handshake ends at --timeout on both sides, and delays no other client (T4)", async () => {
  await using server = await startServer("tcp:server", ["--tls", ...pair("server"), "--timeout", "2"]);
  using slow = await RawClient.connect(server.port);
  await slow.send(Uint8Array.of(0x16, 3));
  assertEquals((await run("tcp:client", ["--port", `${server.port}`, "--tls", "--ca", files("ca").cert])).code, 0);
  await server.script.until(/no TLS handshake within 2 s/, "stderr");
  await using silent = rawServer(async (client) => {
    while (await client.read() !== null);
  });
  const { code, stderr } = await run("tcp:client", ["--port", `${silent.port}`, "--tls", "--timeout", "0.3"]);
  assertEquals(code, 5);
  assertStringIncludes(stderr, "Cannot speak TLS with 127.0.0.1:");
});

Deno.test("a certificate and key that do not match are refused before the server listens (T2, 55)", async () => {
  const wrong = await run("tcp:server", ["--tls", "--cert", files("server").cert, "--key", files("ada").key]);
  assertEquals([wrong.code, wrong.stdout], [2, ""]);
  assertStringIncludes(wrong.stderr, `Cannot use --key ${files("ada").key}: it is not the key of the certificate in`);
  assertEquals((await run("tcp:server", ["--tls", "--cert", `${folder}/none.pem`])).code, 2);
});

Deno.test("--json reports the TLS session in its own fields", async () => {
  await using server = await startServer("tcp:server", ["--tls", ...pair("server"), "--alpn", "x", "--json"]);
  const args = ["--port", `${server.port}`, "--tls", "--ca", files("ca").cert, "--alpn", "x", "--host", "localhost"];
  const { stdout } = await run("tcp:client", [...args, "--json"]);
  const secured = eventsIn(stdout).find(({ event }) => event === "secured");
  assertEquals([secured?.version, secured?.alpn, secured?.subject], ["TLSv1.3", "x", "CN=localhost"]);
  const [line] = await server.script.until(/.*"event":"secured".*/);
  const { alpn, serverName, subject } = JSON.parse(line);
  assertEquals({ alpn, serverName, subject }, { alpn: "x", serverName: "localhost", subject: null });
});

Deno.test("a server that stops ends an open TLS connection with close_notify, and loses no answer", async () => {
  await using server = await startServer("tcp:server", ["--tls", ...pair("server"), "--echo"]);
  const raw = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const client = new TlsSocket(streamSocket(raw, 1), { kind: "client", options: {} });
  await client.write(new TextEncoder().encode("hello"));
  const buffer = new Uint8Array(64);
  assertEquals(await client.read(buffer), 5);
  server.script.signal("SIGTERM");
  assertEquals(await client.read(buffer), null);
  client.close();
  await client.gone;
  assertEquals((await server.script.ended()).code, 0);
});
