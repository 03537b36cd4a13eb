/**
 * The TLS flags and the settings they produce. The implementation is loaded only with `--tls`.
 *
 * @module
 */
import { Exit, Failure, fileFailure, UsageError } from "../errors.ts";
import type { Events } from "../events.ts";
import { commandFor } from "./command.ts";
import { flag } from "./flag_kinds.ts";
import { grouped } from "./flags.ts";
import { type Given, refuseWithout } from "./unused_flags.ts";
import { askYesOrNo, canAsk } from "../console/prompt.ts";
import { HANDSHAKE } from "../net/socket.ts";
import type { ClientTls } from "../tls/client.ts";
import type { ServerTls } from "../tls/server.ts";
import type { Fingerprint } from "../tls/peer_identity.ts";

const alpn = flag.texts("protocol to speak over TLS (ALPN), in order of preference; repeatable", {
  placeholder: "NAME",
});

/** `--tls` and its related flags, for servers. */
export const tlsServerFlags = grouped("TLS", {
  tls: flag.on("use TLS; without --cert, with a certificate that is generated once and kept"),
  cert: flag.path("PEM file of the certificate and its chain", { default: undefined }),
  key: flag.path("PEM file of its private key", { default: undefined }),
  clientCa: flag.path("PEM file of the CA that must have issued each client's certificate", { default: undefined }),
  ephemeral: flag.on("generate a certificate for this run only and keep nothing"),
  alpn,
});

/** `--tls` and its related flags, for clients. */
export const tlsClientFlags = grouped("TLS", {
  tls: flag.on("use TLS"),
  ca: flag.path("PEM file of the CA to trust, instead of those that come with Deno", { default: undefined }),
  pin: flag.texts("fingerprint, sha256:…, of a key to trust, instead of any CA; repeatable", { placeholder: "PIN" }),
  trustFirst: flag.on("remember an unknown server's key on first use, without asking"),
  tlsInsecure: flag.on("trust any certificate: encrypted, but not verified"),
  cert: flag.path("PEM file of the client's certificate and its chain", { default: undefined }),
  key: flag.path("PEM file of its private key", { default: undefined }),
  sni: flag.text("server name to request and verify, if not the host", { default: undefined, placeholder: "NAME" }),
  alpn,
});

interface CommonOptions {
  readonly tls: boolean;
  readonly json: boolean;
  readonly timeout: number;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly alpn: readonly string[];
}

/** The options of a server's TLS flags. */
export interface TlsServerOptions extends CommonOptions {
  readonly clientCa: string | undefined;
  readonly ephemeral: boolean;
}

/** The options of a client's TLS flags. */
export interface TlsClientOptions extends CommonOptions {
  readonly ca: string | undefined;
  readonly pin: readonly string[];
  readonly trustFirst: boolean;
  readonly tlsInsecure: boolean;
  readonly sni: string | undefined;
}

/** The part of a server's run that TLS needs. */
export interface ServerRun {
  readonly options: TlsServerOptions;
  readonly given: Given;
  readonly events: Events;
}

/** A server's TLS settings as plain data, and what clients need to know. */
export interface ServerSecrets {
  readonly settings: ServerTls;
  /** The fingerprint of the server's key. */
  readonly fingerprint: Fingerprint;
  /** That of its certificate, as browsers show it. */
  readonly certificate: string;
  /** The flags that our client adds to the join command. */
  readonly join: string;
}

/**
 * A server's TLS settings from its flags; `null` without `--tls`.
 *
 * @param options The ALPN protocols without `--alpn`.
 * @throws {UsageError} Conflicting flags or files, or a key that does not match its certificate.
 */
export async function serverTls(
  { options, given, events }: ServerRun,
  { alpn = [] }: { alpn?: readonly string[] } = {},
): Promise<ServerSecrets | null> {
  refuseWithout(given, "tls", ...Object.keys(tlsServerFlags));
  if (!options.tls) return null;
  if (options.ephemeral && options.cert !== undefined) {
    throw new UsageError("Cannot use --ephemeral with --cert: there is nothing to generate");
  }
  // Check this before a key is generated and kept: a wrong flag must leave nothing behind.
  const clientCa = options.clientCa === undefined ? null : await certificatesOf(options.clientCa, "--client-ca");
  const { certificate, key, fingerprint } = await identityOf(options, events);
  const limit = options.timeout * 1000;
  const settings = {
    certificate,
    key,
    clientCa,
    alpn: options.alpn.length > 0 ? options.alpn : alpn,
    ...(limit > 0 && limit < HANDSHAKE ? { handshakeTimeout: limit } : {}),
  };
  events.emit({ event: "notice", message: `The server's key is ${fingerprint}` });
  const shown = clientCa === null ? "" : " --cert CERTIFICATE --key KEY";
  const { browserFingerprint } = await import("../tls/pem.ts");
  return {
    settings,
    fingerprint,
    certificate: browserFingerprint(certificate),
    join: ` --tls --pin ${fingerprint}${shown}`,
  };
}

