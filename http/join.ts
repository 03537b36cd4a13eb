/**
 * The command with which a visitor fetches the server's page. Pure.
 *
 * @module
 */
import { type Endpoint, urlOf } from "../lib/addr.ts";

/**
 * The curl command that requests the server's page. With TLS it trusts the server's key only: `-k` skips chain verification, but the
 * pin, the SHA-256 of the public key as in HPKP (RFC 7469 2.4), is still checked.
 */
export function curlCommand(endpoint: Endpoint, fingerprint: string | null): string {
  const url = urlOf(endpoint, { tls: fingerprint !== null });
  if (fingerprint === null) return `curl ${url}`;
  return `curl -k --pinnedpubkey sha256//${Uint8Array.fromHex(fingerprint.replace("sha256:", "")).toBase64()} ${url}`;
}
