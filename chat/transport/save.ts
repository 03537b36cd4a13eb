/**
 * Writes a file under a user-supplied name, in one folder and nowhere else.
 *
 * @module
 */
import { Exit, Failure } from "../../lib/errors.ts";

/**
 * Writes a new file directly in a folder. Subfolders are not allowed: one could be swapped for a symlink between the check and the open,
 * and Deno can only open files by path. The file must not exist: an existing one (a link, a FIFO, a device) is neither opened nor
 * replaced (`O_EXCL`, {@link https://man7.org/linux/man-pages/man2/open.2.html open(2)}).
 *
 * @param folder The only folder to write to.
 * @param path The path as typed, relative to the folder.
 * @throws {Failure} The path leads out of the folder, or nowhere.
 * @throws {Deno.errors.AlreadyExists} The name is taken.
 */
export async function saveInside(folder: string, path: string, text: string): Promise<void> {
  const root = await Deno.realPath(folder);
  const [, parent = "", name = ""] = /^(.*?)([^/\\]*)$/s.exec(path) ?? [];
  const isAbsolute = /^([/\\]|[A-Za-z]:)/.test(parent);
  const target = await realFolder(isAbsolute ? parent : `${root}/${parent}`);
  if (target !== root || /^\.{0,2}$/.test(name)) {
    throw new Failure(Exit.failed, `it can only be a file in ${root}; give a name without a folder`);
  }
  await Deno.writeTextFile(`${root}/${name}`, text, { createNew: true });
}

/** A folder without links in its path; `null` if there is none. */
async function realFolder(path: string): Promise<string | null> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}
