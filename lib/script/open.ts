/**
 * The socket layers that a script's flags select.
 *
 * @module
 */
import type { Layer, Layers } from "../net/layers.ts";
import { TlsHelloDetector } from "../net/tls_hello.ts";
import type { ServerTls } from "../tls/server.ts";
import { type ServerRun, type ServerSecrets, serverTls } from "./tls_flags.ts";

/** The layers of a server's sockets, and what its clients need to know. */
export interface ServerLayers {
  readonly layers: Layers;
  readonly tls: boolean;
  /** The fingerprint of the certificate, as browsers show it; `null` without TLS. */
  readonly certificate: string | null;
  /** The flags that our client adds to the join command. */
  readonly join: string;
  /** The settings of TLS; `null` without TLS. */
  readonly secrets: ServerSecrets | null;
}

/** How a server differs from one that speaks a protocol of text lines. */
export interface LayerOptions {
  /** Its protocol accepts any bytes, those of a TLS client too. */
  readonly anyBytes?: boolean;
  /** As {@linkcode ServerTls.plaintextReply}. */
  readonly plaintextReply?: ServerTls["plaintextReply"];
}

/**
 * The layers that a server's flags select: TLS, or else a detector for TLS clients, unless the protocol accepts `anyBytes`.
 *
 * @throws {UsageError} Conflicting flags or files, or a key that does not match its certificate.
 */
export async function serverLayers(
  run: ServerRun,
  { anyBytes = false, plaintextReply }: LayerOptions = {},
): Promise<ServerLayers> {
  const secrets = await serverTls(run);
  if (secrets === null) {
    const detect: Layer = (socket) => new TlsHelloDetector(socket);
    return { layers: { script: anyBytes ? [] : [detect] }, tls: false, certificate: null, join: "", secrets };
  }
  const { tlsServer } = await import("../tls/server.ts");
  const { certificate, join } = secrets;
  const settings = plaintextReply === undefined ? secrets.settings : { ...secrets.settings, plaintextReply };
  return { layers: { tls: tlsServer(settings) }, tls: true, certificate, join, secrets };
}
