/** TLS with other programs, as client and as server. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { identityOf } from "../../lib/tls/pem.ts";
import { run, startServer } from "../support/script.ts";
import { pki, writePki } from "../support/tls.ts";
import { launch, needsPrograms, peer } from "./support.ts";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const files = await writePki(folder);
const ca = files("ca").cert;
const server = files("server");
const ada = files("ada");
const PAIR = ["--tls", "--cert", server.cert, "--key", server.key];
const REPLY = "Hello from server!\n";

/** A port that was free a moment ago: none of these programs can listen on port 0 and report the port it got. */
function freePort(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return `${listener.addr.port}`;
}

/** Runs tcp:client, and repeats a refused attempt until the server is up. */
async function runClient(
  port: string,
  args: readonly string[],
  input?: string,
): Promise<Awaited<ReturnType<typeof run>>> {
  const all = ["--port", port, "--tls", "--ca", ca, ...args];
  const options = input === undefined ? {} : { input };
  let ended = await run("tcp:client", all, options);
  for (let tries = 0; ended.code === 4 && tries < 50; tries++) ended = await run("tcp:client", all, options);
  return ended;
}

const S_CLIENT = ["s_client", "-quiet", "-verify_return_error", "-verify_quiet", "-CAfile", ca];

for (const [flag, version] of [["-tls1_2", "TLSv1.2"], ["-tls1_3", "TLSv1.3"]] as const) {
  Deno.test(
    `openssl s_client ${flag} -> tcp:server, and tcp:client -> openssl s_server ${flag}`,
    await needsPrograms("openssl"),
    async () => {
      await using ours = await startServer("tcp:server", [...PAIR, "--alpn", "hello"]);
      const args = [
        ...S_CLIENT,
        flag,
        "-connect",
        `127.0.0.1:${ours.port}`,
        "-servername",
        "localhost",
        "-alpn",
        "hello",
      ];
      assertStringIncludes((await peer("openssl", args, "question\n")).stdout, REPLY);
      await ours.script.until(new RegExp(`Secured \\S+ ${version}, \\w+, hello`));
      await ours.script.until(/Received from \S+: question\n/);

      const port = freePort();
      await using theirs = launch("openssl", [
        ...[
          "s_server",
          flag,
          "-accept",
          `127.0.0.1:${port}`,
          "-cert",
          server.cert,
          "-key",
          server.key,
          "-rev",
          "-quiet",
        ],
      ]);
      const { code, stdout, stderr } = await runClient(port, ["--message", "olleh"]);
      assertEquals([code, stdout], [0, "hello\n"], theirs.stderr);
      assertStringIncludes(stderr, `${version}, `);
    },
  );

  Deno.test(`client certificates ${flag}, required by either server`, await needsPrograms("openssl"), async () => {
    await using ours = await startServer("tcp:server", [...PAIR, "--client-ca", ca]);
    const args = [...S_CLIENT, flag, "-connect", `127.0.0.1:${ours.port}`];
    const known = await peer("openssl", [...args, "-cert", ada.cert, "-key", ada.key], "x\n");
    assertStringIncludes(known.stdout, REPLY);
    await ours.script.until(/CN=Ada, sha256:/);
    assertStringIncludes((await peer("openssl", args, "x\n")).stdout, "this server requires a certificate");

    const port = freePort();
    await using theirs = launch("openssl", [
      ...["s_server", flag, "-accept", `127.0.0.1:${port}`, "-cert", server.cert, "-key", server.key, "-rev", "-quiet"],
      ...["-Verify", "2", "-verify_return_error", "-CAfile", ca],
    ]);
    const served = await runClient(port, ["--message", "olleh", "--cert", ada.cert, "--key", ada.key]);
    assertEquals([served.code, served.stdout], [0, "hello\n"], theirs.stderr);
    const refused = await runClient(port, ["--message", "olleh"]);
    assertEquals([refused.code, refused.stdout], [7, ""], refused.stderr);
    assertStringIncludes(refused.stderr, "requires a certificate (--cert and --key)");
  });
}

