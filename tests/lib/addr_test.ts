import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import {
  canonicalAddress,
  formatEndpoint,
  isAddress,
  isLoopback,
  isPrivate,
  isWildcard,
  parseHost,
  parsePort,
  parseRange,
  portError,
  rangeMatcher,
  unmapped,
  urlOf,
} from "../../lib/addr.ts";
import { UsageError } from "../../lib/errors.ts";

const permissions = "none";

Deno.test("parsePort() accepts decimal digits from 1 to 65535", { permissions }, () => {
  assertEquals(parsePort("1"), 1);
  assertEquals(parsePort("080"), 80);
  assertEquals(parsePort("65535"), 65535);
  assertEquals(parsePort("0"), null);
  assertEquals(parsePort("0", { zero: true }), 0);
  assertEquals(parsePort("00000", { zero: false }), null);
});

Deno.test("parsePort() refuses everything else (P4)", { permissions }, () => {
  for (
    const text of [
      "",
      " 80",
      "80 ",
      "80\n",
      "80x",
      "x80",
      "-1",
      "+80",
      "1.5",
      "1e3",
      "0x50",
      "65536",
      "99999",
      "100000",
    ]
      .concat(["٨٠", "８０", "1_000", "NaN", "Infinity", "000080"])
  ) {
    assertEquals(parsePort(text, { zero: true }), null, JSON.stringify(text));
  }
});

Deno.test("portError() quotes the input and states the rule", { permissions }, () => {
  const error = portError(' 80"');
  assertInstanceOf(error, UsageError);
  assertEquals(error.code, 2);
  assertEquals(error.message, 'Cannot use port " 80\\"": it must be a whole number from 1 to 65535');
  assertStringIncludes(portError("x", { zero: true }).message, "or 0 for any free port");
});

Deno.test("parseHost() accepts names and addresses, removes brackets and keeps zones", { permissions }, () => {
  const accepted = {
    "localhost": "localhost",
    "a-b.example.": "a-b.example.",
    "192.0.2.1": "192.0.2.1",
    "::": "::",
    "::1": "::1",
    "[::1]": "::1",
    "[2001:db8::7]": "2001:db8::7",
    "fe80::1%eth0": "fe80::1%eth0",
    "[fe80::1%25eth0]": "fe80::1%25eth0",
  };
  for (const [text, host] of Object.entries(accepted)) assertEquals(parseHost(text), host, text);
});

Deno.test("parseHost() refuses invalid hosts", { permissions }, () => {
  for (
    const text of [
      "",
      " ",
      "a b",
      "a\n",
      "\x1b[31m",
      "a\0b",
      "http://a",
      "a/b",
      "a:80",
      "127.0.0.1:80",
      "[::1]:80",
      "[]",
    ]
      .concat(["[::1", "::1]", "user@a", "a?b", "a#b", "a\\b", "1::2::3", ":::", "x".repeat(254), "[example.com]"])
  ) {
    assertEquals(parseHost(text), null, JSON.stringify(text));
  }
});

Deno.test("isAddress() parses IPv4 strictly", { permissions }, () => {
  for (const text of ["192.0.2.255", "0.0.0.0"]) assert(isAddress(text), text);
  for (
    const text of ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "010.0.0.1", "1.2.3.", "1.2.3.x", "1.2.3.4 ", "localhost"]
  ) {
    assert(!isAddress(text), JSON.stringify(text));
  }
});

Deno.test("canonicalAddress() parses every IPv6 form of RFC 4291 2.2", { permissions }, () => {
  const forms = {
    "2001:db8:0:0:8:800:200c:417A": "2001:db8::8:800:200c:417a",
    "2001:DB8::8:800:200C:417a": "2001:db8::8:800:200c:417a",
    "::": "::",
    "0:0:0:0:0:0:0:1": "::1",
    "1::": "1::",
    "1:2:3:4:5:6:7::": "1:2:3:4:5:6:7:0",
    "::ffff:192.0.2.1": "192.0.2.1",
    "0::FFFF:c000:201": "192.0.2.1",
    "1:2:3:4:5:6:192.0.2.1": "1:2:3:4:5:6:c000:201",
    "192.0.2.1": "192.0.2.1",
  };
  for (const [text, canonical] of Object.entries(forms)) assertEquals(canonicalAddress(text), canonical, text);
});

Deno.test("canonicalAddress() refuses texts that only look like IPv6", { permissions }, () => {
  for (
    const text of [
      ":",
      ":1",
      "1:",
      ":::",
      "1::2::3",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7:8::",
      "12345::",
    ]
      .concat([
        "::1]/[::1",
        "::1]:80/",
        "::1]#x",
        "::1]?",
        "::1]@[::1",
        "g::",
        "::1%lo",
        "[::1]",
        "::1.2.3",
        "::1.2.3.256",
        "1.2.3.4::",
        "1.2.3.4::1",
        "1.2.3.4:1:2:3:4:5:6",
        "-1::",
      ])
  ) {
    assertEquals(canonicalAddress(text), null, text);
  }
});

