/**
 * The server's own key and certificate, kept between runs so that clients recognise it.
 *
 * Four files in `plainwire` in the user's config folder: `ca.pem`, `ca-key.pem`, `server.pem`, `server-key.pem`. A key is written
 * once and never replaced; its certificates are renewed when due. So a certificate always matches its key, even while several servers
 * start at once, and the key fingerprint that clients remember stays.
 *
 * @module
 */
import { hostNames, isSigningKey, LEAF_DAYS, makeAuthority, makeKey, makeLeaf } from "./certificate.ts";
import { Exit, Failure, fileFailure } from "../errors.ts";
import { type Events, NO_EVENTS } from "../events.ts";
import { ifPermitted } from "../permission.ts";
import type { Fingerprint } from "./peer_identity.ts";
import { parseHostName } from "./host_name.ts";
import { checkPair, type Identity, identityOf, isSignedBy, type Pair } from "./pem.ts";
import { createFile, Mode, readFileIfExists, replaceFile } from "./atomic_file.ts";

/** A server's key and certificate. */
export interface ServerIdentity {
  /** The chain and its key, for `Deno.listenTls`. */
  readonly pair: Pair;
  /** The certificate of the CA that signed it, PEM. */
  readonly authority: string;
  /** The fingerprint of its public key, for `--pin`. */
  readonly fingerprint: Fingerprint;
  /** Whether it was made in this run, reused from an earlier one, or has an earlier key with a new certificate. */
  readonly origin: "made" | "reused" | "renewed";
  /** Where it is stored; `null` if it exists for this run only. */
  readonly folder: string | null;
}

/** Options of {@linkcode serverIdentity}. */
export interface IdentityOptions {
  /** Host names and addresses; those of the machine by default. */
  readonly names?: readonly string[];
  /** Make one for this run only, and touch no file. */
  readonly ephemeral?: boolean;
  /** Where to store it; {@linkcode identityFolder} by default. */
  readonly folder?: string | null;
  readonly now?: Date;
  /** Receives warnings about the files. */
  readonly events?: Events;
}

const DAY = 24 * 60 * 60 * 1000;
/** The remaining validity (ms) below which a leaf is renewed. */
const LEAF_RENEWAL = 7 * DAY;
/** The same for the CA. */
const AUTHORITY_RENEWAL = 30 * DAY;

/** How the names of our CAs start; a certificate from another issuer is never replaced. */
const OWN_CA_PREFIX = "CN=Plainwire CA (";

/**
 * The identity of servers on this machine: reused if it covers the names and is valid for 7 more days, else renewed with the same key,
 * else made. If the files cannot be used or stored, it emits a warning, leaves them as they are and makes an identity for this run only.
 *
 * Needs `--allow-sys=hostname,networkInterfaces`, `--allow-env=HOME,XDG_CONFIG_HOME,APPDATA`, and `--allow-read` and `--allow-write`
 * for the folder. Without them it works with fewer names, or for this run only.
 *
 * @throws {UsageError} A certificate cannot hold a name.
 */
export async function serverIdentity(options: IdentityOptions = {}): Promise<ServerIdentity> {
  const { ephemeral = false, now = new Date(), events = NO_EVENTS } = options;
  const names = hostNames(options.names ?? machineNames()).map(({ text }) => text);
  if (!ephemeral) {
    const folder = options.folder === undefined ? identityFolder() : options.folder;
    try {
      return await storedIdentity(folder, names, now, events);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const message =
        `${error.message}. So this server has a new key for this run only: earlier pins and known hosts do not match it`;
      events.emit({ event: "warning", message });
    }
  }
  const authority = await makeAuthority({ name: hostName(), days: LEAF_DAYS, now });
  const pair = await makeLeaf(authority, { names, now });
  return identity(pair, authority, "made", null);
}

function identity(
  pair: Pair,
  authority: Pair,
  origin: ServerIdentity["origin"],
  folder: string | null,
): ServerIdentity {
  const { fingerprint } = identityOf(pair.certificate);
  return { pair, authority: authority.certificate, fingerprint, origin, folder };
}

async function storedIdentity(
  folder: string | null,
  names: readonly string[],
  now: Date,
  events: Events,
): Promise<ServerIdentity> {
  if (folder === null) {
    throw new Failure(Exit.failed, "Cannot keep a key: neither HOME nor XDG_CONFIG_HOME names a folder");
  }
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileFailure(`make the folder ${folder}`, error);
  }
  const authority = await loadOrMakeAuthority(folder, now, events);
  const kept = await loadOrMakeKey(`${folder}/server`, events);
  if (kept.certificate !== null) {
    const pair = { certificate: kept.certificate, key: kept.key };
    const found = identityOf(pair.certificate);
    if (authority.origin === "reused" && isSignedBy(pair.certificate, authority.pair.certificate)) {
      if (isValidFor(found, LEAF_RENEWAL, now) && covers(found, names)) {
        return identity(pair, authority.pair, "reused", folder);
      }
    }
    requireOurs(found, `${folder}/server.pem`);
  }
  const pair = await makeLeaf(authority.pair, { names, key: kept.key, now });
  await replaceFile(`${folder}/server.pem`, pair.certificate, Mode.open);
  return identity(pair, authority.pair, kept.made ? "made" : "renewed", folder);
}

