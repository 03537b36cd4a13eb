/** Lookups, listeners and attempts to connect, with the mistakes that show there. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Run, textOf } from "./support.ts";

const permissions = "none";
const at = (hostname: string) => ({ hostname, port: 12345 });

Deno.test("11: a listener's own line says who can reach it, and names the mistake with its condition only", {
  permissions,
}, () => {
  for (
    const [hostname, reach] of [
      ["127.0.0.1", "from this machine only ([mistake 11] if others are to connect)"],
      ["::1", "from this machine only ([mistake 11] if others are to connect)"],
      [
        "0.0.0.0",
        "at every IPv4 address of this machine ([mistake 11] for a client that tries IPv6, as ::1 for localhost)",
      ],
      ["::", "at every address of this machine, IPv6 and IPv4"],
      ["192.0.2.1", "at this address only: not at 127.0.0.1"],
    ] as const
  ) {
    const run = new Run("server");
    assertStringIncludes(textOf(run.call("listen", null, { flow: 0, local: at(hostname), peer: null })), reach);
    assertEquals(run.mistakes, []);
  }
});

Deno.test("11 and 12: the first of a name's addresses is refused, the other accepts", { permissions }, () => {
  const run = new Run("client");
  const none = { flow: 0, local: null, peer: null };
  const lookup = run.call("resolve", null, {
    ...none,
    name: "localhost",
    addresses: ["::1", "127.0.0.1"],
    duration: 0.2,
  });
  assertEquals(textOf(lookup), "getaddrinfo(3): localhost is ::1, 127.0.0.1 (0.20 ms; to be tried in this order)");
  run.call("connect", null, { local: null, peer: at("::1"), error: "ECONNREFUSED" });
  const said = textOf(run.call("connect", null, { peer: at("127.0.0.1") }));
  assertStringIncludes(
    said,
    "[mistake 12] localhost is ::1 too, where nobody answered: a client that tries only that one fails",
  );
  assertStringIncludes(said, "[mistake 11] The server listens on IPv4 only: [::1]:12345, IPv6, was refused");
  assertEquals(run.mistakes, [12, 11]);
});

Deno.test("12: an address that nobody answered shows nothing of the server's families", { permissions }, () => {
  const run = new Run("client");
  run.call("connect", null, { local: null, peer: at("2001:db8::1"), error: "ETIMEDOUT" });
  run.call("connect", null, { peer: at("192.0.2.1") });
  assertEquals(run.mistakes, [12]);
  const quicker = new Run("client");
  quicker.call("connect", null, { peer: at("192.0.2.1") });
  quicker.call("connect", null, { local: null, peer: at("2001:db8::1"), error: "AbortError" });
  const other = new Run("client");
  other.call("connect", null, { flow: 1, local: null, peer: at("::1"), error: "ECONNREFUSED" });
  other.call("connect", null, { flow: 2, peer: at("127.0.0.1") });
  assertEquals([quicker.mistakes, other.mistakes], [[], []]);
});

Deno.test("13: the address is in use", { permissions }, () => {
  for (const [transport, call] of [["tcp", "listen"], ["udp", "bind"]] as const) {
    const run = new Run("server", transport);
    const said = run.call(call, null, { flow: 0, peer: null, error: "EADDRINUSE" });
    assertStringIncludes(textOf(said), "127.0.0.1:12345 is in use (EADDRINUSE)");
    assertEquals(run.mistakes, [13]);
  }
  const denied = new Run("server");
  denied.call("listen", null, { flow: 0, peer: null, error: "EACCES" });
  assertStringIncludes(denied.text, "not permitted");
  assertEquals(denied.mistakes, []);
});

Deno.test("a lookup that fails says why", { permissions }, () => {
  const run = new Run("client");
  const said = run.call("resolve", null, {
    flow: 0,
    local: null,
    peer: null,
    name: "nowhere.test",
    error: "ENOTFOUND",
  });
  assertEquals(textOf(said), "getaddrinfo(3): nowhere.test: no such name (ENOTFOUND)");
});

Deno.test("attempts that never succeed are forgotten", { permissions }, () => {
  const run = new Run("client");
  for (let flow = 1; flow <= 5000; flow++) {
    run.call("connect", null, { flow, local: null, peer: at("::1"), error: "ECONNREFUSED", after: 100 });
  }
  run.call("connect", null, { flow: 1, peer: at("127.0.0.1") });
  assertEquals(run.mistakes, []);
});

Deno.test("a handshake that fails is told in words, without the names of our own errors", { permissions }, () => {
  for (
    const [error, words] of [
      ["PlaintextError", "the peer speaks plain text, not TLS"],
      ["UnexpectedEof", "the stream ended without TLS's own end mark (close_notify): it may be cut off"],
      [
        "ERR_SSL_WRONG_VERSION_NUMBER",
        "the peer's answer is not TLS: it speaks something else on this port (ERR_SSL_WRONG_VERSION_NUMBER)",
      ],
    ] as const
  ) {
    const run = new Run("server");
    run.call("accept");
    const said = textOf(run.call("handshake", null, { error, tls: true }));
    assertEquals(said, `The TLS handshake failed: ${words}`);
  }
});
