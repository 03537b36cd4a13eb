/**
 * Serves the files of one folder, and nothing outside it.
 *
 * @module
 */
import { contentType } from "@std/media-types/content-type";
import { type Answer, fieldLine, textAnswer } from "../answer/answer.ts";
import { decide, type Selected } from "./conditions.ts";
import {
  changedAt,
  type Folder,
  isDotfile,
  isMissing,
  isSameFile,
  nullIf,
  type OpenFile,
  openInside,
  type SiteFolder,
} from "./inside.ts";
import { errorAnswer } from "./error_answer.ts";
import { listing } from "./listing.ts";
import type { Site, SiteRequest } from "./resource.ts";
import { NOTHING } from "../request/syntax.ts";

/** How many bytes of a file are in memory at a time. Half as much takes a third more CPU time for 1 MB. */
const PIECE = 128 * 1024;
const INDEX = "index.html";

/** A site of files. What is not in the folder is served by `fallback`. */
export function fileSite(folder: SiteFolder, fallback: Site): Site {
  return (head, target) => {
    const other = fallback(head, target);
    if (!target.path.startsWith("/")) return other;
    const reads = head.method === "GET";
    const own = reads ? contentAnswer : methodsAnswer;
    return {
      ...other,
      // What the fallback does not have may be a file.
      refuses: other.refuses === true && !reads,
      answer: async (request) => await own(folder, request) ?? await other.answer(request),
    };
  };
}

/** The answer to OPTIONS for a file or folder, and to a method that it does not allow; `null` if nothing is there. */
async function methodsAnswer(site: SiteFolder, { head, target }: SiteRequest): Promise<Answer | null> {
  const found = await entryAt(site, target.path);
  if (found === null) return null;
  await using entry = found.entry;
  const allow = ["GET", "HEAD", "OPTIONS"];
  if (head.method === "OPTIONS") {
    return { status: 204, fields: fieldLine("Allow", allow.join(", ")), body: NOTHING };
  }
  const message = `this is a ${entry.kind}, which allows only ${allow.join(", ")}`;
  return errorAnswer(head.field("accept"), { status: 405, message, fields: { allow } });
}

/**
 * Maps a request path to the path of a file below the root.
 *
 * @returns The decoded segments; `null` for a path that cannot or must not name a file: bad percent-encoding, `.` and `..`, empty
 * segments, separators of other systems, control characters.
 *
 * @example Usage
 * ```ts
 * import { segmentsOf } from "./files.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(segmentsOf("/a%20b/c.txt"), ["a b", "c.txt"]);
 * assertEquals(segmentsOf("/%2e%2e/etc/passwd"), null);
 * ```
 */
export function segmentsOf(path: string): string[] | null {
  const encoded = path.slice(1).split("/");
  if (encoded.at(-1) === "") encoded.pop();
  const segments: string[] = [];
  for (const text of encoded) {
    let segment: string;
    try {
      segment = decodeURIComponent(text);
    } catch {
      return null;
    }
    // deno-lint-ignore no-control-regex -- to find them is the purpose
    if (segment === "" || segment === "." || segment === ".." || /[\/\\\x00-\x1f\x7f]/.test(segment)) return null;
    // On Windows, a drive or an alternate data stream.
    if (Deno.build.os === "windows" && segment.includes(":")) return null;
    segments.push(segment);
  }
  return segments;
}

/** What a request path names, and the path's segments; `null` if it does not exist or must not be served. */
async function entryAt(
  site: SiteFolder,
  path: string,
): Promise<{ readonly segments: readonly string[]; readonly entry: OpenFile | Folder } | null> {
  const segments = segmentsOf(path);
  if (segments === null || !segments.every((name) => isServable(site, name))) return null;
  const entry = await nullIf(isMissing, openInside(site, [site.root, ...segments].join("/")));
  if (entry === null) return null;
  if (entry.kind === "folder" || !path.endsWith("/")) return { segments, entry };
  await entry[Symbol.asyncDispose]();
  return null;
}

/** The answer to a GET for a path below the root; `null` if nothing is there. */
async function contentAnswer(site: SiteFolder, request: SiteRequest): Promise<Answer | null> {
  const { path, query } = request.target;
  const found = await entryAt(site, path);
  if (found === null) return null;
  const { segments } = found;
  await using entry = found.entry;
  if (entry.kind === "file") return await regularFile(site, entry, request);
  if (!path.endsWith("/")) return redirectToFolder(segments, query);
  await using index = await nullIf(isMissing, openInside(site, `${entry.path}/${INDEX}`));
  if (index?.kind === "file") return await regularFile(site, index, request);
  return await nullIf(isMissing, listing(site, entry.path, segments, request, (name) => isServable(site, name)));
}

