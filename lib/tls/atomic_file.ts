/**
 * Files that are there whole or not at all, for keys and what belongs to them.
 *
 * @module
 */
import { Exit, Failure, stateOf } from "../errors.ts";

/** Modes of files with a private key, and of those that anybody may read. */
export const Mode = { secret: 0o600, open: 0o644 } as const;

/**
 * Writes a file under another name in its folder and then gives it its own: whoever reads it sees the old text or the new one, also
 * when the machine loses power in between ({@link https://man7.org/linux/man-pages/man2/rename.2.html rename(2)}).
 *
 * @param path Where; what is there is replaced.
 * @param mode Who may read it, from the first byte on.
 * @throws {Failure} It cannot be written.
 */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  await withTemporary(path, text, mode, (temporary) => Deno.rename(temporary, path));
}

/**
 * Writes a file that is not there yet: of several who try at the same time one succeeds, and nobody sees a part of it.
 *
 * @returns Whether it was this one; if not, the file of another is in its place, untouched.
 * @throws {Failure} It cannot be written.
 */
export async function createFile(path: string, text: string, mode: number): Promise<boolean> {
  return await withTemporary(path, text, mode, async (temporary) => {
    try {
      await Deno.link(temporary, path);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return false;
      // Some file systems (FAT) have no links: then another may for an instant see it empty.
      return await createInPlace(path, text, mode);
    }
  });
}

async function createInPlace(path: string, text: string, mode: number): Promise<boolean> {
  try {
    await Deno.writeTextFile(path, text, { mode, createNew: true });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

async function withTemporary<T>(
  path: string,
  text: string,
  mode: number,
  work: (temporary: string) => Promise<T>,
): Promise<T> {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    {
      using file = await Deno.open(temporary, { write: true, createNew: true, mode });
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      await file.sync();
    }
    return await work(temporary);
  } catch (error) {
    throw fileFailure(`write ${path}`, error);
  } finally {
    // After a rename there is nothing left of it.
    await Deno.remove(temporary).catch(() => {});
  }
}

/** The most bytes of a file that is read whole. Certificates, keys and known hosts are far smaller. */
const MOST = 1024 * 1024;

/**
 * Reads a text file, which has to be a regular one of at most 1 MiB: a pipe would wait for its writer for ever, a device might never end.
 *
 * @throws {Error} It cannot be read; the message says why, or the runtime does.
 */
export async function readSmallFile(path: string): Promise<string> {
  const { isFile, isDirectory, size } = await Deno.stat(path);
  if (!isFile && !isDirectory) throw new Error("it is a pipe or a device, not a file");
  if (size > MOST) throw new Error(`it has more than ${MOST} bytes`);
  return await Deno.readTextFile(path);
}

/**
 * Reads a text file.
 *
 * @returns The text, or `null` when there is no such file.
 * @throws {Failure} It is there and cannot be read.
 */
export async function readFileIfThere(path: string): Promise<string | null> {
  try {
    return await readSmallFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw fileFailure(`read ${path}`, error);
  }
}

/** Puts a failed operation on a file into words: "Cannot read certs/ca.pem: permission denied". */
export function fileFailure(what: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  // "Permission denied (os error 13): open '/x'"
  const { state } = stateOf(error);
  const plain = /^(.+?) \(os error \d+\)/.exec(state)?.[1];
  const words = plain === undefined ? state : plain.charAt(0).toLowerCase() + plain.slice(1);
  return new Failure(Exit.failed, `Cannot ${what}: ${words}`, { cause: error });
}
