/**
 * Makes certificates: a private certificate authority (CA), and the server and client certificates that it signs.
 *
 * Uses `@peculiar/x509`, loaded on first use: it is released every few months, makes EC keys with Web Crypto and needs no permission
 * (`selfsigned` wraps an old version of it). `lib/tls/pem.ts` reads and checks certificates.
 *
 * @module
 */
import type { X509Certificate } from "@peculiar/x509";
import { UsageError } from "../errors.ts";
import { type HostName, parseHostName } from "./host_name.ts";
import type { Pair } from "./pem.ts";
import { dayOf, escapeControls } from "../text.ts";

/** The longest validity of a leaf: browsers refuse more than 398 days (CA/Browser Forum baseline requirements 6.3.2). */
export const LEAF_DAYS = 397;

/** The default validity of a CA. */
export const AUTHORITY_DAYS = 3650;

/** How far `notBefore` lies in the past (ms), since the clocks of two machines differ. */
const CLOCK_SKEW = 5 * 60 * 1000;

const DAY = 24 * 60 * 60 * 1000;

/** P-256 with SHA-256: small, fast, and accepted by every TLS 1.2 implementation. */
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

/** The longest common name (RFC 5280 A.1, ub-common-name). */
const MAX_COMMON_NAME = 64;

/** Options of {@linkcode makeAuthority}. */
export interface AuthorityOptions {
  /** Its maker, for example the host name: part of the common name, so that people can tell two CAs apart. */
  readonly name: string;
  /** 3650 by default. */
  readonly days?: number;
  /** An existing key to use, PKCS#8 PEM: certificates signed by the old CA stay valid under one renewed with the same key. */
  readonly key?: string;
  readonly now?: Date;
}

/** Options of {@linkcode makeLeaf}. */
export interface LeafOptions {
  /** Host names and addresses; at least one for a server. */
  readonly names: readonly string[];
  /** The name of a client: makes a client certificate instead of a server's. */
  readonly client?: string;
  /** 397 at most, and by default; it never outlives its CA. */
  readonly days?: number;
  /** An existing key to use, PKCS#8 PEM, so that the fingerprint stays. */
  readonly key?: string;
  readonly now?: Date;
}

let library: Promise<typeof import("@peculiar/x509")> | undefined;

/** Loads the library once. It takes 90 ms, so a run that makes no certificate skips it. */
function loadLibrary(): Promise<typeof import("@peculiar/x509")> {
  // It keeps its registry of extensions in decorator metadata, so that polyfill must be loaded first.
  return library ??= import("reflect-metadata").then(() => import("@peculiar/x509"));
}

/**
 * Makes a CA: P-256, CA:TRUE with path length 0 (it signs leaves only), keyCertSign and cRLSign.
 *
 * @returns Its certificate and key. A holder of the key can issue a certificate for any name to every peer that trusts the CA.
 * @throws {UsageError} The given key is not a P-256 key in PKCS#8 PEM.
 */
export async function makeAuthority(options: AuthorityOptions): Promise<Pair> {
  const x509 = await loadLibrary();
  const keys = await keysOf(options.key);
  const identifier = await x509.SubjectKeyIdentifierExtension.create(keys.publicKey);
  // The same key gives the same name: two runs that make the CA at the same time from one key make the same CA.
  const mark = identifier.keyId.slice(0, 4).toLowerCase();
  const host = escapeControls(options.name).slice(0, MAX_COMMON_NAME - "Plainwire CA () ....".length);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: new x509.Name([{ CN: [{ utf8String: `Plainwire CA (${host}) ${mark}` }] }]),
    ...validity(options.days ?? AUTHORITY_DAYS, options.now),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      identifier,
    ],
  });
  return { certificate: pemOf(certificate), key: options.key ?? await exportKey(keys) };
}

/**
 * Makes a certificate signed by a CA: P-256, for a server or a client, with its names in subjectAltName.
 *
 * @param authority The CA's certificate and key.
 * @returns The chain (the certificate, then the CA's) and the key.
 * @throws {UsageError} A certificate cannot hold a name, there is no name, the validity is too long, the CA has expired, or its key
 * is not P-256.
 *
 * @example Usage
 * ```ts
 * import { makeAuthority, makeLeaf } from "./certificate.ts";
 * import { identityOf } from "./pem.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const leaf = await makeLeaf(await makeAuthority({ name: "example" }), { names: ["localhost", "::1"] });
 * assertEquals(identityOf(leaf.certificate).names, ["localhost", "::1"]);
 * ```
 */
