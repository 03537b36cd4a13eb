import { assertEquals } from "@std/assert";
import { curlCommand } from "../../http/join.ts";

const permissions = "none";

Deno.test("curlCommand() pins the server's key in the form that curl expects", { permissions }, () => {
  const at = { hostname: "192.0.2.1", port: 443 };
  assertEquals(curlCommand(at, null), "curl http://192.0.2.1:443/");
  const pin = `sha256//${btoa("\xab".repeat(32))}`;
  assertEquals(curlCommand(at, `sha256:${"ab".repeat(32)}`), `curl -k --pinnedpubkey ${pin} https://192.0.2.1:443/`);
});
