/** Whether openssl, curl and a browser accept our certificates. */
import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { makeAuthority, makeLeaf } from "../../lib/tls/certificate.ts";
import { checkPair, identityOf, type Pair } from "../../lib/tls/pem.ts";
import { launch, needsPrograms, peer } from "./support.ts";

const authority = await makeAuthority({ name: "interop" });
const server = await makeLeaf(authority, { names: ["localhost", "127.0.0.1", "::1", "*.example.org"] });

/** Calls `work` with a folder that holds the CA and the server's certificate and key as files. */
async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/ca.pem`, authority.certificate);
    await Deno.writeTextFile(`${folder}/ca-key.pem`, authority.key);
    await Deno.writeTextFile(`${folder}/server.pem`, server.certificate);
    await Deno.writeTextFile(`${folder}/server-key.pem`, server.key);
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Starts a web server with this certificate and key. */
function serve(pair: Pair): { port: number } & AsyncDisposable {
  const page = (): Response => new Response("<h1>Hello!</h1>", { headers: { "content-type": "text/html" } });
  const options = { hostname: "127.0.0.1", port: 0, cert: pair.certificate, key: pair.key, onListen: () => {} };
  const running = Deno.serve(options, page);
  return { port: running.addr.port, [Symbol.asyncDispose]: () => running.shutdown() };
}

async function openssl(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await peer("openssl", args);
  assertEquals(code, 0, stderr);
  return stdout;
}

Deno.test(
  "openssl verifies the chain strictly, by name, for servers only",
  await needsPrograms("openssl"),
  async () => {
    await inFolder(async (folder) => {
      const verify = ["verify", "-x509_strict", "-CAfile", `${folder}/ca.pem`];
      const names = [["-verify_hostname", "localhost"], ["-verify_hostname", "www.example.org"], ["-verify_ip", "::1"]];
      for (const name of names) await openssl(...verify, "-purpose", "sslserver", ...name, `${folder}/server.pem`);
      for (
        const [wrong, why] of [
          [["-verify_hostname", "other"], "hostname mismatch"],
          [["-verify_ip", "127.0.0.2"], "IP address mismatch"],
          [["-purpose", "sslclient"], "purpose"],
        ] as const
      ) {
        const { code, stderr } = await peer("openssl", [...verify, ...wrong, `${folder}/server.pem`]);
        assertNotEquals(code, 0);
        assertMatch(stderr, new RegExp(why, "i"));
      }
    });
  },
);

Deno.test("openssl finds in the certificates what RFC 5280 requires", await needsPrograms("openssl"), async () => {
  await inFolder(async (folder) => {
    const ca = await openssl("x509", "-in", `${folder}/ca.pem`, "-noout", "-text");
    assertMatch(ca, /Basic Constraints: critical\s+CA:TRUE, pathlen:0\n/);
    assertMatch(ca, /Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
    const leaf = await openssl("x509", "-in", `${folder}/server.pem`, "-noout", "-text");
    assertMatch(leaf, /Version: 3 /);
    assertMatch(leaf, /Signature Algorithm: ecdsa-with-SHA256/);
    assertMatch(leaf, /Basic Constraints: critical\s+CA:FALSE\n/);
    assertMatch(leaf, /Key Usage: critical\s+Digital Signature\n/);
    assertMatch(leaf, /Extended Key Usage:\s+TLS Web Server Authentication\n/);
    assertMatch(leaf, /DNS:localhost, IP Address:127\.0\.0\.1, IP Address:0:0:0:0:0:0:0:1, DNS:\*\.example\.org\n/);
    const id = /Subject Key Identifier:\s+([\dA-F:]+)\n/.exec(ca)?.[1] ?? "none";
    assertMatch(leaf, new RegExp(`Authority Key Identifier:\\s+(keyid:)?${id}\\n`));
  });
});

Deno.test("openssl computes the same fingerprint of the key", await needsPrograms("openssl"), async () => {
  await inFolder(async (folder) => {
    const { stdout } = await peer("sh", [
      "-c",
      'openssl x509 -in "$0" -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -r',
      `${folder}/server.pem`,
    ]);
    assertEquals(`sha256:${stdout.slice(0, 64)}`, identityOf(server.certificate).fingerprint);
  });
});

Deno.test(
  "checkPair() accepts what openssl makes, and says how to decrypt an encrypted key",
  await needsPrograms("openssl"),
  async () => {
    await inFolder(async (folder) => {
      const at = (name: string): string => `${folder}/${name}`;
      const check = async (certificate: string, key: string): Promise<string[]> => {
        const read = async (name: string): Promise<string> => await Deno.readTextFile(at(name));
        return checkPair({ certificate: await read(certificate), key: await read(key) }, { certificate, key });
      };
      const kinds = {
        rsa: ["RSA"],
        ec: ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
        ed: ["ED25519"],
        pss: ["RSA-PSS"],
      };
      for (const [kind, algorithm] of Object.entries(kinds)) {
        await openssl("genpkey", "-algorithm", ...algorithm, "-out", at(`${kind}.pem`));
        const request = ["req", "-x509", "-key", at(`${kind}.pem`), "-days", "2", "-subj", "/CN=own, x"];
        const extensions = ["-addext", "subjectAltName=DNS:own", "-addext", "basicConstraints=critical,CA:FALSE"];
        await openssl(...request, ...extensions, "-out", at(`${kind}.crt`));
        const der = await peer("sh", [
          "-c",
          'openssl x509 -in "$0" -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -r',
          at(`${kind}.crt`),
        ]);
        const { fingerprint, names } = identityOf(await Deno.readTextFile(at(`${kind}.crt`)));
        assertEquals([fingerprint, names], [`sha256:${der.stdout.slice(0, 64)}`, ["own"]], kind);
        if (kind !== "pss") assertEquals(await check(`${kind}.crt`, `${kind}.pem`), [], kind);
      }
      await openssl("rsa", "-in", at("rsa.pem"), "-traditional", "-out", at("rsa1.pem"));
      await openssl("ec", "-in", at("ec.pem"), "-out", at("ec1.pem"));
      for (const [certificate, key] of [["rsa.crt", "rsa1.pem"], ["ec.crt", "ec1.pem"]] as const) {
        assertEquals(await check(certificate, key), [], key);
      }
      await openssl("pkey", "-in", at("rsa.pem"), "-aes256", "-passout", "pass:secret", "-out", at("locked.pem"));
      const said = await check("rsa.crt", "locked.pem").catch((error) => error.message);
      assertStringIncludes(said, "`openssl pkey -in locked.pem -out DECRYPTED.pem`");
      await openssl("pkey", "-in", at("locked.pem"), "-passin", "pass:secret", "-out", at("open.pem"));
      assertEquals(await check("rsa.crt", "open.pem"), []);
    });
  },
);

Deno.test(
  "curl --cacert trusts a server with our certificate, under its names only",
  await needsPrograms("curl"),
  async () => {
    await inFolder(async (folder) => {
      await using web = serve(server);
      const get = (host: string, ca = "ca.pem") =>
        peer("curl", [
          ...["-sS", "--noproxy", "*", "--resolve", `*:${web.port}:127.0.0.1`, "--cacert", `${folder}/${ca}`],
          `https://${host}:${web.port}/`,
        ]);
      for (const host of ["localhost", "127.0.0.1", "www.example.org"]) {
        assertEquals(await get(host), { code: 0, stdout: "<h1>Hello!</h1>", stderr: "" }, host);
      }
      assertEquals((await get("other.example")).code, 60, "another name");
      const stranger = await makeAuthority({ name: "stranger" });
      await Deno.writeTextFile(`${folder}/stranger.pem`, stranger.certificate);
      assertEquals((await get("localhost", "stranger.pem")).code, 60, "another CA");
    });
  },
);

