/**
 * Answers that show a request to whoever sent it. Pure.
 *
 * @module
 */
import { type Answer, fieldLine } from "./answer.ts";
import type { Request } from "./site.ts";

/** A larger body is given back but not taken apart: parsed, it could take a hundred times its size and hold up everybody. */
const MOST_TAKEN_APART = 1024 * 1024;

/** What a visitor sent comes back; a browser must neither run it nor take it for another type than we say. */
const HARMLESS = fieldLine("X-Content-Type-Options", "nosniff") +
  fieldLine("Content-Security-Policy", "sandbox; default-src 'none'");
const TEXT = fieldLine("Content-Type", "text/plain; charset=utf-8") + HARMLESS;
const JSON_TYPE = fieldLine("Content-Type", "application/json") + HARMLESS;

/** `POST /`: the body under its own media type. */
export function bodyBack({ head, body }: Request): Answer {
  const [type = ""] = head.values("content-type");
  const own = /^[\x21-\x7e][\x20-\x7e]*$/.test(type) ? type : "application/octet-stream";
  return { status: 200, fields: fieldLine("Content-Type", own) + HARMLESS, body };
}

/** `/echo`: the request as it was received, as text. */
export function requestBack({ head, body }: Request): Answer {
  const bytes = new Uint8Array(head.raw.length + body.length);
  bytes.set(head.raw);
  bytes.set(body, head.raw.length);
  return { status: 200, fields: TEXT, body: bytes };
}

/** `/cookie`: the cookies as `name=value` lines (RFC 6265 4.2). */
export function cookiesBack({ head }: Request): Answer {
  const cookies = head.values("cookie").flatMap((value) => value.split(";")).map((pair) => pair.trim());
  const lines = cookies.filter((pair) => pair !== "").map((pair) => `${pair}\n`).join("");
  return { status: 200, fields: TEXT, body: new TextEncoder().encode(lines) };
}

/** Several values under one name become a list, one alone stays as it is: httpbin's shape. */
type Collected = Record<string, string | string[]>;

/** `/anything`: the request as JSON in the shape that httpbin has made common. */
export async function anythingBack({ head, target, body, via }: Request): Promise<Answer> {
  const { form, files, data } = await takeApart(head.field("content-type") ?? "", body);
  const shape = {
    args: collect(new URLSearchParams(target.query)),
    data,
    files,
    form,
    headers: headersOf(head.fields()),
    json: null,
    method: head.method,
    origin: via.hostname,
    url: `${via.session === null ? "http" : "https"}://${head.field("host") ?? via.local}${target.path}${
      target.query === "" ? "" : `?${target.query}`
    }`,
  };
  const lines = Object.entries(shape).map(([key, value]) => {
    // The visitor's JSON as it came: indented anew, a thousand brackets would become a million spaces.
    const text = key === "json" && isJson(data) ? data.trim() : JSON.stringify(value, null, 2).replaceAll("\n", "\n  ");
    return `  ${JSON.stringify(key)}: ${text}`;
  });
  return { status: 200, fields: JSON_TYPE, body: new TextEncoder().encode(`{\n${lines.join(",\n")}\n}\n`) };
}

/** The parts of a body: those of a form, or all of it as text. */
async function takeApart(type: string, body: Uint8Array): Promise<{ form: Collected; files: Collected; data: string }> {
  if (
    body.length <= MOST_TAKEN_APART && /^(application\/x-www-form-urlencoded|multipart\/form-data)\s*(;|$)/i.test(type)
  ) {
    try {
      const entries = [...await new Response(body.slice(), { headers: { "content-type": type } }).formData()];
      const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === "string");
      const files = await Promise.all(
        entries.map(async ([name, value]) => [name, typeof value === "string" ? null : await value.text()] as const),
      );
      return {
        form: collect(texts),
        files: collect(files.filter((file): file is [string, string] => file[1] !== null)),
        data: "",
      };
    } catch {
      // It only says that it is a form.
    }
  }
  return { form: {}, files: {}, data: dataOf(type, body) };
}

/** Text as it is, anything else as a data URL. */
function dataOf(type: string, body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return `data:${type || "application/octet-stream"};base64,${body.toBase64()}`;
  }
}

function isJson(data: string): boolean {
  if (data.length > MOST_TAKEN_APART) return false;
  try {
    JSON.parse(data);
    return true;
  } catch {
    return false;
  }
}

function collect(entries: Iterable<readonly [string, string]>): Collected {
  const collected: Collected = Object.create(null);
  for (const [name, value] of entries) {
    const before = collected[name];
    if (Array.isArray(before)) before.push(value);
    else collected[name] = before === undefined ? value : [before, value];
  }
  return collected;
}

/** Field names as httpbin writes them, values of one name joined (RFC 9110 5.3). */
function headersOf(fields: Iterable<readonly [string, string]>): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (const [name, value] of fields) {
    const key = name.toLowerCase().replace(/(^|-)[a-z]/g, (letters) => letters.toUpperCase());
    headers[key] = headers[key] === undefined ? value : `${headers[key]},${value}`;
  }
  return headers;
}
