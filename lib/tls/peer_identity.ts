/**
 * By what a key is known again: the SHA-256 of its bytes. Pure.
 *
 * @module
 */
import { createHash, type X509Certificate } from "node:crypto";
import { fieldsOf } from "./der.ts";

/** The SHA-256 of a key or a certificate, in lower-case hexadecimal digits behind `sha256:`. */
export type Fingerprint = `sha256:${string}`;

/** Where the public key is among the fields of a certificate. */
const PUBLIC_KEY = 5;

/**
 * The fingerprint of a certificate's public key (its SubjectPublicKeyInfo, RFC 5280 4.1.2.7): it survives the renewal of the certificate.
 * Of the very bytes that stand there, which the runtime can only export in its own spelling.
 */
export function keyFingerprint({ raw }: X509Certificate): Fingerprint {
  const fields = fieldsOf(raw);
  // The whole element: from the end of the one before it.
  return sha256(raw.subarray(fields[PUBLIC_KEY - 1]?.end, fields[PUBLIC_KEY]?.end));
}

/** The fingerprint of some bytes. */
export function sha256(bytes: Uint8Array): Fingerprint {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
