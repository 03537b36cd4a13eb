/**
 * Key fingerprints. Pure.
 *
 * @module
 */
import { createHash, type X509Certificate } from "node:crypto";

/** The SHA-256 of a key or a certificate: `sha256:` and lower-case hexadecimal digits. */
export type Fingerprint = `sha256:${string}`;

/** The tag of a certificate's version, which one of version 1 leaves out (RFC 5280 4.1). */
const EXPLICIT_VERSION = 0xa0;
/** The fields between the version and the public key: serial number, signature, issuer, validity, subject. */
const BEFORE_KEY = 5;

/**
 * The fingerprint of a certificate's public key (its SubjectPublicKeyInfo, RFC 5280 4.1.2.7), which renewing the certificate keeps.
 *
 * Read out of the DER, since the runtime cannot export every kind of key that it can serve (RSA-PSS, for example).
 */
export function keyFingerprint({ raw }: X509Certificate): Fingerprint {
  const certificate = elementAt(raw, 0);
  let { start: at } = elementAt(raw, certificate.start);
  if (raw[at] === EXPLICIT_VERSION) at = elementAt(raw, at).end;
  for (let field = 0; field < BEFORE_KEY; field++) at = elementAt(raw, at).end;
  return sha256(raw.subarray(at, elementAt(raw, at).end));
}

/** The fingerprint of bytes. */
export function sha256(bytes: Uint8Array): Fingerprint {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Where an element of DER (X.690 8.1) has its content; the runtime has parsed it before. */
function elementAt(der: Uint8Array, at: number): { start: number; end: number } {
  const short = der[at + 1] ?? 0;
  if (short < 0x80) return { start: at + 2, end: at + 2 + short };
  const start = at + 2 + (short & 0x7f);
  const length = der.subarray(at + 2, start).reduce((sum, byte) => sum * 256 + byte, 0);
  return { start, end: start + length };
}
