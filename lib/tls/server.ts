/**
 * The server's side of TLS: a layer over each socket that it accepts.
 *
 * @module
 */
import tls from "node:tls";
import type { Layer } from "../net/layers.ts";
import { HANDSHAKE } from "../net/socket.ts";
import { encodeText } from "../text.ts";
import type { Side } from "./handshake.ts";
import { TlsSocket } from "./socket.ts";

/** How a server speaks TLS. */
export interface ServerTls {
  /** Its certificate, with its chain, and key (PEM). */
  readonly certificate: string;
  readonly key: string;
  /** Clients must show a certificate issued by one of these (PEM); `null` = none is asked for. */
  readonly clientCa: string | null;
  /** Protocols to accept by ALPN, in order of preference. */
  readonly alpn: readonly string[];
  /** What a client that does not speak TLS gets to read. */
  readonly plain?: Uint8Array;
  /** How long a handshake may take (ms); 10 s by default. */
  readonly patience?: number;
}

const PLAIN = encodeText("Cannot serve you: this port speaks TLS\n");

/**
 * Makes the layer that encrypts a server's connections. Each handshake runs in the background: the first read or write waits for it,
 * the accept loop does not.
 *
 * @param settings Certificate and key are taken as they are: `checkPair` has seen whether they belong together.
 */
export function tlsServer(
  { certificate, key, clientCa, alpn, plain = PLAIN, patience = HANDSHAKE }: ServerTls,
): Layer {
  const options = {
    secureContext: tls.createSecureContext({
      cert: certificate,
      key,
      minVersion: "TLSv1.2",
      ...(clientCa === null ? {} : { ca: clientCa }),
    }),
    ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    // A client without a good one is told why by us, over the connection, where it can read it.
    ...(clientCa === null ? {} : { requestCert: true, rejectUnauthorized: false }),
  };
  const side: Side = { kind: "server", options, plain, patience, demanding: clientCa !== null };
  return (socket) => new TlsSocket(socket, side);
}
