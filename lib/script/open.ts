/**
 * What the flags put over the sockets that a script opens.
 *
 * @module
 */
import type { Layer, Layers } from "../net/layers.ts";
import { TlsHelloDetector } from "../net/tls_hello.ts";
import { type ServerRun, serverTls } from "./tls_flags.ts";

/** The layers of a server's sockets, and what others need to know of them. */
export interface ServerLayers {
  readonly layers: Layers;
  readonly tls: boolean;
  /** What a client of ours adds to the command that joins. */
  readonly join: string;
}

/**
 * Makes the layers that a server's flags ask for: TLS, or else a detector of clients that speak it, unless `anyBytes` are welcome.
 *
 * @throws {UsageError} Flags, files, or a key and a certificate that do not go together.
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