export async function makeLeaf(authority: Pair, options: LeafOptions): Promise<Pair> {
  const { client, days = LEAF_DAYS, now } = options;
  const names = hostNames(options.names);
  const subject = client === undefined ? serverName(names) : clientName(client);
  if (!(days > 0 && days <= LEAF_DAYS)) {
    throw new UsageError(`Cannot make a certificate for ${days} days: browsers refuse more than ${LEAF_DAYS}`);
  }
  const x509 = await loadLibrary();
  const issuer = new x509.X509Certificate(authority.certificate);
  const issuerKeys = await keysOf(authority.key);
  const period = validity(days, now);
  if (issuer.notAfter < (now ?? new Date())) {
    throw new UsageError(
      `Cannot make a certificate: the CA that would sign it expired on ${dayOf(issuer.notAfter)}`,
    );
  }
  const keys = await keysOf(options.key);
  const purpose = client === undefined ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth;
  const alternatives = [
    ...names.map(({ kind, text }) => ({ type: kind, value: text })),
    ...(client === undefined ? [] : clientAlternative(client)),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: new x509.Name([{ CN: [{ utf8String: subject }] }]),
    issuer: issuer.subjectName,
    ...period,
    notAfter: period.notAfter < issuer.notAfter ? period.notAfter : issuer.notAfter,
    publicKey: keys.publicKey,
    signingKey: issuerKeys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([purpose]),
      ...(alternatives.length > 0 ? [new x509.SubjectAlternativeNameExtension(alternatives)] : []),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuerKeys.publicKey),
    ],
  });
  return {
    certificate: pemOf(certificate) + pemOf(issuer),
    key: options.key ?? await exportKey(keys),
  };
}

/** Makes a private key: P-256, PKCS#8 PEM. */
export async function makeKey(): Promise<string> {
  return await exportKey(await keysOf(undefined));
}

/** Whether a PEM file holds a key like those of {@linkcode makeKey}, the only kind that can sign here. */
export async function isSigningKey(pem: string): Promise<boolean> {
  return await keysOf(pem).then(() => true, () => false);
}

/**
 * The names in the spelling of certificates, without duplicates.
 *
 * @throws {UsageError} A certificate cannot hold one of them.
 */
export function hostNames(names: readonly string[]): HostName[] {
  const found = new Map<string, HostName>();
  for (const name of names) {
    const parsed = parseHostName(name);
    if (parsed === null) {
      throw new UsageError(
        `Cannot make a certificate for ${
          JSON.stringify(name)
        }: it must be a host name or an address, without a port or zone`,
      );
    }
    found.set(parsed.text, parsed);
  }
  return [...found.values()];
}

/** The common name of a server's certificate, for display: peers check subjectAltName only (RFC 9525 6.3). */
function serverName(names: readonly HostName[]): string {
  if (names.length === 0) throw new UsageError("Cannot make a certificate for a server: name at least one host");
  return names.find(({ text }) => text.length <= MAX_COMMON_NAME)?.text ?? "Plainwire server";
}

function clientName(client: string): string {
  if (client.trim() !== "" && client.length <= MAX_COMMON_NAME && escapeControls(client) === client) return client;
  throw new UsageError(
    `Cannot make a certificate for the client ${
      JSON.stringify(client)
    }: its name must have 1 to ${MAX_COMMON_NAME} characters and no control characters`,
  );
}

/** A client's name as subjectAltName, if it is a mail address or a host name, for servers that read it there. */
function clientAlternative(client: string): { type: "email" | "dns" | "ip"; value: string }[] {
  if (/^[\x21-\x7e]+@[a-z\d.-]+$/i.test(client)) return [{ type: "email", value: client }];
  const host = parseHostName(client);
  return host === null ? [] : [{ type: host.kind, value: host.text }];
}

function validity(days: number, now = new Date()): { notBefore: Date; notAfter: Date } {
  // Certificates store whole seconds.
  const start = Math.floor((now.getTime() - CLOCK_SKEW) / 1000) * 1000;
  return { notBefore: new Date(start), notAfter: new Date(start + days * DAY) };
}

/** 16 random bytes: a positive integer that is never shorter (RFC 5280 4.1.2.2). */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0] ?? 0) & 0x3f | 0x40;
  return bytes.toHex();
}

const EXTRACTABLE = true;

/** A new key pair, or the one in a PEM file. */
async function keysOf(pem: string | undefined): Promise<CryptoKeyPair> {
  const { subtle } = crypto;
  if (pem === undefined) return await subtle.generateKey(ALGORITHM, EXTRACTABLE, ["sign", "verify"]);
  try {
    const der = Uint8Array.fromBase64(/-----BEGIN PRIVATE KEY-----([^-]*)-----END/.exec(pem)?.[1] ?? "");
    const privateKey = await subtle.importKey("pkcs8", der, ALGORITHM, EXTRACTABLE, ["sign"]);
    // A private JWK without `d` is the public one.
    const { d: _secret, key_ops: _uses, ...half } = await subtle.exportKey("jwk", privateKey);
    return { privateKey, publicKey: await subtle.importKey("jwk", half, ALGORITHM, EXTRACTABLE, ["verify"]) };
  } catch {
    throw new UsageError(
      "Cannot sign with this key: it is not a P-256 key in PKCS#8 PEM (-----BEGIN PRIVATE KEY-----)",
    );
  }
}

async function exportKey(keys: CryptoKeyPair): Promise<string> {
  return pem("PRIVATE KEY", new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey)));
}

function pemOf(certificate: X509Certificate): string {
  return pem("CERTIFICATE", new Uint8Array(certificate.rawData));
}

function pem(label: string, der: Uint8Array): string {
  return `-----BEGIN ${label}-----\n${der.toBase64().replace(/.{1,64}/g, "$&\n")}-----END ${label}-----\n`;
}
