/**
 * What the room's side for browsers needs to know of its server, and what a browser gets that does not know that the room is encrypted.
 *
 * @module
 */
import { escape } from "@std/html/entities";
import { HeadParser } from "../../../http/request/head_parser.ts";
import { Hosts } from "../../../http/request/hosts.ts";
import { certificateNames, hostRules } from "../../../http/request/own_hosts.ts";
import { type ServerLayers, serverLayers } from "../../../lib/script/open.ts";
import type { ServerRun, ServerSecrets } from "../../../lib/script/tls_flags.ts";
import { answerBytes, pageAnswer } from "./answers.ts";
import { FirstLine } from "./first_line.ts";
import { HEAD_LIMITS } from "./request.ts";
import type { WebSettings } from "./room_web.ts";

/** The flags that matter here: the address that the server listens on, the names it answers to, and the room that it shares. */
interface WebFlags {
  readonly bind: string;
  readonly hostName: readonly string[];
  readonly room?: string | undefined;
}

/**
 * The layers of a server that has a page, with the settings of its web side.
 *
 * @throws {UsageError} As `serverLayers`, or a `--host-name` is no name.
 */
export async function webLayers(
  run: ServerRun & { readonly options: WebFlags },
): Promise<ServerLayers & { readonly web: WebSettings }> {
  let web: WebSettings | null = null;
  const made = await serverLayers(run, { plaintextReply: (first) => web === null ? null : plaintextPage(web, first) });
  web = await webSettings(run.options, made.secrets);
  return { ...made, web };
}

/**
 * The settings of a server.
 *
 * @param secrets Those of its TLS; `null` without TLS.
 * @throws {UsageError} A `--host-name` is no name.
 */
export async function webSettings(
  { bind, hostName, room = "Chat room" }: WebFlags,
  secrets: ServerSecrets | null,
): Promise<WebSettings> {
  if (secrets === null) return { room, hosts: hostRules(bind, hostName, []), tls: null };
  const { settings, certificate, fingerprint: pin } = secrets;
  const names = await certificateNames(settings.certificate);
  return { room, hosts: hostRules(bind, hostName, names), tls: { certificate, pin } };
}

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
