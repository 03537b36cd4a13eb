/** How a chat server joins a shared room, and what it says when it cannot. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { nkeys } from "@nats-io/nats-core";
import { run } from "../../support/script.ts";
import { needsPrograms } from "../support.ts";
import { certify, Guest, serve } from "./servers.ts";
import { Broker } from "./support.ts";

const NATS = await needsPrograms("nats-server");

/** Runs a server that cannot join; it says so in one line. */
async function refused(url: string, ...flags: string[]): Promise<{ code: number; message: string }> {
  const args = ["--bind", "127.0.0.1", "--port", "0", "--room", "lobby", "--nats", url, ...flags];
  const { code, stdout, stderr } = await deadline(run("chat:server", args), 20_000);
  assertEquals(stdout.match(/Listening/), null);
  assertMatch(stderr, /^\[!\] Cannot [^\n]+\n$/);
  return { code, message: stderr.slice(4, -1) };
}

Deno.test("a broker that is down, no broker, or silent: exits 4, 8 and 5", NATS, async () => {
  const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr;
  free.close();
  assertEquals(await refused(`nats://127.0.0.1:${port}`), {
    code: 4,
    message:
      `Cannot join the room at NATS 127.0.0.1:${port}: connection refused; start \`nats-server -js\` there, or check the address`,
  });
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const talking = (async () => {
    for await (const socket of other) {
      await socket.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
      socket.close();
    }
  })();
  const { code, message } = await refused(`nats://127.0.0.1:${other.addr.port}`);
  assertEquals(code, 8);
  assertStringIncludes(message, "it is not a NATS server");
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const late = await refused(`nats://127.0.0.1:${silent.addr.port}`);
  assertEquals(late.code, 5);
  assertStringIncludes(late.message, "no answer of a NATS server in time");
  other.close();
  await talking;
});

Deno.test(
  "a broker without JetStream, with a stream of another kind, or for small messages only: exit 1 and what to do",
  NATS,
  async () => {
    await using plain = await Broker.start({ jetStream: false });
    const without = await refused(`nats://${plain.address}`);
    assertEquals(without.code, 1);
    assertStringIncludes(without.message, "it has no JetStream; start it as `nats-server -js`");
    await using small = await Broker.start({ config: "max_payload: 4096" });
    const tight = await refused(`nats://${small.address}`);
    assertEquals(tight.code, 1);
    assertStringIncludes(
      tight.message,
      "it takes 4096 bytes at most; raise its max_payload to 25600, or lower --max-message",
    );
    await using broker = await Broker.start();
    const { connect } = await import("@nats-io/transport-node");
    const { jetstreamManager } = await import("@nats-io/jetstream");
    const { roomSubjects } = await import("../../../chat/shared/broker/subjects.ts");
    const { stream: name, line } = roomSubjects("lobby");
    const connection = await connect({ servers: broker.address });
    const { streams } = await jetstreamManager(connection);
    await streams.add({ name, subjects: [line], retention: "workqueue" });
    const wrong = await refused(`nats://${broker.address}`);
    assertEquals(wrong.code, 1);
    assertStringIncludes(
      wrong.message,
      `Cannot use the stream ${name}: it forgets lines that were read (retention: workqueue); delete it`,
    );
    await streams.delete(name);
    await streams.add({ name: "OTHER", subjects: ["plainwire.>"] });
    const overlapping = await refused(`nats://${broker.address}`);
    assertEquals(overlapping.code, 1);
    assertStringIncludes(overlapping.message, "overlap");
    await connection.close();
  },
);

type Keys = ReturnType<typeof nkeys.createUser>;

const SECRETS = { NATS_USER: "room", NATS_PASSWORD: "secret 1" };

/** A broker with TLS, a user, and no permission but those that a room needs, as chat/shared/README.md has them. */
async function guarded(key: string): Promise<Broker> {
  const folder = await Deno.makeTempDir({ prefix: "plainwire-nats-" });
  await certify(folder);
  const readme = await Deno.readTextFile(new URL("../../../chat/shared/README.md", import.meta.url));
  const [, permissions = ""] = /```\n(permissions: .*?)```/s.exec(readme) ?? [];
  const config = `
    tls { cert_file: "${folder}/localhost.pem", key_file: "${folder}/localhost-key.pem" }
    authorization { users = [ { user: room, password: "secret 1", ${permissions.replaceAll("3562", key)} } ] }`;
  return await Broker.start({ config }, folder);
}

