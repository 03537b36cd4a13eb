/**
 * Files of one folder, and nothing else.
 *
 * @module
 */
import { contentType } from "@std/media-types/content-type";
import { format as formatBytes } from "@std/fmt/bytes";
import { type Answer, type BodyStream, fieldLine, textAnswer } from "./answer.ts";
import { decide, type Selected } from "./conditions.ts";
import { page, PAGE_FIELDS, safe } from "./markup.ts";
import type { Request, Site } from "./site.ts";
import { NOTHING } from "./syntax.ts";

/** How much of a file is in memory at a time. */
const PIECE = 64 * 1024;
const INDEX = "index.html";

/**
 * A site of files: GET asks the folder first, and what is not there is asked of `otherwise`.
 *
 * @param root The folder, as an absolute path without links in it (`Deno.realPath`).
 */
export function fileSite(root: string, otherwise: Site): Site {
  return (head, target) => {
    const other = otherwise(head, target);
    const { method } = head;
    if (!target.path.startsWith("/")) return other;
    if (method === "GET") {
      return {
        ...(other.needs === undefined ? {} : { needs: other.needs }),
        answer: async (request) => await fileAnswer(root, request) ?? await other.answer(request),
      };
    }
    // A file can be got and nothing else; where there is none, the other site's no holds.
    if (other.refuses !== true) return other;
    const allow = fieldLine("Allow", "GET, HEAD, OPTIONS");
    const no = method === "OPTIONS"
      ? textAnswer(200, "", allow)
      : textAnswer(405, "405 Method Not Allowed: this is a file\n", allow);
    return {
      refuses: true,
      answer: async (request) => await fileAnswer(root, request) === null ? await other.answer(request) : no,
    };
  };
}