/** The CA of a folder: as it is, or with a new certificate for the old key. */
async function loadOrMakeAuthority(
  folder: string,
  now: Date,
  events: Events,
): Promise<{ pair: Pair; origin: "made" | "reused" }> {
  const { certificate, key } = await loadOrMakeKey(`${folder}/ca`, events);
  if (certificate !== null) {
    const found = identityOf(certificate);
    requireOurs(found, `${folder}/ca.pem`);
    if (isValidFor(found, AUTHORITY_RENEWAL, now)) return { pair: { certificate, key }, origin: "reused" };
  }
  const pair = await makeAuthority({ name: hostName(), key, now });
  await replaceFile(`${folder}/ca.pem`, pair.certificate, Mode.open);
  return { pair, origin: "made" };
}

/**
 * Reads a certificate and its key, and makes the key if neither exists.
 *
 * @param stem `…/server` for `server.pem` and `server-key.pem`.
 * @returns The checked pair; `certificate` is `null` if none was made for the key yet; `made` if this call made the key.
 */
async function loadOrMakeKey(
  stem: string,
  events: Events,
): Promise<{ certificate: string | null; key: string; made: boolean }> {
  const files = { certificate: `${stem}.pem`, key: `${stem}-key.pem` };
  // In this order, since every writer writes the key before its certificate.
  const certificate = await readFileIfExists(files.certificate);
  let key = await readFileIfExists(files.key);
  let made = false;
  if (key === null) {
    if (certificate !== null) {
      throw new Failure(
        Exit.failed,
        `Cannot use ${files.certificate}: its key is gone; remove the certificate too, and a new pair will be made`,
      );
    }
    key = await makeKey();
    made = await createFile(files.key, key, Mode.secret);
    // Another server has just made one: use its key.
    if (!made) key = await readFileIfExists(files.key) ?? key;
  } else {
    await warnIfReadable(files.key, events);
  }
  if (certificate !== null) checkPair({ certificate, key }, files);
  if (!await isSigningKey(key)) {
    throw new Failure(
      Exit.failed,
      `Cannot use ${files.key}: it is not a P-256 key in PKCS#8 PEM, the only kind that is made here`,
    );
  }
  return { certificate, key, made };
}

/** Warns about a key that other users can read, as ssh does, but does not refuse it. */
async function warnIfReadable(file: string, events: Events): Promise<void> {
  const { mode } = await Deno.stat(file);
  if (mode === null || (mode & 0o077) === 0) return;
  events.emit({
    event: "warning",
    message: `Other users of this machine can read the key in ${file}; try chmod 600 ${file}`,
  });
}

function requireOurs({ issuer }: Identity, file: string): void {
  if (issuer.startsWith(OWN_CA_PREFIX)) return;
  throw new Failure(
    Exit.failed,
    `Cannot renew ${file}: it was not made by Plainwire (${issuer}); use it with --cert and --key`,
  );
}

function isValidFor({ notBefore, notAfter }: Identity, left: number, now: Date): boolean {
  return notBefore <= now && notAfter.getTime() - now.getTime() >= left;
}

function covers({ names }: Identity, wanted: readonly string[]): boolean {
  return wanted.every((name) => names.includes(name));
}

/**
 * The names that reach this machine: `localhost`, its loopback addresses, its host name (also with `.local` for mDNS) and the addresses
 * of its interfaces, except link-local ones, which need a zone.
 */
export function machineNames(): string[] {
  const host = ifPermitted(() => Deno.hostname());
  const addresses = ifPermitted(() => Deno.networkInterfaces().map(({ address }) => address)) ?? [];
  const hosts = host === undefined ? [] : [host, ...(host.includes(".") ? [] : [`${host}.local`])];
  const candidates = ["localhost", "127.0.0.1", "::1", ...hosts, ...addresses.filter((each) => !/^fe80:/i.test(each))];
  const names = candidates.map((name) => parseHostName(name)?.text);
  return [...new Set(names.filter((name) => name !== undefined))];
}

/** The machine's host name, for display. */
export function hostName(): string {
  return ifPermitted(() => Deno.hostname()) ?? "this machine";
}

/**
 * Where identities are stored: `$XDG_CONFIG_HOME/plainwire`, else `~/.config/plainwire` (macOS too); on Windows `%APPDATA%\plainwire`.
 *
 * @returns The folder, or `null` if the environment names none.
 */
export function identityFolder(): string | null {
  const [home, config, roaming] = ["HOME", "XDG_CONFIG_HOME", "APPDATA"].map((name) =>
    ifPermitted(() => Deno.env.get(name))
  );
  if (Deno.build.os === "windows") return roaming ? `${roaming}\\plainwire` : null;
  // A relative path must be ignored (XDG Base Directory Specification).
  if (config?.startsWith("/")) return `${config}/plainwire`;
  return home ? `${home}/.config/plainwire` : null;
}
