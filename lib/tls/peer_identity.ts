/**
 * Key fingerprints. Pure.
 *
 * @module
 */
import { createHash, type X509Certificate } from "node:crypto";

/** The SHA-256 of a key or a certificate, in lower-case hexadecimal digits behind `sha256:`. */
export type Fingerprint = `sha256:${string}`;

/**
 * The fingerprint of a certificate's public key (its SubjectPublicKeyInfo, RFC 5280 4.1.2.7): it survives the renewal of the certificate.
 *
 * @throws {TypeError} The runtime does not know this kind of key; no connection stands on one.
 */
export function keyFingerprint({ publicKey }: X509Certificate): Fingerprint {
  return sha256(publicKey.export({ type: "spki", format: "der" }));
}

/** The fingerprint of some bytes. */
export function sha256(bytes: Uint8Array): Fingerprint {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
