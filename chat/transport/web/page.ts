/**
 * The room's page: one document with its style and its script inside, so that a browser needs nothing else. Pure.
 *
 * The parts are plain files, imported as text, so that a compiled program contains them.
 *
 * @module
 */
import document from "./page/index.html" with { type: "text" };
import plainNote from "./page/plain.html" with { type: "text" };
import tlsNote from "./page/tls.html" with { type: "text" };
import style from "./page/style.css" with { type: "text" };
import lineStyle from "./page/lines.css" with { type: "text" };
import panelStyle from "./page/panel.css" with { type: "text" };
import lines from "./page/lines.js" with { type: "text" };
import outgoing from "./page/outgoing.js" with { type: "text" };
import roster from "./page/roster.js" with { type: "text" };
import session from "./page/session.js" with { type: "text" };
import link from "./page/link.js" with { type: "text" };
import complete from "./page/complete.js" with { type: "text" };
import dom from "./page/dom.js" with { type: "text" };
import connections from "./page/connections.js" with { type: "text" };
import seat from "./page/seat.js" with { type: "text" };
import logView from "./page/log_view.js" with { type: "text" };
import composer from "./page/composer.js" with { type: "text" };
import panel from "./page/panel.js" with { type: "text" };
import main from "./page/main.js" with { type: "text" };
import { escape } from "@std/html/entities";
import type { Fingerprint } from "../../../lib/tls/peer_identity.ts";
import { encodeText, escapeControls } from "../../../lib/text.ts";

/** The style sheets. */
export const STYLES: readonly string[] = [style, lineStyle, panelStyle];
/** The modules of the script, each after those that it imports. */
const MODULES = [
  lines,
  outgoing,
  roster,
  session,
  link,
  complete,
  dom,
  connections,
  seat,
  logView,
  composer,
  panel,
  main,
];

/** What stands in the page of one server. */
export interface RoomPageOptions {
  /** What the room is called. */
  readonly room: string;
  /** The maximum length of a line in bytes, its line end included. */
  readonly maxLine: number;
  /** What the server shows as its TLS certificate; `null` without TLS. */
  readonly tls: {
    /** The SHA-256 of the certificate, as browsers show it: `X509Certificate.fingerprint256`. */
    readonly certificate: string;
    /** The fingerprint of its public key, as the server's terminal shows it. */
    readonly pin: Fingerprint;
  } | null;
}

/** The page, ready to be sent any number of times. */
export interface RoomPage {
  readonly html: string;
  /** The value of `Content-Security-Policy`: this style, this script, connections to this server, and nothing else. */
  readonly policy: string;
}

/**
 * Makes the page. By the Web's own SHA-256: to load `node:crypto` takes a tenth of the time in which a server starts.
 *
 * @example Usage
 * ```ts
 * import { roomPage } from "./page.ts";
 * import { assert } from "@std/assert";
 *
 * const { html, policy } = await roomPage({ room: "Class 7b", maxLine: 4096, tls: null });
 * assert(html.includes("<title>Class 7b</title>"));
 * assert(policy.startsWith("default-src 'none'; script-src 'sha256-"));
 * ```
 */
export async function roomPage({ room, maxLine, tls }: RoomPageOptions): Promise<RoomPage> {
  const [css, script] = [STYLES.join(""), scriptOf(MODULES)];
  const texts = { room, maxLine: String(maxLine), certificate: tls?.certificate ?? "", pin: tls?.pin ?? "" };
  const trust = filled(tls === null ? plainNote : tlsNote, escaped(texts));
  const policy = [
    "default-src 'none'",
    `script-src ${await sourceOf(script)}`,
    `style-src ${await sourceOf(css)}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
  const html = filled(document, { ...escaped(texts), trust })
    .replace("></style>", () => `>${css}</style>`).replace("></script>", () => `>${script}</script>`);
  return { html, policy };
}

/**
 * The modules as one: without their imports and exports, and without the comments, a third of it all. A name that two of them declare
 * would be a syntax error.
 */
function scriptOf(modules: readonly string[]): string {
  return modules.join("").replace(/^import [^;]*;\n/gm, "").replace(/^export (?=class|const|function|async)/gm, "")
    .replace(/^\s*\/\*(?:(?!\*\/)[^])*\*\/\n|\/\*\*[^]*?\*\/ /gm, "").replace(/^\s*\/\/.*\n/gm, "");
}

/** A text in place of each `{{ name }}`. */
function filled(template: string, texts: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{ (\w+) \}\}/g, (_, name: string) => texts[name] ?? "");
}

function escaped(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, escape(escapeControls(text))]));
}

/** What allows one inline style or script (CSP 3, 2.3.1). */
async function sourceOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", encodeText(text));
  return `'sha256-${new Uint8Array(digest).toBase64()}'`;
}
