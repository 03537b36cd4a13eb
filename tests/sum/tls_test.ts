/** The number exchange over TLS. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { run, startServer } from "../support/script.ts";
import { writePki } from "../support/tls.ts";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const files = await writePki(folder);
const pair = (name: Parameters<typeof files>[0]): string[] => ["--cert", files(name).cert, "--key", files(name).key];
const ca = ["--ca", files("ca").cert];

Deno.test("sum over TLS, only for clients with a certificate of the server's client CA (T1, T7)", async () => {
  const args = ["--tls", ...pair("server"), "--client-ca", files("ca").cert, "--number", "58"];
  await using server = await startServer("sum:server", args);
  const client = ["--port", `${server.port}`, "--tls", "--number", "42"];
  const known = await run("sum:client", [...client, ...ca, ...pair("ada")]);
  assertEquals(known.code, 0);
  assertMatch(known.stdout, /^Client name: Plainwire client\n[^]*Sum: 100\n$/);
  const stranger = await run("sum:client", [...client, ...ca]);
  assertEquals([stranger.code, stranger.stdout], [4, ""]);
  assertStringIncludes(stranger.stderr, "Cannot serve you: this server requires a certificate");
  const distrustful = await run("sum:client", [...client, "--ca", files("other").cert, ...pair("ada")]);
  assertEquals([distrustful.code, distrustful.stdout], [7, ""]);
  assertStringIncludes(
    distrustful.stderr,
    "its certificate was not issued for servers by a CA that this client trusts",
  );
  // Outside 1-100: the client is told, over TLS, and the server ends with 0.
  const last = await run("sum:client", [
    ...["--port", `${server.port}`, "--tls", "--number", "0"],
    ...ca,
    ...pair("ada"),
  ]);
  assertEquals([last.code, last.stdout], [0, "Plainwire server is stopping\n"]);
  assertEquals((await server.script.ended()).code, 0);
});

Deno.test("sum: TLS on a plain port and plain text on a TLS port are reported (T3)", async () => {
  await using bare = await startServer("sum:server");
  const tls = await run("sum:client", ["--port", `${bare.port}`, "--tls", "--number", "1"]);
  assertEquals(tls.code, 7);
  assertStringIncludes(tls.stderr, "the peer does not speak TLS on this port");
  await bare.script.until(/Refused 127\.0\.0\.1:\d+: this port does not speak TLS; start the server with --tls/);
  await using secured = await startServer("sum:server", ["--tls", "--ephemeral"]);
  const plain = await run("sum:client", ["--port", `${secured.port}`, "--number", "1"]);
  assertEquals(plain.code, 4);
  assertStringIncludes(plain.stderr, "this port speaks TLS");
});
