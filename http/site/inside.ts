/**
 * Opens files inside a folder, safely even while entries are being swapped: it opens a file first and checks it afterwards.
 *
 * A path that was checked may lead elsewhere when it is opened. So the check comes last: the path must lead, without symbolic links, to
 * the very file that is open. A check can itself be deceived by a swap; but swapping an entry changes its folder's times, so two checks
 * with equal times saw the real entries. The runtime reports the change time (`ctime`) only to the second, and `mtime` can be set back:
 * a recently changed folder is therefore checked repeatedly instead.
 *
 * To find, open or read a file may take the disk's time: these calls are asynchronous. The first check is not: it asks for what the system
 * has just looked up, and a trip to a thread would cost five times the call itself. That takes a third off a small file's CPU time.
 *
 * @module
 */
import { constants, fstatSync, lstatSync, type Stats } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";

/** Opening a FIFO must not block, and a symbolic link at the end of a resolved path was put there just now. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);
/** How often to open a file that is replaced while it is being opened. */
const TRIES = 5;
/** How often to check a path if one of its folders changed within the last `RECENT` milliseconds. */
export const CHECKS = 8;
const RECENT = 2000;

const SEPARATOR = Deno.build.os === "windows" ? "\\" : "/";

/** The folder that a site serves. */
export interface SiteFolder {
  /** An absolute path without symbolic links (`Deno.realPath`). */
  readonly root: string;
  /** Whether to serve and list names that start with a dot, such as `.git` and `.env`. */
  readonly dotfiles: boolean;
}

/** An open regular file inside the root; its owner closes it. */
export interface OpenFile extends AsyncDisposable {
  readonly kind: "file";
  /** Its path without symbolic links. */
  readonly path: string;
  readonly info: Stats;
  /** Reads from an offset up to as many bytes as fit; 0 at the end. */
  read(into: Uint8Array, offset: number): Promise<number>;
}

/** A folder inside the root, or the root; it holds nothing open. */
export interface Folder extends AsyncDisposable {
  readonly kind: "folder";
  readonly path: string;
}

/** Hooks for tests. */
export interface TestHooks {
  /** Called after a path was resolved, before it is opened. */
  readonly found?: (path: string) => void;
  /** Called after it was opened, before it is checked. */
  readonly opened?: (path: string) => void;
}

/**
 * Opens the file or folder at a path below the root; symbolic links are followed if they stay inside.
 *
 * @returns `null` if it leads out of the root or to a hidden name, or to something that is neither a regular file nor a folder.
 * @throws The system's error; {@linkcode isMissing} recognises those that mean "not found".
 */
export async function openInside(
  { root, dotfiles }: SiteFolder,
  path: string,
  hooks: TestHooks = {},
): Promise<OpenFile | Folder | null> {
  for (let tries = 0; tries < TRIES; tries++) {
    const real = await Deno.realPath(path);
    if (real !== root && !real.startsWith(root.endsWith(SEPARATOR) ? root : root + SEPARATOR)) return null;
    if (!dotfiles && real.slice(root.length).split(SEPARATOR).some(isDotfile)) return null;
    hooks.found?.(real);
    const handle = await openAt(real);
    if (handle === null) return folderOf(real);
    let verified = false;
    try {
      const info = fstatSync(handle.fd);
      if (info.isDirectory()) return folderOf(real);
      if (!info.isFile()) return null;
      hooks.opened?.(real);
      verified = await leadsTo(root, real, info);
      if (verified) return fileOf(handle, real, info);
    } finally {
      if (!verified) await handle.close();
    }
  }
  return null;
}

/** Whether a name is hidden by the custom of Unix. */
export function isDotfile(name: string): boolean {
  return name.startsWith(".");
}

/** Opens a path; `null` for a folder on a system that cannot open folders. */
async function openAt(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, FLAGS);
  } catch (error) {
    if ((await lstat(path)).isDirectory()) return null;
    throw error;
  }
}

function folderOf(path: string): Folder {
  return { kind: "folder", path, [Symbol.asyncDispose]: () => Promise.resolve() };
}

