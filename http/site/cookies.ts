/**
 * Shows, sets and deletes a visitor's cookies (RFC 6265). Pure.
 *
 * @module
 */
import { type Answer, fieldLine, textAnswer } from "../answer/answer.ts";
import { SANDBOXED_TEXT } from "./echo.ts";
import { errorAnswer } from "./error_answer.ts";
import type { SiteRequest } from "./resource.ts";
import { withoutSpace } from "../request/syntax.ts";

/** The most cookies in one request, and the most bytes of one: what every browser keeps at least (RFC 6265 6.1). */
const MAX_COOKIES = 50;
const MAX_SIZE = 4096;

/** `cookie-name` and `cookie-octet` (RFC 6265 4.1.1). */
const NAME = /^[!#$%&'*+\-.^_`|~\w]+$/;
const VALUE = /^[!#-+\--:<-[\]-~]*$/;

/** Names with a promise (RFC 6265bis 4.1.3). */
const NEEDS_TLS = /^__(?:Secure|Host)-/i;

/** `/cookie`: the cookies as `name=value` lines. */
export function cookiesAnswer({ head }: SiteRequest): Answer {
  const cookies = head.values("cookie").flatMap((value) => value.split(";")).map(withoutSpace);
  const lines = cookies.filter((pair) => pair !== "").map((pair) => `${pair}\n`).join("");
  return { status: 200, fields: SANDBOXED_TEXT, body: new TextEncoder().encode(lines) };
}

/** `/cookie/set?a=b`: sets the cookies in the query until the browser is closed, and leads to `/cookie`. */
export function setCookiesAnswer(request: SiteRequest): Answer {
  return changed(request, "/cookie/set?name=value", "");
}

/** `/cookie/delete?a`: makes the browser forget the cookies of these names, and leads to `/cookie`. */
export function deleteCookiesAnswer(request: SiteRequest): Answer {
  return changed(request, "/cookie/delete?name", "; Max-Age=0");
}

/**
 * Sends the cookies in a query, decoded as a form is.
 *
 * @param form How the request should look.
 * @param lifetime An attribute to add.
 */
function changed({ head, target, connection }: SiteRequest, form: string, lifetime: string): Answer {
  // One field per name (RFC 6265 4.1.1): of two cookies of one name the last counts, as in a browser.
  const cookies = [...new Map(new URLSearchParams(target.query))];
  const wrong = complaint(cookies, connection.session !== null);
  if (wrong !== null) {
    return errorAnswer(head.field("accept"), { status: 400, message: `Cannot serve ${form}: ${wrong}` });
  }
  // For the whole site, out of reach of scripts, not sent along by other sites' forms.
  const attributes = `; Path=/; SameSite=Lax; HttpOnly${connection.session === null ? "" : "; Secure"}${lifetime}`;
  const lines = cookies.map(([name, value]) => fieldLine("Set-Cookie", `${name}=${value}${attributes}`)).join("");
  return textAnswer(302, "Continue at /cookie\n", fieldLine("Location", "/cookie") + lines);
}

/** What is wrong with these cookies; `null` if nothing is. */
function complaint(cookies: readonly (readonly [string, string])[], secure: boolean): string | null {
  if (cookies.length === 0) return "the query names no cookie";
  if (cookies.length > MAX_COOKIES) return `the query names more than ${MAX_COOKIES} cookies`;
  for (const [name, value] of cookies) {
    if (!NAME.test(name)) return "a name must be a token: letters, digits and !#$%&'*+-.^_`|~";
    // Browsers drop such a cookie without a word if it did not come with `Secure`.
    if (!secure && NEEDS_TLS.test(name)) return "a name that starts with __Secure- or __Host- needs TLS";
    if (!VALUE.test(value)) return 'a value must be visible ASCII without comma, semicolon, backslash and "';
    if (name.length + value.length > MAX_SIZE) return `a cookie has more than ${MAX_SIZE} bytes`;
  }
  return null;
}
