/**
 * Writing a file that somebody names, in one folder and nowhere else.
 *
 * @module
 */
import { Exit, Failure } from "../../lib/errors.ts";

/**
 * Writes a new file in a folder, and not in one below it: the folder on the way could be swapped for a link between the look at it and
 * the opening of the file, and a path is all there is to open by. The file must not exist: what is there (a link, a FIFO, a device) is
 * neither opened nor replaced (`O_EXCL`, {@link https://man7.org/linux/man-pages/man2/open.2.html open(2)}).
 *
 * @param folder Where it may be.
 * @param path What was typed; relative to the folder.
 * @throws {Failure} The path leads elsewhere.
 * @throws {Deno.errors.AlreadyExists} Something of that name is there.
 * @throws {Deno.errors.NotFound} There is no such folder.
 */
export async function saveInside(folder: string, path: string, text: string): Promise<void> {
  const root = await Deno.realPath(folder);
  const [, parent = "", name = ""] = /^(.*?)([^/\\]*)$/s.exec(path) ?? [];
  const isAbsolute = /^([/\\]|[A-Za-z]:)/.test(parent);
  const target = await Deno.realPath(isAbsolute ? parent : `${root}/${parent}`);
  if (target !== root || /^\.{0,2}$/.test(name)) throw new Failure(Exit.failed, `it must be a file in ${root}`);
  await Deno.writeTextFile(`${root}/${name}`, text, { createNew: true });
}