Deno.test("TLS 1.1 and below are refused", await needsPrograms("openssl"), async () => {
  await using ours = await startServer("tcp:server", PAIR);
  for (const flag of ["-tls1", "-tls1_1"]) {
    const args = [...S_CLIENT, flag, "-cipher", "ALL:@SECLEVEL=0", "-connect", `127.0.0.1:${ours.port}`];
    const { code, stdout } = await peer("openssl", args, "x\n");
    assert(code !== 0 && stdout === "", stdout);
  }
  await ours.script.until(/no TLS version in common; this side supports 1\.2 and 1\.3/, "stderr");
});

Deno.test(
  "a peer without its certificate's private key is refused, as server and as client, even with --pin or --tls-insecure",
  await needsPrograms("openssl"),
  async () => {
    const forged = `${folder}/forged.pem`;
    await Deno.writeTextFile(forged, await forgedKey());
    const port = freePort();
    await using _theirs = launch("openssl", [
      ...["s_server", "-accept", `127.0.0.1:${port}`, "-cert", server.cert, "-key", forged, "-rev", "-quiet"],
    ]);
    for (const args of [["--ca", ca], ["--tls-insecure"], ["--pin", identityOf(pki.server.certificate).fingerprint]]) {
      const all = ["--port", port, "--tls", ...args, "--message", "x"];
      let ended = await run("tcp:client", all);
      for (let tries = 0; ended.code === 4 && tries < 50; tries++) ended = await run("tcp:client", all);
      assertEquals([ended.code, ended.stdout], [7, ""]);
      assertStringIncludes(ended.stderr, "does not hold its certificate's private key");
    }
    await using ours = await startServer("tcp:server", [
      "--tls",
      "--cert",
      ada.cert,
      "--key",
      ada.key,
      "--client-ca",
      ca,
    ]);
    const args = ["s_client", "-quiet", "-connect", `127.0.0.1:${ours.port}`, "-cert", server.cert, "-key", forged];
    assertEquals((await peer("openssl", args, "x\n")).stdout, "");
    await ours.script.until(/does not hold its certificate's private key/, "stderr");
  },
);

/** A key with the public half of the server's certificate and another key's private half: OpenSSL compares only public halves. */
async function forgedKey(): Promise<string> {
  const usages: KeyUsage[] = ["sign", "verify"];
  const own = await crypto.subtle.importKey("pkcs8", derOf(pki.server.key), P256, true, ["sign"]);
  const [mine, other] = [
    await crypto.subtle.exportKey("jwk", own),
    await crypto.subtle.exportKey("jwk", (await crypto.subtle.generateKey(P256, true, usages)).privateKey),
  ];
  const bytes = (text = ""): Uint8Array => Uint8Array.fromBase64(text, { alphabet: "base64url" });
  // ECPrivateKey (RFC 5915 3): version, private key, curve, public point.
  const head = Uint8Array.fromHex("30770201010420");
  const middle = Uint8Array.fromHex("a00a06082a8648ce3d030107a14403420004");
  const der = new Uint8Array([...head, ...bytes(other.d), ...middle, ...bytes(mine.x), ...bytes(mine.y)]);
  return `-----BEGIN EC PRIVATE KEY-----\n${der.toBase64()}\n-----END EC PRIVATE KEY-----\n`;
}

const P256 = { name: "ECDSA", namedCurve: "P-256" } as const;

function derOf(pem: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromBase64(pem.replace(/-----[^-]+-----/g, ""));
}

Deno.test(
  "a certificate made by `openssl req -x509`, with its key in every format",
  await needsPrograms("openssl"),
  async () => {
    const path = (name: string): string => `${folder}/usual-${name}.pem`;
    for (
      const [kind, made] of [["ec", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]], ["rsa", ["rsa:2048"]]] as const
    ) {
      const [cert, pkcs8, old] = [path(`${kind}-cert`), path(`${kind}-key`), path(`${kind}-old`)];
      const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
      await peer("openssl", [
        ...["req", "-x509", "-newkey", ...made, "-nodes", "-days", "30"],
        ...names,
        "-keyout",
        pkcs8,
        "-out",
        cert,
      ]);
      await peer("openssl", [kind, "-in", pkcs8, "-out", old, ...(kind === "rsa" ? ["-traditional"] : [])]);
      for (const key of [pkcs8, old]) {
        await using ours = await startServer("tcp:server", ["--tls", "--cert", cert, "--key", key]);
        const args = ["--port", `${ours.port}`, "--tls", "--host", "localhost"];
        assertEquals((await run("tcp:client", [...args, "--ca", cert])).stdout, REPLY);
        const { stdout } = await peer("openssl", ["x509", "-in", cert, "-noout", "-fingerprint", "-sha256"]);
        assertEquals((await run("tcp:client", [...args, "--pin", stdout.trim()])).stdout, REPLY);
        assertStringIncludes((await run("tcp:client", args)).stderr, "is self-signed");
      }
    }
  },
);

