/**
 * What is inside a folder, even while things are moved about in it: a file is opened first and checked then.
 *
 * A path that was checked may lead elsewhere when it is opened. So the check comes last: the path has to lead, without a link, to the
 * very file that is open. Each look at a path may be led astray too; but nobody can swap an entry of a folder without changing the
 * folder's times, so that two looks between which no time has changed have seen what is really there. The runtime tells the change
 * time (`ctime`) to the second only, and the other one (`mtime`) can be set back: a folder that was changed a moment ago is looked at
 * again and again instead.
 *
 * @module
 */
import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";

/** Opening a FIFO would wait for a writer, and a link at the end of a path without links was put there just now. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);
/** A file that is replaced while it is opened is opened again, so many times. */
const TRIES = 5;
/** How often a path is looked at where its folders were changed within so many milliseconds. */
export const LOOKS = 8;
const FRESH = 2000;

const SEPARATOR = Deno.build.os === "windows" ? "\\" : "/";

/** A regular file inside the root, open; its owner closes it. */
export interface OpenFile extends AsyncDisposable {
  readonly kind: "file";
  /** Where it is, without links. */
  readonly path: string;
  readonly info: Stats;
  /** Reads at most so many bytes as fit, from an offset on; 0 at the end. */
  read(into: Uint8Array, offset: number): Promise<number>;
}

/** A folder inside the root, or the root. */
export interface Folder {
  readonly kind: "folder";
  readonly path: string;
}

/** Hooks for tests. */
export interface Steps {
  /** Called when a path was looked up and is about to be opened. */
  readonly found?: (path: string) => void;
  /** Called when it is open and is about to be compared with the path. */
  readonly opened?: (path: string) => void;
}

/**
 * Opens what a path under the root leads to; links are followed as long as they stay inside.
 *
 * @param root An absolute path without links in it.
 * @returns `null` where it leads out of the root, or to something that is neither a file nor a folder.
 * @throws What the system says; {@linkcode isMissing} tells whether it means that there is nothing for us.
 */
export async function openInside(root: string, path: string, steps: Steps = {}): Promise<OpenFile | Folder | null> {
  for (let tries = 0; tries < TRIES; tries++) {
    const real = await Deno.realPath(path);
    if (real !== root && !real.startsWith(root.endsWith(SEPARATOR) ? root : root + SEPARATOR)) return null;
    steps.found?.(real);
    const handle = await openAt(real);
    if (handle === null) return { kind: "folder", path: real };
    let mine = false;
    try {
      const info = await handle.stat();
      if (info.isDirectory()) return { kind: "folder", path: real };
      if (!info.isFile()) return null;
      steps.opened?.(real);
      mine = await leadsTo(root, real, info);
      if (mine) return fileOf(handle, real, info);
    } finally {
      if (!mine) await handle.close();
    }
  }
  return null;
}

/** Opens a path; `null` for a folder where folders cannot be opened. */
async function openAt(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, FLAGS);
  } catch (error) {
    if ((await lstat(path)).isDirectory()) return null;
    throw error;
  }
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

/** What there is along a path, from the root to its end; `null` where the way to the end is not made of folders alone. */
export async function trailOf(root: string, path: string): Promise<Stats[] | null> {
  const trail = [await lstat(root)];
  let at = root.endsWith(SEPARATOR) ? root.slice(0, -1) : root;
  for (const name of path.slice(at.length + 1).split(SEPARATOR)) {
    if (name === "") break;
    if (trail.at(-1)?.isDirectory() !== true) return null;
    at += SEPARATOR + name;
    trail.push(await lstat(at));
  }
  return trail;
}

/** Tells whether it is the same file or folder. */
export function isSameFile(one: Stats | undefined, other: Stats | undefined): boolean {
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev;
}

/** Tells whether nothing was swapped between two looks in the first `folders` folders of a trail, and they show the same. */
export function isSteady(one: readonly Stats[], other: readonly Stats[], folders: number): boolean {
  return one.length === other.length && one.every((stats, index) =>
    isSameFile(stats, other[index]) &&
    (index >= folders || (stats.ctimeMs === other[index]?.ctimeMs && stats.mtimeMs === other[index].mtimeMs))
  );
}

/** Tells whether the first `folders` folders of a trail were changed so long before `now` that any later change would show. */
export function isOld(trail: readonly Stats[], folders: number, now: number): boolean {
  return trail.slice(0, folders).every(({ ctimeMs }) => ctimeMs + FRESH < now);
}

/** Whether a path leads to a file, really. What is swapped in the folder that the file itself is in makes no difference. */
async function leadsTo(root: string, path: string, file: Stats): Promise<boolean> {
  for (let looks = 0; looks < LOOKS; looks++) {
    const now = Date.now();
    const trail = await trailOf(root, path);
    if (!isSameFile(trail?.at(-1), file) || trail === null) return false;
    const folders = Math.max(0, trail.length - 2);
    if (folders === 0) return true;
    const again = await trailOf(root, path);
    if (again === null || !isSteady(trail, again, 0)) return false;
    if (isSteady(trail, again, folders) && isOld(trail, folders, now)) return true;
  }
  return true;
}

const GONE = ["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG", "ENXIO"];
const FORBIDDEN = ["EACCES", "EPERM"];

/** Tells whether the system says that something is not there for us: it is not there, or we may not have it. */
export function isMissing(error: unknown): boolean {
  return isGone(error) || error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable ||
    hasCode(error, FORBIDDEN);
}

/** Tells whether it says that something is not there. */
export function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.FilesystemLoop || hasCode(error, GONE);
}

/** What looking for something brings; `null` where it is missing. */
export async function unless<T>(missing: (error: unknown) => boolean, looking: Promise<T>): Promise<T | null> {
  try {
    return await looking;
  } catch (error) {
    if (missing(error)) return null;
    throw error;
  }
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
