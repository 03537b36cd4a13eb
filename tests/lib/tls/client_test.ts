import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { connectTcp } from "../../../lib/stream/connect.ts";
import { Failure } from "../../../lib/errors.ts";
import type { KnownHosts } from "../../../lib/tls/known_hosts.ts";
import type { Fingerprint } from "../../../lib/tls/peer_identity.ts";
import { identityOf, type Pair } from "../../../lib/tls/pem.ts";
import { serveTcp } from "../../../lib/stream/server.ts";
import { decodeText } from "../../../lib/text.ts";
import type { ClientTls } from "../../../lib/tls/client.ts";
import { RecordedEvents } from "../../support/sockets.ts";
import { pki, serverTls, tlsListener } from "../../support/tls.ts";

const STRICT: ClientTls = {
  pins: [],
  ca: null,
  insecure: false,
  trustFirst: false,
  identity: null,
  alpn: [],
  sni: null,
  known: null,
  ask: null,
};
const fingerprint = (pair: Pair): Fingerprint => identityOf(pair.certificate).fingerprint;

/** Known hosts in memory. */
class Remembered implements KnownHosts {
  readonly path = "known_hosts";
  readonly hosts = new Map<string, Fingerprint>();
  find(host: string): Promise<Fingerprint | null> {
    return Promise.resolve(this.hosts.get(host) ?? null);
  }
  remember(host: string, key: Fingerprint): Promise<void> {
    this.hosts.set(host, key);
    return Promise.resolve();
  }
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }
}

/** Connects to a server with the given certificate; returns the client's result and the server's events. */
async function visit(
  pair: Pair,
  options: Partial<ClientTls>,
  { port = 0 } = {},
): Promise<{ said: string; code: number; warnings: string[]; server: string[]; port: number }> {
  const listener = tlsListener(serverTls(pair));
  const [events, serverEvents, stop] = [new RecordedEvents(), new RecordedEvents(), new AbortController()];
  const serving = serveTcp(listener, async (connection) => {
    if (await connection.readMessage() === null) return;
    await connection.write("welcome\n");
    await connection.finish();
  }, { events: serverEvents, signal: stop.signal });
  let [said, code] = ["", 0];
  try {
    await using connection = await connectTcp((at) => Deno.connect(at), {
      hostname: "localhost",
      port: port || listener.port,
    }, {
      events,
      tls: { ...STRICT, ...options },
    });
    await connection.write("hello\n");
    said = decodeText(await connection.readMessage() ?? new Uint8Array());
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    [said, code] = [error.message, error.code];
  } finally {
    stop.abort();
    await serving;
  }
  const warnings = events.all.flatMap((event) => event.event === "warning" ? [event.message] : []);
  return { said: said.replaceAll(String(listener.port), "PORT"), code, warnings, server: serverEvents.names, port };
}

Deno.test("a server whose certificate the CA signed is trusted; --ca replaces the system's CAs", async () => {
  assertEquals((await visit(pki.server, { ca: pki.ca.certificate })).said, "welcome");
  const { said, code } = await visit(pki.server, { ca: pki.other.certificate });
  assertEquals(code, 7);
  assertMatch(
    said,
    /^Cannot trust localhost:PORT: its certificate was not issued for servers by a CA that this client trusts .* pass its CA with --ca FILE/,
  );
});

Deno.test("the usual self-signed certificate is its own trust anchor (54)", async () => {
  assertEquals((await visit(pki.itself, { ca: pki.itself.certificate })).said, "welcome");
});