Deno.test("TLS, user and password, and no permission but those of one room", NATS, async () => {
  const { roomSubjects } = await import("../../../chat/shared/broker/subjects.ts");
  await using broker = await guarded(roomSubjects("Room 5b").key);
  const [tls, ca] = [`tls://${broker.address}`, ["--nats-ca", `${broker.folder}/ca.pem`]];
  const untrusted = await refused(tls);
  assertEquals(untrusted.code, 7);
  assertStringIncludes(untrusted.message, "its certificate is not trusted; name the file of its CA with --nats-ca");
  const unknown = await refused(tls, ...ca);
  assertEquals(unknown.code, 1);
  assertStringIncludes(unknown.message, "it does not accept these credentials; set NATS_USER and NATS_PASSWORD");
  await using north = await serve(tls, ca, { env: SECRETS });
  await using south = await serve(tls, ca, { env: SECRETS });
  assertMatch(north.script.stdout, /Sharing the room "Room 5b" over NATS at \S+ \(TLS\)/);
  await using alice = await Guest.join(north, "alice");
  await using bob = await Guest.join(south, "bob");
  await alice.says("over TLS");
  await bob.sees(/^alice: over TLS$/m);
  await alice.says("/msg bob psst", "/who");
  await bob.sees(/psst/);
  await alice.sees(/4 here/);
  await north.script.type("/kick bob\n");
  await bob.sees(/kicked you out/);
  assertEquals([north, south].map(({ script }) => script.stderr), ["", ""]);
  const args = ["--bind", "127.0.0.1", "--port", "0", "--room", "another", "--nats", tls, ...ca];
  const forbidden = await run("chat:server", args, { env: SECRETS });
  assertEquals(forbidden.code, 1);
  assertStringIncludes(forbidden.stderr, "the broker does not permit it");
});

Deno.test("TLS asked of a broker that has none: exit 7", NATS, async () => {
  await using broker = await Broker.start();
  const { code, message } = await refused(`tls://${broker.address}`);
  assertEquals(code, 7);
  assertStringIncludes(message, "it does not speak TLS");
});

Deno.test("a broker whose certificate is for another name: exit 7", NATS, async () => {
  const folder = await Deno.makeTempDir({ prefix: "plainwire-nats-" });
  await run("tls:cert", ["--out", folder, "other.example"]);
  const config = `tls { cert_file: "${folder}/other.example.pem", key_file: "${folder}/other.example-key.pem" }`;
  await using broker = await Broker.start({ config }, folder);
  const { code, message } = await refused(broker.url, "--nats-ca", `${folder}/ca.pem`);
  assertEquals(code, 7);
  assertStringIncludes(message, "its certificate is for another name");
});

/** A signed claim of NATS (JWT with its own algorithm), as `nsc` makes them. */
function claim(issuer: Keys, { subject, name, nats }: { subject: string; name: string; nats: object }): string {
  const encode = (value: object): string =>
    btoa(JSON.stringify(value)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const about = {
    jti: crypto.randomUUID(),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    sub: subject,
  };
  const signed = `${encode({ typ: "JWT", alg: "ed25519-nkey" })}.${
    encode({ ...about, name, nats: { version: 2, ...nats } })
  }`;
  return `${signed}.${
    issuer.sign(new TextEncoder().encode(signed)).toBase64({ alphabet: "base64url", omitPadding: true })
  }`;
}

Deno.test("a credentials file of a broker with accounts", NATS, async () => {
  const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()];
  // JetStream needs a system account.
  const system = nkeys.createAccount();
  const root = claim(operator, { subject: operator.getPublicKey(), name: "school", nats: { type: "operator" } });
  const all = { subs: -1, conn: -1, leaf: -1, imports: -1, exports: -1, data: -1, payload: -1, wildcards: true };
  const limits = { ...all, mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const owned = claim(operator, { subject: account.getPublicKey(), name: "rooms", nats: { type: "account", limits } });
  const free = { subs: -1, data: -1, payload: -1 };
  const pass = claim(account, { subject: user.getPublicKey(), name: "server", nats: { type: "user", ...free } });
  const own = claim(operator, { subject: system.getPublicKey(), name: "SYS", nats: { type: "account", limits: all } });
  const config = `
    operator: ${root}
    system_account: ${system.getPublicKey()}
    resolver: MEMORY
    resolver_preload: { ${account.getPublicKey()}: ${owned}, ${system.getPublicKey()}: ${own} }`;
  await using broker = await Broker.start({ config });
  const path = `${broker.folder}/room.creds`;
  const seed = new TextDecoder().decode(user.getSeed());
  const parts = { "NATS USER JWT": pass, "USER NKEY SEED": seed };
  const text = Object.entries(parts).map(([what, value]) =>
    `-----BEGIN ${what}-----\n${value}\n------END ${what}------\n`
  );
  await Deno.writeTextFile(path, text.join("\n"));
  const without = await refused(broker.url);
  assertEquals(without.code, 1);
  assertStringIncludes(without.message, "it does not accept these credentials");
  await using north = await serve(broker.url, ["--nats-creds", path]);
  await using alice = await Guest.join(north, "alice");
  await using bob = await Guest.join(north, "bob");
  await alice.says("by a file");
  await bob.sees(/^alice: by a file$/m);
  assertEquals(north.script.stdout.includes(seed), false);
});