Deno.test("formatEndpoint() brackets IPv6 and unmaps IPv4", { permissions }, () => {
  assertEquals(formatEndpoint({ hostname: "example.com", port: 80 }), "example.com:80");
  assertEquals(formatEndpoint({ hostname: "127.0.0.1", port: 0 }), "127.0.0.1:0");
  assertEquals(formatEndpoint({ hostname: "fe80::1%eth0", port: 9 }), "[fe80::1%eth0]:9");
  assertEquals(formatEndpoint({ hostname: "::FFFF:192.0.2.1", port: 9 }), "192.0.2.1:9");
  assertEquals(unmapped("::ffff:c000:201"), "::ffff:c000:201");
});

Deno.test("isLoopback() and isWildcard() know both families", { permissions }, () => {
  for (const host of ["localhost", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]) assert(isLoopback(host), host);
  for (const host of ["127.example.com", "0.0.0.0", "::", "192.0.2.1", "::2"]) assert(!isLoopback(host), host);
  assert(isWildcard("0.0.0.0") && isWildcard("::") && !isWildcard("127.0.0.1"));
});

Deno.test("parseRange() parses CIDR of both families, and a bare address", { permissions }, () => {
  assertEquals(parseRange("10.0.0.0/8"), { network: "10.0.0.0", prefix: 8, family: "ipv4" });
  assertEquals(parseRange("10.1.2.3"), { network: "10.1.2.3", prefix: 32, family: "ipv4" });
  assertEquals(parseRange("::1")?.prefix, 128);
  assertEquals(parseRange("0.0.0.0/0")?.prefix, 0);
  for (
    const text of [
      "",
      "/8",
      "10.0.0.0/",
      "10.0.0.0/33",
      "::/129",
      "10.0.0.0/-1",
      "10.0.0.0/8/8",
      "::ffff:10.0.0.0/8",
      "::ffff:0:0/95",
      "a/8",
      "10.0/8",
      "::1/1x",
    ]
  ) {
    assertEquals(parseRange(text), null, JSON.stringify(text));
  }
});

Deno.test("rangeMatcher() compares exactly the prefix bits", { permissions }, async () => {
  const within = async (host: string, range: string): Promise<boolean> => {
    const parsed = parseRange(range);
    assert(parsed !== null, range);
    return (await rangeMatcher([parsed]))(host);
  };
  assert(await within("192.168.7.9", "192.168.0.0/16") && !await within("192.169.0.0", "192.168.0.0/16"));
  assert(await within("10.127.0.1", "10.0.0.0/9") && !await within("10.128.0.1", "10.0.0.0/9"));
  assert(await within("192.0.2.5", "192.0.2.4/31") && !await within("192.0.2.6", "192.0.2.4/31"));
  assert(await within("203.0.113.9", "0.0.0.0/0") && !await within("203.0.113.9", "::/0"));
  assert(await within("::ffff:192.0.2.5", "192.0.2.5"), "an IPv4 peer of a dual-stack socket");
  assert(await within("fe80::1%eth0", "fe80::/10") && !await within("fec0::1", "fe80::/10"));
  assert(!await within("no-address", "0.0.0.0/0"));
});

Deno.test("parseRange() converts an IPv4-mapped range to IPv4", { permissions: "none" }, async () => {
  const range = parseRange("::ffff:192.168.0.0/112");
  assert(range !== null);
  const matches = await rangeMatcher([range]);
  assert(matches("192.168.7.9") && matches("::ffff:192.168.7.9") && !matches("192.169.0.1"));
  assert((await rangeMatcher([range, { network: "::", prefix: 0, family: "ipv6" }]))("::1"));
});

Deno.test("urlOf() brackets IPv6, and reaches a wildcard address as loopback", { permissions }, () => {
  const url = (hostname: string, tls = false): string => urlOf({ hostname, port: 80 }, { tls });
  assertEquals([url("192.0.2.1"), url("2001:db8::1", true)], ["http://192.0.2.1:80/", "https://[2001:db8::1]:80/"]);
  assertEquals([url("0.0.0.0"), url("::")], ["http://127.0.0.1:80/", "http://[::1]:80/"]);
});

Deno.test("isPrivate() knows the three ranges of RFC 1918, and nothing beside them", { permissions }, () => {
  for (const address of ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.7"]) {
    assert(isPrivate(address), address);
  }
  for (
    const address of ["11.0.0.1", "172.15.0.1", "172.32.0.1", "192.169.1.7", "100.64.0.1", "10.example", "fd00::2"]
  ) {
    assert(!isPrivate(address), address);
  }
});
