/**
 * The server's own key and certificate, kept between runs so that clients know it again.
 *
 * Four files in `plainwire` in the user's config folder: `ca.pem`, `ca-key.pem`, `server.pem`, `server-key.pem`. A key is written
 * once and never replaced; certificates are made anew from it when they are due. So whatever two servers do at the same time, a
 * certificate there always fits its key, and what clients remember (the fingerprint of the key) stays.
 *
 * @module
 */
import { hostNames, isSigningKey, LEAF_DAYS, makeAuthority, makeKey, makeLeaf } from "./certificate.ts";
import { Exit, Failure } from "../errors.ts";
import { type Events, NO_EVENTS } from "../events.ts";
import type { Fingerprint } from "./peer_identity.ts";
import { parseHostName } from "./host_name.ts";
import { checkPair, type Identity, identityOf, isSignedBy, type Pair } from "./pem.ts";
import { createFile, fileFailure, Mode, readFileIfThere, replaceFile } from "./atomic_file.ts";

/** What a server shows its clients. */
export interface ServerIdentity {
  /** The chain and its key, for `Deno.listenTls`. */
  readonly pair: Pair;
  /** The certificate of the authority that vouches for it, PEM. */
  readonly authority: string;
  /** Of its public key: what `--pin` takes. */
  readonly fingerprint: Fingerprint;
  /** Whether it was made in this run, is that of an earlier one, or has an earlier one's key and a new certificate. */
  readonly origin: "made" | "reused" | "renewed";
  /** Where it is kept; `null` when it ends with this run. */
  readonly folder: string | null;
}

/** Options of {@linkcode serverIdentity}. */
export interface IdentityOptions {
  /** Host names and addresses; those of the machine unless told otherwise. */
  readonly names?: readonly string[];
  /** Make one for this run only, and touch no file. */
  readonly ephemeral?: boolean;
  /** Where it is kept; see {@linkcode identityFolder}. */
  readonly folder?: string | null;
  readonly now?: Date;
  /** Who is told what is wrong with the files. */
  readonly events?: Events;
}

const DAY = 24 * 60 * 60 * 1000;
/** A leaf is made anew when less than this is left of it (ms). */
const LEAF_LEFT = 7 * DAY;
/** The authority likewise. */
const AUTHORITY_LEFT = 30 * DAY;

/** How the names of our authorities begin; what anybody else signed is never replaced. */
const OURS = "CN=Plainwire CA (";

/**
 * The identity of servers on this machine: reused when it covers the names and is valid for 7 more days, else renewed with the same
 * key, else made. Where files cannot be used or kept, that is said as a warning, they stay as they are, and the identity is for this
 * run only.
 *
 * Needs `--allow-sys=hostname,networkInterfaces`, `--allow-env=HOME,XDG_CONFIG_HOME,APPDATA`, and `--allow-read` and `--allow-write`
 * of the folder; what is missing costs the names or the keeping.
 *
 * @throws {UsageError} A name cannot stand in a certificate.
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
        `${error.message}. So this server has a new key for this run only: no --pin or known host of before fits`;
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
  if (folder === null) throw new Failure(Exit.failed, "Cannot keep a key: neither HOME nor XDG_CONFIG_HOME says where");
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileFailure(`make the folder ${folder}`, error);
  }
  const authority = await keptAuthority(folder, now, events);
  const kept = await keptPair(`${folder}/server`, events);
  if (kept.certificate !== null) {
    const pair = { certificate: kept.certificate, key: kept.key };
    const found = identityOf(pair.certificate);
    if (authority.origin === "reused" && isSignedBy(pair.certificate, authority.pair.certificate)) {
      if (lasts(found, LEAF_LEFT, now) && covers(found, names)) return identity(pair, authority.pair, "reused", folder);
    }
    demandOurs(found, `${folder}/server.pem`);
  }
  const pair = await makeLeaf(authority.pair, { names, key: kept.key, now });
  await replaceFile(`${folder}/server.pem`, pair.certificate, Mode.open);
  return identity(pair, authority.pair, kept.made ? "made" : "renewed", folder);
}

/** The authority of a folder: as it is, or with a new certificate for the old key. */
async function keptAuthority(
  folder: string,
  now: Date,
  events: Events,
): Promise<{ pair: Pair; origin: "made" | "reused" }> {
  const { certificate, key } = await keptPair(`${folder}/ca`, events);
  if (certificate !== null) {
    const found = identityOf(certificate);
    demandOurs(found, `${folder}/ca.pem`);
    if (lasts(found, AUTHORITY_LEFT, now)) return { pair: { certificate, key }, origin: "reused" };
  }
  const pair = await makeAuthority({ name: hostName(), key, now });
  await replaceFile(`${folder}/ca.pem`, pair.certificate, Mode.open);
  return { pair, origin: "made" };
}