Deno.test("each defect of a certificate is refused with its own message, code 7 (T1, 52, 53)", async () => {
  for (
    const [name, words] of [
      ["expired", "its certificate expired on "],
      ["early", "its certificate is not valid before "],
      ["elsewhere", "its certificate is for example.org, not for localhost; use one of those names, or --sni NAME"],
      ["ca", "its certificate names no host, so it is not for localhost"],
      ["ada", "not for localhost"],
      [
        "unknown",
        "its certificate was not issued for servers by a CA that this client trusts (issuer: CN=Plainwire CA (stranger",
      ],
      ["itself", "its certificate is self-signed"],
    ] as const
  ) {
    const { said, code, server } = await visit(pki[name], { ca: pki.ca.certificate });
    assertEquals([name, code], [name, 7]);
    assertStringIncludes(said, `Cannot trust localhost:PORT: `);
    assertStringIncludes(said, words);
    // The server sees an orderly close, not a cut-off stream.
    assertEquals(server.filter((event) => event === "error" || event === "reset"), [], name);
  }
});

Deno.test("--sni is the name that is requested and verified", async () => {
  assertEquals((await visit(pki.elsewhere, { ca: pki.ca.certificate, sni: "example.org" })).said, "welcome");
});

Deno.test("--pin trusts its key whatever its issuer, and no other key", async () => {
  const key = fingerprint(pki.unknown);
  assertEquals((await visit(pki.unknown, { pins: [fingerprint(pki.server), key] })).said, "welcome");
  assertEquals((await visit(pki.expired, { pins: [fingerprint(pki.expired)] })).said, "welcome");
  const { said, code } = await visit(pki.server, { pins: [key] });
  assertEquals(code, 7);
  assertStringIncludes(said, `its key is ${fingerprint(pki.server)}, not the pinned ${key}`);
});

Deno.test("--tls-insecure trusts any server and warns with its fingerprint", async () => {
  const { said, warnings } = await visit(pki.expired, { insecure: true });
  assertEquals(said, "welcome");
  assertMatch(warnings[0] ?? "", /^ENCRYPTED BUT NOT VERIFIED: .*; its key is sha256:[\da-f]{64}$/);
});

Deno.test("the user is asked once about an unknown key; then it is known", async () => {
  const known = new Remembered();
  const questions: string[] = [];
  const ask = (question: string): boolean => {
    questions.push(question);
    return questions.length > 1;
  };
  const refused = await visit(pki.unknown, { known, ask });
  assertEquals([refused.code, known.hosts.size], [7, 0]);
  assertStringIncludes(refused.said, "you did not trust its key");
  assertEquals((await visit(pki.unknown, { known, ask })).said, "welcome");
  assertEquals([...known.hosts.values()], [fingerprint(pki.unknown)]);
  assertMatch(
    questions[0] ?? "",
    /^localhost:\d+: its certificate was not issued .*\nIts key is sha256:[\da-f]{64} \(CN=localhost\)\.\nCompare/,
  );
});

Deno.test("without a terminal to ask on, an unknown key is refused unless --trust-first remembers it", async () => {
  const known = new Remembered();
  const { said, code } = await visit(pki.itself, { known });
  assertEquals([code, known.hosts.size], [7, 0]);
  assertStringIncludes(said, `its key is ${fingerprint(pki.itself)}: if that is correct, pass it with --pin`);
  assertEquals((await visit(pki.itself, { known, trustFirst: true })).said, "welcome");
  assertEquals(known.hosts.size, 1);
});

Deno.test("a key that has changed is refused with both fingerprints, --trust-first or not (T6)", async () => {
  const known = new Remembered();
  known.find = () => Promise.resolve(fingerprint(pki.server));
  const { said, code } = await visit(pki.unknown, { known, trustFirst: true, ask: () => true });
  assertEquals([code, known.hosts.size], [7, 0]);
  assertStringIncludes(
    said,
    `its key has changed: it was ${fingerprint(pki.server)} and is now ${fingerprint(pki.unknown)}`,
  );
  assertEquals((await visit(pki.server, { known })).said, "welcome");
});

Deno.test("the user is not asked about a wrong name or an invalid date: those are refused", async () => {
  const known = new Remembered();
  for (const name of ["expired", "early", "elsewhere"] as const) {
    const { code } = await visit(pki[name], { known, trustFirst: true, ask: () => true });
    assertEquals([name, code, known.hosts.size], [name, 7, 0]);
  }
});
