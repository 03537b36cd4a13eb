import { X509Certificate } from "node:crypto";
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { JsonNameParams } from "@peculiar/x509";
import { UsageError } from "../../../lib/errors.ts";
import { keyFingerprint } from "../../../lib/tls/peer_identity.ts";
import {
  certificateProblem,
  clientRefusal,
  commonName,
  hostKey,
  namesOf,
  oneLine,
  parsePin,
  pinMatches,
} from "../../../lib/tls/trust.ts";
import { damagedNames, inDays, pki, selfSigned } from "../../support/tls.ts";

const permissions = "none";
const certificateOf = (name: keyof typeof pki): X509Certificate => new X509Certificate(pki[name].certificate);
const server = certificateOf("server");

Deno.test(
  "keyFingerprint() hashes the public key; pinMatches() accepts the certificate's hash too",
  { permissions },
  () => {
    const key = keyFingerprint(server);
    assertMatch(key, /^sha256:[\da-f]{64}$/);
    const whole = parsePin(`sha256 Fingerprint=${server.fingerprint256}`);
    assertEquals([pinMatches(key, server), pinMatches(whole, server)], [true, true]);
    assertEquals(pinMatches(key, certificateOf("expired")), false);
  },
);

Deno.test("parsePin() reads the usual formats and refuses a wrong length", { permissions }, () => {
  const hex = "0123456789abcdef".repeat(4);
  const colons = hex.toUpperCase().replace(/(..)(?=.)/g, "$1:");
  for (const text of [hex, `sha256:${hex}`, `SHA256:${colons}`, `sha256 Fingerprint=${colons}`, ` ${colons}\n`]) {
    assertEquals(parsePin(text), `sha256:${hex}`);
  }
  for (const text of ["", "sha256:", hex.slice(1), `${hex}0`, `sha1:${hex}`, `sha256:${hex.replace("0", "g")}`]) {
    assertThrows(() => parsePin(text), UsageError, "a pin is sha256: and 64 hexadecimal digits");
  }
});

Deno.test("certificateProblem() has a message for each defect (T1, 52)", { permissions }, () => {
  const says = (name: keyof typeof pki, host = "localhost", chainError: string | null = null): string => {
    const problem = certificateProblem(certificateOf(name), host, chainError);
    return problem === null ? "" : `${problem.unknownIssuerOnly ? "unknown: " : ""}${problem.what}; ${problem.advice}`;
  };
  assertEquals(says("server"), "");
  for (const address of ["127.0.0.1", "::1"]) assertEquals(says("server", address), "");
  assertMatch(says("expired"), /^its certificate expired on \d{4}-\d\d-\d\d; renew it on the server/);
  assertMatch(says("early"), /^its certificate is not valid before \d{4}-\d\d-\d\d; set this machine's clock/);
  assertEquals(
    says("elsewhere"),
    "its certificate is for example.org, not for localhost; use one of those names, or --sni NAME",
  );
  assertMatch(says("server", "192.0.2.1"), /, not for 192\.0\.2\.1; use one of those names/);
  assertMatch(says("ca"), /^its certificate names no host, so it is not for localhost/);
  assertMatch(
    says("unknown", "localhost", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
    /^unknown: its certificate was not issued for servers by a CA that this client trusts \(issuer: CN=Plainwire CA \(strangers\)/,
  );
  assertEquals(
    says("itself", "localhost", "DEPTH_ZERO_SELF_SIGNED_CERT"),
    "unknown: its certificate is self-signed; pass its CA with --ca FILE or its fingerprint with --pin",
  );
  // A definite defect takes precedence over an unknown issuer.
  assertMatch(says("expired", "localhost", "CERT_HAS_EXPIRED"), /^its certificate expired/);
});

Deno.test("a certificate that the runtime cannot read in full is refused like any other", { permissions }, () => {
  const odd = new X509Certificate(damagedNames(pki.unknown.certificate));
  assertThrows(() => odd.issuer, Error);
  assertMatch(
    certificateProblem(odd, "localhost", "X")?.what ?? "",
    /^its certificate was not issued for servers by a CA that this client trusts \(issuer: unreadable\)$/,
  );
  assertMatch(clientRefusal(odd, "X") ?? "", /issuer: unreadable/);
});

Deno.test("certificateProblem() checks the validity period at the given time, exactly", { permissions }, () => {
  const [from, to] = [server.validFromDate.getTime(), server.validToDate.getTime()];
  for (const [now, fine] of [[from - 1, false], [from, true], [to, true], [to + 1, false]] as const) {
    assertEquals(certificateProblem(server, "localhost", null, now) === null, fine);
  }
});

Deno.test("the common name of a server is ignored (53, RFC 9525)", { permissions }, () => {
  const bare = certificateOf("bare");
  assertEquals([commonName(bare), namesOf(bare)], ["localhost", ["127.0.0.1"]]);
  assertEquals(certificateProblem(bare, "127.0.0.1", null), null);
  assertMatch(certificateProblem(bare, "localhost", null)?.what ?? "", /is for 127\.0\.0\.1, not for localhost/);
});

Deno.test("clientRefusal() says what is wrong with a client's certificate (T7)", { permissions }, () => {
  assertEquals(clientRefusal(certificateOf("ada"), null), null);
  assertEquals(clientRefusal(null, null), "this server requires a certificate (--cert and --key)");
  assertMatch(clientRefusal(certificateOf("late"), "X") ?? "", /^your certificate expired on \d{4}-/);
  assertMatch(
    clientRefusal(certificateOf("ada"), null, inDays(-2).getTime()) ?? "",
    /^your certificate is not valid b/,
  );
  assertMatch(
    clientRefusal(certificateOf("eve"), "UNABLE_TO_VERIFY_LEAF_SIGNATURE") ?? "",
    /^your certificate was not issued for clients by a CA that this server trusts \(issuer: CN=Plainwire CA \(strangers\)/,
  );
});

Deno.test("names and hosts have one spelling", { permissions }, () => {
  assertEquals(namesOf(server), ["localhost", "127.0.0.1", "::1"]);
  assertEquals([hostKey("LocalHost", 1), hostKey("::1", 2)], ["localhost:1", "[::1]:2"]);
  assertEquals(oneLine("C=XX\nCN=a"), "C=XX, CN=a");
});

Deno.test("commonName() is exact: a newline in another part forges no name, and two names count as none (T7)", {
  permissions,
}, async () => {
  const named = async (subject: JsonNameParams): Promise<string | null> =>
    commonName(new X509Certificate((await selfSigned("x", { subject })).certificate));
  assertEquals(await named([{ O: [{ utf8String: "x\nCN=admin" }] }, { CN: [{ utf8String: "bob" }] }]), "bob");
  assertEquals(await named([{ CN: [{ utf8String: "Zoë 漢" }] }]), "Zoë 漢");
  assertEquals(await named([{ CN: [{ utf8String: "a\nb" }] }]), "a\nb");
  assertEquals(await named([{ O: [{ utf8String: "x" }] }]), null);
  assertEquals(await named([{ CN: [{ utf8String: "a" }] }, { CN: [{ utf8String: "b" }] }]), null);
});
