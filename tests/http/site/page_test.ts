import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Answer, MirrorBody, writeMirroredHead } from "../../../http/answer/answer.ts";
import { safe } from "../../../http/site/markup.ts";
import { AnswerBytes, type Ascii } from "../../../http/answer/bytes.ts";
import { visitorPage } from "../../../http/site/page.ts";
import { textOf } from "../../../http/request/syntax.ts";
import { requestOf } from "../requests.ts";

const permissions = "none";

function plain(text: Ascii): string {
  return typeof text === "string" ? text : textOf(text);
}

/** The body, made with its head as the server does. */
function html({ status, fields, body }: Answer, minor: 0 | 1 = 1, keepAlive = true): string {
  assert(body instanceof MirrorBody);
  const options = { minor, keepAlive, date: "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" };
  return writeMirroredHead(new AnswerBytes(), { status, fields, body }, options).parts.map(plain).join("");
}

const page = visitorPage([{ pattern: "/echo", example: "/echo", does: "the request <back>" }]);

Deno.test(
  "visitorPage() shows the visitor's request with its parts labelled, and the connection",
  { permissions },
  () => {
    const text = html(page(requestOf("GET /?a=1 HTTP/1.1\r\nHost: localhost\r\nUser-Agent: me/1\r\n\r\n")));
    assertStringIncludes(text, "<h1>Hello!</h1>");
    for (const name of ["Request line", "Fields", "Blank line", "Body"]) assertStringIncludes(text, `<dt>${name}`);
    assertStringIncludes(
      text,
      '<b title="method">GET</b> <b title="request target">/?a=1</b> <b title="HTTP version">HTTP/1.1</b>',
    );
    assertStringIncludes(text, '<code class="l"><b>User-Agent</b>: me/1</code>');
    assertStringIncludes(text, "<code>192.0.2.7:50000</code>");
    assertStringIncludes(text, "<code>127.0.0.1:8080</code>");
    assertStringIncludes(text, '<a href="/echo"><code>/echo</code></a></th><td>the request &lt;back&gt;</td>');
  },
);

Deno.test(
  "visitorPage() shows its own answer: status line, fields, and the number of its own bytes",
  { permissions },
  () => {
    const answer = page(requestOf("GET / HTTP/1.1\r\nHost: localhost\r\nX: \xc3\xa9\r\n\r\n"));
    const text = html(answer);
    const length = new TextEncoder().encode(text).length;
    assertStringIncludes(text, '<b title="status code">200</b> <b title="reason phrase">OK</b>');
    assertStringIncludes(text, '<code class="l"><b>Date</b>: Sun, 06 Nov 1994 08:49:37 GMT</code>');
    assertStringIncludes(text, `<code class="l"><b>Content-Length</b>: ${length}</code>`);
    assertStringIncludes(text, `<dd>${length} bytes: this page</dd>`);
    assertStringIncludes(text, "it stays open for the next request");
  },
);

Deno.test("visitorPage() says what becomes of the connection, as its answer does", { permissions }, () => {
  // The request asks to keep it open, but the server closes it.
  const text = html(page(requestOf("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")), 1, false);
  assertStringIncludes(text, '<code class="l"><b>Connection</b>: close</code>');
  assertStringIncludes(text, "it is closed");
});

Deno.test("visitorPage() escapes all of the request: fields, target and body", { permissions }, () => {
  const text = html(
    page(
      requestOf(
        "GET /?a='1'&amp=2 HTTP/1.1\r\nHost: a\r\nX: <img src=x onerror='alert(1)'>\"&\xff\r\nContent-Length: 9\r\n\r\n</code>\x1b&",
      ),
    ),
  );
  assertStringIncludes(text, "/?a=&#39;1&#39;&amp;amp=2</b>");
  assertStringIncludes(text, "&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&quot;&amp;&#65533;");
  assertStringIncludes(text, "&lt;/code&gt;&#9243;&amp;");
  assert(!/<script|<img/.test(text));
});

Deno.test("visitorPage() shows each request, whatever the previous one was", { permissions }, () => {
  const one = "GET /?one HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const two = "GET /?two HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const body = "GET /?two HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n";
  for (
    const [request, shown] of [[one, "one"], [one, "one"], [two, "two"], [`${body}first`, "first"], [
      `${body}other`,
      "other",
    ], [two, "two"]]
  ) {
    assertStringIncludes(html(page(requestOf(request as string))), shown as string);
  }
});

Deno.test("visitorPage() needs no script and no external resource", { permissions }, () => {
  const answer = page(requestOf("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  assert(!/<script|https?:|\/\/|@import|url\(/.test(html(answer).replace(/ <!doctype[^>]*>/, "")));
  assertStringIncludes(plain(answer.fields), "Content-Security-Policy: default-src 'none';");
});

Deno.test("safe() turns any text into ASCII markup that shows it", { permissions }, () => {
  assertEquals(safe("plain: text/1.0"), "plain: text/1.0");
  assertEquals(safe("é漢😀"), "&#233;&#28450;&#128512;");
  assertEquals(safe("\0\x1b\x07\u202e"), "&#9216;&#9243;\\x07\\u202e");
  assertEquals(safe(`<>&"'`), "&lt;&gt;&amp;&quot;&#39;");
});
