import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { makeAuthority, makeLeaf } from "../../../lib/tls/certificate.ts";
import { UsageError } from "../../../lib/errors.ts";
import { browserFingerprint, checkPair, identityOf, type Pair } from "../../../lib/tls/pem.ts";
import { damagedNames } from "../../support/tls.ts";

const permissions = "none";
const DAY = 24 * 60 * 60 * 1000;
const FILES = { certificate: "cert.pem", key: "key.pem" };
const EC_PARAMETERS = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";

const KINDS = {
  rsa: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) },
  p256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  p384: { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" },
  ed25519: { name: "Ed25519" },
};

/** A self-signed certificate, as people make them with openssl. */
async function selfSigned(kind: keyof typeof KINDS): Promise<Pair> {
  const algorithm = KINDS[kind];
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=own, O=Tests",
    keys,
    signingAlgorithm: algorithm,
    notAfter: new Date(Date.now() + DAY),
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "own.example" }])],
  });
  const key = x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return { certificate: certificate.toString("pem"), key };
}

const own = { rsa: await selfSigned("rsa"), p256: await selfSigned("p256") };
const authority = await makeAuthority({ name: "tests" });
const leaf = await makeLeaf(authority, { names: ["localhost"] });

/** Why a pair cannot be used. */
const refusal = (pair: Partial<Pair>): string =>
  assertThrows(() => checkPair({ ...leaf, ...pair }, FILES), UsageError).message;

Deno.test("identityOf() reads certificates with every type of key", { permissions }, async () => {
  for (const kind of ["rsa", "p256", "p384", "ed25519"] as const) {
    const { certificate, key } = await selfSigned(kind);
    const { fingerprint, names, subject, issuer, isCa } = identityOf(certificate);
    const der = new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" });
    assertEquals(fingerprint, `sha256:${createHash("sha256").update(der).digest("hex")}`, kind);
    assertEquals([names, subject, issuer, isCa], [["own.example"], "CN=own, O=Tests", "CN=own, O=Tests", false]);
    assertEquals(checkPair({ certificate, key }, FILES), []);
  }
});

Deno.test("identityOf() reads the first certificate, wherever it is in the file", { permissions }, () => {
  const { fingerprint } = identityOf(leaf.certificate);
  for (
    const file of [
      leaf.key + leaf.certificate,
      `subject=CN = x\r\n${leaf.certificate.replaceAll("\n", "\r\n")}`,
      `\ufeff${leaf.certificate}`,
    ]
  ) {
    assertEquals(identityOf(file).fingerprint, fingerprint);
  }
});

Deno.test("identityOf() escapes text from the certificate", { permissions }, async () => {
  const keys = await crypto.subtle.generateKey(KINDS.p256, true, ["sign", "verify"]) as CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: new x509.Name([{ CN: [{ utf8String: "a\x1b[31mb" }] }]),
    keys,
    signingAlgorithm: KINDS.p256,
    extensions: [
      new x509.SubjectAlternativeNameExtension([
        { type: "dns", value: "c\x1b" },
        { type: "url", value: "http://d/" },
        { type: "email", value: "E@F.example" },
      ]),
    ],
  });
  const { names, subject } = identityOf(certificate.toString("pem"));
  assertMatch(subject, /^CN=\P{Cc}+$/u);
  assertEquals(names, ["c␛", "e@f.example"]);
});

Deno.test("identityOf() names what a file holds instead of a certificate (55)", { permissions }, () => {
  const said = (text: string): string => assertThrows(() => identityOf(text, "x.pem"), UsageError).message;
  assertEquals(said(leaf.key), "Cannot read x.pem: it holds a key, not a certificate");
  assertEquals(said(" \n"), "Cannot read x.pem: it is empty");
  assertEquals(
    said("hello"),
    "Cannot read x.pem: it is not a PEM file (which starts with -----BEGIN …-----); check the path",
  );
  const der = new TextDecoder().decode(new X509Certificate(leaf.certificate).raw);
  assertStringIncludes(said(der), "in DER or PKCS#12 format, not PEM");
  assertStringIncludes(
    said("-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----"),
    "it holds CERTIFICATE REQUEST, not a certificate",
  );
  const broken = "Cannot read x.pem: it holds a broken certificate";
  assertEquals(said("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"), broken);
  assertEquals(said(leaf.certificate.replace(/\n.{8}/, "\n")), broken);
  assertStringIncludes(said(leaf.certificate.slice(0, 200)), "not a PEM file");
});

Deno.test("identityOf() refuses a certificate that the runtime cannot read in full", { permissions }, () => {
  const damaged = damagedNames(own.p256.certificate);
  assertThrows(
    () => identityOf(damaged, "cert.pem"),
    UsageError,
    "Cannot read cert.pem: it holds a broken certificate",
  );
});

