import { assertEquals } from "@std/assert";
import { curlCommand, urlOf } from "../../http/join.ts";

const permissions = "none";

Deno.test("urlOf() brackets IPv6, and reaches a wildcard address as loopback", { permissions }, () => {
  const url = (hostname: string, tls = false): string => urlOf({ hostname, port: 80 }, { tls });
  assertEquals([url("192.0.2.1"), url("2001:db8::1", true)], ["http://192.0.2.1:80/", "https://[2001:db8::1]:80/"]);
  assertEquals([url("0.0.0.0"), url("::")], ["http://127.0.0.1:80/", "http://[::1]:80/"]);
});

Deno.test("curlCommand() pins the server's key in the form that curl expects", { permissions }, () => {
  const at = { hostname: "192.0.2.1", port: 443 };
  assertEquals(curlCommand(at, null), "curl http://192.0.2.1:443/");
  const pin = `sha256//${btoa("\xab".repeat(32))}`;
  assertEquals(curlCommand(at, `sha256:${"ab".repeat(32)}`), `curl -k --pinnedpubkey ${pin} https://192.0.2.1:443/`);
});
