import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type CertificateOrder, makeCertificates } from "../../lab/cert.ts";
import { fileStem } from "../../lab/cert_folder.ts";
import { usageLines } from "../../lab/cert_uses.ts";
import { Failure } from "../../lib/errors.ts";
import { NO_EVENTS } from "../../lib/events.ts";
import { identityOf, isSignedBy } from "../../lib/tls/pem.ts";
import { eventsIn, run } from "../support/script.ts";

const DAY = 24 * 60 * 60 * 1000;
const posix = { ignore: Deno.build.os === "windows" };

/** A temporary folder. */
class Folder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async make(): Promise<Folder> {
    return new Folder(await Deno.makeTempDir());
  }

  /** Makes certificates in the folder. */
  async order(order: Partial<CertificateOrder>): Promise<number> {
    const defaults = { folder: this.path, names: [], clients: [], days: 397, force: false };
    return await makeCertificates({ ...defaults, ...order }, NO_EVENTS);
  }

  async read(name: string): Promise<string> {
    return await Deno.readTextFile(`${this.path}/${name}`);
  }

  async names(): Promise<string[]> {
    return (await Array.fromAsync(Deno.readDir(this.path), ({ name }) => name)).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}

Deno.test("tls:cert writes a CA and a server certificate, and says how to use them", async () => {
  await using folder = await Folder.make();
  const out = `${folder.path}/new/certs`;
  const { code, stdout, stderr } = await run("tls:cert", ["--out", out, "localhost", "127.0.0.1", "::1"]);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^\[\+\] Made the CA \S+\/ca\.pem: CN=Plainwire CA \(.+\) [\da-f]{4}, valid until \d{4}-/);
  assertMatch(
    stdout,
    /\n\[\+\] Made \S+\/localhost\.pem for localhost, 127\.0\.0\.1, ::1, valid until \d{4}-\d\d-\d\d\n/,
  );
  assertStringIncludes(stdout, `curl --cacert ${out}/ca.pem https://localhost:8080/`);
  assertMatch(stdout, /\n\[\+\] Done: 1 certificate in \S+certs\n$/);

  const leaf = await Deno.readTextFile(`${out}/localhost.pem`);
  const ca = await Deno.readTextFile(`${out}/ca.pem`);
  assertEquals(leaf.split("BEGIN CERTIFICATE").length, 3, "the chain");
  assert(isSignedBy(leaf, ca));
  assertStringIncludes(stdout, `${out}/localhost-key.pem, with the fingerprint ${identityOf(leaf).fingerprint}\n`);
  const keys = await Promise.all(
    ["ca-key.pem", "localhost-key.pem"].map((name) => Deno.readTextFile(`${out}/${name}`)),
  );
  for (const key of keys) assert(!stdout.includes(key.split("\n")[1] ?? ""), "no key is printed");
});

Deno.test("tls:cert makes keys readable by their owner only", posix, async () => {
  await using folder = await Folder.make();
  await folder.order({ names: ["a.example"], clients: ["alice"] });
  for (const name of await folder.names()) {
    const mode = ((await Deno.stat(`${folder.path}/${name}`)).mode ?? 0).toString(8).slice(-3);
    assertEquals(mode, name.endsWith("-key.pem") ? "600" : "644", name);
  }
});

Deno.test("tls:cert reuses the folder's CA, for clients too", async () => {
  await using folder = await Folder.make();
  const out = ["--out", folder.path, "--quiet"];
  assertEquals((await run("tls:cert", [...out, "a.example"])).code, 0);
  const ca = await folder.read("ca.pem");
  const { code, stdout } = await run("tls:cert", [...out, "--client", "alice", "--client=Bob / B", "*.b.example"]);
  assertEquals(code, 0);
  assertMatch(stdout, /^\[\+\] Used the CA /);
  assertStringIncludes(stdout, "for the client Bob / B, valid");
  assertEquals(await folder.read("ca.pem"), ca);
  const certificates = ["a.example.pem", "alice-client.pem", "Bob___B-client.pem", "_wildcard.b.example.pem"];
  for (const name of certificates) assert(isSignedBy(await folder.read(name), ca), name);
  assertEquals((await folder.names()).length, 2 * (certificates.length + 1));
});

Deno.test("tls:cert overwrites nothing, and never the CA even with --force", async () => {
  await using folder = await Folder.make();
  const out = ["--out", folder.path];
  await folder.order({ names: ["localhost"] });
  const before = await Promise.all((await folder.names()).map((name) => folder.read(name)));
  const { code, stdout, stderr } = await run("tls:cert", [...out, "localhost", "--client", "alice"]);
  assertEquals([code, stdout], [2, ""]);
  assertMatch(stderr, /^\[!\] Cannot write \S+localhost\.pem: it already exists; --force replaces it, --out names /);
  assertEquals(
    await Promise.all((await folder.names()).map((name) => folder.read(name))),
    before,
    "nothing is written",
  );

  const ca = await folder.read("ca.pem");
  const key = await folder.read("localhost-key.pem");
  assertEquals((await run("tls:cert", [...out, "--force", "localhost"])).code, 0);
  assertEquals(await folder.read("ca.pem"), ca);
  assertNotEquals(await folder.read("localhost-key.pem"), key);
  assertEquals((await folder.names()).length, 4, "no temporary file is left");
});