Deno.test("ncat --ssl, as client and as server", await needsPrograms("ncat"), async () => {
  await using ours = await startServer("tcp:server", PAIR);
  const args = ["--ssl", "--ssl-verify", "--ssl-trustfile", ca, "localhost", `${ours.port}`];
  assertEquals((await peer("ncat", ["-4", ...args], "question\n")).stdout, REPLY);
  await using echo = await startServer("tcp:server", [...PAIR, "--echo", "-q"]);
  const text = "é漢😀\r\n".repeat(20_000);
  assertEquals((await peer("ncat", ["--ssl", "127.0.0.1", `${echo.port}`], text)).stdout, text);

  const port = freePort();
  await using theirs = launch("ncat", [
    "-l",
    "--ssl",
    "--ssl-cert",
    server.cert,
    "--ssl-key",
    server.key,
    "127.0.0.1",
    port,
  ]);
  await theirs.type("from the other side\n");
  const { code, stdout } = await runClient(port, []);
  assertEquals([code, stdout], [0, "from the other side\n"]);
  await theirs.until(/Hello from client!\n/);
});

Deno.test("socat OPENSSL, as client and as server", await needsPrograms("socat"), async () => {
  await using echo = await startServer("tcp:server", [...PAIR, "--client-ca", ca, "--echo", "-q"]);
  const text = "line é\n".repeat(20_000);
  const target = `OPENSSL:127.0.0.1:${echo.port},cafile=${ca},cert=${ada.cert},key=${ada.key}`;
  assertEquals((await peer("socat", ["-t5", "-", target], text)).stdout, text);

  const port = freePort();
  const listen = `OPENSSL-LISTEN:${port},bind=127.0.0.1,cert=${server.cert},key=${server.key},verify=0`;
  await using theirs = launch("socat", ["-d", "-d", "-t5", listen, "EXEC:cat"]);
  await theirs.until(/listening on/, "stderr");
  const { code, stdout } = await runClient(port, ["-q"], text);
  assertEquals([code, stdout === text], [0, true]);
});

