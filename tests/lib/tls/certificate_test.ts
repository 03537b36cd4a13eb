import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { X509Certificate } from "node:crypto";
import { isSigningKey, LEAF_DAYS, makeAuthority, makeKey, makeLeaf } from "../../../lib/tls/certificate.ts";
import { UsageError } from "../../../lib/errors.ts";
import { checkPair, identityOf, isSignedBy, type Pair } from "../../../lib/tls/pem.ts";

const permissions = "none";
const DAY = 24 * 60 * 60 * 1000;
const FILES = { certificate: "cert.pem", key: "key.pem" };

const authority = await makeAuthority({ name: "tests" });
const server = await makeLeaf(authority, { names: ["localhost", "127.0.0.1", "::1", "*.example.org"] });

/** The error message of a leaf that cannot be made. */
async function refusal(options: Partial<Parameters<typeof makeLeaf>[1]>, ca = authority): Promise<string> {
  const error = await assertRejects(() => makeLeaf(ca, { names: ["localhost"], ...options }), UsageError);
  return error.message;
}

Deno.test("makeAuthority() makes a CA with a distinct name that signs leaves only", { permissions }, async () => {
  const { fingerprint, subject, issuer, isCa, notBefore, notAfter } = identityOf(authority.certificate);
  assert(isCa);
  assertMatch(subject, /^CN=Plainwire CA \(tests\) [\da-f]{4}$/);
  assertEquals(issuer, subject);
  assertEquals(notAfter.getTime() - notBefore.getTime(), 3650 * DAY);
  assertEquals(checkPair(authority, FILES, { client: true }).length, 1, "it warns about a CA certificate");

  const other = identityOf((await makeAuthority({ name: "tests" })).certificate);
  assertNotEquals(other.fingerprint, fingerprint);
  const again = await makeAuthority({ name: "tests", key: authority.key });
  assertEquals([identityOf(again.certificate).fingerprint, identityOf(again.certificate).subject], [
    fingerprint,
    subject,
  ]);
  assert(isSignedBy(server.certificate, again.certificate), "the renewed CA still verifies the old certificates");

  const long = identityOf((await makeAuthority({ name: `x\n${"y".repeat(80)}` })).certificate);
  assertMatch(long.subject, /^CN=Plainwire CA \(x\\ny+\) [\da-f]{4}$/);
  assertEquals(long.subject.length, "CN=".length + 64);
});

Deno.test("makeLeaf() makes a server certificate with its chain and key", { permissions }, () => {
  const { names, subject, issuer, isCa, notBefore, notAfter } = identityOf(server.certificate);
  assertEquals(names, ["localhost", "127.0.0.1", "::1", "*.example.org"]);
  assertEquals([subject, issuer, isCa], ["CN=localhost", identityOf(authority.certificate).subject, false]);
  assert(server.certificate.endsWith(authority.certificate), "the chain ends with the CA certificate");
  assert(isSignedBy(server.certificate, authority.certificate));
  assert(!isSignedBy(authority.certificate, server.certificate));
  assertEquals(notAfter.getTime() - notBefore.getTime(), LEAF_DAYS * DAY);
  const skew = Date.now() - notBefore.getTime();
  assert(skew >= 300_000 && skew < 400_000, `notBefore is ${skew} ms ago`);
  assertEquals(checkPair(server, FILES), []);
  for (const line of `${server.certificate}${server.key}`.split("\n")) assert(line.length <= 64);
});

Deno.test("makeLeaf() distinguishes names from addresses and drops duplicates", { permissions }, async () => {
  const names = ["LOCALHOST", "localhost.", "[::1]", "0:0::1", "10.0.0.1", "grüße.example"];
  const { certificate } = await makeLeaf(authority, { names });
  assertEquals(
    new X509Certificate(certificate).subjectAltName,
    "DNS:localhost, IP Address:::1, IP Address:10.0.0.1, DNS:xn--gre-6ka8l.example",
  );
  assertEquals(identityOf(certificate).names, ["localhost", "::1", "10.0.0.1", "xn--gre-6ka8l.example"]);
  const long = `${"x".repeat(60)}.${"y".repeat(60)}.example`;
  assertEquals(identityOf((await makeLeaf(authority, { names: [long, "short"] })).certificate).subject, "CN=short");
  assertEquals(identityOf((await makeLeaf(authority, { names: [long] })).certificate).subject, "CN=Plainwire server");
});

Deno.test("makeLeaf() gives each certificate a positive serial number of 16 bytes", { permissions }, async () => {
  const serials = new Set<string>();
  for (let count = 0; count < 20; count++) {
    const { certificate } = await makeLeaf(authority, { names: ["localhost"], key: server.key });
    const { serialNumber } = new X509Certificate(certificate);
    assertMatch(serialNumber, /^[4-7][\dA-F]{31}$/i);
    serials.add(serialNumber);
  }
  assertEquals(serials.size, 20);
});

