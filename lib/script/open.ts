/**
 * The socket layers that a script's flags select.
 *
 * @module
 */
import type { Layer, Layers } from "../net/layers.ts";
import { TlsHelloDetector } from "../net/tls_hello.ts";
import { type ServerRun, serverTls } from "./tls_flags.ts";

/** The layers of a server's sockets, and what its clients need to know. */
export interface ServerLayers {
  readonly layers: Layers;
  readonly tls: boolean;
  /** The flags that our client adds to the join command. */
  readonly join: string;
}

/**
 * The layers that a server's flags select: TLS, or else a detector for TLS clients, unless the protocol accepts `anyBytes`.
 *
 * @throws {UsageError} Conflicting flags or files, or a key that does not match its certificate.
 */
export async function serverLayers(run: ServerRun, { anyBytes = false } = {}): Promise<ServerLayers> {
  const secrets = await serverTls(run);
  if (secrets === null) {
    const detect: Layer = (socket) => new TlsHelloDetector(socket);
    return { layers: { script: anyBytes ? [] : [detect] }, tls: false, join: "" };
  }
  const { tlsServer } = await import("../tls/server.ts");
  return { layers: { tls: tlsServer(secrets.settings) }, tls: true, join: secrets.join };
}
