import { assertEquals, assertThrows } from "@std/assert";
import { parseListen, parseTarget } from "../../../lab/relay/address.ts";
import { UsageError } from "../../../lib/errors.ts";

Deno.test("parseListen() takes a transport, an address and a port, each but the port with a default", () => {
  for (
    const [text, transport, hostname, port] of [
      ["9000", "tcp", "127.0.0.1", 9000],
      [":9000", "tcp", "127.0.0.1", 9000],
      ["tcp:9000", "tcp", "127.0.0.1", 9000],
      ["TCP::9000", "tcp", "127.0.0.1", 9000],
      ["udp:0", "udp", "127.0.0.1", 0],
      ["udp:0.0.0.0:9000", "udp", "0.0.0.0", 9000],
      ["localhost:80", "tcp", "localhost", 80],
      ["[::1]:80", "tcp", "::1", 80],
      ["udp:[fe80::1%eth0]:80", "udp", "fe80::1%eth0", 80],
    ] as const
  ) {
    assertEquals(parseListen(text), { transport, hostname, port }, text);
  }
});

Deno.test("parseListen() names what is wrong", () => {
  for (
    const [text, said] of [
      ["", "it must be [tcp|udp]:[ADDRESS:]PORT"],
      ["tcp", "it must be [tcp|udp]:[ADDRESS:]PORT"],
      ["tcp:", "it must be [tcp|udp]:[ADDRESS:]PORT"],
      ["tcp:x", "it must be [tcp|udp]:[ADDRESS:]PORT"],
      ["[::1]", "it must be [tcp|udp]:[ADDRESS:]PORT"],
      ["tcp:65536", "from 1 to 65535, or 0 for any free port"],
      ["tcp:-1", "from 1 to 65535, or 0 for any free port"],
      ["::1:9000", "needs brackets"],
      ["tcp:udp:9000:1", "needs brackets"],
      ["a b:9000", "a host name or an address"],
      ["fe80::1:80", "needs brackets"],
      ["[fe80::1]:80", "needs a zone"],
    ] as const
  ) {
    assertThrows(() => parseListen(text), UsageError, said, text);
  }
});

Deno.test("parseTarget() takes a host and a port, or a port of this machine", () => {
  for (
    const [text, hostname, port] of [
      ["localhost:8080", "localhost", 8080],
      [":8080", "127.0.0.1", 8080],
      ["[::1]:8080", "::1", 8080],
    ] as const
  ) {
    assertEquals(parseTarget(text), { hostname, port }, text);
  }
});

Deno.test("parseTarget() names what is wrong", () => {
  for (
    const [text, said] of [
      ["8080", "a port of this machine is :8080"],
      ["localhost", "it must be HOST:PORT"],
      ["localhost:", "from 1 to 65535"],
      ["localhost:0", "from 1 to 65535"],
      ["http://localhost:80", "it is a URL"],
      ["tcp:80", "the transport is that of --listen"],
      ["udp:localhost:80", "the transport is that of --listen"],
      ["::1:80", "needs brackets"],
    ] as const
  ) {
    assertThrows(() => parseTarget(text), UsageError, said, text);
  }
});