Deno.test(
  "curl -> http:server --tls: with the CA, with the printed pin, with a client certificate",
  await needsPrograms("curl"),
  async () => {
    await using ours = await startServer("http:server", PAIR);
    const [, fingerprint = ""] = await ours.script.until(/The server's key is sha256:(\w+)/);
    const url = `https://localhost:${ours.port}/status/204`;
    const status = ["-sS", "-o", `${folder}/answer`, "-w", "%{http_code} %{http_version}"];
    assertEquals((await peer("curl", [...status, "--cacert", ca, url])).stdout, "204 1.1");
    const pin = `sha256//${Uint8Array.fromHex(fingerprint).toBase64()}`;
    assertEquals((await peer("curl", [...status, "-k", "--pinnedpubkey", pin, url])).stdout, "204 1.1");
    const other = `sha256//${new Uint8Array(32).toBase64()}`;
    assertEquals((await peer("curl", [...status, "-k", "--pinnedpubkey", other, url])).code, 90);
    const plain = await peer("curl", ["-sS", `http://localhost:${ours.port}/`]);
    assertStringIncludes(plain.stdout, "its URL starts with https, not http");
    await using strict = await startServer("http:server", [...PAIR, "--client-ca", ca]);
    const at = `https://localhost:${strict.port}/`;
    const known = await peer("curl", ["-sS", "--cacert", ca, "--cert", ada.cert, "--key", ada.key, at]);
    assertStringIncludes(known.stdout, "CN=Ada");
    assertEquals((await peer("curl", [...status, "--cacert", ca, at])).stdout, "403 1.1");
  },
);

Deno.test("Chromium -> http:server --tls, with the pin of its key", await needsPrograms("chromium"), async () => {
  await using ours = await startServer("http:server", PAIR);
  const [, fingerprint = ""] = await ours.script.until(/The server's key is sha256:(\w+)/);
  const visitBy = async (pin: Uint8Array): Promise<string> => {
    const profile = await Deno.makeTempDir({ dir: folder });
    // Its crash reports and its dconf go to HOME, whatever the profile.
    const home = [
      `HOME=${profile}`,
      `XDG_CONFIG_HOME=${profile}`,
      `XDG_CACHE_HOME=${profile}`,
      `XDG_DATA_HOME=${profile}`,
    ];
    const { stdout } = await peer("env", [
      ...home,
      ...["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", `--user-data-dir=${profile}`],
      ...[`--ignore-certificate-errors-spki-list=${pin.toBase64()}`, "--dump-dom", `https://localhost:${ours.port}/`],
    ]);
    return stdout;
  };
  const page = await visitBy(Uint8Array.fromHex(fingerprint));
  assertStringIncludes(page, "<h1>Hello!</h1>");
  assertMatch(page, /<dt>Transport<\/dt><dd>TLS 1\.3/);
  assert(!(await visitBy(new Uint8Array(32))).includes("<h1>Hello!</h1>"));
});

const PYTHON = `
import socket, ssl, sys
role, port, ca, cert, key = sys.argv[1:]
if role == "client":
    context = ssl.create_default_context(cafile=ca)
    context.load_cert_chain(cert, key)
    with context.wrap_socket(socket.create_connection(("127.0.0.1", int(port))), server_hostname="localhost") as peer:
        peer.sendall(b"from Python\\n")
        print(peer.version(), peer.recv(100).decode(), end="")
        # The stream has to end with close_notify, or this raises SSLEOFError.
        print(peer.recv(100))
else:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca)
    context.load_cert_chain(cert, key)
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print("listening on", listener.getsockname()[1], flush=True)
        peer = context.wrap_socket(listener.accept()[0], server_side=True)
        print(peer.getpeercert()["subject"], peer.recv(100), flush=True)
        peer.sendall(b"from Python\\n")
        peer.unwrap()
`;

Deno.test("Python's ssl, as client and as server", await needsPrograms("python3"), async () => {
  await using ours = await startServer("tcp:server", [...PAIR, "--client-ca", ca]);
  const asked = await peer("python3", ["-c", PYTHON, "client", `${ours.port}`, ca, ada.cert, ada.key]);
  assertEquals(asked.stdout, `TLSv1.3 ${REPLY}b''\n`, asked.stderr);
  await using theirs = launch("python3", ["-c", PYTHON, "server", "0", ca, server.cert, server.key]);
  const [, port = ""] = await theirs.until(/listening on (\d+)/);
  const { code, stdout } = await runClient(port, ["--cert", ada.cert, "--key", ada.key]);
  assertEquals([code, stdout], [0, "from Python\n"]);
  await theirs.until(/'commonName', 'Ada'.*Hello from client!/);
});

Deno.test(
  "sslscan finds nothing weak: no version below TLS 1.2, no cipher without forward secrecy and AEAD",
  await needsPrograms("sslscan"),
  async () => {
    await using ours = await startServer("tcp:server", [...PAIR, "--echo"]);
    const { stdout } = await peer("sslscan", ["--no-colour", "--no-groups", "--no-fallback", `127.0.0.1:${ours.port}`]);
    for (const version of ["SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1"]) {
      assertMatch(stdout, new RegExp(`${version} +disabled`));
    }
    for (const version of ["TLSv1.2", "TLSv1.3"]) assertMatch(stdout, new RegExp(`${version} +enabled`));
    const ciphers = [...stdout.matchAll(/^(?:Preferred|Accepted) +TLSv1\.\d +(\d+) bits +(\S+)/gm)];
    assert(ciphers.length >= 4, stdout);
    for (const [, bits, cipher = ""] of ciphers) {
      assert(Number(bits) >= 128 && /^(TLS_|ECDHE-).*(GCM|POLY1305|CCM)/.test(cipher), cipher);
    }
    assert(!/vulnerable to heartbleed/.test(stdout.replaceAll("not vulnerable", "")), stdout);
    assertMatch(stdout, /Session renegotiation not supported|Secure session renegotiation supported/);
  },
);
