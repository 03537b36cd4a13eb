/** Errors in a browser are a small page, for curl one line of text. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { MemoryBudget } from "../../../lib/memory.ts";
import { acceptIn, errorAnswer, prefersPage } from "../../../http/site/error_answer.ts";
import { safe } from "../../../http/site/markup.ts";
import { textOf } from "../../../http/request/syntax.ts";
import { type Answered, answersIn, serve, type ServedHttp } from "../serving.ts";

const permissions = "none";
const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

Deno.test("9110 12.5.1: prefersPage() if text/html is named and nothing is preferred to it", { permissions }, () => {
  for (
    const accept of [
      BROWSER,
      "text/html",
      "TEXT/HTML",
      "text/html, */*",
      "text/html;q=0.5, text/plain;q=0.4",
      "a/b, text/html ; q=0.1",
    ]
  ) {
    assertEquals(prefersPage(accept), true, accept);
  }
  for (
    const accept of [
      "",
      "*/*",
      "text/*",
      "text/plain",
      "application/json, */*",
      "text/html;q=0",
      "text/html;q=0.4, */*",
      "text/html, text/plain",
      "text/html;q=x",
      "text/html;level=1;q=0.2, text/*;q=0.3",
      "xtext/html",
    ]
  ) {
    assertEquals(prefersPage(accept), false, accept);
  }
});

Deno.test("acceptIn() finds the field in a head that could not be parsed", { permissions }, () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  assertEquals(acceptIn(bytes("GET / HTTP/1.1\r\nACCEPT: text/html\r\nCookie: aaa")), " text/html");
  assertEquals(acceptIn(bytes("GET / HTTP/1.1\r\nX-Accept: text/html\r\nCookie: aaa")), null);
});

Deno.test("errorAnswer() escapes what it quotes, on the page and in the line", { permissions }, () => {
  const error = { status: 403, message: "no <b>\x1b[31m\u202eé" };
  const html = errorAnswer("text/html", error).body;
  assert("parts" in html && typeof html.parts[0] === "string");
  assertStringIncludes(html.parts[0], "Cannot serve this request: no &lt;b&gt;&#9243;[31m\\u202e&#233;.</p>");
  const line = errorAnswer("*/*", error).body;
  assert(line instanceof Uint8Array);
  assertEquals(textOf(line), "403 Forbidden: no <b>␛[31m\\u202eé\n");
});

/** Sends a request twice, as a browser and as curl; checks that both answers say the same, in their own way. */
async function both(
  server: ServedHttp,
  line: string,
  fields = "",
  body = "",
): Promise<[page: Answered, text: Answered]> {
  const [page, text] = await Promise.all([BROWSER, "*/*"].map(async (accept) => {
    const request = `${line} HTTP/1.1\r\nAccept: ${accept}\r\n${fields}Connection: close\r\n\r\n${body}`;
    const [answer] = answersIn(await server.ask(request));
    assert(answer !== undefined);
    assertEquals(answer.fields.get("vary"), "Accept", line);
    return answer;
  }));
  assert(page !== undefined && text !== undefined);
  assertEquals(page.status, text.status);
  assertEquals([page.fields.get("content-type"), text.fields.get("content-type")], [
    "text/html; charset=utf-8",
    "text/plain; charset=utf-8",
  ], line);
  assertMatch(page.fields.get("content-security-policy") ?? "", /^default-src 'none'; style-src 'unsafe-inline';/);
  assertMatch(
    page.body,
    new RegExp(`<title>${page.status} .*<h1>${page.status} [A-Z].*</h1>\n<p class="lead">Cannot .*\\.</p>`, "s"),
  );
  assertStringIncludes(page.body, '<a href="/">Back to the start</a>');
  assertMatch(text.body, new RegExp(`^${page.status} [A-Z].*: .*\n$`));
  return [page, text];
}

const HOST = "Host: localhost\r\n";

Deno.test("404 is a page for a browser, and one line for curl", async () => {
  await using server = serve();
  const [page, text] = await both(server, "GET /nowhere", HOST);
  assertEquals([page.status, text.body], [404, "404 Not Found: there is nothing at this path; see / for a list\n"]);
  const head = await server.ask(`HEAD /nowhere HTTP/1.1\r\n${HOST}Accept: ${BROWSER}\r\nConnection: close\r\n\r\n`);
  assertEquals(answersIn(head, ["HEAD"])[0]?.fields.get("content-length"), `${page.body.length}`);
  assert(head.endsWith("\r\n\r\n"));
});

