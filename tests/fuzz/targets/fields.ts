/**
 * What a site reads in a request that was accepted: targets, conditions and ranges, dates, cookies, forms; beside the runtime's own.
 *
 * @module
 */
import { HeadParser } from "../../../http/request/head_parser.ts";
import type { RequestHead } from "../../../http/request/head.ts";
import { type Form, formMemory, parseForm } from "../../../http/request/form.ts";
import { Refusal } from "../../../http/request/refusal.ts";
import { parseTarget } from "../../../http/request/target.ts";
import { decide, parseHttpDate } from "../../../http/site/conditions.ts";
import { cookiesAnswer, setCookiesAnswer } from "../../../http/site/cookies.ts";
import { requestOf } from "../../http/requests.ts";
import { fromLatin1, latin1, utf8 } from "../engine/bytes.ts";
import type { Draw } from "../engine/draw.ts";
import { holds, outcome, same, type Target } from "../engine/target.ts";

function formOf(type: string, body: Uint8Array): Form | null {
  const work = parseForm(type, body);
  for (let steps = 0;; steps++) {
    const { done, value } = work.next();
    if (done === true) return value;
    holds(steps <= body.length + 10, "a form is read in so many steps as it has bytes");
  }
}

/** The pairs in the order of their names' first place. */
function pairsOf(fields: Iterable<readonly [string, string | readonly string[]]>): [string, string][] {
  return [...fields].flatMap(([name, values]) => [values].flat().map((value): [string, string] => [name, value]));
}

function checkForms(input: Uint8Array): void {
  const form = formOf("application/x-www-form-urlencoded", input);
  const runtime = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(`&${decodeUrlencoded(input)}`)) {
    runtime.set(name, [...runtime.get(name) ?? [], value]);
  }
  same(pairsOf(form?.fields ?? []), pairsOf(runtime), "a form has the pairs that the runtime reads");
  holds(formMemory(input) >= input.length, "a form is counted");
  const parts = formOf("multipart/form-data; boundary=b", input);
  if (parts === null) return;
  let size = 0;
  for (const [name, value] of [...pairsOf(parts.fields), ...pairsOf(parts.files)]) {
    size += name.length + value.length;
    holds(!utf8(value).toHex().includes("0d0a2d2d620d0a"), "no part holds the delimiter", () => JSON.stringify(value));
  }
  holds(size <= input.length, "a form has no more text than its body", () => `${size} of ${input.length}`);
}

/** As the runtime takes text, bytes beyond ASCII are encoded. It would take a question mark off the start. */
function decodeUrlencoded(input: Uint8Array): string {
  return fromLatin1(input).replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
}

function checkConditions(text: string): void {
  const [name = "", value = ""] = text.split("\n", 2);
  for (const size of [0, 1, 100, 2 ** 40]) {
    for (const modified of [null, 1_700_000_000]) {
      const fields = new Map([["range", value], [name.toLowerCase(), value], [
        "if-range",
        name.includes("x") ? name : '"v1"',
      ]]);
      if (!name.startsWith("if-")) fields.delete("if-range");
      const decision = decide((field) => fields.get(field) ?? null, { etag: '"v1"', modified, size }, 1.8e12);
      holds([200, 206, 304, 412, 416].includes(decision.status), "a decision has one of five statuses");
      if (decision.status !== 206) continue;
      const { first, last } = decision;
      holds(
        Number.isSafeInteger(first) && Number.isSafeInteger(last) && first >= 0 && first <= last && last < size,
        "a part is within its whole",
        () => `${first}-${last}/${size}`,
      );
    }
  }
  for (const date of [name, value]) {
    const time = parseHttpDate(date, 1.8e12);
    if (time === null) continue;
    holds(Number.isSafeInteger(time), "a date is whole seconds", () => String(time));
    const again = parseHttpDate(new Date(time * 1000).toUTCString(), 1.8e12);
    if (time >= -62_167_219_200) same(again, time, "a date that is written again is the same");
  }
}

