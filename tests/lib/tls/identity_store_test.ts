import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { UsageError } from "../../../lib/errors.ts";
import type { NetEvent } from "../../../lib/events.ts";
import { identityFolder, machineNames, type ServerIdentity, serverIdentity } from "../../../lib/tls/identity_store.ts";
import { checkPair, identityOf, isSignedBy } from "../../../lib/tls/pem.ts";

const DAY = 24 * 60 * 60 * 1000;
const FIXTURE = new URL("./identity_fixture.ts", import.meta.url).pathname;
const FILES = ["ca-key.pem", "ca.pem", "server-key.pem", "server.pem"];
const posix = { ignore: Deno.build.os === "windows" };

/** A temporary store that collects warnings. */
class Store implements AsyncDisposable {
  readonly warnings: string[] = [];

  private constructor(readonly home: string) {}

  static async make(): Promise<Store> {
    return new Store(await Deno.makeTempDir());
  }

  get folder(): string {
    return `${this.home}/.config/plainwire`;
  }

  /** The identity that a server gets some days from now. */
  async identity(options: { names?: string[]; days?: number; ephemeral?: boolean } = {}): Promise<ServerIdentity> {
    const { names = ["localhost", "127.0.0.1"], days = 0, ephemeral = false } = options;
    const emit = (event: NetEvent): void => {
      if (event.event === "warning") this.warnings.push(event.message);
    };
    const now = new Date(Date.now() + days * DAY);
    const events = { detailed: true, emit };
    const found = await serverIdentity({ names, ephemeral, folder: this.folder, now, events });
    assertEquals(checkPair(found.pair, { certificate: "cert", key: "key" }, { now }), []);
    assert(isSignedBy(found.pair.certificate, found.authority));
    assertEquals(identityOf(found.pair.certificate).fingerprint, found.fingerprint);
    return found;
  }

  /** The contents of each file. */
  async files(): Promise<Record<string, string>> {
    const files: Record<string, string> = {};
    for await (const { name } of Deno.readDir(this.folder)) {
      files[name] = await Deno.readTextFile(`${this.folder}/${name}`);
    }
    return files;
  }

  /** Replaces a file, or removes it if `text` is `null`. */
  async put(name: string, text: string | null): Promise<void> {
    if (text === null) await Deno.remove(`${this.folder}/${name}`);
    else await Deno.writeTextFile(`${this.folder}/${name}`, text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.home, { recursive: true });
  }
}

/** Asserts that an identity is for this run only, with a warning, and that no file was changed. */
async function assertLeftAlone(store: Store, warning: string): Promise<void> {
  const before = await store.files();
  store.warnings.length = 0;
  const { origin, folder } = await store.identity();
  assertEquals([origin, folder], ["made", null]);
  assertStringIncludes(store.warnings.join("\n"), warning);
  assertStringIncludes(store.warnings.join("\n"), "a new key for this run only");
  assertEquals(await store.files(), before);
}

Deno.test("serverIdentity() makes an identity once and then reuses it", async () => {
  await using store = await Store.make();
  const made = await store.identity();
  assertEquals([made.origin, made.folder], ["made", store.folder]);
  assertEquals(identityOf(made.pair.certificate).names, ["localhost", "127.0.0.1"]);
  const files = await store.files();
  assertEquals(Object.keys(files).sort(), FILES, "no temporary file is left");
  const again = await store.identity();
  assertEquals(again, { ...made, origin: "reused" });
  assertEquals((await store.identity({ names: ["LOCALHOST."] })).origin, "reused", "fewer names are covered");
  assertEquals(await store.files(), files);
  assertEquals(store.warnings, []);
});

Deno.test("serverIdentity() makes keys readable by their owner only", posix, async () => {
  await using store = await Store.make();
  await store.identity();
  const mode = async (path: string): Promise<string> => ((await Deno.stat(path)).mode ?? 0).toString(8).slice(-3);
  assertEquals(await mode(store.folder), "700");
  for (const file of ["ca-key.pem", "server-key.pem"]) assertEquals(await mode(`${store.folder}/${file}`), "600");
  for (const file of ["ca.pem", "server.pem"]) assertEquals(await mode(`${store.folder}/${file}`), "644");

  await Deno.chmod(`${store.folder}/server-key.pem`, 0o640);
  assertEquals((await store.identity()).origin, "reused");
  assertMatch(
    store.warnings.join(),
    /^Other users of this machine can read the key in \S+server-key.pem; try chmod 600 /,
  );
});

Deno.test("serverIdentity() renews a certificate with the same key and CA when due", async () => {
  await using store = await Store.make();
  const made = await store.identity();
  assertEquals((await store.identity({ days: 389 })).origin, "reused");
  const renewed = await store.identity({ days: 391 });
  assertEquals([renewed.origin, renewed.fingerprint, renewed.authority], ["renewed", made.fingerprint, made.authority]);
  assertEquals(renewed.pair.key, made.pair.key);
  assertNotEquals(renewed.pair.certificate, made.pair.certificate);
  assertEquals((await store.identity({ days: 391 })).origin, "reused");
  assertEquals((await store.identity()).origin, "renewed", "after a wrong clock: the stored one is not valid yet");
});

