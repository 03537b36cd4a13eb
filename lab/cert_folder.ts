/**
 * A folder of certificates: its CA, and the files of each leaf certificate.
 *
 * @module
 */
import { AUTHORITY_DAYS, isSigningKey, makeAuthority } from "../lib/tls/certificate.ts";
import { Exit, Failure, fileFailure, UsageError } from "../lib/errors.ts";
import { checkPair, identityOf, type Pair } from "../lib/tls/pem.ts";
import { dayOf } from "../lib/text.ts";
import { createFile, Mode, readFileIfExists, replaceFile } from "../lib/tls/atomic_file.ts";

/** The two files of a certificate with its key. */
export interface PairPaths {
  readonly certificate: string;
  readonly key: string;
}

/**
 * Turns a name into the stem of a file name that is valid on every system and does not clash with the files of another pair.
 *
 * @example Usage
 * ```ts
 * import { fileStem } from "./cert_folder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(fileStem("*.example.org"), "_wildcard.example.org");
 * assertEquals(fileStem("../ca"), "_._ca");
 * assertEquals(fileStem("ca"), "ca_");
 * ```
 */
export function fileStem(name: string): string {
  const safe = name.replace(/^\*/, "_wildcard").replace(/[^\p{L}\p{N}._@-]/gu, "_").replace(/^[.-]/, "_");
  // The certificate of "x-key" would have the file name of the key of "x".
  return /^ca$|-key$/i.test(safe) ? `${safe}_` : safe;
}

/** The files of a pair in a folder. */
export function pathsOf(folder: string, stem: string): PairPaths {
  return { certificate: `${folder}/${stem}.pem`, key: `${folder}/${stem}-key.pem` };
}

/**
 * The CA of a folder, or a new one that is not written yet.
 *
 * @param name The host name, for the subject of a new CA.
 * @throws {Failure} One of its files is missing, the key does not match, it is not a CA, it has expired, or its key cannot sign.
 */
export async function authorityOf(
  folder: string,
  name: string,
  now: Date,
): Promise<{ pair: Pair; made: boolean; paths: PairPaths }> {
  const paths = pathsOf(folder, "ca");
  const certificate = await readFileIfExists(paths.certificate);
  const key = await readFileIfExists(paths.key);
  if (certificate === null && key === null) {
    return { pair: await makeAuthority({ name, days: AUTHORITY_DAYS, now }), made: true, paths };
  }
  if (certificate === null || key === null) {
    const [there, missing] = key === null ? [paths.certificate, paths.key] : [paths.key, paths.certificate];
    throw new Failure(
      Exit.failed,
      `Cannot use the CA in ${there}: ${missing} is missing; restore it, or name another folder with --out`,
    );
  }
  checkPair({ certificate, key }, paths, { now });
  const { isCa, notAfter } = identityOf(certificate, paths.certificate);
  const why = !isCa
    ? "it is not a CA certificate"
    : notAfter < now
    ? `it expired on ${dayOf(notAfter)}`
    : await isSigningKey(key)
    ? null
    : "tls:cert cannot sign with its key (it must be P-256 in PKCS#8 PEM)";
  if (why !== null) {
    throw new Failure(Exit.failed, `Cannot sign with ${paths.certificate}: ${why}; name another folder with --out`);
  }
  return { pair: { certificate, key }, made: false, paths };
}

/**
 * Makes sure that pairs can be written: no two share a file, and, without `force`, no file exists.
 *
 * @throws {UsageError} Two pairs share a file, or a file exists.
 */
export async function ensureFree(paths: readonly PairPaths[], options: { force: boolean }): Promise<void> {
  const seen = new Set<string>();
  for (const { certificate, key } of paths) {
    // Some file systems are case-insensitive.
    if (seen.has(certificate.toLowerCase())) {
      throw new UsageError(`Cannot write ${certificate} twice: two of the names map to the same file name`);
    }
    seen.add(certificate.toLowerCase());
    for (const path of options.force ? [] : [certificate, key]) {
      if (await isThere(path)) throw existsAlready(path);
    }
  }
}

/**
 * Writes a pair, the key first (readable by its owner only).
 *
 * @throws {Failure} It cannot be written or, without `force`, a file exists.
 */
export async function writePair(paths: PairPaths, pair: Pair, options: { force: boolean }): Promise<void> {
  if (options.force) {
    await replaceFile(paths.key, pair.key, Mode.secret);
    await replaceFile(paths.certificate, pair.certificate, Mode.open);
    return;
  }
  if (!await createFile(paths.key, pair.key, Mode.secret)) throw existsAlready(paths.key);
  if (!await createFile(paths.certificate, pair.certificate, Mode.open)) throw existsAlready(paths.certificate);
}

function existsAlready(path: string): UsageError {
  return new UsageError(`Cannot write ${path}: it already exists; --force replaces it, --out names another folder`);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw fileFailure(`look at ${path}`, error);
  }
}
