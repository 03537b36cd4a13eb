import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Exit, Failure, UsageError } from "../../../lib/errors.ts";
import { type Events, NO_EVENTS } from "../../../lib/events.ts";
import { parseFlags } from "../../../lib/script/flags.ts";
import { commonFlags } from "../../../lib/script/shared_flags.ts";
import { clientTls, serverTls, tlsClientFlags, tlsServerFlags } from "../../../lib/script/tls_flags.ts";
import { RecordedEvents } from "../../support/sockets.ts";
import { pki, writePki } from "../../support/tls.ts";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const files = await writePki(folder);
const server = files("server");

const asServer = (args: string[], events: Events = NO_EVENTS) => {
  const { values: options, given } = parseFlags({ ...tlsServerFlags, ...commonFlags }, args);
  return serverTls({ options, given, events });
};
const asClient = (args: string[], events = NO_EVENTS) => {
  const { values: options, given } = parseFlags({ ...tlsClientFlags, ...commonFlags }, args);
  return clientTls({ options, given, events });
};

Deno.test("without --tls there is no TLS, and its other flags are refused", async () => {
  assertEquals([await asServer([]), await asClient([])], [null, null]);
  for (const args of [["--cert", "x"], ["--key", "x"], ["--client-ca", "x"], ["--ephemeral"], ["--alpn", "x"]]) {
    await assertRejects(() => asServer(args), UsageError, `Cannot use ${args[0]} without --tls`);
  }
  for (
    const args of [["--ca", "x"], ["--pin", "x"], ["--trust-first"], ["--tls-insecure"], ["--cert", "x"], [
      "--sni",
      "x",
    ]]
  ) {
    await assertRejects(() => asClient(args), UsageError, `Cannot use ${args[0]} without --tls`);
  }
});

Deno.test("--ephemeral generates a key for this run, and the join flags contain its fingerprint", async () => {
  const events = new RecordedEvents();
  const secrets = await asServer(["--tls", "--ephemeral"], events);
  assertMatch(secrets?.join ?? "", /^ --tls --pin sha256:[\da-f]{64}$/);
  assertEquals(secrets?.join.includes(secrets.fingerprint), true);
  const logged = JSON.stringify(events.all);
  assertMatch(logged, /Made a certificate for this run only/);
  assertEquals(logged.includes("PRIVATE KEY"), false);
  assertEquals(secrets?.settings.clientCa, null);
});

Deno.test("--cert, --key, --client-ca and --alpn become settings", async () => {
  const secrets = await asServer(
    [
      "--tls",
      "--cert",
      server.cert,
      "--key",
      server.key,
      "--client-ca",
      files("ca").cert,
      "--alpn",
      "a",
      "--timeout",
      "2",
    ],
  );
  assertEquals(secrets?.settings, {
    ...pki.server,
    clientCa: pki.ca.certificate,
    alpn: ["a"],
    handshakeTimeout: 2000,
  });
  assertMatch(secrets?.join ?? "", / --cert CERTIFICATE --key KEY$/);
});

Deno.test("a key in the certificate's file needs no --key", async () => {
  await Deno.writeTextFile(`${folder}/both.pem`, pki.server.certificate + pki.server.key);
  assertEquals((await asServer(["--tls", "--cert", `${folder}/both.pem`]))?.settings.alpn, []);
});

await Deno.writeTextFile(`${folder}/text`, "no PEM\n");

Deno.test("conflicting flags and files are misuse, with the reason (T2, 55)", async () => {
  for (
    const [args, words] of [
      [["--key", server.key], "Cannot use --key without --cert"],
      [["--cert", server.cert, "--key", files("ada").key], "it is not the key of the certificate in"],
      [["--cert", server.key, "--key", server.key], "it holds a key, not a certificate"],
      [
        ["--cert", server.cert, "--key", server.cert],
        `Cannot read --key ${server.cert}: it holds a certificate, not a key`,
      ],
      [
        ["--cert", server.cert],
        `Cannot use --cert ${server.cert} alone: it holds no private key; name the key's file with --key`,
      ],
      [
        ["--cert", server.cert, "--key", `${folder}/text`],
        `Cannot read --key ${folder}/text: it is not a PEM file (which starts with -----BEGIN …-----); check the path`,
      ],
      [["--cert", `${folder}/text`], `Cannot read --cert ${folder}/text: it is not a PEM file`],
      [
        ["--cert", `${folder}/none.pem`],
        `Cannot read --cert ${folder}/none.pem: no such file or directory; check the path, or make one with \`deno task tls:cert\``,
      ],
      [["--cert", folder], `Cannot read --cert ${folder}: it is a folder; name a file in it`],
      [["--cert", server.cert, "--key", folder], `Cannot read --key ${folder}: it is a folder; name a file in it`],
      [["--client-ca", folder], `Cannot read --client-ca ${folder}: it is a folder; name a file in it`],
      ...(Deno.build.os === "windows"
        ? []
        : [[["--cert", "/dev/zero"], "it is a pipe or a device, not a file"]] as const),
      [["--ephemeral", "--client-ca", server.key], "it holds a key, not a certificate"],
      [["--ephemeral", "--cert", server.cert, "--key", server.key], "Cannot use --ephemeral with --cert"],
    ] as const
  ) {
    const events = new RecordedEvents();
    const failure = await assertRejects(() => asServer(["--tls", ...args], events), Failure, words);
    assertEquals([failure.code, events.names], [Exit.misuse, []], "no key was made");
  }
  for (
    const [args, words] of [
      [["--pin", "beef"], 'Cannot use --pin "beef": a pin is sha256: and 64 hexadecimal digits'],
      [["--tls-insecure", "--pin", "x"], "Cannot use --tls-insecure with --pin or --ca"],
      [["--tls-insecure", "--ca", "x"], "Cannot use --tls-insecure with --pin or --ca"],
      [["--ca", server.key], "it holds a key, not a certificate"],
      [["--key", server.key], "Cannot use --key without --cert"],
    ] as const
  ) {
    const failure = await assertRejects(() => asClient(["--tls", ...args]), Failure, words);
    assertEquals(failure.code, Exit.misuse);
  }
});

Deno.test("a certificate that peers will refuse causes a warning", async () => {
  const events = new RecordedEvents();
  const { cert, key } = files("expired");
  await asServer(["--tls", "--cert", cert, "--key", key], events);
  assertMatch(JSON.stringify(events.all), /"warning","message":"The certificate in [^"]+ expired on/);
});

Deno.test("a client's flags set what it trusts and presents", async () => {
  const { cert, key } = files("ada");
  const tls = await asClient([
    "--tls",
    "--ca",
    files("ca").cert,
    "--cert",
    cert,
    "--key",
    key,
    "--sni",
    "a",
    "--alpn",
    "b",
  ]);
  const { ca, identity, sni, alpn, insecure, trustFirst, pins } = tls ?? {};
  assertEquals({ ca, identity, sni, alpn, insecure, trustFirst, pins }, {
    ca: pki.ca.certificate,
    identity: pki.ada,
    sni: "a",
    alpn: ["b"],
    insecure: false,
    trustFirst: false,
    pins: [],
  });
  assertEquals((await asClient(["--tls", "--json"]))?.ask, null);
});