Deno.test("serverIdentity() renews when a name is missing", async () => {
  await using store = await Store.make();
  const made = await store.identity();
  const renewed = await store.identity({ names: ["localhost", "10.0.0.7"] });
  assertEquals([renewed.origin, renewed.fingerprint], ["renewed", made.fingerprint]);
  assertEquals(identityOf(renewed.pair.certificate).names, ["localhost", "10.0.0.7"]);
  assertEquals(store.warnings, []);
});

Deno.test("serverIdentity() renews the CA with its key when less than 30 days remain", async () => {
  await using store = await Store.make();
  const made = await store.identity();
  const late = await store.identity({ days: 3630 });
  assertEquals([late.origin, late.fingerprint], ["renewed", made.fingerprint]);
  assertNotEquals(late.authority, made.authority);
  const [before, after] = [identityOf(made.authority), identityOf(late.authority)];
  assertEquals([after.fingerprint, after.subject], [before.fingerprint, before.subject]);
  assert(
    isSignedBy(late.pair.certificate, made.authority),
    "a client that trusts the old CA accepts the new certificate until the old CA expires",
  );
});

Deno.test("serverIdentity() recovers when another run stopped between two files", async () => {
  await using store = await Store.make();
  const made = await store.identity();
  await store.put("server.pem", null);
  const again = await store.identity();
  assertEquals([again.fingerprint, again.authority], [made.fingerprint, made.authority]);
  await store.put("server.pem", null);
  await store.put("server-key.pem", null);
  await store.put("ca.pem", null);
  const third = await store.identity();
  assertEquals(third.origin, "made");
  assertEquals(identityOf(third.authority).fingerprint, identityOf(made.authority).fingerprint);
  await store.put("ca.pem", null);
  await store.put("ca-key.pem", null);
  const fourth = await store.identity();
  assertEquals([fourth.origin, fourth.fingerprint], ["renewed", third.fingerprint], "signed by a new CA");
  assertEquals(store.warnings, []);
});

Deno.test("serverIdentity() leaves unreadable and foreign files alone (55)", async () => {
  await using store = await Store.make();
  await using other = await Store.make();
  await store.identity();
  const ours = await store.files();
  await other.identity();
  const theirs = await other.files();
  const cases: [file: string, text: string | null, warning: string][] = [
    ["server.pem", "not a certificate", "server.pem: it is not a PEM file"],
    ["server.pem", "", "server.pem: it is empty"],
    ["server.pem", theirs["server.pem"] ?? "", "it is not the key of the certificate in"],
    ["server-key.pem", "junk", "server-key.pem: it is not a PEM file"],
    ["server-key.pem", null, "server.pem: its key is gone"],
    ["ca.pem", ours["server.pem"]?.slice(0, 99) ?? "", "ca.pem: it is not a PEM file"],
    ["ca-key.pem", theirs["ca-key.pem"] ?? "", "it is not the key of the certificate in"],
    ["ca-key.pem", null, "ca.pem: its key is gone"],
  ];
  for (const [file, text, warning] of cases) {
    await store.put(file, text);
    await assertLeftAlone(store, warning);
    await store.put(file, ours[file] ?? "");
  }
  await Deno.chmod(`${store.folder}/server-key.pem`, 0o600);
  await Deno.chmod(`${store.folder}/ca-key.pem`, 0o600);
  store.warnings.length = 0;
  assertEquals((await store.identity()).origin, "reused", "with the old files restored");
  assertEquals(store.warnings, []);

  await store.put("ca.pem", null);
  await store.put("ca-key.pem", null);
  for (const file of ["server.pem", "server-key.pem"]) await store.put(file, null);
  await store.put("server-key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----");
  const { folder } = await store.identity();
  assertEquals(folder, null);
  assertStringIncludes(store.warnings.join(), "server-key.pem: it is not a P-256 key");
  assert(!store.warnings.join().includes("AAAA"), "no warning quotes a key");
});