/**
 * Reads a certificate and its key, and makes the key when neither is there.
 *
 * @param stem `…/server` for `server.pem` and `server-key.pem`.
 * @returns The pair, checked; no certificate where none has been made for the key; `made` when the key is of this call.
 */
async function keptPair(
  stem: string,
  events: Events,
): Promise<{ certificate: string | null; key: string; made: boolean }> {
  const files = { certificate: `${stem}.pem`, key: `${stem}-key.pem` };
  // In this order: whoever writes a certificate has written its key before.
  const certificate = await readFileIfThere(files.certificate);
  let key = await readFileIfThere(files.key);
  let made = false;
  if (key === null) {
    if (certificate !== null) {
      throw new Failure(
        Exit.failed,
        `Cannot use ${files.certificate}: its key is gone, and only removing it too lets a new one be made`,
      );
    }
    key = await makeKey();
    made = await createFile(files.key, key, Mode.secret);
    // Another server was faster: its key is the one.
    if (!made) key = await readFileIfThere(files.key) ?? key;
  } else {
    await warnOfReaders(files.key, events);
  }
  if (certificate !== null) checkPair({ certificate, key }, files);
  if (!await isSigningKey(key)) {
    throw new Failure(
      Exit.failed,
      `Cannot use ${files.key}: it is no P-256 key in PKCS#8 PEM, as the ones made here are`,
    );
  }
  return { certificate, key, made };
}

/** A key that others can read is no secret; said as ssh does, but not refused. */
async function warnOfReaders(file: string, events: Events): Promise<void> {
  const { mode } = await Deno.stat(file);
  if (mode === null || (mode & 0o077) === 0) return;
  events.emit({
    event: "warning",
    message: `Others on this machine can read the key in ${file}; try chmod 600 ${file}`,
  });
}

function demandOurs({ issuer }: Identity, file: string): void {
  if (issuer.startsWith(OURS)) return;
  throw new Failure(
    Exit.failed,
    `Cannot renew ${file}: it was not made by Plainwire (${issuer}); use it with --cert and --key`,
  );
}

function lasts({ notBefore, notAfter }: Identity, left: number, now: Date): boolean {
  return notBefore <= now && notAfter.getTime() - now.getTime() >= left;
}

function covers({ names }: Identity, wanted: readonly string[]): boolean {
  return wanted.every((name) => names.includes(name));
}

/**
 * The names under which this machine is reached: `localhost`, its loopback addresses, its host name (with `.local`, as mDNS has it)
 * and each address of its interfaces, except those that need a zone.
 */
export function machineNames(): string[] {
  const host = permitted(() => Deno.hostname());
  const addresses = permitted(() => Deno.networkInterfaces().map(({ address }) => address)) ?? [];
  const hosts = host === undefined ? [] : [host, ...(host.includes(".") ? [] : [`${host}.local`])];
  const candidates = ["localhost", "127.0.0.1", "::1", ...hosts, ...addresses.filter((each) => !/^fe80:/i.test(each))];
  const names = candidates.map((name) => parseHostName(name)?.text);
  return [...new Set(names.filter((name) => name !== undefined))];
}

/** The machine's own name, for people. */
export function hostName(): string {
  return permitted(() => Deno.hostname()) ?? "this machine";
}

/**
 * Where identities are kept: `$XDG_CONFIG_HOME/plainwire`, else `~/.config/plainwire` (on macOS too), on Windows `%APPDATA%\plainwire`.
 *
 * @returns The folder, or `null` when nothing says where the user's files are.
 */
export function identityFolder(): string | null {
  const [home, config, roaming] = ["HOME", "XDG_CONFIG_HOME", "APPDATA"].map((name) =>
    permitted(() => Deno.env.get(name))
  );
  if (Deno.build.os === "windows") return roaming ? `${roaming}\\plainwire` : null;
  // A relative path there is to be ignored (XDG Base Directory Specification).
  if (config?.startsWith("/")) return `${config}/plainwire`;
  return home ? `${home}/.config/plainwire` : null;
}

/** The result, or nothing when this run has no permission for it. */
function permitted<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}