Deno.test("every error whose request could be read is a page for a browser, and one line for curl", async () => {
  await using server = serve({ maxBody: 10, maxHead: 2000 }, {
    hosts: { names: [], anyAddress: false },
    memory: new MemoryBudget(50_000),
  });
  const large = `${HOST}Content-Length: 11\r\n`;
  const cases = [
    ["GET /status/999", HOST, 400, "N must be a whole number from 200 to 599"],
    ["GET /cookie/set", HOST, 400, "the query names no cookie"],
    ["DELETE /", HOST, 405, "this path allows only GET, HEAD, POST, OPTIONS"],
    ["POST /", large, 413, "the body is longer than 10 bytes"],
    ["GET /", "Host: elsewhere.example\r\n", 421, ""],
    ["BREW /", HOST, 501, "an unsupported method"],
    ["GET /bytes/1000000", HOST, 503, "the server has no memory left"],
    // Too large to be parsed; a browser sends its cookies after Accept.
    ["GET /", `${HOST}Cookie: a=${"x".repeat(3000)}\r\n`, 431, "the head is longer than 2000 bytes"],
  ] as const;
  for (const [line, fields, status, why] of cases) {
    const [page, text] = await both(server, line, fields, status === 413 ? "x".repeat(11) : "");
    assertEquals(page.status, status, line);
    assertStringIncludes(page.body, why);
    assertStringIncludes(text.body, why);
    assertEquals(page.fields.get("allow"), text.fields.get("allow"));
    assertEquals(page.fields.get("retry-after"), text.fields.get("retry-after"));
  }
});

Deno.test("404, 405, 412 and 416 of a file, and 500, are pages too", async () => {
  const dir = await Deno.realPath(await Deno.makeTempDir());
  await Deno.writeTextFile(`${dir}/a.txt`, "0123456789");
  const { realPath } = Deno;
  try {
    await using server = serve({}, { dir });
    const [page, text] = await both(server, "GET /a.txt", `${HOST}Range: bytes=10-\r\n`);
    assertEquals([page.status, page.fields.get("content-range")], [416, "bytes */10"]);
    assertEquals(text.fields.get("content-range"), "bytes */10");
    const [changed] = await both(server, "GET /a.txt", `${HOST}If-Match: "x"\r\n`);
    assertEquals([changed.status, changed.fields.has("etag")], [412, true]);
    const [, lost] = await both(server, "GET /nowhere", HOST);
    assertEquals(lost.body, "404 Not Found: there is nothing at this path\n", "/ lists no routes");
    const [method] = await both(server, "DELETE /a.txt", HOST);
    assertEquals([method.status, method.fields.get("allow")], [405, "GET, HEAD, OPTIONS"]);
    Deno.realPath = () => Promise.reject(new Error("broken <disk>"));
    const [failed] = await both(server, "GET /a.txt", HOST);
    assertEquals([failed.status, failed.body.includes("disk")], [500, false]);
  } finally {
    Deno.realPath = realPath;
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a browser that sends a character as it is gets a page that names it and how to write it", async () => {
  await using server = serve();
  // What Chromium leaves as it is in a query, and what other programs send.
  for (const character of ["{", "|", "}", "^", "`", "\\", '"', "<", ">"]) {
    const [page, text] = await both(server, `GET /?a=${character}b`, HOST);
    const code = character.charCodeAt(0).toString(16).toUpperCase();
    const why = `the character ${character} in the target, where it must be written %${code} (RFC 3986 2.1)`;
    assertEquals([page.status, text.body], [400, `400 Bad Request: ${why}\n`]);
    assertStringIncludes(page.body, `Cannot serve this request: ${safe(why)}.</p>`);
  }
  const [page] = await both(server, "GET /?a=%zz", HOST);
  assertStringIncludes(page.body, "the character % is written %25");
});

Deno.test("a malformed request gets a page too if Accept came before the fault, and text if it did not", async () => {
  await using server = serve();
  const [page] = await both(server, "GET /", "Bad Name: x\r\n");
  assertEquals(page.status, 400);
  // The Accept of the request before is another's.
  const before = `GET /status/204 HTTP/1.1\r\n${HOST}Accept: ${BROWSER}\r\n\r\n`;
  const [, answer] = answersIn(await server.ask(`${before}GET /{ HTTP/1.1\r\n`));
  assertEquals([answer?.status, answer?.fields.get("content-type")], [400, "text/plain; charset=utf-8"]);
});

Deno.test("/status/N is a plain status for a browser too", async () => {
  await using server = serve();
  const [answer] = answersIn(
    await server.ask(`GET /status/404 HTTP/1.1\r\n${HOST}Accept: ${BROWSER}\r\nConnection: close\r\n\r\n`),
  );
  assertEquals([answer?.status, answer?.body, answer?.fields.has("vary")], [404, "404 Not Found\n", false]);
});