/** The given certificate and key, or the machine's own identity. */
async function identityOf(
  options: TlsServerOptions,
  events: Events,
): Promise<{ certificate: string; key: string; fingerprint: Fingerprint }> {
  const pair = await pairOf(options, events, { client: false });
  if (pair !== null) {
    const { identityOf } = await import("../tls/pem.ts");
    return { ...pair, fingerprint: identityOf(pair.certificate).fingerprint };
  }
  const { serverIdentity } = await import("../tls/identity_store.ts");
  const { pair: own, fingerprint, origin, folder } = await serverIdentity({ ephemeral: options.ephemeral, events });
  if (origin !== "reused") {
    const what = origin === "made" ? "Made a certificate" : "Renewed the certificate";
    const where = folder === null ? " for this run only" : `; it is kept in ${folder}`;
    events.emit({ event: "notice", message: `${what}${where}` });
  }
  return { ...own, fingerprint };
}

/** A client's TLS settings from its flags; `null` without `--tls`. */
export async function clientTls(
  { options, given, events }: { options: TlsClientOptions; given: Given; events: Events },
): Promise<ClientTls | null> {
  refuseWithout(given, "tls", ...Object.keys(tlsClientFlags));
  if (!options.tls) return null;
  if (options.tlsInsecure && (given.has("pin") || given.has("ca"))) {
    throw new UsageError("Cannot use --tls-insecure with --pin or --ca: it trusts any certificate");
  }
  const [{ parsePin }, { KnownHostsFile }, { identityFolder }] = await Promise.all([
    import("../tls/trust.ts"),
    import("../tls/known_hosts.ts"),
    import("../tls/identity_store.ts"),
  ]);
  const folder = identityFolder();
  return {
    pins: options.pin.map(parsePin),
    ca: options.ca === undefined ? null : await certificatesOf(options.ca, "--ca"),
    insecure: options.tlsInsecure,
    trustFirst: options.trustFirst,
    identity: await pairOf(options, events, { client: true }),
    alpn: options.alpn,
    sni: options.sni ?? null,
    known: folder === null ? null : new KnownHostsFile(`${folder}/known_hosts`),
    // With --json, a program reads the output and cannot answer questions.
    ask: !options.json && canAsk() ? askYesOrNo : null,
  };
}

/** Reads `--cert` and `--key` and checks that they match; `null` if neither is given. */
async function pairOf(
  { cert, key }: Pick<CommonOptions, "cert" | "key">,
  events: Events,
  options: { client: boolean },
): Promise<{ certificate: string; key: string } | null> {
  if (cert === undefined && key === undefined) return null;
  if (cert === undefined) throw new UsageError("Cannot use --key without --cert");
  const { checkPair, holdsKey, identityOf } = await import("../tls/pem.ts");
  const certificate = await readPem(cert, "--cert");
  const files = { certificate: `--cert ${cert}`, key: key === undefined ? `--cert ${cert}` : `--key ${key}` };
  identityOf(certificate, files.certificate);
  // Both may be in one file.
  if (key === undefined && !holdsKey(certificate)) {
    throw new UsageError(`Cannot use --cert ${cert} alone: it holds no private key; name the key's file with --key`);
  }
  const pair = { certificate, key: key === undefined ? certificate : await readPem(key, "--key") };
  for (const message of checkPair(pair, files, options)) events.emit({ event: "warning", message });
  return pair;
}

/** Reads a file of certificates. */
async function certificatesOf(path: string, flagName: string): Promise<string> {
  const pem = await readPem(path, flagName);
  const { identityOf } = await import("../tls/pem.ts");
  identityOf(pem, `${flagName} ${path}`);
  return pem;
}

async function readPem(path: string, flagName: string): Promise<string> {
  const { readSmallFile } = await import("../tls/atomic_file.ts");
  try {
    return await readSmallFile(path);
  } catch (error) {
    const { message } = fileFailure(`read ${flagName} ${path}`, error);
    const advice = error instanceof Deno.errors.NotFound
      ? `; check the path, or make one with \`${commandFor("tls:cert")}\``
      : "";
    throw new Failure(Exit.misuse, `${message}${advice}`, { cause: error });
  }
}
