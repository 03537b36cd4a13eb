/**
 * Certificates and keys as people bring them: PEM files (RFC 7468), read and checked before a socket is opened with them. Pure.
 *
 * Making them is another matter: `lib/tls/certificate.ts`.
 *
 * @module
 */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { canonicalAddress } from "../addr.ts";
import { UsageError } from "../errors.ts";
import { type Fingerprint, keyFingerprint } from "./peer_identity.ts";
import { escapeControls, plural } from "../text.ts";
import { altNames } from "./trust.ts";

/** A certificate and the key that belongs to it, as `Deno.listenTls` takes them. */
export interface Pair {
  /** PEM; the certificate itself first, then those that vouch for it. */
  readonly certificate: string;
  /** PEM; PKCS#8 where it is our own. Never to be printed, logged or quoted. */
  readonly key: string;
}

/** What a certificate says; text that its maker chose has its controls escaped. */
export interface Identity {
  /** `sha256:` and the hex digits of the SHA-256 of the DER SubjectPublicKeyInfo, as in RFC 7469: it stays when only the certificate is renewed. */
  readonly fingerprint: Fingerprint;
  /**
   * The host names, addresses and mail addresses that it is for (subjectAltName), to be shown: the runtime does not tell a name with a
   * comma in it from two. Whether a peer's certificate is for a host is decided by TLS.
   */
  readonly names: readonly string[];
  /** Who it is for: `CN=localhost`. */
  readonly subject: string;
  /** Who vouches for it. */
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Whether it may sign others. */
  readonly isCa: boolean;
}

/** Where a certificate and a key came from; named in messages. */
export interface PairFiles {
  readonly certificate: string;
  readonly key: string;
}

/** Options of {@linkcode checkPair}. */
export interface CheckOptions {
  readonly client?: boolean;
  readonly now?: Date;
}

/** A block of a PEM file; what stands between blocks is a comment (RFC 7468 2). */
interface Block {
  readonly label: string;
  readonly text: string;
}

function blocksOf(pem: string): Block[] {
  const found = pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[^]*?-----END \1-----/g);
  return [...found].map(([text, label = ""]) => ({ label, text }));
}

const isCertificate = ({ label }: Block): boolean => /^(X509 |TRUSTED )?CERTIFICATE$/.test(label);
const isKey = ({ label }: Block): boolean => label.endsWith("PRIVATE KEY");

/**
 * Reads the first certificate of a PEM file.
 *
 * @param pem One certificate, a chain, or a file with the key in it.
 * @param file What to call it in messages.
 * @throws {UsageError} There is no certificate in it, or a broken one.
 */
export function identityOf(pem: string, file = "the certificate"): Identity {
  const [first] = certificatesIn(pem, file);
  if (first === undefined) throw noCertificate(pem, file);
  return {
    fingerprint: keyFingerprint(first),
    names: namesIn(first),
    subject: nameIn(first.subject),
    issuer: nameIn(first.issuer),
    notBefore: new Date(first.validFrom),
    notAfter: new Date(first.validTo),
    isCa: first.ca,
  };
}

function certificatesIn(pem: string, file: string): X509Certificate[] {
  return blocksOf(pem).filter(isCertificate).map(({ text }) => {
    try {
      return new X509Certificate(text);
    } catch (error) {
      throw new UsageError(`Cannot read ${file}: it holds a broken certificate`, { cause: error });
    }
  });
}

function noCertificate(pem: string, file: string): UsageError {
  const blocks = blocksOf(pem);
  if (blocks.some(isKey)) return new UsageError(`Cannot read ${file}: it is a key where a certificate is wanted`);
  const why = blocks[0] === undefined ? notPem(pem) : `${blocks[0].label} where a certificate is wanted`;
  return new UsageError(`Cannot read ${file}: it is ${why}`);
}

/** Why nothing was found: DER begins with the tag of a SEQUENCE and a long length. */
function notPem(text: string): string {
  if (text.trim() === "") return "empty";
  return /^0[\x80-\x84\ufffd]/.test(text)
    ? "in DER or PKCS#12 form, not PEM; `openssl` converts it"
    : "no PEM file (one begins with -----BEGIN …-----)";
}

