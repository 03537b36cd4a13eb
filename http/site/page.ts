/**
 * The page at `/`: the visitor's own request as received, with its parts labelled. Pure.
 *
 * @module
 */
import type { TlsSession } from "../../lib/events.ts";
import { type Answer, AsciiParts } from "../answer/answer.ts";
import { NO_STORE } from "./echo.ts";
import { page, PAGE_FIELDS, safe } from "./markup.ts";
import { ascii } from "../answer/bytes.ts";
import type { SiteRequest } from "./resource.ts";
import { isSame, NOTHING, textOf } from "../request/syntax.ts";

/** A route as described on the page. */
export interface RouteInfo {
  /** The path, with parameters in capitals. */
  readonly pattern: string;
  /** A link to try, if the route allows GET. */
  readonly example?: string;
  /** Its answer. */
  readonly does: string;
}

/**
 * Prepares the constant parts of the page.
 *
 * @param notes The routes to describe.
 * @returns A function that makes the answer to a request.
 */
export function visitorPage(notes: readonly RouteInfo[]): (request: SiteRequest) => Answer {
  const rows = notes.map(({ pattern, example, does }) => {
    const name = `<code>${safe(pattern)}</code>`;
    return `<tr><th scope="row">${example === undefined ? name : `<a href="${example}">${name}</a>`}</th><td>${
      safe(does)
    }</td></tr>`;
  });
  const [beforeRequest = "", beforeConnection = "", end = ""] = page("Hello! | Plainwire", template(rows.join("\n")))
    .split("<!-- here -->").map(ascii);
  const fields = ascii(`${NO_STORE}${textOf(PAGE_FIELDS)}`);
  const wire = cacheLast(wireMarkup);
  return (request) => ({
    status: 200,
    fields,
    body: new AsciiParts([beforeRequest, wire(request), beforeConnection, connectionMarkup(request), end]),
  });
}

/** Caches the last markup: a client that requests the page repeatedly sends the same bytes. */
function cacheLast(make: (request: SiteRequest) => string): (request: SiteRequest) => Uint8Array {
  let raw = NOTHING;
  let markup = NOTHING;
  return (request) => {
    if (request.body.length > 0) return ascii(make(request));
    if (!isSame(request.head.raw, raw)) {
      markup = ascii(make(request));
      raw = request.head.raw.slice();
    }
    return markup;
  };
}

function template(rows: string): string {
  return `<h1>Hello!</h1>
<p class="lead">Your browser has just sent a request to this server. This is it, byte for byte.</p>
<section aria-labelledby="request">
<h2 id="request">Your request</h2>
<dl class="wire">
<!-- here -->
</dl>
<p>Each <code class="e"></code> stands for the two bytes that end a line. The blank line ends the head; a body would follow.</p>
</section>
<section aria-labelledby="connection">
<h2 id="connection">Its connection</h2>
<dl class="wire">
<!-- here -->
</dl>
</section>
<section aria-labelledby="post">
<h2 id="post">Send a request with a body</h2>
<p>The form is sent as a <code>POST</code>; the answer shows what the server received, as text or parsed as JSON.</p>
<form method="post" action="/echo">
<label for="message">Message</label>
<textarea id="message" name="message" rows="3">Hello from a form!</textarea>
<button>Send to /echo</button><button formaction="/anything">Send to /anything</button>
</form>
<form method="post" action="/echo" enctype="multipart/form-data">
<label for="file">A file, in a multipart body</label>
<input id="file" name="file" type="file">
<button>Send the file to /echo</button>
</form>
</section>
<section aria-labelledby="routes">
<h2 id="routes">More to try</h2>
<table><tbody>
${rows}
</tbody></table>
<p>Every route answers <code>HEAD</code> like <code>GET</code> without the body, and <code>OPTIONS</code> with the methods it allows.</p>
</section>
<footer><p>Plainwire: hand-written HTTP/1.1 over TCP (RFC 9110, RFC 9112). No script runs on this page and it loads nothing else.</p></footer>`;
}

/** The request with its parts labelled. */
function wireMarkup({ head, body }: SiteRequest): string {
  const [first = "", ...fields] = head.text.split("\r\n").slice(0, -2);
  const line = first.split(" ").map((part, index) => `<b title="${REQUEST_LINE[index]}">${safe(part)}</b>`).join(" ");
  const rows = fields.map((field) => {
    const text = safe(field);
    const colon = text.indexOf(":");
    return `<code class="l"><b>${text.slice(0, colon)}</b>${text.slice(colon)}</code>`;
  });
  const shown = body.length === 0 ? "none" : `<code>${safe(textOf(body))}</code>`;
  return row("Request line<small>method, target, version</small>", `<code class="l">${line}</code>`) +
    row("Fields<small>name: value</small>", rows.join("") || "none") +
    row("Blank line<small>end of the head</small>", `<code class="l"></code>`) + row("Body", shown);
}

const REQUEST_LINE = ["method", "request target", "HTTP version"];

function connectionMarkup({ head, connection }: SiteRequest): string {
  const stays = head.framing.keepAlive ? "stays open for the next request" : "is closed after this answer";
  return row("From", `<code>${safe(connection.peer)}</code>`) + row("To", `<code>${safe(connection.local)}</code>`) +
    row("Transport", transport(connection.session)) +
    row("After this", `it ${stays} (HTTP/1.${head.minor})`);
}

function transport(session: TlsSession | null): string {
  if (session === null) return "TCP, a stream of bytes in each direction";
  const { version, cipher, alpn, subject } = session;
  const protocol = alpn === null ? "" : `, negotiated <code>${safe(alpn)}</code>`;
  const client = subject === null ? "" : `; your certificate names <code>${safe(subject)}</code>`;
  return `${version.replace("TLSv", "TLS ")} (<code>${safe(cipher)}</code>) over TCP${protocol}${client}`;
}

function row(name: string, markup: string): string {
  return `<div><dt>${name}</dt><dd>${markup}</dd></div>`;
}
