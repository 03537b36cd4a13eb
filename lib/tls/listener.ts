/**
 * The server's side of TLS: a listener whose sockets are encrypted.
 *
 * @module
 */
import tls from "node:tls";
import { HANDSHAKE, type StreamListener, type StreamSocket } from "../net/socket.ts";
import { type Side, TlsSocket } from "./socket.ts";
import { encodeText } from "../text.ts";

/** How a server wants its TLS. */
export interface ServerTls {
  /** Its certificate, with its chain, and key (PEM). */
  readonly certificate: string;
  readonly key: string;
  /** Clients have to show a certificate that one of these (PEM) has issued; `null` = none is asked for. */
  readonly clientCa: string | null;
  /** Protocols to agree to by ALPN, in order of preference. */
  readonly alpn: readonly string[];
  /** What a client that does not speak TLS gets to read. */
  readonly plain?: Uint8Array;
  /** How long a handshake may take (ms); 10 s unless told otherwise. */
  readonly patience?: number;
}

const PLAIN = encodeText("Cannot serve you: this port speaks TLS\n");

/** Decorates a listener: what it accepts speaks TLS. The handshake is the business of whoever reads or writes, and keeps nobody else waiting. */
export class TlsListener implements StreamListener {
  readonly #listener: StreamListener;
  readonly #side: Side;

  /** @param options Certificate and key are taken as they are: `lib/tls/pem.ts` has seen whether they belong together. */
  constructor(
    listener: StreamListener,
    { certificate, key, clientCa, alpn, plain = PLAIN, patience = HANDSHAKE }: ServerTls,
  ) {
    this.#listener = listener;
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
    this.#side = { kind: "server", options, plain, patience, demanding: clientCa !== null };
  }

  get addr(): Deno.Addr {
    return this.#listener.addr;
  }

  async accept(): Promise<StreamSocket> {
    return new TlsSocket(await this.#listener.accept(), this.#side);
  }

  close(): void {
    this.#listener.close();
  }
}