/**
 * Says whether a certificate was signed by an authority's key.
 *
 * @throws {UsageError} One of them is no certificate.
 */
export function isSignedBy(certificate: string, authority: string): boolean {
  const [leaf] = certificatesIn(certificate, "the certificate");
  const [ca] = certificatesIn(authority, "the CA");
  return leaf !== undefined && ca !== undefined && leaf.checkIssued(ca) && leaf.verify(ca.publicKey);
}

/**
 * Checks a certificate and a key that somebody brings: each is what it should be, and they belong together.
 *
 * @param pair The files' content. Keys may be PKCS#8, PKCS#1 (RSA) or SEC 1 (EC), certificates a chain; both may be one file.
 * @param files What to call them in messages.
 * @param options With `client`, it is a client's, which need not name a host; `now` is the time to check the validity against.
 * @returns What to warn of: expired, not valid yet, no names, a CA's. The handshake will fail for the peer, not here.
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
      `Cannot use ${files.certificate}: the key in ${files.key} belongs to certificate ${
        at + 1
      } in it; that one must come first`,
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
    warnings.push("names no host (subjectAltName); peers look at nothing else");
  }
  if (identity.isCa) warnings.push("is marked as a CA's; Deno, for one, will refuse to talk to whoever shows it");
  return warnings.map((what) => `The certificate in ${file} ${what}`);
}

/** Reads the one private key of a PEM file. */
function readKey(pem: string, file: string): KeyObject {
  const blocks = blocksOf(pem);
  const keys = blocks.filter(isKey);
  const [key] = keys;
  if (key === undefined) {
    const what = blocks.some(isCertificate)
      ? "a certificate where its key is wanted"
      : blocks.some(({ label }) => label.endsWith("PUBLIC KEY"))
      ? "a public key where the private one is wanted"
      : blocks[0] === undefined
      ? notPem(pem)
      : `${blocks[0].label} where a key is wanted`;
    throw new UsageError(`Cannot read ${file}: it is ${what}`);
  }
  if (keys.length > 1) {
    throw new UsageError(`Cannot read ${file}: it holds ${plural(keys.length, "key")}, one is wanted`);
  }
  if (key.label.startsWith("ENCRYPTED") || /^Proc-Type:.*ENCRYPTED/m.test(key.text)) {
    throw new UsageError(
      `Cannot read ${file}: the key is encrypted; \`openssl pkey -in ${file} -out DECRYPTED.pem\` takes the password off`,
    );
  }
  try {
    return createPrivateKey(key.text);
  } catch {
    // The cause stays out: nobody has promised that it quotes nothing.
    throw new UsageError(
      `Cannot read ${file}: its ${key.label} is broken, or of a kind that is not known here (EC, RSA and Ed25519 are)`,
    );
  }
}

function certificateKey(certificate: X509Certificate, file: string): KeyObject {
  try {
    return certificate.publicKey;
  } catch (error) {
    throw new UsageError(`Cannot use ${file}: its kind of key is not known here (EC, RSA and Ed25519 are)`, {
      cause: error,
    });
  }
}

/** A public key in one spelling, whatever the form in which the file has it (a compressed EC point, say). */
function publicKeyOf(key: KeyObject): string {
  const spki = key.type === "private" ? createPublicKey(key as never) : key;
  return spki.export({ type: "spki", format: "der" }).toString("base64");
}

/** A distinguished name in one line; the runtime puts a newline between its parts. */
function nameIn(text: string): string {
  return escapeControls(text.replaceAll("\n", ", "));
}

/** The names that a certificate is for, to be shown; what is no name of a host or a mailbox is left out. */
function namesIn(certificate: X509Certificate): string[] {
  return altNames(certificate).flatMap(({ kind, value }) => {
    if (kind === "IP Address") return [canonicalAddress(value) ?? escapeControls(value)];
    return kind === "DNS" || kind === "email" ? [escapeControls(value.toLowerCase())] : [];
  });
}