Deno.test("serverIdentity() does not replace a certificate of another issuer", async () => {
  await using store = await Store.make();
  await store.identity();
  const { makeAuthority, makeLeaf } = await import("../../../lib/tls/certificate.ts");
  const x509 = await import("@peculiar/x509");
  const { certificate, key } = await makeAuthority({ name: "x" });
  // The same key under another name: not one of our CAs.
  const subject = new x509.X509Certificate(certificate);
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const signingKey = await crypto.subtle.importKey(
    "pkcs8",
    Uint8Array.fromBase64(key.replace(/-----[^-]+-----|\n/g, "")),
    algorithm,
    false,
    ["sign"],
  );
  const foreign = await x509.X509CertificateGenerator.create({
    subject: "CN=Corp CA",
    issuer: "CN=Corp CA",
    publicKey: subject.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  const leaf = await makeLeaf({ certificate: foreign.toString("pem"), key }, { names: ["localhost"] });
  await store.put("server.pem", leaf.certificate);
  await store.put("server-key.pem", leaf.key);
  await assertLeftAlone(store, "server.pem: it was not made by Plainwire (CN=Corp CA); use it with --cert and --key");
});

Deno.test("serverIdentity() with `ephemeral` touches no file", async () => {
  await using store = await Store.make();
  const one = await store.identity({ ephemeral: true });
  const two = await store.identity({ ephemeral: true });
  assertEquals([one.origin, one.folder, two.folder], ["made", null, null]);
  assertNotEquals(one.fingerprint, two.fingerprint);
  assertEquals((await Array.fromAsync(Deno.readDir(store.home))).length, 0);
  assertEquals(store.warnings, []);
});

Deno.test("serverIdentity() works without a folder, with a warning", async () => {
  const warnings: string[] = [];
  const emit = (event: NetEvent): void => void warnings.push(event.event === "warning" ? event.message : "");
  const { folder } = await serverIdentity({ names: ["localhost"], folder: null, events: { detailed: true, emit } });
  assertEquals(folder, null);
  assertMatch(warnings.join(), /^Cannot keep a key: neither HOME nor XDG_CONFIG_HOME names a folder\. So this server /);

  await using store = await Store.make();
  await Deno.writeTextFile(`${store.home}/.config`, "a file where a folder should be");
  assertEquals((await store.identity()).folder, null);
  const said = store.warnings.join();
  assertMatch(said, /^Cannot make the folder \S+plainwire: \P{Cc}+\. So this server has a new key for this run only/u);
});

Deno.test("serverIdentity() treats a wrong name as misuse, not as a problem with its files", async () => {
  await using store = await Store.make();
  await assertRejects(() => store.identity({ names: ["a b"] }), UsageError, 'Cannot make a certificate for "a b"');
  assertEquals(store.warnings, []);
});

Deno.test("servers that start at the same time get one identity", async () => {
  await using store = await Store.make();
  const identities = await Promise.all(Array.from({ length: 8 }, () => store.identity()));
  assertEquals(new Set(identities.map(({ fingerprint }) => fingerprint)).size, 1);
  assertEquals(identities.filter(({ origin }) => origin === "made").length, 1);
  assertEquals(Object.keys(await store.files()).sort(), FILES);
  assertEquals((await store.identity()).origin, "reused");
});

Deno.test("processes that start at the same time get one identity; reusing it does not load the library", async () => {
  await using store = await Store.make();
  const flags = [
    "--no-prompt",
    "--allow-env=HOME,XDG_CONFIG_HOME,APPDATA",
    "--allow-sys=hostname,networkInterfaces",
    `--allow-read=${store.folder}`,
    `--allow-write=${store.folder}`,
  ];
  // Not HOME: that holds Deno's cache.
  const env = { XDG_CONFIG_HOME: `${store.home}/.config`, APPDATA: `${store.home}/.config` };
  const start = async (): Promise<{ fingerprint: string; origin: string; folder: string; loaded: boolean }> => {
    const command = new Deno.Command(Deno.execPath(), { args: ["run", ...flags, FIXTURE], env });
    const { stdout, stderr, success } = await command.output();
    assert(success, new TextDecoder().decode(stderr));
    assertEquals(new TextDecoder().decode(stderr), "");
    return JSON.parse(new TextDecoder().decode(stdout));
  };
  const several = await Promise.all([start(), start(), start()]);
  const [first] = several;
  for (const { fingerprint, folder } of several) {
    assertEquals([fingerprint, folder], [first?.fingerprint, store.folder]);
  }
  const files = await store.files();
  const pair = { certificate: files["server.pem"] ?? "", key: files["server-key.pem"] ?? "" };
  checkPair(pair, { certificate: "server.pem", key: "server-key.pem" });
  assertEquals(identityOf(pair.certificate).names, machineNames());
  assertEquals(await start(), { ...several[0], origin: "reused", loaded: false });
});

Deno.test("machineNames() are names that a certificate can hold, without link-local addresses", () => {
  const names = machineNames();
  assertEquals(names.slice(0, 3), ["localhost", "127.0.0.1", "::1"]);
  assertEquals(new Set(names).size, names.length);
  for (const name of names) assert(!/%|^fe80:/.test(name), name);
});

Deno.test("identityFolder() is in the user's config folder", posix, () => {
  const saved = ["HOME", "XDG_CONFIG_HOME"].map((name) => [name, Deno.env.get(name)] as const);
  try {
    Deno.env.set("HOME", "/home/ada");
    for (const config of ["", "relative"]) {
      Deno.env.set("XDG_CONFIG_HOME", config);
      assertEquals(identityFolder(), "/home/ada/.config/plainwire");
    }
    Deno.env.set("XDG_CONFIG_HOME", "/etc/ada");
    assertEquals(identityFolder(), "/etc/ada/plainwire");
    Deno.env.delete("XDG_CONFIG_HOME");
    Deno.env.set("HOME", "");
    assertEquals(identityFolder(), null);
  } finally {
    for (const [name, value] of saved) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
});
