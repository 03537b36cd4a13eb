/**
 * The client's side of TLS: whom to trust, and what is said about it.
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
import { hostKey, oneLine, pinFits, type Problem, problemOf } from "./trust.ts";

/** How a client wants its TLS. */
export interface ClientTls {
  /** Trust these keys and no others. */
  readonly pins: readonly Fingerprint[];
  /** Trust what these certificates (PEM) have issued, instead of what the system's authorities have. */
  readonly ca: string | null;
  /** Trust anybody, and say so. */
  readonly insecure: boolean;
  /** Remember an unknown key without asking. */
  readonly trustFirst: boolean;
  /** The client's own certificate, with its chain, and key (PEM). */
  readonly identity: { readonly certificate: string; readonly key: string } | null;
  /** Protocols to offer by ALPN, in order of preference. */
  readonly alpn: readonly string[];
  /** The name to ask for and to check, where it is not the host's. */
  readonly sni: string | null;
  /** Who was trusted before; `null` = nobody is remembered. */
  readonly known: KnownHosts | null;
  /** Asks a person whether to trust; `null` = there is nobody to ask. */
  readonly ask: ((question: string) => boolean) | null;
  /** How long the handshake may take (ms); 10 s unless told otherwise. */
  readonly patience?: number;
}

/**
 * Makes a connected socket a TLS one; the handshake is on its way then. Nothing is to be sent before {@linkcode trust} has agreed.
 *
 * @param raw Owned by the TLS socket from here on.
 */
export function secure(raw: StreamSocket, endpoint: Endpoint, options: ClientTls): TlsSocket {
  const name = options.sni ?? endpoint.hostname;
  return new TlsSocket(raw, {
    kind: "client",
    ...(options.patience === undefined ? {} : { patience: options.patience }),
    options: {
      minVersion: "TLSv1.2",
      // An address is no name that could be asked for (RFC 6066 3).
      ...(isAddress(name) ? {} : { servername: name }),
      ...(options.ca === null ? {} : { ca: options.ca }),
      ...(options.identity === null ? {} : { cert: options.identity.certificate, key: options.identity.key }),
      ...(options.alpn.length === 0 ? {} : { ALPNProtocols: [...options.alpn] }),
    },
  });
}

/**
 * Decides whether the server at the other end of a session is who it should be.
 *
 * @throws {Failure} With code 7: it is not trusted, and why.
 */
export async function trust(
  session: HandshakeResult,
  endpoint: Endpoint,
  options: ClientTls,
  events: Events,
): Promise<void> {
  await new Judge(endpoint, options.sni ?? endpoint.hostname, options, events).decide(session);
}

/** Decides whether a server is trusted. */
class Judge {
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

  async decide({ certificate, distrust }: HandshakeResult): Promise<void> {
    const { insecure, pins, ca } = this.#options;
    if (certificate === null) throw this.#refusal("it has shown no certificate");
    const fingerprint = keyFingerprint(certificate);
    const problem = problemOf(certificate, this.#name, distrust);
    if (pins.length > 0) {
      if (!pins.some((pin) => pinFits(pin, certificate))) throw this.#refusal(pinned(fingerprint, pins));
    } else if (insecure) {
      this.#warn(
        `ENCRYPTED BUT NOT VERIFIED: anybody could be on the other side of this connection; its key is ${fingerprint}`,
      );
    } else if (problem !== null) {
      if (!problem.onlyUnknown || ca !== null) throw this.#refusal(`${problem.what}; ${problem.advice}`);
      const decide = (): Promise<void> => this.#unknown(certificate, problem);
      await (this.#options.known?.inTurn(decide) ?? decide());
    }
  }

  /** Nobody vouches for the key: it is the one that this server had before, or somebody has to decide. */
  async #unknown(certificate: X509Certificate, problem: Problem): Promise<void> {
    const { known, trustFirst, ask } = this.#options;
    const fingerprint = keyFingerprint(certificate);
    const host = hostKey(this.#endpoint.hostname, this.#endpoint.port);
    const before = await known?.find(host) ?? null;
    if (before === fingerprint) return;
    if (before !== null) throw this.#refusal(changed(host, before, fingerprint, known?.path ?? ""));
    const question = `${host}: ${problem.what}.\nIts key is ${fingerprint} (${oneLine(certificate.subject)}).\n` +
      `Compare that with what the server printed when it started. Trust it from now on?`;
    if (!(trustFirst || ask?.(escapeControls(question, { lines: true })) === true)) {
      throw this.#refusal(
        ask === null
          ? `${problem.what}; its key is ${fingerprint}: give that with --pin if it is right, the CA with --ca FILE, or --trust-first to remember it`
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

function pinned(fingerprint: Fingerprint, pins: readonly Fingerprint[]): string {
  return `its key is ${fingerprint}, and not ${pins.join(" or ")} as pinned`;
}

function changed(host: string, before: Fingerprint, now: Fingerprint, path: string): string {
  return `its key has changed: it was ${before} and is ${now} now. Somebody may be in between. ` +
    `If the server has a new key indeed, remove the line of ${host} from ${path}`;
}
