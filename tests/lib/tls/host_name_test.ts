import { assertEquals } from "@std/assert";
import { canonicalAddress } from "../../../lib/addr.ts";
import { parseHostName } from "../../../lib/tls/host_name.ts";

const permissions = "none";

Deno.test("parseHostName() reads names in the spelling of certificates", { permissions }, () => {
  const names: [typed: string, name: string][] = [
    ["localhost", "localhost"],
    ["LocalHost.", "localhost"],
    ["a_b.local", "a_b.local"],
    ["*.Example.org", "*.example.org"],
    ["grüße.example", "xn--gre-6ka8l.example"],
    ["ａ.example", "a.example"],
    ["1.example", "1.example"],
    [`${"x".repeat(63)}.y`, `${"x".repeat(63)}.y`],
  ];
  for (const [typed, text] of names) assertEquals(parseHostName(typed), { kind: "dns", text }, typed);
});

Deno.test("parseHostName() reads addresses in their shortest form", { permissions }, () => {
  const addresses: [typed: string, address: string][] = [
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "::1"],
    ["[::1]", "::1"],
    ["2001:DB8:0:0:0:0:0:5", "2001:db8::5"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
  ];
  for (const [typed, text] of addresses) assertEquals(parseHostName(typed), { kind: "ip", text }, typed);
});

Deno.test("parseHostName() refuses what a certificate cannot hold", { permissions }, () => {
  const refused = [
    ...[
      "",
      " ",
      ".",
      "a..b",
      "-a",
      "a-",
      "a b",
      "a\n",
      "a\0",
      "a/b",
      "a:80",
      "[::1]:80",
      "http://a",
      "a@b",
      "grüße .x",
    ],
    ...["*", "*.", "*.a", "a.*.b", "*.*.a.b", "*.1.2.3.4"],
    ...["1.2.3", "256.1.1.1", "01.2.3.4", "0x7f.1", "a.0x1", "fe80::1%eth0", ":::", "1::2::3"],
    ...["x".repeat(64), `${"x".repeat(60)}.`.repeat(5)],
  ];
  for (const text of refused) assertEquals(parseHostName(text), null, JSON.stringify(text));
});

Deno.test("canonicalAddress() distinguishes addresses from names", { permissions }, () => {
  assertEquals(canonicalAddress("0:0:0:0:0:0:0:1"), "::1");
  assertEquals(canonicalAddress("localhost"), null);
});
