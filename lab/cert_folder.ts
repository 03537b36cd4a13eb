/**
 * A folder of certificates: its authority, and the files of each leaf.
 *
 * @module
 */
import { AUTHORITY_DAYS, isSigningKey, makeAuthority } from "../lib/tls/certificate.ts";
import { Exit, Failure, UsageError } from "../lib/errors.ts";
import { checkPair, identityOf, type Pair } from "../lib/tls/pem.ts";
import { dayOf } from "../lib/text.ts";
import { createFile, fileFailure, Mode, readFileIfThere, replaceFile } from "../lib/tls/atomic_file.ts";

/** The two files of a pair. */
export interface PairPaths {
  readonly certificate: string;
  readonly key: string;
}

/**
 * A name as the beginning of a file name that every system takes, and that none of another pair has.
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
  // "x-key" would have its certificate where the key of "x" is.
  return /^ca$|-key$/i.test(safe) ? `${safe}_` : safe;
}

/** The files of a pair in a folder. */
export function pathsOf(folder: string, stem: string): PairPaths {
  return { certificate: `${folder}/${stem}.pem`, key: `${folder}/${stem}-key.pem` };
}

/**
 * The authority of a folder, or a new one that is not written yet.
 *
 * @param name Who makes it.
 * @throws {Failure} There is half of one, one that does not fit together, one that is no CA's, or one that has expired.
 */
export async function authorityOf(
  folder: string,
  name: string,
  now: Date,
): Promise<{ pair: Pair; made: boolean; paths: PairPaths }> {
  const paths = pathsOf(folder, "ca");
  const certificate = await readFileIfThere(paths.certificate);
  const key = await readFileIfThere(paths.key);
  if (certificate === null && key === null) {
    return { pair: await makeAuthority({ name, days: AUTHORITY_DAYS, now }), made: true, paths };
  }
  if (certificate === null || key === null) {
    const [there, missing] = key === null ? [paths.certificate, paths.key] : [paths.key, paths.certificate];
    throw new Failure(
      Exit.failed,
      `Cannot use the CA in ${there}: ${missing} is not beside it; put it there, or name another folder with --out`,
    );
  }
  checkPair({ certificate, key }, paths, { now });
  const { isCa, notAfter } = identityOf(certificate, paths.certificate);
  const why = !isCa
    ? "it is no CA's certificate"
    : notAfter < now
    ? `it expired on ${dayOf(notAfter)}`
    : await isSigningKey(key)
    ? null
    : "its key is none that tls:cert can sign with (P-256 in PKCS#8 PEM)";
  if (why !== null) {
    throw new Failure(Exit.failed, `Cannot sign with ${paths.certificate}: ${why}; name another folder with --out`);
  }
  return { pair: { certificate, key }, made: false, paths };
}

/**
 * Makes sure that pairs can be written: no two to the same files, and, unless they may be replaced, none is there.
 *
 * @throws {UsageError} Two of them would have the same files, or there are some.
 */
export async function demandFree(paths: readonly PairPaths[], options: { force: boolean }): Promise<void> {
  const seen = new Set<string>();
  for (const { certificate, key } of paths) {
    // Some file systems take upper and lower case for the same.
    if (seen.has(certificate.toLowerCase())) {
      throw new UsageError(`Cannot write ${certificate} twice: two of the names come to the same file name`);
    }
    seen.add(certificate.toLowerCase());
    for (const path of options.force ? [] : [certificate, key]) {
      if (await isThere(path)) throw existsAlready(path);
    }
  }
}

/**
 * Writes a pair, the key (for its owner only) first.
 *
 * @throws {Failure} It cannot be written; without `force` also when something is there.
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
  return new UsageError(`Cannot write ${path}: it is there already; --force replaces it, --out names another folder`);
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
