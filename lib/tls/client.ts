/**
 * The client's side of TLS: whether to trust the server.
 *
 * @module
 */
import type { X509Certificate } from "node:crypto";
import { type Endpoint, formatEndpoint, isAddress } from "../addr.ts";
import { Exit, Failure } from "../errors.ts";
import type { Events } from "../events.ts";
import type { KnownHosts } from "./known_hosts.ts";
import { type Fingerprint, keyFingerprint } from "./peer_identity.ts";
import type { StreamSocket } from "../net/socket.ts";
import type { HandshakeResult } from "./handshake.ts";
import { TlsSocket } from "./socket.ts";
import { escapeControls } from "../text.ts";
import { certificateProblem, hostKey, oneLine, pinMatches, type Problem } from "./trust.ts";

/** A client's TLS settings. */
export interface ClientTls {
  /** If any, trust only these keys. */
  readonly pins: readonly Fingerprint[];
  /** Trust these CA certificates (PEM) instead of the system's. */
  readonly ca: string | null;
  /** Skip verification, with a warning. */
  readonly insecure: boolean;
  /** Remember an unknown key without asking. */
  readonly trustFirst: boolean;
  /** The client's certificate chain and key (PEM). */
  readonly identity: { readonly certificate: string; readonly key: string } | null;
  /** Protocols to offer by ALPN, in order of preference. */
  readonly alpn: readonly string[];
  /** The name to request (SNI) and to verify instead of the host's. */
  readonly sni: string | null;
  /** The servers trusted before; `null` = none are remembered. */
  readonly known: KnownHosts | null;
  /** Asks the user whether to trust a key; `null` = there is no terminal to ask on. */
  readonly ask: ((question: string) => boolean) | null;
  /** Time limit of the handshake (ms); 10 s by default. */
  readonly handshakeTimeout?: number;
}

/**
 * Starts TLS on a connected socket; the handshake runs in the background. Send nothing until {@linkcode trust} has accepted the server.
 *
 * @param raw Owned by the TLS socket from here on.
 */
export function secure(raw: StreamSocket, endpoint: Endpoint, options: ClientTls): TlsSocket {
  const name = options.sni ?? endpoint.hostname;
  return new TlsSocket(raw, {
    kind: "client",
    ...(options.handshakeTimeout === undefined ? {} : { handshakeTimeout: options.handshakeTimeout }),
    options: {
      minVersion: "TLSv1.2",
      // SNI carries names only, no addresses (RFC 6066 3).
      ...(isAddress(name) ? {} : { servername: name }),
      ...(options.ca === null ? {} : { ca: options.ca }),
      ...(options.identity === null ? {} : { cert: options.identity.certificate, key: options.identity.key }),
      ...(options.alpn.length === 0 ? {} : { ALPNProtocols: [...options.alpn] }),
    },
  });
}

/**
 * Verifies the identity of the server.
 *
 * @throws {Failure} With code 7: it is not trusted; the message gives the reason.
 */
export async function trust(
  session: HandshakeResult,
  endpoint: Endpoint,
  options: ClientTls,
  events: Events,
): Promise<void> {
  await new Verifier(endpoint, options.sni ?? endpoint.hostname, options, events).verify(session);
}

class Verifier {
  readonly #endpoint: Endpoint;
  readonly #name: string;
  readonly #options: ClientTls;
  readonly #events: Events;

  constructor(endpoint: Endpoint, name: string, options: ClientTls, events: Events) {
    this.#endpoint = endpoint;
    this.#name = name;
    this.#options = options;
    this.#events = events;
  }

  async verify({ certificate, chainError }: HandshakeResult): Promise<void> {
    const { insecure, pins, ca } = this.#options;
    if (certificate === null) throw this.#refusal("it presented no certificate");
    const fingerprint = keyFingerprint(certificate);
    const problem = certificateProblem(certificate, this.#name, chainError);
    if (pins.length > 0) {
      if (!pins.some((pin) => pinMatches(pin, certificate))) throw this.#refusal(pinMismatch(fingerprint, pins));
    } else if (insecure) {
      this.#warn(
        `ENCRYPTED BUT NOT VERIFIED: anyone could be at the other end of this connection; its key is ${fingerprint}`,
      );
    } else if (problem !== null) {
      if (!problem.unknownIssuerOnly || ca !== null) throw this.#refusal(`${problem.what}; ${problem.advice}`);
      const firstUse = (): Promise<void> => this.#trustOnFirstUse(certificate, problem);
      await (this.#options.known?.exclusively(firstUse) ?? firstUse());
    }
  }

  /** The issuer is unknown: the key must be the remembered one, or the user decides. */
  async #trustOnFirstUse(certificate: X509Certificate, problem: Problem): Promise<void> {
    const { known, trustFirst, ask } = this.#options;
    const fingerprint = keyFingerprint(certificate);
    const host = hostKey(this.#endpoint.hostname, this.#endpoint.port);
    const before = await known?.find(host) ?? null;
    if (before === fingerprint) return;
    if (before !== null) throw this.#refusal(keyChange(host, before, fingerprint, known?.path ?? ""));
    const question = `${host}: ${problem.what}.\nIts key is ${fingerprint} (${oneLine(certificate.subject)}).\n` +
      `Compare it with the fingerprint that the server printed at startup. Trust it from now on?`;
    if (!(trustFirst || ask?.(escapeControls(question, { lines: true })) === true)) {
      throw this.#refusal(
        ask === null
          ? `${problem.what}; its key is ${fingerprint}: if that is correct, pass it with --pin or add --trust-first to remember it; or pass the CA with --ca FILE`
          : "you did not trust its key",
      );
    }
    if (known === null) return;
    await known.remember(host, fingerprint);
    this.#events.emit({ event: "notice", message: `Remembered the key of ${host}: ${fingerprint}` });
  }

  #refusal(why: string): Failure {
    return new Failure(Exit.untrusted, `Cannot trust ${formatEndpoint(this.#endpoint)}: ${why}`);
  }

  #warn(message: string): void {
    this.#events.emit({ event: "warning", message });
  }
}

function pinMismatch(fingerprint: Fingerprint, pins: readonly Fingerprint[]): string {
  return `its key is ${fingerprint}, not the pinned ${pins.join(" or ")}`;
}

function keyChange(host: string, before: Fingerprint, now: Fingerprint, path: string): string {
  return `its key has changed: it was ${before} and is now ${now}. Someone may be intercepting the connection. ` +
    `If the server really has a new key, remove the line for ${host} from ${path}`;
}
