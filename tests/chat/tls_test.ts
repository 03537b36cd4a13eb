/** The chat over TLS: names from certificates, refusals, and the end. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { run, type RunningScript, start, startServer } from "../support/script.ts";
import { writePki } from "../support/tls.ts";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const files = await writePki(folder);
const pair = (name: Parameters<typeof files>[0]): string[] => ["--cert", files(name).cert, "--key", files(name).key];
const LOCAL = ["--bind", "127.0.0.1", "--tls", ...pair("server")];

function join(port: number, ...args: string[]): RunningScript {
  const flags = ["--host", "127.0.0.1", "--port", `${port}`, "--tls", "--ca", files("ca").cert, ...args];
  return start("chat:client", flags, { stdin: true });
}

Deno.test("with --client-ca every member has the name in its certificate, and no other (T7)", async () => {
  await using server = await startServer("chat:server", [...LOCAL, "--client-ca", files("ca").cert]);
  await using ada = join(server.port, ...pair("ada"));
  await ada.until(/you are Ada/);
  // One name is taken, the other is the operator's: both clients stay guests, and cannot choose another name.
  await using second = join(server.port, ...pair("ada"));
  await second.until(/the name in your certificate cannot be used: the name Ada is taken/);
  await using forged = join(server.port, ...pair("odd"));
  await forged.until(/the name in your certificate cannot be used: the name server is (taken|reserved)/);
  await forged.type("/nick Bob\n");
  await forged.until(/names here come from certificates/);
  await ada.type("/nick Eve\nhello\n");
  await ada.until(/names here come from certificates/);
  await forged.until(/Ada: hello/);
  // A refused client is told why, and is not announced in the room.
  await using eve = join(server.port, ...pair("eve"));
  await eve.until(/Cannot serve you: your certificate was not issued for clients by a CA/, "stderr");
  await server.script.until(/Refused 127\.0\.0\.1:\d+: your certificate was not issued for clients by a CA/);
  await ada.type("exit\n");
  assertEquals((await ada.ended()).code, 0);
});

Deno.test("a ban applies to the certificate: others at the address are admitted", async () => {
  const flags = [...LOCAL, "--client-ca", files("ca").cert];
  await using server = await startServer("chat:server", flags, { stdin: true });
  await using ada = join(server.port, ...pair("ada"));
  await ada.until(/you are Ada/);
  await server.script.type("/ban ada 5\n");
  await ada.until(/Cannot serve you: the operator has banned you, 5 minutes left/, "stderr");
  await using again = join(server.port, ...pair("ada"));
  await again.until(/Cannot serve you: the operator has banned you, 5 minutes left/, "stderr");
  await using other = join(server.port, ...pair("odd"));
  await other.until(/here with you: server/);
});

Deno.test("without --client-ca members choose their names, as without TLS; the server's end is not a truncation", async () => {
  await using server = await startServer("chat:server", LOCAL);
  await using bob = join(server.port, "--name", "Bob");
  await bob.until(/you are Bob/);
  await bob.type("/nick Robert\n");
  await bob.until(/you are Robert/);
  assertEquals((await server.script.stop()).code, 0);
  const { code, stderr } = await bob.ended();
  assertEquals([code, stderr.includes("[!]")], [0, false]);
});

Deno.test("a conversation in turns over TLS", async () => {
  await using server = await startServer("chat:server", [...LOCAL, "--mode", "turns"], { stdin: true });
  await using guest = join(server.port, "--mode", "turns");
  await guest.type("Grüße\n");
  await server.script.until(/client: Grüße/);
  await server.script.type("zurück\n");
  await guest.until(/zurück/);
  await guest.type("exit\n");
  assertEquals((await guest.ended()).code, 0);
});

Deno.test("chat: TLS on a plain port and plain text on a TLS port are reported (T3)", async () => {
  await using bare = await startServer("chat:server", ["--bind", "127.0.0.1"]);
  const tls = await run("chat:client", ["--host", "127.0.0.1", "--port", `${bare.port}`, "--tls"]);
  assertEquals(tls.code, 7);
  assertStringIncludes(tls.stderr, "the peer does not speak TLS on this port");
  await using secured = await startServer("chat:server", LOCAL);
  const plain = await run("chat:client", ["--host", "127.0.0.1", "--port", `${secured.port}`], { input: "hello\n" });
  assertEquals([plain.code, plain.stdout], [4, ""]);
  assertStringIncludes(plain.stderr, "Cannot serve you: this port speaks TLS");
  await secured.script.until(/Refused \S+: this port speaks TLS/);
});

Deno.test("chat: a server with an untrusted certificate is refused (T1)", async () => {
  await using server = await startServer("chat:server", ["--bind", "127.0.0.1", "--tls", ...pair("itself")]);
  const { code, stderr } = await run("chat:client", ["--host", "127.0.0.1", "--port", `${server.port}`, "--tls"]);
  assertEquals(code, 7);
  assertStringIncludes(stderr, "its certificate is self-signed");
  // Nor is it passed over in silence where there are others.
  const several = await run("chat:client", [`:1,:${server.port},:1`, "--tls", "--pin", `sha256:${"0".repeat(64)}`]);
  assertEquals(several.code, 7);
  assertMatch(
    several.stderr,
    /^\[!\] Cannot connect to 127\.0\.0\.1:1: .*; trying 127\.0\.0\.1:\d+\n[^]*not the pinned sha256:0+\n$/,
  );
});
