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
import { CHECKS, isGone, isMissing, isOld, isSteady, nullIf, openInside, type SiteFolder, trailOf } from "./inside.ts";
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

/** An entry as the folder has it. */
interface Entry {
  readonly name: string;
  readonly folder: boolean;
  readonly link: boolean;
}

/** An entry as it is shown: a link to a folder is one, too. */
interface Row {
  readonly name: string;
  readonly folder: boolean;
  readonly markup: string;
}

/** The first entries of a folder, and the number of the others. */
interface Entries {
  readonly listed: Entry[];
  readonly more: number;
  /** Whether reading stopped before the last name. */
  readonly cut: boolean;
}

/**
 * The page that lists a folder: folders first, by name, with sizes and dates.
 *
 * @param site The root and what is hidden; targets of symbolic links are listed by the same rules.
 * @param path The folder, without symbolic links.
 * @param segments Its path as the client requested it.
 * @param servable Whether an entry of this name can be requested at all.
 * @throws {Refusal} 503: the folder, or one above it, keeps changing.
 */
export async function listing(
  site: SiteFolder,
  path: string,
  segments: readonly string[],
  request: SiteRequest,
  servable: (name: string) => boolean,
): Promise<Answer> {
  request.hold(MEMORY);
  // Starts watching the client.
  void request.signal;
  const slices = new Slices(() => request.throwIfGone());
  const entries = await stableEntries(site.root, path, () => firstEntries(path, servable, slices));
  const rows: Row[] = [];
  for (const entry of entries.listed) {
    const row = await nullIf(isMissing, rowOf(site, path, entry));
    if (row !== null) rows.push(row);
    await slices.pause();
  }
  rows.sort((one, other) => isBefore(one, other) ? -1 : 1);
  const title = safe(`/${segments.map((segment) => `${segment}/`).join("")}`);
  const main = `<h1 class="path">${pathMarkup(segments)}</h1>\n${tableOf(rows, segments.length > 0)}${remark(entries)}`;
  return { status: 200, fields: PAGE_FIELDS, body: new TextEncoder().encode(page(title, main)) };
}

/** The path of a folder; every folder above is a link, relative so that it holds behind a proxy too. */
function pathMarkup(segments: readonly string[]): string {
  const names = ["", ...segments].map((name) => `${safe(name)}/`);
  const own = names.pop();
  const above = names.map((name, index) => `<a href="${"../".repeat(names.length - index)}">${name}</a><wbr>`);
  return `${above.join("")}${own}`;
}

function tableOf(rows: readonly Row[], hasParent: boolean): string {
  if (rows.length === 0 && !hasParent) return "";
  const parent = hasParent ? `${rowMarkup("../", "../", "", "")}\n` : "";
  return `<table class="files">
<thead><tr><th scope="col">Name</th><th scope="col" class="n">Size</th><th scope="col" class="n">Modified (UTC)</th></tr></thead>
<tbody>
${parent}${rows.map(({ markup }) => markup).join("\n")}
</tbody></table>`;
}

/** What a reader must know besides the rows: that there are none, or that they are not all. */
function remark({ listed, more, cut }: Entries): string {
  if (cut) return `\n<p>${listed.length} entries; the folder has more than ${MAX_READ}, and not all were read.</p>`;
  if (more > 0) return `\n<p>The first ${listed.length} entries; ${more} more are not listed.</p>`;
  return listed.length === 0 ? "\n<p>There are no files here.</p>" : "";
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

function isBefore(one: Pick<Row, "name" | "folder">, other: Pick<Row, "name" | "folder"> | undefined): boolean {
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
async function rowOf(site: SiteFolder, path: string, { name, link }: Entry): Promise<Row | null> {
  const at = `${path}/${name}`;
  if (!link) return rowFor(name, await lstat(at));
  const target = await openInside(site, at);
  if (target === null) return null;
  if (target.kind === "folder") return rowFor(name, await lstat(target.path));
  await using file = target;
  return rowFor(name, file.info);
}

function rowFor(name: string, stats: Stats): Row {
  const folder = stats.isDirectory();
  const slash = folder ? "/" : "";
  const size = folder ? "" : formatBytes(stats.size);
  const href = `./${encodeURIComponent(name)}${slash}`;
  return { name, folder, markup: rowMarkup(href, `${safe(name)}${slash}`, size, dateMarkup(stats.mtime)) };
}

function rowMarkup(href: string, text: string, size: string, date: string): string {
  return `<tr><th scope="row"><a href="${href}">${text}</a></th><td class="n">${size}</td><td class="n">${date}</td></tr>`;
}

/** `2026-11-21 14:03` in UTC; nothing for a time that no calendar has. */
function dateMarkup(time: Date): string {
  if (Number.isNaN(time.getTime())) return "";
  const iso = time.toISOString().slice(0, -8);
  return `<time datetime="${iso}Z">${iso.replace("T", " ")}</time>`;
}
