/**
 * Host names as certificates hold them (RFC 9525, RFC 5280 4.2.1.6). Pure.
 *
 * @module
 */
import { canonicalAddress } from "../addr.ts";

/** One name in a certificate, in the spelling that peers compare. */
export interface HostName {
  readonly kind: "dns" | "ip";
  readonly text: string;
}

/** A label of a name. Underscores are not allowed in host names (RFC 952), but many machines have them. */
const LABEL = /^(?!-)[a-z\d_-]{1,63}(?<!-)$/;

/**
 * Normalises a name or an address that a user typed: lower case, `grüße.example` to `xn--gre-6ka8l.example`, `[::1]` to `::1`.
 *
 * @param text The typed name. A leading `*.` matches any one label; two more labels must follow (browsers and OpenSSL require that).
 * @returns The name, or `null` if a certificate cannot hold it: empty, a URL, `host:port`, a zone, more than 253 characters.
 *
 * @example Usage
 * ```ts
 * import { parseHostName } from "./host_name.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseHostName("LOCALHOST."), { kind: "dns", text: "localhost" });
 * assertEquals(parseHostName("[0:0::1]"), { kind: "ip", text: "::1" });
 * assertEquals(parseHostName("https://localhost"), null);
 * ```
 */
export function parseHostName(text: string): HostName | null {
  const bare = /^\[(.*:.*)\]$/.exec(text)?.[1] ?? text;
  const address = canonicalAddress(bare);
  if (address !== null) return { kind: "ip", text: address };
  const star = text.startsWith("*.") ? "*." : "";
  const typed = text.slice(star.length).replace(/\.$/, "").toLowerCase();
  // Non-ASCII names only: a URL parser turns 1.2.3 into the address 1.2.0.3.
  const name = /^[\x21-\x7e]*$/.test(typed) ? typed : asciiName(typed);
  const labels = name.split(".");
  const last = labels.at(-1) ?? "";
  if ((star + name).length > 253 || !labels.every((label) => LABEL.test(label))) return null;
  // A name whose last label is a number would be parsed as an address (URL Standard, "ends in a number").
  if (/^(\d+|0x[\da-f]*)$/.test(last) || (star !== "" && labels.length < 2)) return null;
  return { kind: "dns", text: star + name };
}

/** A name in Punycode (UTS 46); empty if it cannot be. Not by `node:url`: to load that takes 4 ms of a server's start. */
function asciiName(name: string): string {
  // In a URL, other ASCII characters would end the name, or escape a part of it.
  const url = /^[\w.\x80-\u{10ffff}-]+$/u.test(name) ? URL.parse(`http://${name}`) : null;
  return url?.hostname ?? "";
}
