/** Addresses as arguments. */
import { assertEquals, assertThrows } from "@std/assert";
import { endpointOf, sideOf } from "../../../lib/script/endpoint.ts";
import { flag } from "../../../lib/script/flag_kinds.ts";
import { parseFlags } from "../../../lib/script/flags.ts";
import { bindFlags, peerFlags } from "../../../lib/script/shared_flags.ts";
import { UsageError } from "../../../lib/errors.ts";

const client = { ...peerFlags({ port: 12345 }), message: flag.text("text", { default: "" }) };
const server = bindFlags({ bind: "127.0.0.1", port: 12345 });

Deno.test("a client takes HOST PORT, HOST:PORT or :PORT", () => {
  const parsed = (...args: string[]): unknown => {
    const { values: { host, port }, given, operands } = parseFlags(client, args);
    return { host, port, given: [...given], operands };
  };
  const both = { given: ["host", "port"], operands: [] };
  assertEquals(parsed("example.test", "80"), { host: "example.test", port: 80, ...both });
  assertEquals(parsed("example.test:80"), { host: "example.test", port: 80, ...both });
  assertEquals(parsed("[::1]:80"), { host: "::1", port: 80, ...both });
  assertEquals(parsed("::1", "80"), { host: "::1", port: 80, ...both });
  assertEquals(parsed("fe80::1%eth0", "80"), { host: "fe80::1%eth0", port: 80, ...both });
  assertEquals(parsed(":80"), { host: "127.0.0.1", port: 80, ...both });
  assertEquals(parsed("--message", "9", "localhost", "80"), {
    host: "localhost",
    port: 80,
    given: ["host", "port", "message"],
    operands: [],
  });
});

Deno.test("a client whose host may be several takes a list, which the flag takes apart; others take none", () => {
  const host = { ...client.host, repeatable: true, read: (texts: readonly string[]) => texts.join(" and ") };
  const parsed = (...args: string[]): unknown => {
    const { host: hosts, port } = parseFlags({ ...client, host }, args).values;
    return [hosts, port];
  };
  assertEquals(parsed("north,south"), ["north,south", 12345]);
  assertEquals(parsed("north:1,south:2"), ["north:1,south:2", 12345]);
  assertEquals(parsed("north,[::1]:2", "80"), ["north,[::1]:2", 80]);
  assertEquals(parsed("north:80"), ["north", 80]);
  assertEquals(parsed("--host", "north", "--host", "south"), ["north and south", 12345]);
  assertThrows(() => parsed("north,south", "west"), UsageError, 'after "north,south" comes a port');
  assertThrows(() => parseFlags(client, ["north,south"]), UsageError, "it must be HOST PORT");
});

Deno.test("a server takes PORT or ADDRESS:PORT", () => {
  const parsed = (...args: string[]): unknown => parseFlags(server, args).values;
  assertEquals(parsed("9000"), { bind: "127.0.0.1", port: 9000 });
  assertEquals(parsed("0"), { bind: "127.0.0.1", port: 0 });
  assertEquals(parsed(":9000"), { bind: "127.0.0.1", port: 9000 });
  assertEquals(parsed("0.0.0.0:9000"), { bind: "0.0.0.0", port: 9000 });
  assertEquals(parsed("[::]:9000"), { bind: "::", port: 9000 });
  assertEquals(parsed("0.0.0.0", "9000"), { bind: "0.0.0.0", port: 9000 });
});

Deno.test("an argument that is no address is misuse, and the message says what it could be", () => {
  const refused = (table: typeof client | typeof server, ...args: string[]): string =>
    assertThrows(() => parseFlags(table, args), UsageError).message;
  assertEquals(
    refused(client, "stray"),
    'Cannot use the argument "stray": it must be HOST PORT, HOST:PORT or :PORT',
  );
  assertEquals(refused(client, "9000"), 'Cannot use the argument "9000": a port of this machine is :9000');
  assertEquals(
    refused(client, "::1:9000"),
    'Cannot use the argument "::1:9000": an IPv6 address before a port needs brackets, as in [::1]:9000',
  );
  assertEquals(refused(client, "a", "b"), 'Cannot use the argument "b": after "a" comes a port');
  assertEquals(refused(client, "a", "9", "c"), 'Cannot use the argument "c": it comes after the address a 9');
  assertEquals(
    refused(client, ":9", "--", "--message", "x"),
    'Cannot use the argument "--message": it comes after the address :9',
  );
  assertEquals(refused(client, "a:9", "8"), 'Cannot use the argument "8": it comes after the address a:9');
  assertEquals(refused(client, "a", "b", "9"), 'Cannot use the argument "b": after "a" comes a port');
  assertEquals(refused(server, "9", "b", "c"), 'Cannot use the argument "b": it comes after the port 9');
  assertEquals(
    refused(client, "http://localhost:80/"),
    'Cannot use the argument "http://localhost:80/": it is a URL; the address alone is HOST PORT, such as localhost 8080',
  );
  assertEquals(refused(server, "9000", "extra"), 'Cannot use the argument "extra": it comes after the port 9000');
  assertEquals(refused(server, "stray"), 'Cannot use the argument "stray": it must be PORT or ADDRESS:PORT');
  assertEquals(refused(client, ":99999"), 'Cannot use --port "99999": it must be a whole number from 1 to 65535');
  assertEquals(
    refused(client, "a b:80"),
    'Cannot use --host "a b": it must be a host name or an address, without a port',
  );
  assertEquals(
    refused(client, ":80", "--port", "81"),
    'Cannot use --port with the argument ":80": both give the port; leave one out',
  );
  assertEquals(
    refused(server, "0.0.0.0:80", "-b", "::1"),
    'Cannot use --bind with the argument "0.0.0.0:80": both give the address; leave one out',
  );
});

Deno.test("a script without an endpoint takes no address", () => {
  assertEquals(sideOf({ timeout: 1 }), null);
  assertThrows(
    () => parseFlags({ quiet: flag.on("quiet") }, ["80"]),
    UsageError,
    'Cannot use the argument "80": everything here is a flag (see --help)',
  );
});

Deno.test("no argument leaves the defaults", () => {
  assertEquals(endpointOf("client", []), {});
  assertEquals(endpointOf("server", []), {});
});
