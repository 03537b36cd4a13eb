/**
 * What each side brings to a TLS handshake, and what comes of it.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";
import type tls from "node:tls";
import type { TlsSession } from "../events.ts";
import { keyFingerprint } from "./peer_identity.ts";
import { clientRefusal, commonName, oneLine } from "./trust.ts";

/** What a handshake has shown. */
export interface HandshakeResult extends TlsSession {
  /** The peer's certificate; a client need not have one. */
  readonly certificate: X509Certificate | null;
  /** Why nobody we trust vouches for it, as OpenSSL names it; `null` when somebody does, and when there is none. */
  readonly distrust: string | null;
}

/** One side's part of a handshake. */
export type Side =
  & {
    /** How long the handshake may take (ms); 10 s unless told otherwise. */
    readonly patience?: number;
  }
  & (
    | { readonly kind: "client"; readonly options: tls.ConnectionOptions }
    | {
      readonly kind: "server";
      readonly options: tls.TLSSocketOptions;
      /** What a client that does not speak TLS gets to read. */
      readonly plain: Uint8Array;
      /** Whether a client without a good certificate is refused. */
      readonly demanding: boolean;
    }
  );

/** What `node:tls` does not show of a socket. */
interface Handle {
  verifyError?(): unknown;
}

/** Reads what a handshake that is over has shown. */
export function handshakeResult(socket: tls.TLSSocket, side: Side): HandshakeResult {
  const { raw } = socket.getPeerCertificate(true) ?? {};
  const certificate = raw === undefined ? null : new X509Certificate(raw);
  const { standardName, name } = socket.getCipher();
  const distrust = certificate === null || socket.authorized ? null : distrustOf(socket, side);
  const demanding = side.kind === "server" && side.demanding;
  return {
    version: socket.getProtocol() ?? "TLS",
    cipher: standardName ?? name,
    alpn: socket.alpnProtocol || null,
    serverName: (socket as { servername?: string | false }).servername || null,
    subject: certificate && oneLine(certificate.subject),
    name: certificate && commonName(certificate),
    fingerprint: certificate && keyFingerprint(certificate),
    refusal: demanding ? clientRefusal(certificate, distrust) : null,
    certificate,
    distrust,
  };
}

/** Why the peer's chain is not trusted. A server has to ask the handle, as `tls.Server` does; not being told is no trust. */
function distrustOf(socket: tls.TLSSocket, side: Side): string | null {
  const { authorizationError, _handle } = socket as { authorizationError?: unknown; _handle?: Handle };
  if (authorizationError) return String(authorizationError);
  const asked = side.kind === "server" && _handle?.verifyError !== undefined;
  const verified = asked ? _handle.verifyError?.() : "not verified";
  return verified ? String(verified) : null;
}