Deno.test("tls:cert --json emits an event for each certificate, --days sets their validity", async () => {
  await using folder = await Folder.make();
  const { stdout } = await run("tls:cert", [
    "--json",
    "--days",
    "10",
    "--out",
    folder.path,
    "a.example",
    "--client",
    "x",
  ]);
  const [ca, server, client] = eventsIn(stdout).filter(({ event }) => event === "result");
  assertEquals([ca?.ca, ca?.made, ca?.certificate], [true, true, `${folder.path}/ca.pem`]);
  assertEquals([server?.names, server?.key], [["a.example"], `${folder.path}/a.example-key.pem`]);
  assertEquals(client?.subject, "CN=x");
  const { notBefore, notAfter, fingerprint } = identityOf(await folder.read("a.example.pem"));
  assertEquals(notAfter.getTime() - notBefore.getTime(), 10 * DAY);
  assertEquals([server?.fingerprint, server?.notAfter], [fingerprint, notAfter.toISOString()]);
});

Deno.test("tls:cert says in one line what it cannot make, and writes nothing (P4)", async () => {
  await using folder = await Folder.make();
  const cases: [args: string[], said: string][] = [
    [[], "no name was given; name a host or an address, or a client with --client"],
    [["https://localhost"], 'for "https://localhost": it must be a host name or an address'],
    [["good.example", "a b"], 'for "a b": it must be'],
    [["--client", "x\x1b"], 'for the client "x\\u001b": its name must have 1 to 64 characters'],
    [["--client", "a b", "--client", "A/B"], "twice: two of the names map to the same file name"],
    [["--days", "398", "localhost"], '--days "398": it must be a whole number from 1 to 397'],
    [["--client="], "it must not be empty"],
  ];
  for (const [args, said] of cases) {
    const { code, stdout, stderr } = await run("tls:cert", ["--out", folder.path, ...args]);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, /^\[!\] Cannot \P{Cc}+\n$/u);
    assertStringIncludes(stderr, said);
  }
  assertEquals(await folder.names(), []);
});

Deno.test("tls:cert does not sign with an incomplete CA, a wrong key, or an expired CA (55)", async () => {
  await using folder = await Folder.make();
  await using other = await Folder.make();
  await folder.order({ names: ["a.example"] });
  await other.order({ names: ["a.example"] });
  const refusal = async (order: Partial<CertificateOrder> = {}): Promise<string> =>
    (await assertRejects(() => folder.order({ names: ["b.example"], ...order }), Failure)).message;
  const expired = await refusal({ now: new Date(Date.now() + 3651 * DAY) });
  assertMatch(expired, /^Cannot sign with \S+ca\.pem: it expired on \d{4}-\d\d-\d\d; name another folder with --out$/);

  const key = await folder.read("ca-key.pem");
  await Deno.remove(`${folder.path}/ca-key.pem`);
  assertMatch(await refusal(), /^Cannot use the CA in \S+ca\.pem: \S+ca-key\.pem is missing; /);
  await Deno.writeTextFile(`${folder.path}/ca-key.pem`, await other.read("ca-key.pem"));
  assertMatch(await refusal(), /ca-key\.pem: it is not the key of the certificate in \S+ca\.pem$/);
  await Deno.writeTextFile(`${folder.path}/ca-key.pem`, await folder.read("a.example-key.pem"));
  await Deno.copyFile(`${folder.path}/a.example.pem`, `${folder.path}/ca.pem`);
  assertMatch(await refusal(), /^Cannot sign with \S+ca\.pem: it is not a CA certificate; /);
  await Deno.writeTextFile(`${folder.path}/ca-key.pem`, key);
  await Deno.remove(`${folder.path}/ca.pem`);
  assertMatch(await refusal(), /^Cannot use the CA in \S+ca-key\.pem: \S+ca\.pem is missing; /);
});

Deno.test("tls:cert says why it cannot write a folder", posix, async () => {
  await using folder = await Folder.make();
  await Deno.writeTextFile(`${folder.path}/file`, "");
  const { code, stderr } = await run("tls:cert", ["--out", `${folder.path}/file`, "localhost"]);
  assertEquals(code, 1);
  assertMatch(stderr, /^\[!\] Cannot look at \S+\/file\/localhost\.pem: not a directory\n$/);
});

Deno.test("fileStem() makes unique names that are valid on every system", { permissions: "none" }, () => {
  const stems: [name: string, stem: string][] = [
    ["localhost", "localhost"],
    ["*.example.org", "_wildcard.example.org"],
    ["::1", "__1"],
    ["alice@example.org", "alice@example.org"],
    ["Grüße", "Grüße"],
    ["../../etc/passwd", "_._.._etc_passwd"],
    ["..", "_."],
    ["-rf", "_rf"],
    ["a\\b:c\0d\ne", "a_b_c_d_e"],
    ["ca", "ca_"],
    ["CA", "CA_"],
    ["a-key", "a-key_"],
  ];
  for (const [name, stem] of stems) assertEquals(fileStem(name), stem);
});

Deno.test("usageLines() quotes its commands for a shell", () => {
  const lines = usageLines({ folder: "my certs", names: ["::1"], clients: [] }).join("\n");
  assertStringIncludes(lines, "curl --cacert 'my certs/ca.pem' https://[::1]:8080/");
  assertStringIncludes(lines, "--cert 'my certs/__1.pem'");
  assertStringIncludes(
    usageLines({ folder: ".", names: ["*.a.example"], clients: [] }).join("\n"),
    "https://www.a.example:8080",
  );
  assertStringIncludes(usageLines({ folder: "o'c", names: [], clients: ["x"] }).join("\n"), `'o'\\''c/x-client.pem'`);
});

Deno.test("tls:cert --help promises nothing of --timeout: there is no peer to wait for", async () => {
  const { stdout } = await run("tls:cert", ["--help"]);
  assertMatch(stdout, /--timeout SECONDS\s+no effect: there is no peer to wait for \(default 0\)\n/);
});
