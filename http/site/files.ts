/**
 * Files of one folder, and nothing else.
 *
 * @module
 */
import { contentType } from "@std/media-types/content-type";
import { type Answer, fieldLine, textAnswer } from "../answer/answer.ts";
import { decide, type Selected } from "./conditions.ts";
import { isMissing, isSameFile, type OpenFile, openInside, unless } from "./inside.ts";
import { listing } from "./listing.ts";
import type { Site, SiteRequest } from "./resource.ts";
import { NOTHING } from "../request/syntax.ts";

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
async function fileAnswer(root: string, request: SiteRequest): Promise<Answer | null> {
  const segments = segmentsOf(request.target.path);
  if (segments === null) return null;
  const found = await unless(isMissing, openInside(root, [root, ...segments].join("/")));
  if (found === null) return null;
  const { path } = request.target;
  if (found.kind === "file") {
    await using file = found;
    return path.endsWith("/") ? null : await regularFile(root, file, request);
  }
  if (!path.endsWith("/")) return toFolder(segments, request.target.query);
  const index = await unless(isMissing, openInside(root, `${found.path}/${INDEX}`));
  if (index?.kind === "file") {
    await using file = index;
    return await regularFile(root, file, request);
  }
  return await unless(isMissing, listing(root, found.path, segments, request, isAskable));
}

/** Tells whether a name in a folder can be asked for here. */
function isAskable(name: string): boolean {
  return segmentsOf(`/${encodeURIComponent(name)}`) !== null;
}

/** Links in a folder's index are relative to its path with a slash at the end. */
function toFolder(segments: readonly string[], query: string): Answer {
  const location = `/${segments.map(encodeURIComponent).join("/")}/${query === "" ? "" : `?${query}`}`;
  return textAnswer(301, `Go on at ${location}\n`, fieldLine("Location", location));
}

async function regularFile(root: string, file: OpenFile, request: SiteRequest): Promise<Answer> {
  const { head, headOnly } = request;
  const { size, mtimeMs } = file.info;
  // A time that has not come yet is none that could be sent (RFC 9110 8.8.2.1).
  const modified = Math.floor(Math.min(mtimeMs, Date.now()) / 1000);
  const selected: Selected = { etag: `"${Math.trunc(mtimeMs).toString(16)}-${size.toString(16)}"`, modified, size };
  // Ranges are defined for GET alone (RFC 9110 14.2).
  const decision = decide((name) => headOnly && name === "range" ? null : head.field(name), selected);
  const validators = fieldLine("ETag", selected.etag) +
    fieldLine("Last-Modified", new Date(modified * 1000).toUTCString());
  if (decision.status === 304) return { status: 304, fields: validators, body: NOTHING };
  if (decision.status === 412) {
    return textAnswer(412, "412 Precondition Failed: the file is another one by now\n", validators);
  }
  if (decision.status === 416) {
    return textAnswer(
      416,
      `416 Range Not Satisfiable: the file has ${size} bytes\n`,
      fieldLine("Content-Range", `bytes */${size}`),
    );
  }
  const [first, last] = decision.status === 206 ? [decision.first, decision.last] : [0, size - 1];
  const extension = /\.[^./\\]+$/.exec(file.path)?.[0] ?? "";
  const fields = fieldLine("Content-Type", contentType(extension) ?? "application/octet-stream") + validators +
    fieldLine("Accept-Ranges", "bytes") + fieldLine("X-Content-Type-Options", "nosniff") +
    (decision.status === 206 ? fieldLine("Content-Range", `bytes ${first}-${last}/${size}`) : "");
  const length = last - first + 1;
  if (!headOnly) request.hold(Math.min(length, PIECE));
  const body = length > PIECE || headOnly
    ? { length, pieces: () => laterPieces(root, file, first, length) }
    : await contents(file, first, length);
  return { status: decision.status, fields, body };
}

/** So many bytes of a file from an offset on, at once. */
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
 * The same, piece by piece while it is sent. The file is opened again then: what was made and is never sent holds nothing open.
 *
 * @throws {Error} It is another file by now; the answer is cut, so that the client notices.
 */
async function* laterPieces(
  root: string,
  before: OpenFile,
  offset: number,
  length: number,
): AsyncGenerator<Uint8Array> {
  const found = await openInside(root, before.path);
  if (found?.kind !== "file") throw new Error("the file has gone");
  await using file = found;
  const { info } = before;
  if (!isSameFile(file.info, info) || file.info.mtimeMs !== info.mtimeMs || file.info.size !== info.size) {
    throw new Error("the file is another one by now");
  }
  const buffer = new Uint8Array(Math.min(PIECE, length));
  for (let sent = 0; sent < length;) {
    const count = await file.read(buffer.subarray(0, length - sent), offset + sent);
    if (count === 0) return;
    sent += count;
    yield buffer.subarray(0, count);
  }
}
