/**
 * Reads and checks the user's PEM files (RFC 7468) with certificates and keys, before a socket is opened with them. Pure.
 *
 * `lib/tls/certificate.ts` makes them.
 *
 * @module
 */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { canonicalAddress } from "../addr.ts";
import { UsageError } from "../errors.ts";
import { type Fingerprint, keyFingerprint } from "./peer_identity.ts";
import { escapeControls, plural } from "../text.ts";
import { altNames } from "./trust.ts";

/** A certificate and its private key, as `Deno.listenTls` takes them. */
export interface Pair {
  /** PEM: the certificate, then the rest of its chain. */
  readonly certificate: string;
  /** PEM; PKCS#8 if it was made here. Never print, log or quote it. */
  readonly key: string;
}

/** The contents of a certificate; control characters in text that its issuer chose are escaped. */
export interface Identity {
  /** `sha256:` and the hex SHA-256 of the DER SubjectPublicKeyInfo, as in RFC 7469: it stays when only the certificate is renewed. */
  readonly fingerprint: Fingerprint;
  /**
   * Its host names, addresses and mail addresses (subjectAltName), for display only: the runtime does not distinguish a name that
   * contains a comma from two names. TLS decides whether a peer's certificate matches a host.
   */
  readonly names: readonly string[];
  /** Its subject: `CN=localhost`. */
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Whether it may sign other certificates. */
  readonly isCa: boolean;
}

/** The names of a certificate's file and of its key's, for messages: a path, or a flag and its path (`--key key.pem`). */
export interface PairFiles {
  readonly certificate: string;
  readonly key: string;
}

/** Options of {@linkcode checkPair}. */
export interface CheckOptions {
  readonly client?: boolean;
  readonly now?: Date;
}

/** A block of a PEM file; text between blocks is a comment (RFC 7468 2). */
interface Block {
  readonly label: string;
  readonly text: string;
}

function blocksOf(pem: string): Block[] {
  // Up to the next beginning at most: to look for each end in the whole of a file without one would take minutes.
  const found = pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----(?:(?!-----BEGIN )[^])*?-----END \1-----/g);
  return [...found].map(([text, label = ""]) => ({ label, text }));
}

const isCertificate = ({ label }: Block): boolean => /^(X509 |TRUSTED )?CERTIFICATE$/.test(label);
const isKey = ({ label }: Block): boolean => label.endsWith("PRIVATE KEY");

/**
 * Reads the first certificate of a PEM file.
 *
 * @param pem One certificate, a chain, or a file that also holds the key.
 * @param file Its name in messages.
 * @throws {UsageError} It holds no certificate, or a broken one.
 */
export function identityOf(pem: string, file = "the certificate"): Identity {
  const [first] = certificatesIn(pem, file);
  if (first === undefined) throw noCertificate(pem, file);
  try {
    return {
      fingerprint: keyFingerprint(first),
      names: namesIn(first),
      subject: nameIn(first.subject),
      issuer: nameIn(first.issuer),
      notBefore: new Date(first.validFrom),
      notAfter: new Date(first.validTo),
      isCa: first.ca,
    };
  } catch (error) {
    // The runtime looks at most of it only when it is asked.
    throw broken(file, error);
  }
}

/** The SHA-256 fingerprint of the first certificate of a PEM file as browsers show it: `9F:86:…`. The file has been read before. */
export function browserFingerprint(pem: string): string {
  return certificatesIn(pem, "the certificate")[0]?.fingerprint256 ?? "";
}

function certificatesIn(pem: string, file: string): X509Certificate[] {
  return blocksOf(pem).filter(isCertificate).map(({ text }) => {
    try {
      return new X509Certificate(text);
    } catch (error) {
      throw broken(file, error);
    }
  });
}

function broken(file: string, cause: unknown): UsageError {
  return new UsageError(`Cannot read ${file}: it holds a broken certificate`, { cause });
}

function noCertificate(pem: string, file: string): UsageError {
  const blocks = blocksOf(pem);
  if (blocks.some(isKey)) return new UsageError(`Cannot read ${file}: it holds a key, not a certificate`);
  const why = blocks[0] === undefined ? notPem(pem) : `it holds ${blocks[0].label}, not a certificate`;
  return new UsageError(`Cannot read ${file}: ${why}`);
}

/** Why no block was found. DER starts with the tag of a SEQUENCE and a length in long form. */
function notPem(text: string): string {
  if (text.trim() === "") return "it is empty";
  return /^0[\x80-\x84\ufffd]/.test(text)
    ? "it is in DER or PKCS#12 format, not PEM; convert it with `openssl`"
    : "it is not a PEM file (which starts with -----BEGIN …-----); check the path";
}

/**
 * Whether a certificate was signed by a CA's key.
 *
 * @throws {UsageError} One of them is not a certificate.
 */
export function isSignedBy(certificate: string, authority: string): boolean {
  const [leaf] = certificatesIn(certificate, "the certificate");
  const [ca] = certificatesIn(authority, "the CA");
  return leaf !== undefined && ca !== undefined && leaf.checkIssued(ca) && leaf.verify(ca.publicKey);
}

