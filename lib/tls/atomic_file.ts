/**
 * Files that appear whole or not at all, for keys and certificates.
 *
 * @module
 */
import { fileFailure } from "../errors.ts";

/** Modes: `secret` for a private key, `open` for a file that every user may read. */
export const Mode = { secret: 0o600, open: 0o644 } as const;

/**
 * Writes a temporary file in the same folder and renames it: a reader sees the old text or the new one, even after a power failure in
 * between ({@link https://man7.org/linux/man-pages/man2/rename.2.html rename(2)}).
 *
 * @param path An existing file is replaced.
 * @param mode Applies from the first byte on.
 * @throws {Failure} The file cannot be written.
 */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  await withTemporary(path, text, mode, (temporary) => Deno.rename(temporary, path));
}

/**
 * Creates a file that does not exist yet. Of several concurrent calls one succeeds, and no reader sees a partial file.
 *
 * @returns Whether this call created it; if not, the existing file is untouched.
 * @throws {Failure} The file cannot be written.
 */
export async function createFile(path: string, text: string, mode: number): Promise<boolean> {
  return await withTemporary(path, text, mode, async (temporary) => {
    try {
      await Deno.link(temporary, path);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return false;
      // Some file systems (FAT) have no links: a reader may see the file empty for an instant.
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
    // After a rename it no longer exists.
    await Deno.remove(temporary).catch(() => {});
  }
}

/** The largest file that is read whole (bytes). Certificates, keys and known hosts are far smaller. */
const MAX_SIZE = 1024 * 1024;

/**
 * Reads a regular text file of at most 1 MiB: reading a pipe could block for ever, a device may have no end.
 *
 * @throws {Error} It cannot be read; the message gives the reason, or the runtime's error does.
 */
export async function readSmallFile(path: string): Promise<string> {
  const { isFile, isDirectory, size } = await Deno.stat(path);
  if (isDirectory) throw new Error("it is a folder; name a file in it");
  if (!isFile) throw new Error("it is a pipe or a device, not a file");
  if (size > MAX_SIZE) throw new Error(`it has more than ${MAX_SIZE} bytes`);
  return await Deno.readTextFile(path);
}

/**
 * Reads a text file.
 *
 * @returns The text, or `null` if there is no such file.
 * @throws {Failure} It exists but cannot be read.
 */
export async function readFileIfExists(path: string): Promise<string | null> {
  try {
    return await readSmallFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw fileFailure(`read ${path}`, error);
  }
}
