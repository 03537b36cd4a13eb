/**
 * What a browser gets that does not know that the room is encrypted.
 *
 * @module
 */
import { escape } from "@std/html/entities";
import { HeadParser } from "../../../http/request/head_parser.ts";
import { Hosts } from "../../../http/request/hosts.ts";
import { answerBytes, pageAnswer } from "./answers.ts";
import { FirstLine } from "./first_line.ts";
import { HEAD_LIMITS } from "./request.ts";
import type { WebSettings } from "./room_web.ts";

/**
 * What a client gets that speaks HTTP to a room with TLS: a page with the right URL. Typed without a scheme, an address means http.
 *
 * @param first The first bytes that it has sent.
 * @returns `null` if they are no request.
 */
export function plaintextPage({ hosts, tls }: WebSettings, first: Uint8Array): Uint8Array | null {
  if (tls === null || new FirstLine().push(first) !== "http") return null;
  const url = urlIn(first, new Hosts(hosts));
  const there = url === null
    ? "Open it with <b>https://</b> at the start of its address."
    : `Open <a href="${escape(url)}">${escape(url)}</a> instead.`;
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>This room is encrypted</title>
<h1>This room is encrypted</h1>
<p>${there}</p>
<p>The browser will warn that it does not know the certificate: it was made here, by no authority. Compare its SHA-256
fingerprint with the one at the server's terminal before you go on:</p>
<p><code>${escape(tls.certificate)}</code></p>
</html>
`;
  const answer = pageAnswer({ html, policy: "default-src 'none'; frame-ancestors 'none'" });
  return answerBytes({ ...answer, status: 400 }, Date.now());
}

/** The URL that a request means; `null` if it does not come with its Host, or is meant for another server. */
function urlIn(bytes: Uint8Array, hosts: Hosts): string | null {
  try {
    const host = new HeadParser(HEAD_LIMITS).parse(bytes, 0)?.framing.host ?? null;
    return host !== null && hosts.accepts(host, "") ? `https://${host}/` : null;
  } catch {
    return null;
  }
}
