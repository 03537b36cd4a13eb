/**
 * The settings of each side of a TLS handshake, and its result.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";
import type tls from "node:tls";
import type { TlsSession } from "../events.ts";
import { keyFingerprint } from "./peer_identity.ts";
import { clientRefusal, commonName, oneLine } from "./trust.ts";

/** The result of a handshake. */
export interface HandshakeResult extends TlsSession {
  /** The peer's certificate; a client may have none. */
  readonly certificate: X509Certificate | null;
  /** Why its chain does not verify, by OpenSSL's name; `null` if it does, or if there is no certificate. */
  readonly chainError: string | null;
}

/** The settings of one side of a handshake. */
export type Side =
  & {
    /** Time limit of the handshake (ms); 10 s by default. */
    readonly handshakeTimeout?: number;
  }
  & (
    | { readonly kind: "client"; readonly options: tls.ConnectionOptions }
    | {
      readonly kind: "server";
      readonly options: tls.TLSSocketOptions;
      /** Makes what is sent to a client that does not speak TLS, from its first bytes. */
      readonly plaintextReply: (first: Uint8Array) => Uint8Array;
      /** Whether clients without a valid certificate are refused. */
      readonly requireCertificate: boolean;
    }
  );

/** An undocumented part of a `node:tls` socket. */
interface Handle {
  verifyError?(): unknown;
}

/** Collects the result of a completed handshake. */
export function handshakeResult(socket: tls.TLSSocket, side: Side): HandshakeResult {
  const { raw } = socket.getPeerCertificate(true) ?? {};
  const certificate = raw === undefined ? null : new X509Certificate(raw);
  const { standardName, name } = socket.getCipher();
  const chainError = certificate === null || socket.authorized ? null : chainErrorOf(socket, side);
  const requireCertificate = side.kind === "server" && side.requireCertificate;
  return {
    version: socket.getProtocol() ?? "TLS",
    cipher: standardName ?? name,
    alpn: socket.alpnProtocol || null,
    serverName: (socket as { servername?: string | false }).servername || null,
    subject: certificate && oneLine(certificate.subject),
    name: certificate && commonName(certificate),
    fingerprint: certificate && keyFingerprint(certificate),
    refusal: requireCertificate ? clientRefusal(certificate, chainError) : null,
    certificate,
    chainError,
  };
}

/** Why the peer's chain does not verify. A server has to ask the handle, as `tls.Server` does; without an answer, it does not verify. */
function chainErrorOf(socket: tls.TLSSocket, side: Side): string | null {
  const { authorizationError, _handle } = socket as { authorizationError?: unknown; _handle?: Handle };
  if (authorizationError) return String(authorizationError);
  const asked = side.kind === "server" && _handle?.verifyError !== undefined;
  const verified = asked ? _handle.verifyError?.() : "not verified";
  return verified ? String(verified) : null;
}
