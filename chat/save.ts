/**
 * Writing a file that somebody names, in one folder and nowhere else.
 *
 * @module
 */
import { Exit, Failure } from "../lib/errors.ts";

/**
 * Writes a new file in a folder or below it.
 *
 * A link on the way may lead anywhere, and permissions go by what a path says and not by where it leads; so the folder of the file is
 * resolved first, and the file is made there. It must not exist: what is there (a link, a FIFO, a device) is neither opened nor
 * replaced (`O_EXCL`, {@link https://man7.org/linux/man-pages/man2/open.2.html open(2)}).
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
  const separator = Deno.build.os === "windows" ? "\\" : "/";
  const inside = target === root || target.startsWith(root.endsWith(separator) ? root : `${root}${separator}`);
  if (!inside || /^\.{0,2}$/.test(name)) throw new Failure(Exit.failed, `it must be a file in ${root}`);
  await Deno.writeTextFile(`${target}${separator}${name}`, text, { createNew: true });
}