Deno.test(
  "openssl s_server accepts a client certificate, but no server certificate in its place",
  await needsPrograms("openssl"),
  async () => {
    await inFolder(async (folder) => {
      const files = [
        "-cert",
        `${folder}/server.pem`,
        "-key",
        `${folder}/server-key.pem`,
        "-CAfile",
        `${folder}/ca.pem`,
      ];
      await using listener = launch("openssl", [
        "s_server",
        "-accept",
        "127.0.0.1:0",
        ...files,
        "-www",
        "-Verify",
        "1",
        "-verify_return_error",
      ]);
      const [, port] = await listener.until(/ACCEPT 127\.0\.0\.1:(\d+)/);
      const connect = async (pair: Pair): Promise<string> => {
        const { certificate: cert, key } = pair;
        const options = { hostname: "127.0.0.1", port: Number(port), caCerts: [authority.certificate], cert, key };
        using conn = await Deno.connectTls(options);
        try {
          await conn.handshake();
          await conn.write(new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n"));
          const page = await deadline(new Response(conn.readable).text(), 10_000);
          return /Subject: (CN ?= ?\S+)/.exec(page.slice(page.indexOf("Client certificate")))?.[1] ?? page;
        } catch (error) {
          return String(error);
        }
      };
      assertMatch(await connect(server), /received fatal alert/, "a server certificate is not a client certificate");
      const alice = await makeLeaf(authority, { names: [], client: "alice" });
      assertMatch(await connect(alice), /^CN ?= ?alice$/);
    });
  },
);

Deno.test(
  "Chromium trusts the CA once it is in its store, and shows the page without a warning",
  await needsPrograms("chromium", "certutil"),
  async () => {
    await inFolder(async (folder) => {
      await using web = serve(server);
      const store = `sql:${folder}/.pki/nssdb`;
      await Deno.mkdir(`${folder}/.pki/nssdb`, { recursive: true });
      assertEquals((await peer("certutil", ["-N", "--empty-password", "-d", store])).code, 0);
      const visit = async (host: string, profile: string): Promise<string> => {
        const flags = [
          "--headless",
          "--no-sandbox",
          "--disable-gpu",
          "--disable-quic",
          "--no-first-run",
          "--disable-sync",
        ];
        const quiet = ["--disable-background-networking", "--disable-component-update", "--no-proxy-server"];
        const args = [
          ...flags,
          ...quiet,
          `--user-data-dir=${folder}/${profile}`,
          "--dump-dom",
          `https://${host}:${web.port}/`,
        ];
        // Chromium looks for the store in the home folder.
        const command = new Deno.Command("chromium", { args, env: { HOME: folder }, stdin: "null" });
        const { stdout } = await command.output();
        return new TextDecoder().decode(stdout);
      };
      assert(!(await visit("localhost", "before")).includes("Hello!"), "not trusted yet");
      const trust = await peer("certutil", [
        "-A",
        "-d",
        store,
        "-t",
        "C,,",
        "-n",
        "plainwire",
        "-i",
        `${folder}/ca.pem`,
      ]);
      assertEquals(trust.code, 0, trust.stderr);
      for (const host of ["localhost", "127.0.0.1"]) {
        assertStringIncludes(await visit(host, "after"), "<h1>Hello!</h1>", host);
      }
    });
  },
);
