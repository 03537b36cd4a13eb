/**
 * The listing of a folder: bounded whatever the folder holds, and abandoned when its client disconnects.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { format as formatBytes } from "@std/fmt/bytes";
import type { Stats } from "node:fs";
import { lstat } from "node:fs/promises";
import type { Answer } from "../answer/answer.ts";
import { CHECKS, isGone, isMissing, isOld, isSteady, nullIf, openInside, trailOf } from "./inside.ts";
import { page, PAGE_FIELDS, safe } from "./markup.ts";
import { Refusal } from "../request/refusal.ts";
import type { SiteRequest } from "./resource.ts";
import { Slices } from "./slices.ts";

/** How many entries are listed, and how many are read to find them. */
const MAX_LISTED = 1000;
const MAX_READ = 100_000;
/** The memory that a full listing may take while it is made (bytes). */
const MEMORY = 1024 * 1024;
/** How often to read a folder again if a parent changes meanwhile, and the delay before that (ms). */
const TRIES = 5;
const SETTLED = 60;

/** One row. */
interface Entry {
  readonly name: string;
  readonly folder: boolean;
  readonly link: boolean;
}

/** The first entries of a folder, and the number of the others. */
interface Entries {
  readonly listed: Entry[];
  readonly more: number;
  /** Whether reading stopped before the last name. */
  readonly cut: boolean;
}

/**
 * The page that lists a folder: folders first, by name.
 *
 * @param root The root of the site; targets of symbolic links must be inside.
 * @param path The folder, without symbolic links.
 * @param segments Its path as the client requested it.
 * @param servable Whether an entry's name can be requested at all.
 * @throws {Refusal} 503: the folder, or one above it, keeps changing.
 */
export async function listing(
  root: string,
  path: string,
  segments: readonly string[],
  request: SiteRequest,
  servable: (name: string) => boolean,
): Promise<Answer> {
  request.hold(MEMORY);
  // Starts watching the client.
  void request.signal;
  const slices = new Slices(() => request.throwIfGone());
  const { listed, more, cut } = await stableEntries(root, path, () => firstEntries(path, servable, slices));
  const rows: string[] = [];
  for (const entry of listed) {
    const row = await nullIf(isMissing, rowOf(root, path, entry));
    if (row !== null) rows.push(row);
    await slices.pause();
  }
  const up = segments.length > 0 ? `<tr><th scope="row"><a href="../">../</a></th><td class="n"></td></tr>` : "";
  const title = safe(`/${segments.map((segment) => `${segment}/`).join("")}`);
  const left = cut
    ? `\n<p>${listed.length} entries; the folder has more than ${MAX_READ}, and not all were read.</p>`
    : more === 0
    ? ""
    : `\n<p>The first ${listed.length} entries; ${more} more are not listed.</p>`;
  const main = `<h1>${title}</h1>\n<table><tbody>\n${up}${rows.join("\n")}\n</tbody></table>${left}`;
  return { status: 200, fields: PAGE_FIELDS, body: new TextEncoder().encode(page(title, main)) };
}

/**
 * Reads a folder between two checks of its path: a symbolic link that was swapped in meanwhile must not expose a folder outside. If a
 * folder above was changed recently, it reads several times and keeps only the entries that were there each time.
 */
async function stableEntries(root: string, path: string, read: () => Promise<Entries>): Promise<Entries> {
  let entries: Entries | null = null;
  for (let checks = 0, tries = 0; tries < TRIES;) {
    const now = Date.now();
    const before = await nullIf(isGone, trailOf(root, path));
    const found = isFolder(before) ? await nullIf(isGone, read()) : null;
    const after = await nullIf(isGone, trailOf(root, path));
    const above = (before?.length ?? 0) - 1;
    // A symbolic link in the folder's place fails here too, even if it stays.
    if (before === null || found === null || after === null || !isSteady(before, after, 0)) {
      tries++;
      [entries, checks] = [null, 0];
      await delay(SETTLED);
      continue;
    }
    if (isSteady(before, after, above) && isOld(before, above, now)) return found;
    entries = entries === null ? found : inBoth(entries, found);
    if (++checks === CHECKS) return entries;
  }
  throw new Refusal(503, "the folder keeps changing; try again later", { retryAfter: 1 });
}

function isFolder(trail: readonly Stats[] | null): boolean {
  return trail?.at(-1)?.isDirectory() === true;
}

function inBoth(one: Entries, other: Entries): Entries {
  const names = new Set(other.listed.map(({ name }) => name));
  const listed = one.listed.filter(({ name }) => names.has(name));
  return { listed, more: Math.min(one.more, other.more), cut: one.cut || other.cut };
}

/** Reads a folder and keeps the first entries in listing order. */
async function firstEntries(path: string, servable: (name: string) => boolean, slices: Slices): Promise<Entries> {
  const listed: Entry[] = [];
  let seen = 0;
  let candidates = 0;
  for await (const { name, isDirectory, isSymlink, isFile } of Deno.readDir(path)) {
    if (++seen > MAX_READ) break;
    await slices.pause();
    if (!(isDirectory || isSymlink || isFile) || !servable(name)) continue;
    candidates++;
    const entry = { name, folder: isDirectory, link: isSymlink };
    if (listed.length === MAX_LISTED && !isBefore(entry, listed.at(-1))) continue;
    listed.splice(insertionIndex(entry, listed), 0, entry);
    if (listed.length > MAX_LISTED) listed.pop();
  }
  return { listed, more: candidates - listed.length, cut: seen > MAX_READ };
}

function isBefore(one: Entry, other: Entry | undefined): boolean {
  if (other === undefined) return true;
  return one.folder === other.folder ? one.name < other.name : one.folder;
}

/** Where to insert an entry, by binary search. */
function insertionIndex(entry: Entry, listed: readonly Entry[]): number {
  let [from, to] = [0, listed.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (isBefore(entry, listed[middle])) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** One row; `null` for a symbolic link that leads out of the site. Only links need to be opened. */
async function rowOf(root: string, path: string, { name, folder, link }: Entry): Promise<string | null> {
  const at = `${path}/${name}`;
  if (!link) return rowFor(name, folder ? null : (await lstat(at)).size);
  const target = await openInside(root, at);
  if (target === null) return null;
  if (target.kind === "folder") return rowFor(name, null);
  await using file = target;
  return rowFor(name, file.info.size);
}

/** @param size Bytes of a file; `null` for a folder. */
function rowFor(name: string, size: number | null): string {
  const slash = size === null ? "/" : "";
  const link = `<a href="./${encodeURIComponent(name)}${slash}">${safe(name)}${slash}</a>`;
  return `<tr><th scope="row">${link}</th><td class="n">${size === null ? "" : formatBytes(size)}</td></tr>`;
}