/**
 * The path of a file under the root that a request path means.
 *
 * @returns The segments, decoded; `null` for a path that cannot or must not mean a file: bad percent-encoding, `.` and `..`, empty
 * segments, separators of other systems and control characters.
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
    // deno-lint-ignore no-control-regex -- they are what is looked for
    if (segment === "" || segment === "." || segment === ".." || /[\/\\\x00-\x1f\x7f]/.test(segment)) return null;
    // A drive or a stream of a file on Windows.
    if (Deno.build.os === "windows" && segment.includes(":")) return null;
    segments.push(segment);
  }
  return segments;
}

/** The answer for a path under the root; `null` when there is nothing, or nothing that may be seen. */
async function fileAnswer(root: string, request: Request): Promise<Answer | null> {
  const segments = segmentsOf(request.target.path);
  if (segments === null) return null;
  try {
    const found = await inside(root, [root, ...segments].join("/"));
    if (found === null) return null;
    if (found.info.isFile) return request.target.path.endsWith("/") ? null : await regularFile(found, request);
    if (!found.info.isDirectory) return null;
    if (!request.target.path.endsWith("/")) return toFolder(segments, request.target.query);
    const index = await inside(root, `${found.path}/${INDEX}`).catch(() => null);
    if (index !== null && index.info.isFile) return await regularFile(index, request);
    return await listing(root, found.path, segments);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** What a file system says of things that are not there for us. */
function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.FilesystemLoop ||
    (error instanceof Error && "code" in error && error.code === "ENAMETOOLONG");
}

interface Found {
  readonly path: string;
  readonly info: Deno.FileInfo;
}

/**
 * Follows links, and says `null` when that leads out of the root. Whoever may change the folder while it is served can win a race
 * against this check; so can anybody who may put a hard link there.
 */
async function inside(root: string, path: string): Promise<Found | null> {
  const real = await Deno.realPath(path);
  const separator = Deno.build.os === "windows" ? "\\" : "/";
  if (real !== root && !real.startsWith(root.endsWith(separator) ? root : root + separator)) return null;
  return { path: real, info: await Deno.stat(real) };
}

/** Links in a folder's index are relative to its path with a slash at the end. */
function toFolder(segments: readonly string[], query: string): Answer {
  const location = `/${segments.map(encodeURIComponent).join("/")}/${query === "" ? "" : `?${query}`}`;
  return textAnswer(301, `Go on at ${location}\n`, fieldLine("Location", location));
}

async function regularFile({ path, info }: Found, { head, headOnly }: Request): Promise<Answer> {
  // A time that has not come yet is none that could be sent (RFC 9110 8.8.2.1).
  const modified = info.mtime === null ? null : Math.floor(Math.min(info.mtime.getTime(), Date.now()) / 1000);
  const selected: Selected = {
    etag: `"${(info.mtime?.getTime() ?? 0).toString(16)}-${info.size.toString(16)}"`,
    modified,
    size: info.size,
  };
  // Ranges are defined for GET alone (RFC 9110 14.2).
  const decision = decide((name) => headOnly && name === "range" ? null : head.field(name), selected);
  const validators = fieldLine("ETag", selected.etag) +
    (modified === null ? "" : fieldLine("Last-Modified", new Date(modified * 1000).toUTCString()));
  if (decision.status === 304) return { status: 304, fields: validators, body: NOTHING };
  if (decision.status === 412) {
    return textAnswer(412, "412 Precondition Failed: the file is another one by now\n", validators);
  }
  if (decision.status === 416) {
    return textAnswer(
      416,
      `416 Range Not Satisfiable: the file has ${info.size} bytes\n`,
      fieldLine("Content-Range", `bytes */${info.size}`),
    );
  }
  const [first, last] = decision.status === 206 ? [decision.first, decision.last] : [0, info.size - 1];
  const extension = /\.[^./\\]+$/.exec(path)?.[0] ?? "";
  const fields = fieldLine("Content-Type", contentType(extension) ?? "application/octet-stream") + validators +
    fieldLine("Accept-Ranges", "bytes") + fieldLine("X-Content-Type-Options", "nosniff") +
    (decision.status === 206 ? fieldLine("Content-Range", `bytes ${first}-${last}/${info.size}`) : "");
  return { status: decision.status, fields, body: await contents(path, first, last - first + 1) };
}

/** So many bytes of a file from an offset on: a small part is read at once, a large one piece by piece while it is sent. */
async function contents(path: string, offset: number, length: number): Promise<BodyStream | Uint8Array> {
  // Whether it may be read has to be known before its head is on its way.
  (await Deno.open(path)).close();
  if (length > PIECE) return { length, pieces: () => readPieces(path, offset, length) };
  const body = new Uint8Array(length);
  let filled = 0;
  for await (const piece of readPieces(path, offset, length)) {
    body.set(piece, filled);
    filled += piece.length;
  }
  if (filled < length) throw new Error("the file has become shorter");
  return body;
}

async function* readPieces(path: string, offset: number, length: number): AsyncGenerator<Uint8Array> {
  using file = await Deno.open(path);
  await file.seek(offset, Deno.SeekMode.Start);
  const buffer = new Uint8Array(Math.min(PIECE, length));
  for (let left = length; left > 0;) {
    const count = await file.read(buffer.subarray(0, Math.min(left, buffer.length)));
    if (count === null) return;
    left -= count;
    yield buffer.subarray(0, count);
  }
}

/** A folder's listing: folders first, by name. */
async function listing(root: string, path: string, segments: readonly string[]): Promise<Answer> {
  const entries: { name: string; folder: boolean; size: number | null }[] = [];
  for await (const entry of Deno.readDir(path)) {
    // A name that cannot be asked for here.
    if (segmentsOf(`/${encodeURIComponent(entry.name)}`) === null) continue;
    const { info } = await inside(root, `${path}/${entry.name}`).catch(() => null) ?? {};
    if (info === undefined || !(info.isFile || info.isDirectory)) continue;
    entries.push({ name: entry.name, folder: info.isDirectory, size: info.isFile ? info.size : null });
  }
  entries.sort((a, b) => Number(b.folder) - Number(a.folder) || a.name.localeCompare(b.name));
  const up = segments.length > 0 ? `<tr><th scope="row"><a href="../">../</a></th><td class="n"></td></tr>` : "";
  const rows = entries.map(({ name, folder, size }) => {
    const slash = folder ? "/" : "";
    const link = `<a href="./${encodeURIComponent(name)}${slash}">${safe(name)}${slash}</a>`;
    return `<tr><th scope="row">${link}</th><td class="n">${size === null ? "" : formatBytes(size)}</td></tr>`;
  });
  const title = safe(`/${segments.map((segment) => `${segment}/`).join("")}`);
  const main = `<h1>${title}</h1>\n<table><tbody>\n${up}${rows.join("\n")}\n</tbody></table>`;
  return { status: 200, fields: PAGE_FIELDS, body: new TextEncoder().encode(page(title, main)) };
}
