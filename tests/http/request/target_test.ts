/** What a request target says (RFC 9112 3.2); head_parser_test.ts has the targets that are refused. */
import { assertEquals } from "@std/assert";
import { parseTarget } from "../../../http/request/target.ts";

const permissions = "none";

Deno.test(
  "9112 3.2.2: an absolute target gives scheme and host, and a path that is never empty",
  { permissions },
  () => {
    const origin = { scheme: "http", authority: "a.example:81" } as const;
    assertEquals(parseTarget("GET", "http://a.example:81/b?c?d"), { path: "/b", query: "c?d", origin });
    assertEquals(parseTarget("GET", "http://a.example:81"), { path: "/", query: "", origin });
    assertEquals(parseTarget("GET", "http://a.example:81?c"), { path: "/", query: "c", origin });
    assertEquals(parseTarget("GET", "HTTPS://[::1]/").origin, { scheme: "https", authority: "[::1]" });
    assertEquals(parseTarget("GET", "/http://a.example/"), { path: "/http://a.example/", query: "", origin: null });
  },
);

Deno.test("9112 3.2.4: OPTIONS for * or for a host alone means the server as a whole", { permissions }, () => {
  assertEquals(parseTarget("OPTIONS", "*").path, "*");
  assertEquals(parseTarget("OPTIONS", "http://a.example").path, "*");
  assertEquals(parseTarget("OPTIONS", "http://a.example/").path, "/");
  assertEquals(parseTarget("OPTIONS", "http://a.example?").path, "/");
});

Deno.test(
  "9110 4.2.3: an encoded letter, digit or mark is the character itself, other encoding stays",
  { permissions },
  () => {
    const path = (text: string): string => parseTarget("GET", text).path;
    assertEquals(path("/%65c%68%6F"), "/echo");
    const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (let code = 0; code < 256; code++) {
      const upper = `%${code.toString(16).padStart(2, "0").toUpperCase()}`;
      const character = String.fromCharCode(code);
      for (const encoded of [upper, upper.toLowerCase()]) {
        assertEquals(path(`/${encoded}`), `/${unreserved.includes(character) ? character : encoded}`);
      }
    }
    // Decoded once only, and never in a query, where a form may mean it.
    assertEquals(path("/%2565"), "/%2565");
    assertEquals(parseTarget("GET", "/?%65").query, "%65");
  },
);
