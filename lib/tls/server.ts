/**
 * The server's side of TLS: a layer over each accepted socket.
 *
 * @module
 */
import tls from "node:tls";
import type { Layer } from "../net/layers.ts";
import { HANDSHAKE } from "../net/socket.ts";
import { REFUSED } from "../refusal.ts";
import { encodeText } from "../text.ts";
import type { Side } from "./handshake.ts";
import { TlsSocket } from "./socket.ts";

/** A server's TLS settings. */
export interface ServerTls {
  /** Its certificate chain and key (PEM). */
  readonly certificate: string;
  readonly key: string;
  /** Clients must present a certificate issued by one of these CAs (PEM); `null` = none is requested. */
  readonly clientCa: string | null;
  /** Protocols to accept by ALPN, in order of preference. */
  readonly alpn: readonly string[];
  /** Makes what is sent to a client that does not speak TLS, from the first bytes that it has sent; `null` = a line of text. */
  readonly plaintextReply?: (first: Uint8Array) => Uint8Array | null;
  /** Time limit of the handshake (ms); 10 s by default. */
  readonly handshakeTimeout?: number;
}

const PLAINTEXT_REPLY = encodeText(`${REFUSED}this port speaks TLS; try --tls (with ncat: --ssl)\n`);

/**
 * Makes the layer that encrypts a server's connections. Each handshake runs in the background: the first read or write waits for it,
 * the accept loop does not.
 *
 * @param settings Certificate and key must have passed `checkPair`.
 */
export function tlsServer(
  { certificate, key, clientCa, alpn, plaintextReply, handshakeTimeout = HANDSHAKE }: ServerTls,
): Layer {
  const options = {
    secureContext: tls.createSecureContext({
      cert: certificate,
      key,
      minVersion: "TLSv1.2",
      ...(clientCa === null ? {} : { ca: clientCa }),
    }),
    ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    // Clients without a valid one are refused after the handshake, with the reason sent over the connection.
    ...(clientCa === null ? {} : { requestCert: true, rejectUnauthorized: false }),
  };
  const side: Side = {
    kind: "server",
    options,
    plaintextReply: (first) => plaintextReply?.(first) ?? PLAINTEXT_REPLY,
    handshakeTimeout,
    requireCertificate: clientCa !== null,
  };
  return (socket) => new TlsSocket(socket, side);
}