/** Whether an entry of this name is served at all. */
function isServable({ dotfiles }: SiteFolder, name: string): boolean {
  return segmentsOf(`/${encodeURIComponent(name)}`) !== null && (dotfiles || !isDotfile(name));
}

/** Links in a folder's index are relative to its path with a trailing slash. */
function redirectToFolder(segments: readonly string[], query: string): Answer {
  // Browsers send brackets in a query as they are, but a URL must not have them there (RFC 3986 3.4).
  const encoded = query.replace(/[[\]]/g, encodeURIComponent);
  const location = `/${segments.map(encodeURIComponent).join("/")}/${query === "" ? "" : `?${encoded}`}`;
  return textAnswer(301, `Continue at ${location}\n`, fieldLine("Location", location));
}

async function regularFile(site: SiteFolder, file: OpenFile, request: SiteRequest): Promise<Answer> {
  const { head, headOnly } = request;
  const { size } = file.info;
  const changed = changedAt(file.info);
  // Last-Modified must not be later than Date (RFC 9110 8.8.2.1).
  const modified = Math.min(Math.floor(changed / 1000), request.now);
  const selected: Selected = { etag: `"${Math.trunc(changed).toString(16)}-${size.toString(16)}"`, modified, size };
  // Ranges are defined for GET only (RFC 9110 14.2).
  const decision = decide(
    (name) => headOnly && name === "range" ? null : head.field(name),
    selected,
    request.now * 1000,
  );
  const validators = fieldLine("ETag", selected.etag) +
    fieldLine("Last-Modified", new Date(modified * 1000).toUTCString());
  if (decision.status === 304) return { status: 304, fields: validators, body: NOTHING };
  if (decision.status === 412) {
    return errorAnswer(head.field("accept"), { status: 412, message: "the file has changed" }, validators);
  }
  if (decision.status === 416) {
    const lines = fieldLine("Content-Range", `bytes */${size}`);
    return errorAnswer(head.field("accept"), { status: 416, message: `the file has ${size} bytes` }, lines);
  }
  const [first, last] = decision.status === 206 ? [decision.first, decision.last] : [0, size - 1];
  const extension = /\.[^./\\]+$/.exec(file.path)?.[0] ?? "";
  const fields = fieldLine("Content-Type", contentType(extension) ?? "application/octet-stream") + validators +
    fieldLine("Accept-Ranges", "bytes") + fieldLine("X-Content-Type-Options", "nosniff") +
    (decision.status === 206 ? fieldLine("Content-Range", `bytes ${first}-${last}/${size}`) : "");
  const length = last - first + 1;
  if (!headOnly) request.hold(Math.min(length, PIECE));
  const body = length > PIECE || headOnly
    ? { length, pieces: () => reopenedPieces(site, file, first, length) }
    : await contents(file, first, length);
  return { status: decision.status, fields, body, evaluated: true };
}

/** Reads a part of a file at once. */
async function contents(file: OpenFile, offset: number, length: number): Promise<Uint8Array> {
  const body = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    const count = await file.read(body.subarray(filled), offset + filled);
    if (count === 0) throw new Error("the file has become shorter");
    filled += count;
  }
  return body;
}

/**
 * The same, piece by piece while it is sent. It reopens the file then, so that an answer that is never sent keeps no file open.
 *
 * @throws {Error} The file has changed; the answer is cut off, so that the client notices.
 */
async function* reopenedPieces(
  site: SiteFolder,
  before: OpenFile,
  offset: number,
  length: number,
): AsyncGenerator<Uint8Array> {
  const found = await openInside(site, before.path);
  if (found?.kind !== "file") throw new Error("the file no longer exists");
  await using file = found;
  const { info } = before;
  if (!isSameFile(file.info, info) || changedAt(file.info) !== changedAt(info) || file.info.size !== info.size) {
    throw new Error("the file has changed");
  }
  const buffer = new Uint8Array(Math.min(PIECE, length));
  for (let sent = 0; sent < length;) {
    const count = await file.read(buffer.subarray(0, length - sent), offset + sent);
    if (count === 0) return;
    sent += count;
    yield buffer.subarray(0, count);
  }
}
