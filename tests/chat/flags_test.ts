import { assertEquals, assertThrows } from "@std/assert";
import { chooseServers, endpointsOf, readServers, serversFlag } from "../../chat/flags.ts";
import { script } from "../../chat/client.ts";
import { UsageError } from "../../lib/errors.ts";
import { parseFlags } from "../../lib/script/flags.ts";
import { helpText } from "../../lib/script/help.ts";

/** The servers that arguments name, as `HOST PORT`. */
function servers(...args: string[]): string[] {
  const { host, port } = parseFlags(script.flags, args).values;
  return endpointsOf(host, port).map(({ hostname, port }) => `${hostname} ${port}`);
}

Deno.test("chat:client takes several servers, each with a port of its own or that of --port", () => {
  assertEquals(servers(), ["127.0.0.1 23456"]);
  assertEquals(servers("--host", "north", "-p", "9000"), ["north 9000"]);
  assertEquals(servers("--host", "north,south:9001", "-p", "9000"), ["north 9000", "south 9001"]);
  assertEquals(servers("-H", "north", "-H", "[::1]:9001,::1", "-p", "9000"), ["north 9000", "::1 9001", "::1 9000"]);
  assertEquals(servers("north,south"), ["north 23456", "south 23456"]);
  assertEquals(servers("north:1,south:2"), ["north 1", "south 2"]);
  assertEquals(servers("north,south:2", "9000"), ["north 9000", "south 2"]);
  assertEquals(servers(":1,:2"), ["127.0.0.1 1", "127.0.0.1 2"]);
  assertEquals(servers("fe80::1%eth0,[fe80::1%eth0]:2"), ["fe80::1%eth0 23456", "fe80::1%eth0 2"]);
  // The same one twice: it is waited for.
  assertEquals(servers("north,north"), ["north 23456", "north 23456"]);
});

Deno.test("one server alone is read as with all clients", () => {
  assertEquals(servers("north:9000"), ["north 9000"]);
  const misuse = (...args: string[]): string => assertThrows(() => servers(...args), UsageError).message;
  assertEquals(
    misuse("--host", "north:9000"),
    'Cannot use --host "north:9000": it must be a host name or an address, without a port',
  );
  assertEquals(misuse("north"), 'Cannot use the argument "north": it must be HOST PORT, HOST:PORT or :PORT');
});

Deno.test("a list of servers with an error in it is misuse", () => {
  const cases = [
    ["north,", 'Cannot use "": it must be'],
    ["north,,south", 'Cannot use "": it must be'],
    ["north,south:0", 'Cannot use port "0"'],
    ["north,south:99999", 'Cannot use port "99999"'],
    ["north,a b", 'Cannot use "a b": it must be'],
    ["north,fe80::1", 'Cannot use "fe80::1": a link-local address needs a zone'],
  ] as const;
  for (const [text, message] of cases) assertThrows(() => readServers(text), UsageError, message);
  assertThrows(() => servers("north,south:0"), UsageError, 'Cannot use --host port "0"');
});

Deno.test("at a terminal the user may name several servers", () => {
  const answers = ["north,,", "north, south:9001"];
  const ask = (): string => answers.shift() ?? "";
  const names = chooseServers(serversFlag.read([]), "Server", { given: new Set(), interactive: true, ask });
  assertEquals(names, [{ hostname: "north", port: null }, { hostname: "south", port: 9001 }]);
  const asked = chooseServers(serversFlag.read([]), "Server", { given: new Set(), interactive: true, ask });
  assertEquals(asked, [{ hostname: "127.0.0.1", port: null }]);
});

Deno.test("the help of chat:client shows the forms of several servers", () => {
  const help = helpText(script);
  for (const part of ["| HOST:PORT,HOST:PORT] [flags]", "-H, --host HOST[,…]", "(default 127.0.0.1)"]) {
    assertEquals(help.includes(part), true, part);
  }
});