Deno.test("makeLeaf() keeps the fingerprint if and only if the key stays", { permissions }, async () => {
  const { fingerprint } = identityOf(server.certificate);
  assertMatch(fingerprint, /^sha256:[\da-f]{64}$/);
  const renewed = await makeLeaf(authority, { names: ["other.example"], key: server.key });
  assertEquals([identityOf(renewed.certificate).fingerprint, renewed.key], [fingerprint, server.key]);
  const other = await makeLeaf(authority, { names: ["localhost"] });
  assertNotEquals(identityOf(other.certificate).fingerprint, fingerprint);
});

Deno.test("makeLeaf() makes a client certificate", { permissions }, async () => {
  for (
    const [client, names] of [
      ["alice", ["alice"]],
      ["alice@example.org", ["alice@example.org"]],
      ['Älice, "Al" + #1', []],
      ["#61", []],
    ] as const
  ) {
    const pair = await makeLeaf(authority, { names: [], client });
    const identity = identityOf(pair.certificate);
    assertEquals(identity.names, names);
    assertEquals(identity.subject, `CN=${client}`);
    assertEquals(checkPair(pair, FILES, { client: true }), []);
  }
});

Deno.test("makeLeaf() says which name, validity or key it cannot use", { permissions }, async () => {
  assertEquals(
    await refusal({ names: ["localhost", "https://a\x1b"] }),
    'Cannot make a certificate for "https://a\\u001b": it must be a host name or an address, without a port or zone',
  );
  assertStringIncludes(await refusal({ names: [] }), "name at least one host");
  for (const client of ["", " ", "x".repeat(65), "a\nb"]) {
    assertStringIncludes(await refusal({ client }), "its name must have");
  }
  for (const days of [0, -1, 398, NaN]) assertStringIncludes(await refusal({ days }), `for ${days} days`);
  const expired = await makeAuthority({ name: "old", days: 1, now: new Date(Date.now() - 2 * DAY) });
  assertMatch(await refusal({}, expired), /^Cannot make a certificate: the CA .* expired on \d{4}-\d\d-\d\d$/);
  const secret = "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF";
  const key = `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`;
  const said = await refusal({ key });
  assertStringIncludes(said, "not a P-256 key");
  assert(!said.includes(secret), "no message quotes a key");
});

Deno.test("makeLeaf() makes no certificate that outlives its CA", { permissions }, async () => {
  const short = await makeAuthority({ name: "short", days: 10 });
  const leaf = await makeLeaf(short, { names: ["localhost"] });
  assertEquals(identityOf(leaf.certificate).notAfter, identityOf(short.certificate).notAfter);
});

Deno.test("makeKey() makes keys that isSigningKey() accepts", { permissions }, async () => {
  assert(await isSigningKey(await makeKey()));
  for (const text of ["", "x", authority.certificate, "-----BEGIN PRIVATE KEY-----\n####\n-----END PRIVATE KEY-----"]) {
    assert(!await isSigningKey(text));
  }
});

/** Connects to a server with the pair and reads one byte; the client trusts the CA. */
async function handshake(pair: Pair, bind: string, connectTo: string, ca: string): Promise<string> {
  using listener = Deno.listenTls({ hostname: bind, port: 0, cert: pair.certificate, key: pair.key });
  const serving = (async () => {
    using conn = await listener.accept();
    await conn.handshake().then(() => conn.write(Uint8Array.of(7)), () => {});
  })();
  try {
    using conn = await Deno.connect({ hostname: bind, port: listener.addr.port });
    using tls = await Deno.startTls(conn, { hostname: connectTo, caCerts: [ca] });
    await tls.handshake();
    await tls.read(new Uint8Array(1));
    return "accepted";
  } catch (error) {
    return String(error);
  } finally {
    await serving;
  }
}

Deno.test("Deno's TLS accepts the certificates for their names and addresses only (52)", async () => {
  for (const name of ["localhost", "127.0.0.1", "::1", "any.example.org"]) {
    assertEquals(await handshake(server, "127.0.0.1", name, authority.certificate), "accepted", name);
  }
  for (const name of ["127.0.0.2", "other", "a.b.example.org", "example.org"]) {
    assertStringIncludes(await handshake(server, "127.0.0.1", name, authority.certificate), "not valid for name", name);
  }
  const stranger = await makeAuthority({ name: "stranger" });
  assertStringIncludes(await handshake(server, "127.0.0.1", "localhost", stranger.certificate), "UnknownIssuer");
  const client = await makeLeaf(authority, { names: ["localhost"], client: "alice" });
  const said = await handshake(client, "127.0.0.1", "localhost", authority.certificate);
  assertStringIncludes(said, "invalid peer certificate", "a client certificate is not valid for a server");
  const old = new Date(Date.now() - 400 * DAY);
  const expired = await makeLeaf(authority, { names: ["localhost"], now: old });
  assertStringIncludes(await handshake(expired, "127.0.0.1", "localhost", authority.certificate), "expired");
});
