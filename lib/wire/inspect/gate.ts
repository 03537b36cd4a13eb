/**
 * Which requests the inspector answers, and the fields of every answer. Pure.
 *
 * The bytes of a run are nobody else's business. Listening on loopback keeps other machines out; the token in the path keeps out the
 * other users of this machine and every page that the browser has open; the check of `Host` keeps out a page whose name was made to
 * resolve to 127.0.0.1 (DNS rebinding).
 *
 * @module
 */

/** Where the inspector is. */
export interface Gate {
  readonly port: number;
  /** The secret first segment of every path. */
  readonly token: string;
}

/** A request that is let in: its path after the token, and its query. */
export interface Asked {
  readonly path: string;
  readonly query: URLSearchParams;
}

/** The fields of every answer. */
export const FIELDS = {
  "Cache-Control": "no-store",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": policy(""),
} as const;

/**
 * The policy of the page: it runs the scripts and uses the style sheet that carry the nonce, speaks to its own server, and nothing else.
 *
 * @param nonce Unguessable and different in every answer; "" allows no script and no style at all.
 */
export function policy(nonce: string): string {
  const own = nonce === ""
    ? ""
    : `script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'; img-src data:; `;
  return `default-src 'none'; ${own}base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}

/** An unguessable text of 128 bits. */
export function secret(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toHex();
}

/**
 * Lets a request in, or answers it.
 *
 * @example Usage
 * ```ts
 * import { admit } from "./gate.ts";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const gate = { port: 8000, token: "secret" };
 * const headers = { Host: "evil.example:8000" };
 * const refused = admit(new Request("http://127.0.0.1:8000/secret/", { headers }), gate);
 * assert(refused instanceof Response);
 * assertEquals(refused.status, 403);
 * ```
 */
export function admit(request: Request, { port, token }: Gate): Asked | Response {
  const host = request.headers.get("Host")?.toLowerCase();
  if (![`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`].includes(host ?? "")) {
    return refusal(403, "Open the inspector by the address that the script printed.");
  }
  if (request.method !== "GET") return refusal(405, "The inspector only answers GET.", { Allow: "GET" });
  const { pathname, searchParams } = new URL(request.url);
  const [, first, ...rest] = pathname.split("/");
  if (first !== token || rest.length === 0) {
    return refusal(404, "Open the inspector by the whole address that the script printed; its path is secret.");
  }
  // Browsers say where a request comes from (W3C Fetch Metadata). Only the page itself asks for anything but the page.
  const site = request.headers.get("Sec-Fetch-Site") ?? "same-origin";
  if (rest.join("/") !== "" && site !== "same-origin" && site !== "none") {
    return refusal(403, "Only the inspector's own page may ask for this.");
  }
  return { path: rest.join("/"), query: searchParams };
}

/** An answer of one line of text, with a status that says what is wrong. */
export function refusal(status: number, text: string, fields: Record<string, string> = {}): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { ...FIELDS, ...fields, "Content-Type": "text/plain; charset=utf-8" },
  });
}
