/** `/cookie/set` and `/cookie/delete`. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { deleteCookiesAnswer, setCookiesAnswer } from "../../../http/site/cookies.ts";
import { decodeText } from "../../../lib/text.ts";
import { requestOf } from "../requests.ts";
import { serve } from "../serving.ts";

const permissions = "none";

/** The answer to a query: its status, its fields, and why it was refused. */
function set(query: string, make = setCookiesAnswer, tls = false): { status: number; fields: string; why: string } {
  const request = requestOf(`GET /cookie/set?${query} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  const session = tls ? ({} as NonNullable<typeof request.connection.session>) : null;
  const { status, fields, body } = make({ ...request, connection: { ...request.connection, session } });
  return { status, fields: String(fields), why: body instanceof Uint8Array ? decodeText(body) : "" };
}

function cookiesIn(fields: string): string[] {
  return [...fields.matchAll(/^Set-Cookie: (.*)\r$/gm)].map(([, cookie]) => cookie ?? "");
}

Deno.test("/cookie/set sets each cookie in the query and leads to /cookie", { permissions }, () => {
  const { status, fields } = set("a=b&c-d=1%2B1&empty=");
  assertEquals(status, 302);
  assertStringIncludes(fields, "Location: /cookie\r\n");
  assertEquals(cookiesIn(fields), [
    "a=b; Path=/; SameSite=Lax; HttpOnly",
    "c-d=1+1; Path=/; SameSite=Lax; HttpOnly",
    "empty=; Path=/; SameSite=Lax; HttpOnly",
  ]);
  assertEquals(cookiesIn(set("a=b", setCookiesAnswer, true).fields), ["a=b; Path=/; SameSite=Lax; HttpOnly; Secure"]);
});

Deno.test("over TLS a name may start with __Secure- or __Host-", { permissions }, () => {
  assertEquals(cookiesIn(set("__Host-a=b", setCookiesAnswer, true).fields), [
    "__Host-a=b; Path=/; SameSite=Lax; HttpOnly; Secure",
  ]);
});

Deno.test("6265 4.1.1: of two cookies of one name, only the last is sent", { permissions }, () => {
  assertEquals(cookiesIn(set("a=1&b=2&a=3").fields), [
    "a=3; Path=/; SameSite=Lax; HttpOnly",
    "b=2; Path=/; SameSite=Lax; HttpOnly",
  ]);
});

Deno.test("/cookie/delete makes the browser forget cookies by name", { permissions }, () => {
  assertEquals(cookiesIn(set("a&b", deleteCookiesAnswer).fields), [
    "a=; Path=/; SameSite=Lax; HttpOnly; Max-Age=0",
    "b=; Path=/; SameSite=Lax; HttpOnly; Max-Age=0",
  ]);
});

Deno.test(
  "6265 4.1.1: every byte is in the grammar of names and values, or is refused with 400",
  { permissions },
  () => {
    const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/;
    const octet = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]$/;
    for (let code = 0; code < 256; code++) {
      const encoded = `%${code.toString(16).padStart(2, "0")}`;
      const character = String.fromCharCode(code);
      assertEquals(set(`${encoded}=1`).status, token.test(character) ? 302 : 400, `name ${encoded}`);
      assertEquals(set(`a=${encoded}`).status, octet.test(character) ? 302 : 400, `value ${encoded}`);
    }
  },
);

Deno.test("/cookie/set refuses what no cookie can be, and says why", { permissions }, () => {
  const cases = [
    ["", "the query names no cookie"],
    ["=b", "a name must be a token"],
    ["a=b%0d%0aSet-Cookie:%20evil=1", "a value must be visible ASCII"],
    ["a=b;%20Domain=example.com", "a value must be visible ASCII"],
    ["a%0d%0aX:%20y=b", "a name must be a token"],
    ["__Host-a=b", "a name that starts with __Secure- or __Host- needs TLS"],
    ["__secure-a=b", "a name that starts with __Secure- or __Host- needs TLS"],
    ["a=two+words", "a value must be visible ASCII"],
    ["a=%C3%A9", "a value must be visible ASCII"],
    [Array.from({ length: 51 }, (_, index) => `c${index}`).join("&"), "the query names more than 50 cookies"],
  ] as const;
  for (const [query, why] of cases) {
    const answer = set(query);
    assertEquals([answer.status, cookiesIn(answer.fields)], [400, []], query);
    assertStringIncludes(answer.why, `Cannot serve /cookie/set?name=value: ${why}`);
  }
});

Deno.test("a cookie of more than 4096 bytes is refused, and one that was set comes back in /cookie", async () => {
  await using server = serve();
  const ask = (path: string, fields = ""): Promise<string> =>
    server.ask(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${fields}Connection: close\r\n\r\n`);
  assertStringIncludes(await ask(`/cookie/set?a=${"x".repeat(4096)}`), "a cookie has more than 4096 bytes");
  const [, cookie = ""] = /\r\nSet-Cookie: ([^;]*);/.exec(await ask(`/cookie/set?a=${"x".repeat(4095)}`)) ?? [];
  assertEquals(cookie.length, 4097);
  assertStringIncludes(await ask("/cookie", `Cookie: ${cookie}\r\n`), `\r\n\r\n${cookie}\n`);
});
