/**
 * The listing of a folder: bounded, whatever is in it, and made for as long as somebody waits for it.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { format as formatBytes } from "@std/fmt/bytes";
import type { Stats } from "node:fs";
import { lstat } from "node:fs/promises";
import type { Answer } from "../answer/answer.ts";
import { isGone, isMissing, isOld, isSteady, LOOKS, openInside, trailOf, unless } from "./inside.ts";
import { page, PAGE_FIELDS, safe } from "./markup.ts";
import { Refusal } from "../request/refusal.ts";
import type { SiteRequest } from "./resource.ts";
import { Slices } from "./slices.ts";

/** How many entries are listed, and how many are looked through for them. */
const MOST_LISTED = 1000;
const MOST_SEEN = 100_000;
/** What a listing of so many entries may take while it is made. */
const MEMORY = 1024 * 1024;
/** How often a folder is read again whose parents change meanwhile, and after how many milliseconds. */
const TRIES = 5;
const SETTLED = 60;

/** One row. */
interface Entry {
  readonly name: string;
  readonly folder: boolean;
  readonly link: boolean;
}

/** The first entries of a folder, and how many more there are. */
interface Entries {
  readonly listed: Entry[];
  readonly more: number;
  /** Whether not even all names were read. */
  readonly cut: boolean;
}

/**
 * The page that lists a folder: folders first, by name.
 *
 * @param root The root of the site; what a link in the folder leads to has to be inside.
 * @param path The folder, without links.
 * @param segments Its path as the client asked for it.
 * @param askable Tells whether a name can be asked for at all.
 * @throws {Refusal} 503: the folder, or one above it, is being moved about all the time.
 */
export async function listing(
  root: string,
  path: string,
  segments: readonly string[],
  request: SiteRequest,
  askable: (name: string) => boolean,
): Promise<Answer> {
  request.hold(MEMORY);
  // From here on the client is watched.
  void request.signal;
  const slices = new Slices(() => request.mustBeThere());
  const { listed, more, cut } = await settled(root, path, () => firstEntries(path, askable, slices));
  const rows: string[] = [];
  for (const entry of listed) {
    const row = await unless(isMissing, rowOf(root, path, entry));
    if (row !== null) rows.push(row);
    await slices.rest();
  }
  const up = segments.length > 0 ? `<tr><th scope="row"><a href="../">../</a></th><td class="n"></td></tr>` : "";
  const title = safe(`/${segments.map((segment) => `${segment}/`).join("")}`);
  const left = cut
    ? `\n<p>${listed.length} entries; the folder has more than ${MOST_SEEN}, and not all were read.</p>`
    : more === 0
    ? ""
    : `\n<p>The first ${listed.length} entries; ${more} more are not listed.</p>`;
  const main = `<h1>${title}</h1>\n<table><tbody>\n${up}${rows.join("\n")}\n</tbody></table>${left}`;
  return { status: 200, fields: PAGE_FIELDS, body: new TextEncoder().encode(page(title, main)) };
}

/**
 * Reads a folder between two looks at the way to it: a link that was swapped in meanwhile is no part of the site. Where a folder above
 * was changed a moment ago, it is read several times, and what was not there each time is left out.
 */
async function settled(root: string, path: string, read: () => Promise<Entries>): Promise<Entries> {
  let entries: Entries | null = null;
  for (let looks = 0, tries = 0; tries < TRIES;) {
    const now = Date.now();
    const before = await unless(isGone, trailOf(root, path));
    const found = isFolder(before) ? await unless(isGone, read()) : null;
    const after = await unless(isGone, trailOf(root, path));
    const above = (before?.length ?? 0) - 1;
    // A link that was put in the folder's place stays out too, however steady it is.
    if (before === null || found === null || after === null || !isSteady(before, after, 0)) {
      tries++;
      [entries, looks] = [null, 0];
      await delay(SETTLED);
      continue;
    }
    if (isSteady(before, after, above) && isOld(before, above, now)) return found;
    entries = entries === null ? found : inBoth(entries, found);
    if (++looks === LOOKS) return entries;
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

/** The first entries in the order of a listing, kept in that order while the others pass by. */
async function firstEntries(path: string, askable: (name: string) => boolean, slices: Slices): Promise<Entries> {
  const listed: Entry[] = [];
  let seen = 0;
  let some = 0;
  for await (const { name, isDirectory, isSymlink, isFile } of Deno.readDir(path)) {
    if (++seen > MOST_SEEN) break;
    await slices.rest();
    if (!(isDirectory || isSymlink || isFile) || !askable(name)) continue;
    some++;
    const entry = { name, folder: isDirectory, link: isSymlink };
    if (listed.length === MOST_LISTED && !isBefore(entry, listed.at(-1))) continue;
    listed.splice(placeOf(entry, listed), 0, entry);
    if (listed.length > MOST_LISTED) listed.pop();
  }
  return { listed, more: some - listed.length, cut: seen > MOST_SEEN };
}

function isBefore(one: Entry, other: Entry | undefined): boolean {
  if (other === undefined) return true;
  return one.folder === other.folder ? one.name < other.name : one.folder;
}

/** Where an entry belongs, by halving. */
function placeOf(entry: Entry, listed: readonly Entry[]): number {
  let [from, to] = [0, listed.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (isBefore(entry, listed[middle])) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** One row; `null` for what leads out of the site. Only a link has to be opened to be told. */
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
