/**
 * The page that a request comes from (RFC 6454 7). Pure.
 *
 * Any page of the web can open a WebSocket to this machine, or post a form to it: the same-origin policy only keeps it from reading the
 * answers of plain requests. Browsers say in `Origin` whose page it is, and the page cannot change that.
 *
 * @module
 */
import { encodeText } from "../../lib/text.ts";
import type { RequestHead } from "./head.ts";
import type { Hosts } from "./hosts.ts";
import { isHost } from "./target.ts";
import { Refusal } from "./refusal.ts";
import { lowerCased } from "./syntax.ts";

/** Where a request has arrived. */
export interface Arrival {
  readonly hosts: Hosts;
  /** The local address and port of its connection. */
  readonly local: string;
  /** Whether it came over TLS. */
  readonly secure: boolean;
}

/**
 * Refuses a request from a page that is not this server's own (403). Without `Origin` it comes from a program, which could claim
 * anything, or from a page that embeds an image, say: a browser marks that as cross-site (W3C Fetch Metadata 2.3), unless it is asked for
 * over plain HTTP from another machine. Anything else passes.
 *
 * The host must be one that the server answers to, by its own list. To compare it with `Host` alone would not do: in a DNS rebinding
 * attack, both are the attacker's name. The scheme must be the connection's, and the port the one in `Host`: port forwarding changes
 * both alike.
 *
 * @returns `null` if the request may be served.
 *
 * @example Usage
 * ```ts
 * import { HeadParser } from "./head_parser.ts";
 * import { Hosts } from "./hosts.ts";
 * import { foreignOrigin } from "./origin.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const arrival = { hosts: new Hosts({ names: [], anyAddress: false }), local: "127.0.0.1:8080", secure: false };
 * const origins = ["http://127.0.0.1:8080", "http://localhost:8080", "http://evil.example:8080", "http://localhost:3000", "null"];
 * const statuses = origins.map((origin) => {
 *   const head = `GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nOrigin: ${origin}\r\n\r\n`;
 *   const parser = new HeadParser({ maxLine: 8192, maxHead: 65536, maxFields: 100 });
 *   const parsed = parser.parse(new TextEncoder().encode(head), 0);
 *   return parsed && foreignOrigin(parsed, arrival)?.status;
 * });
 * assertEquals(statuses, [undefined, undefined, 403, 403, 403]);
 * ```
 */
export function foreignOrigin(head: RequestHead, { hosts, local, secure }: Arrival): Refusal | null {
  const origin = head.field("origin");
  if (origin === null) return isForeign(head.field("sec-fetch-site")) ? foreign() : null;
  const scheme = secure ? "https" : "http";
  const asked = head.field("host") ?? "";
  const [, page] = new RegExp(`^${scheme}://([^/?#]+)$`).exec(lowerCased(origin)) ?? [];
  const own = page !== undefined && isHost(encodeText(page), 0, page.length) &&
    portOf(page, scheme) === portOf(asked, scheme) && hosts.isOwnPage(page, asked, local) &&
    hosts.accepts(asked, local);
  return own ? null : foreign();
}

/** Whether a browser says that a page of another origin has made it send a request; "none" is the user. */
function isForeign(site: string | null): boolean {
  return site === "cross-site" || site === "same-site";
}

function foreign(): Refusal {
  return new Refusal(403, "the request comes from a page of another origin");
}

/** The port in a well-formed host, or the scheme's default (RFC 9110 4.2). */
function portOf(host: string, scheme: "http" | "https"): number {
  const [, port = ""] = /:(\d*)$/.exec(host) ?? [];
  return port === "" ? (scheme === "https" ? 443 : 80) : Number(port);
}