function fileOf(handle: FileHandle, path: string, info: Stats): OpenFile {
  return {
    kind: "file",
    path,
    info,
    async read(into, offset) {
      return (await handle.read(into, 0, into.length, offset)).bytesRead;
    },
    async [Symbol.asyncDispose]() {
      await handle.close();
    },
  };
}

/** The stats of each entry on a path, from the root to its end; `null` if an entry before the end is not a folder. */
export async function trailOf(root: string, path: string): Promise<Stats[] | null> {
  const trail: Stats[] = [];
  for (const at of stepsTo(root, path)) {
    if (trail.at(-1)?.isDirectory() === false) return null;
    trail.push(await lstat(at));
  }
  return trail;
}

/** The same, at once. */
function trailNow(root: string, path: string): Stats[] | null {
  const trail: Stats[] = [];
  for (const at of stepsTo(root, path)) {
    if (trail.at(-1)?.isDirectory() === false) return null;
    trail.push(lstatSync(at));
  }
  return trail;
}

/** The path of each entry on a path, from the root to its end. */
function stepsTo(root: string, path: string): string[] {
  const steps = [root];
  let at = root.endsWith(SEPARATOR) ? root.slice(0, -1) : root;
  for (const name of path.slice(at.length + 1).split(SEPARATOR)) {
    if (name !== "") steps.push(at += SEPARATOR + name);
  }
  return steps;
}

/** Whether both are the same file or folder. */
export function isSameFile(one: Stats | undefined, other: Stats | undefined): boolean {
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev;
}

/** When a file was changed (ms since 1970); by its entry if its own time is one that no date can express, as tmpfs allows. */
export function changedAt({ mtimeMs, ctimeMs }: Pick<Stats, "mtimeMs" | "ctimeMs">): number {
  return mtimeMs >= 0 ? mtimeMs : ctimeMs;
}

/** Whether two trails are equal, and nothing was swapped between them in their first `folders` folders. */
export function isSteady(one: readonly Stats[], other: readonly Stats[], folders: number): boolean {
  return one.length === other.length && one.every((stats, index) =>
    isSameFile(stats, other[index]) &&
    (index >= folders || (stats.ctimeMs === other[index]?.ctimeMs && stats.mtimeMs === other[index].mtimeMs))
  );
}

/** Whether the first `folders` folders of a trail changed long enough before `now` for any later change to show in their times. */
export function isOld(trail: readonly Stats[], folders: number, now: number): boolean {
  return trail.slice(0, folders).every(({ ctimeMs }) => ctimeMs + RECENT < now);
}

/** Whether a path really leads to a file. Swaps in the file's own folder do not matter. */
async function leadsTo(root: string, path: string, file: Stats): Promise<boolean> {
  for (let checks = 0; checks <= CHECKS; checks++) {
    // Repeated checks take place at times that nobody can foresee: otherwise, swaps could keep step with them.
    const look = checks === 0 ? trailNow : trailOf;
    const now = Date.now();
    const trail = await look(root, path);
    if (!isSameFile(trail?.at(-1), file) || trail === null) return false;
    const folders = Math.max(0, trail.length - 2);
    if (folders === 0) return true;
    const again = await look(root, path);
    if (again === null || !isSteady(trail, again, 0)) return false;
    if (isSteady(trail, again, folders) && isOld(trail, folders, now)) return true;
  }
  return true;
}

const GONE = ["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG", "ENXIO"];
const FORBIDDEN = ["EACCES", "EPERM"];

/** Whether an error means "not found" for a client: the entry does not exist, or access to it is denied. */
export function isMissing(error: unknown): boolean {
  return isGone(error) || error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable ||
    hasCode(error, FORBIDDEN);
}

/** Whether an error means that an entry does not exist. */
export function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.FilesystemLoop || hasCode(error, GONE);
}

/** Turns certain errors of a promise into `null`. */
export async function nullIf<T>(missing: (error: unknown) => boolean, promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (missing(error)) return null;
    throw error;
  }
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
