/**
 * What the room's side for browsers needs to know of its server.
 *
 * @module
 */
import { certificateNames, hostRules } from "../../../http/request/own_hosts.ts";
import { type ServerLayers, serverLayers } from "../../../lib/script/open.ts";
import type { ServerRun, ServerSecrets } from "../../../lib/script/tls_flags.ts";
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
  if (!run.options.tls) return { ...await serverLayers(run), web: await webSettings(run.options, null) };
  const { plaintextPage } = await import("./plaintext_page.ts");
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