/**
 * Checks that a certificate and a key are well-formed and match.
 *
 * @param pair The contents of the files. Keys may be PKCS#8, PKCS#1 (RSA) or SEC 1 (EC), certificates a chain; one file may hold both.
 * @param files Their names in messages.
 * @param options With `client`, it is a client certificate, which need not name a host; `now` is the time to check the validity at.
 * @returns Warnings: expired, not valid yet, no names, a CA certificate. Peers will refuse it, but it can be used.
 * @throws {UsageError} They cannot be used. No message quotes a key.
 */
export function checkPair(pair: Pair, files: PairFiles, options: CheckOptions = {}): string[] {
  const chain = certificatesIn(pair.certificate, files.certificate);
  const [own] = chain;
  if (own === undefined) throw noCertificate(pair.certificate, files.certificate);
  const publicKey = publicKeyOf(readKey(pair.key, files.key));
  const at = chain.findIndex((certificate) =>
    publicKeyOf(certificateKey(certificate, files.certificate)) === publicKey
  );
  if (at > 0) {
    throw new UsageError(
      `Cannot use ${files.certificate}: the key in ${files.key} belongs to its certificate number ${
        at + 1
      }, which must come first`,
    );
  }
  if (at < 0) {
    throw new UsageError(`Cannot use ${files.key}: it is not the key of the certificate in ${files.certificate}`);
  }
  return warningsOf(identityOf(pair.certificate, files.certificate), files.certificate, options);
}

function warningsOf(identity: Identity, file: string, { client = false, now = new Date() }: CheckOptions): string[] {
  const warnings: string[] = [];
  const day = (date: Date): string => `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  if (now > identity.notAfter) warnings.push(`expired on ${day(identity.notAfter)}; peers will refuse it`);
  if (now < identity.notBefore) {
    warnings.push(
      `is not valid before ${day(identity.notBefore)} (is this machine's clock right?); peers will refuse it`,
    );
  }
  if (identity.names.length === 0 && !client) {
    warnings.push("names no host in subjectAltName, the only place that peers check");
  }
  if (identity.isCa) warnings.push("is marked as a CA certificate; some peers, Deno among them, refuse one");
  return warnings.map((what) => `The certificate in ${file} ${what}`);
}

/** Whether a PEM file holds a private key. */
export function holdsKey(pem: string): boolean {
  return blocksOf(pem).some(isKey);
}

/** Reads the one private key of a PEM file. */
function readKey(pem: string, file: string): KeyObject {
  const blocks = blocksOf(pem);
  const keys = blocks.filter(isKey);
  const [key] = keys;
  if (key === undefined) {
    const what = blocks.some(isCertificate)
      ? "it holds a certificate, not a key"
      : blocks.some(({ label }) => label.endsWith("PUBLIC KEY"))
      ? "it holds a public key, not a private one"
      : blocks[0] === undefined
      ? notPem(pem)
      : `it holds ${blocks[0].label}, not a key`;
    throw new UsageError(`Cannot read ${file}: ${what}`);
  }
  if (keys.length > 1) {
    throw new UsageError(`Cannot read ${file}: it holds ${plural(keys.length, "key")}, not one`);
  }
  if (key.label.startsWith("ENCRYPTED") || /^Proc-Type:.*ENCRYPTED/m.test(key.text)) {
    const path = file.replace(/^--[a-z-]+ /, "");
    throw new UsageError(
      `Cannot read ${file}: the key is encrypted; decrypt it with \`openssl pkey -in ${path} -out DECRYPTED.pem\``,
    );
  }
  try {
    return createPrivateKey(key.text);
  } catch {
    // Without the cause: its message might quote the key.
    throw new UsageError(
      `Cannot read ${file}: its ${key.label} is broken or of an unsupported type (EC, RSA and Ed25519 are supported)`,
    );
  }
}

function certificateKey(certificate: X509Certificate, file: string): KeyObject {
  try {
    return certificate.publicKey;
  } catch (error) {
    throw new UsageError(`Cannot use ${file}: its type of key is not supported (EC, RSA and Ed25519 are)`, {
      cause: error,
    });
  }
}

/** A public key in one canonical form, also if the file has another (a compressed EC point, for example). */
function publicKeyOf(key: KeyObject): string {
  const spki = key.type === "private" ? createPublicKey(key as never) : key;
  return spki.export({ type: "spki", format: "der" }).toString("base64");
}

/** A distinguished name on one line; the runtime separates its parts by newlines. */
function nameIn(text: string): string {
  return escapeControls(text.replaceAll("\n", ", "));
}

/** A certificate's names, for display: host names, addresses and mail addresses. */
function namesIn(certificate: X509Certificate): string[] {
  return altNames(certificate).flatMap(({ kind, value }) => {
    if (kind === "IP Address") return [canonicalAddress(value) ?? escapeControls(value)];
    return kind === "DNS" || kind === "email" ? [escapeControls(value.toLowerCase())] : [];
  });
}
