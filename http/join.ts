/**
 * How a visitor reaches the server: its URL, and the command that fetches it. Pure.
 *
 * @module
 */
import { type Endpoint, formatEndpoint, isWildcard } from "../lib/addr.ts";

/**
 * The curl command that requests the server's page. With TLS it trusts the server's key only: `-k` skips chain verification, but the
 * pin, the SHA-256 of the public key as in HPKP (RFC 7469 2.4), is still checked.
 */
export function curlCommand(endpoint: Endpoint, fingerprint: string | null): string {
  const url = urlOf(endpoint, { tls: fingerprint !== null });
  if (fingerprint === null) return `curl ${url}`;
  return `curl -k --pinnedpubkey sha256//${Uint8Array.fromHex(fingerprint.replace("sha256:", "")).toBase64()} ${url}`;
}

/** The URL to open in a browser on this machine, with loopback for a wildcard address. */
export function urlOf({ hostname, port }: Endpoint, { tls }: { tls: boolean }): string {
  const host = isWildcard(hostname) ? (hostname === "::" ? "::1" : "127.0.0.1") : hostname;
  return `http${tls ? "s" : ""}://${formatEndpoint({ hostname: host, port })}/`;
}
