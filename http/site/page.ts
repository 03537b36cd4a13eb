/**
 * The page at `/`: the visitor's own request as received and the answer as sent, with their parts labelled. Pure.
 *
 * @module
 */
import type { TlsSession } from "../../lib/events.ts";
import { type Answer, AsciiParts, MirrorBody } from "../answer/answer.ts";
import { NO_STORE } from "./echo.ts";
import { page, PAGE_LINES, safe } from "./markup.ts";
import { ascii } from "../answer/bytes.ts";
import type { ConnectionInfo, SiteRequest } from "./resource.ts";
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
  const [beforeRequest = "", beforeAnswer = "", beforeConnection = "", end = ""] = page(
    "Hello! | Plainwire",
    template(rows.join("\n")),
  ).split("<!-- here -->").map(ascii);
  const fields = ascii(NO_STORE + PAGE_LINES);
  const wire = cacheLast(wireMarkup);
  const answerOf = cacheAnswer();
  const connectionOf = cacheConnection();
  let length = 0;
  return (request) => {
    const asked = wire(request);
    const between = connectionOf(request.connection);
    const make = (head: Uint8Array, announced: number): AsciiParts => {
      const shown = answerOf(head, announced);
      const parts = [beforeRequest, asked, beforeAnswer, shown.head, beforeConnection, between, shown.after, end];
      const body = new AsciiParts(parts);
      length = body.length;
      return body;
    };
    return { status: 200, fields, body: new MirrorBody(length, make) };
  };
}

/** The head of an answer as markup, and what becomes of its connection. */
interface AnswerMarkup {
  readonly head: Uint8Array;
  readonly after: Uint8Array;
}

/** Caches the last head: it changes once a second, with its `Date`. */
function cacheAnswer(): (head: Uint8Array, length: number) => AnswerMarkup {
  let shown = NOTHING;
  let last: AnswerMarkup = { head: NOTHING, after: NOTHING };
  return (head, length) => {
    // The head has the length, too.
    if (isSame(head, shown)) return last;
    const [line = "", ...fields] = textOf(head).split("\r\n").slice(0, -2);
    const markup = row("Status line<small>version, status, reason phrase</small>", firstLine(line, STATUS_LINE)) +
      row("Fields<small>name: value</small>", fieldsMarkup(fields)) +
      row("Blank line<small>end of the head</small>", `<code class="l"></code>`) +
      row("Body", `${length} bytes: this page`);
    shown = head.slice();
    const closes = fields.includes("Connection: close");
    const after = row("After this", closes ? "it is closed" : "it stays open for the next request");
    return last = { head: ascii(markup), after: ascii(after) };
  };
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

const FORMS = `<section aria-labelledby="post">
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
<section aria-labelledby="cookies">
<h2 id="cookies">Get a cookie</h2>
<p>The server sets it with a <code>Set-Cookie</code> field; your browser sends it back with every request from then on, this page included.</p>
<form action="/cookie/set">
<label for="colour">Value of the cookie <code>colour</code></label>
<input id="colour" name="colour" value="green" pattern="[^\\s,;&quot;\\\\]*" title="no spaces, commas, semicolons, backslashes or quotes">
<button>Set the cookie</button><button formaction="/cookie/delete">Delete it</button>
</form>
</section>`;

function template(rows: string): string {
  return `<h1>Hello!</h1>
<p class="lead">Your browser has just sent a request to this server, and the server has answered. Here are both, byte for byte.</p>
<section aria-labelledby="request">
<h2 id="request">Your request</h2>
<dl class="wire">
<!-- here -->
</dl>
<p>Each <code class="e"></code> stands for the two bytes that end a line. The blank line ends the head; a body would follow.</p>
</section>
<section aria-labelledby="answer">
<h2 id="answer">The answer</h2>
<p>These bytes came back, and after them this page.</p>
<dl class="wire">
<!-- here -->
</dl>
</section>
<section aria-labelledby="connection">
<h2 id="connection">The connection</h2>
<dl class="wire">
<!-- here -->
</dl>
</section>
${FORMS}
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
  const [line = "", ...fields] = head.text.split("\r\n").slice(0, -2);
  const shown = body.length === 0 ? "none" : `<code>${safe(textOf(body))}</code>`;
  return row("Request line<small>method, target, version</small>", firstLine(line, REQUEST_LINE)) +
    row("Fields<small>name: value</small>", fieldsMarkup(fields)) +
    row("Blank line<small>end of the head</small>", `<code class="l"></code>`) + row("Body", shown);
}

const REQUEST_LINE = ["method", "request target", "HTTP version"];
const STATUS_LINE = ["HTTP version", "status code", "reason phrase"];

/** A request line or status line; only its last part, the reason phrase, may have spaces. */
function firstLine(line: string, names: readonly string[]): string {
  const [first = "", second = "", ...rest] = line.split(" ");
  const parts = [first, second, rest.join(" ")].map((part, at) => `<b title="${names[at]}">${safe(part)}</b>`);
  return `<code class="l">${parts.join(" ")}</code>`;
}

function fieldsMarkup(fields: readonly string[]): string {
  const lines = fields.map((field) => {
    const text = safe(field);
    const colon = text.indexOf(":");
    return `<code class="l"><b>${text.slice(0, colon)}</b>${text.slice(colon)}</code>`;
  });
  return lines.join("") || "none";
}

/** A connection as markup, made once for all its requests. */
function cacheConnection(): (connection: ConnectionInfo) => Uint8Array {
  const made = new WeakMap<ConnectionInfo, Uint8Array>();
  return (connection) => {
    let markup = made.get(connection);
    if (markup === undefined) made.set(connection, markup = ascii(connectionMarkup(connection)));
    return markup;
  };
}

function connectionMarkup({ peer, local, session }: ConnectionInfo): string {
  return row("From", `<code>${safe(peer)}</code>`) + row("To", `<code>${safe(local)}</code>`) +
    row("Transport", transport(session));
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