Deno.test("checkPair() accepts keys in every common format", { permissions }, () => {
  const rsa = createPrivateKey(own.rsa.key).export({ type: "pkcs1", format: "pem" }).toString();
  assertStringIncludes(rsa, "BEGIN RSA PRIVATE KEY");
  assertEquals(checkPair({ ...own.rsa, key: rsa }, FILES), []);
  const ec = createPrivateKey(own.p256.key).export({ type: "sec1", format: "pem" }).toString();
  assertStringIncludes(ec, "BEGIN EC PRIVATE KEY");
  for (const key of [ec, EC_PARAMETERS + ec, ec.replaceAll("\n", "\r\n"), own.p256.certificate + ec]) {
    assertEquals(checkPair({ ...own.p256, key }, FILES), []);
  }
  const both = leaf.key + leaf.certificate;
  assertEquals(checkPair({ certificate: both, key: both }, FILES), [], "key and chain in one file");
});

Deno.test("checkPair() says which file is wrong and why (55)", { permissions }, () => {
  assertEquals(refusal({ key: own.p256.key }), "Cannot use key.pem: it is not the key of the certificate in cert.pem");
  assertEquals(refusal({ key: own.rsa.key }), "Cannot use key.pem: it is not the key of the certificate in cert.pem");
  assertEquals(refusal({ key: leaf.certificate }), "Cannot read key.pem: it holds a certificate, not a key");
  assertEquals(refusal({ certificate: leaf.key }), "Cannot read cert.pem: it holds a key, not a certificate");
  assertEquals(refusal({ key: "" }), "Cannot read key.pem: it is empty");
  assertEquals(refusal({ key: leaf.key + own.p256.key }), "Cannot read key.pem: it holds 2 keys, not one");
  assertStringIncludes(refusal({ key: EC_PARAMETERS }), "it holds EC PARAMETERS, not a key");
  const publicKey = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----";
  assertEquals(refusal({ key: publicKey }), "Cannot read key.pem: it holds a public key, not a private one");
  const [, root = ""] = leaf.certificate.split(/(?<=-----END CERTIFICATE-----\n)/);
  assertEquals(
    refusal({ certificate: root + leaf.certificate }),
    "Cannot use cert.pem: the key in key.pem belongs to its certificate number 2, which must come first",
  );
});

Deno.test("checkPair() says how to decrypt an encrypted key", { permissions }, () => {
  const pkcs8 = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----";
  const info = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,AAAA";
  const traditional = `-----BEGIN RSA PRIVATE KEY-----\n${info}\n\nAAAA\n-----END RSA PRIVATE KEY-----`;
  for (const key of [pkcs8, traditional]) {
    assertEquals(
      refusal({ key }),
      "Cannot read key.pem: the key is encrypted; decrypt it with `openssl pkey -in key.pem -out DECRYPTED.pem`",
    );
  }
});

Deno.test("checkPair() never quotes a key", { permissions }, () => {
  const secret = leaf.key.split("\n")[1] ?? "";
  const broken = `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`;
  const error = assertThrows(() => checkPair({ ...leaf, key: broken }, FILES), UsageError);
  assertStringIncludes(error.message, "its PRIVATE KEY is broken");
  assert(!`${error.message}${error.stack}${error.cause}`.includes(secret));
});

Deno.test("checkPair() accepts what peers will refuse, with a warning (52)", { permissions }, async () => {
  const at = (days: number): Date => new Date(Date.now() + days * DAY);
  assertEquals(checkPair(leaf, FILES, { now: at(396) }), []);
  const [expired, ...rest] = checkPair(leaf, FILES, { now: at(398) });
  assertMatch(expired ?? "", /^The certificate in cert\.pem expired on \d{4}-\d\d-\d\d \d\d:\d\d UTC; /);
  assertEquals(rest, []);
  assertMatch(checkPair(leaf, FILES, { now: at(-1) }).join(), /is not valid before .* clock right\?/);
  const nameless = await makeLeaf(authority, { names: [], client: "Ada Lovelace" });
  assertMatch(checkPair(nameless, FILES).join(), /names no host/);
  assertEquals(checkPair(nameless, FILES, { client: true }), []);
  assertMatch(checkPair(authority, FILES).join(), /is marked as a CA certificate/);
});

Deno.test("browserFingerprint() is that of the first certificate, also after its key, in pairs with colons", {
  permissions,
}, () => {
  const digest = createHash("sha256").update(new X509Certificate(leaf.certificate).raw).digest("hex").toUpperCase();
  const shown = digest.match(/../g)?.join(":");
  assertEquals(browserFingerprint(leaf.certificate), shown);
  assertEquals(browserFingerprint(`${leaf.key}${leaf.certificate}`), shown);
});