function checkTarget(text: string): void {
  if (!/^[!-~]+$/.test(text) || text.includes("#")) return;
  const parsed = outcome(() => parseTarget("GET", text), Refusal);
  if ("error" in parsed) return;
  const { path, query, origin } = parsed.value;
  holds(!/[[\]]|%(?![\da-fA-F]{2})/.test(path), "a path is encoded", () => path);
  holds(!/%(?![\da-fA-F]{2})/.test(query), "a query is encoded", () => query);
  holds(path === "*" || path.startsWith("/"), "a path begins with a slash", () => path);
  same(outcome(() => parseTarget("GET", path + (query === "" ? "" : `?${query}`)), Refusal), {
    value: { path, query, origin: null },
  }, "a path that was read is one");
  // The runtime takes . and .. out of a path, and reads \ as /.
  if (/(^|\/)(\.|%2e){1,2}(\/|$)|\\|^\/\//i.test(path)) return;
  const url = outcome(() => new URL(origin === null ? `http://h${text}` : text), TypeError);
  if ("error" in url) return;
  same(
    outcome(() => decodeURIComponent(path), URIError),
    outcome(() => decodeURIComponent(url.value.pathname), URIError),
    "a path is that of the URL",
  );
}

function headOf(name: string, value: string): RequestHead | null {
  const bytes = latin1(
    `GET /cookie/set?${name.replace(/[^!-"$-~]/g, "")} HTTP/1.1\r\nHost: h\r\nCookie: ${value}\r\n\r\n`,
  );
  const parsed = outcome(
    () => new HeadParser({ maxLine: 8192, maxHead: 65_536, maxFields: 100 }).parse(bytes, 0),
    Refusal,
  );
  return "error" in parsed ? null : parsed.value;
}

async function checkCookies(name: string, value: string): Promise<void> {
  const head = headOf(name, value);
  if (head === null) return;
  const target = outcome(() => parseTarget(head.method, head.target), Refusal);
  if ("error" in target) return;
  const request = requestOf("GET / HTTP/1.1\r\nHost: h\r\n\r\n", { head, target: target.value });
  const answer = await setCookiesAnswer(request);
  const fields = typeof answer.fields === "string" ? answer.fields : fromLatin1(answer.fields);
  for (const line of fields.split("\r\n").slice(0, -1)) {
    holds(/^[\w-]+: [\x20-\x7e]*$/.test(line), "an answer's field is one line of ASCII", () => JSON.stringify(line));
    if (line.startsWith("Set-Cookie: ")) {
      holds(
        /^Set-Cookie: [^=;,\s]+=[^;,\s"\\]*; Path=\/; SameSite=Lax; HttpOnly$/.test(line),
        "a cookie cannot forge an attribute",
        () => line,
      );
    }
  }
  cookiesAnswer(request);
}

const PIECES = [
  "a=1",
  "b=x+y",
  "c=%C3%A9",
  "&",
  "&&",
  "=",
  "%",
  "%4",
  "%zz",
  "+",
  "é",
  "\xff",
  "a",
  "\r\n--b\r\n",
  "--b\r\n",
  "--b--",
  "\r\n--b--\r\n",
  'Content-Disposition: form-data; name="x"\r\n\r\n',
  'Content-Disposition: form-data; name=y; filename="f"\r\n\r\n',
  "text",
  "\r\n\r\n",
  "--b \t\r\n",
  "\r\n--bb\r\n",
];
const LINES = [
  "range\nbytes=0-4",
  "range\nbytes=-5",
  "range\nbytes=5-",
  "range\nbytes=99999999999999999999-",
  'if-match\n"v1"',
  'if-none-match\nW/"v1", *',
  "if-modified-since\nSun, 06 Nov 1994 08:49:37 GMT",
  "if-range\nSunday, 06-Nov-94 08:49:37 GMT",
  "Sun Nov  6 08:49:37 1994\nMon, 31 Feb 2000 24:00:60 GMT",
  "/a%20b?c\nx",
  "/%7Euser/%2e%2E/\n",
  "http://h/%41\n",
  "/a=1&b=2\na=b; c=d",
];

export const fields: Target = {
  name: "fields",
  what: "targets, ranges, conditions, dates, cookies and forms of a request; beside the runtime's own",
  max: 20_000,
  seeds: [...PIECES, ...LINES, `--b\r\nContent-Disposition: form-data; name="x"\r\n\r\nv\r\n--b--`].map(latin1),
  words: [...PIECES, "\n", "bytes=", "-", ",", "GMT", "Nov", "06", "%2e", "%00", "//", "?", ";", '"', "\\", "__Host-"],
  make: (draw: Draw) =>
    latin1(
      draw.happens(0.6)
        ? draw.some(1, 12, () => draw.pick(PIECES))
        : draw.pick(LINES) + draw.pick(["", "-", "5", "?", "%"]),
    ),
  async check(input) {
    checkForms(input);
    const text = fromLatin1(input);
    checkConditions(text);
    const [first = "", second = ""] = text.split("\n", 2);
    checkTarget(first);
    await checkCookies(first, second);
  },
};
