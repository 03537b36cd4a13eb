import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../../../lib/errors.ts";
import { flag } from "../../../lib/script/flag_kinds.ts";
import type { Flag } from "../../../lib/script/flags.ts";

const permissions = "none";

function refused(kind: Flag<unknown>, ...texts: string[]): string {
  return texts.map((text) => assertThrows(() => kind.read([text]), UsageError, JSON.stringify(text)).message).join(
    "\n",
  );
}

Deno.test("flag.on() is a switch: off unless given", { permissions }, () => {
  const kind = flag.on("say less", { short: "q" });
  assertEquals([kind.read([]), kind.read([""])], [false, true]);
  assertEquals([kind.short, kind.placeholder, kind.help, kind.repeatable], ["q", undefined, "say less", false]);
});

Deno.test("flag kinds show their default, or the text given for it", { permissions }, () => {
  assertEquals(flag.text("m", { default: "Hello!" }).shown, "Hello!");
  assertEquals(flag.port("p", { default: 80 }).shown, "80");
  assertEquals(flag.integer("n", { default: undefined, min: 1, max: 2 }).shown, undefined);
  assertEquals(flag.text("m", { default: undefined, shown: "a greeting" }).shown, "a greeting");
  assertEquals(flag.host("h", { default: "::1", placeholder: "ADDRESS" }).placeholder, "ADDRESS");
  assertEquals(flag.ranges("a").repeatable, true);
});

Deno.test("flag.text() accepts any text", { permissions }, () => {
  const kind = flag.text("m", { default: "d" });
  assertEquals([kind.read([]), kind.read([""]), kind.read(["\0"])], ["d", "", "\0"]);
});

Deno.test("flag.port() accepts 0 only with `zero` (P4)", { permissions }, () => {
  const client = flag.port("p", { default: 80 });
  const server = flag.port("p", { default: 80, zero: true });
  assertEquals([client.read([]), client.read(["1"]), server.read(["0"])], [80, 1, 0]);
  assertEquals(refused(client, "0"), 'Cannot use "0": it must be a whole number from 1 to 65535');
  assertStringIncludes(refused(server, "65536"), "or 0 for any free port");
  assertEquals(refused(client, "port "), 'Cannot use "port ": it must be a whole number from 1 to 65535');
});

Deno.test("flag.host() refuses ports and URLs", { permissions }, () => {
  const kind = flag.host("h", { default: "127.0.0.1" });
  assertEquals([kind.read([]), kind.read(["[::1]"]), kind.read(["fe80::1%eth0"])], [
    "127.0.0.1",
    "::1",
    "fe80::1%eth0",
  ]);
  assertStringIncludes(
    refused(kind, "", "localhost:80", "http://localhost"),
    'Cannot use "localhost:80": it must be a host name or an address, without a port',
  );
});

Deno.test("flag.host() refuses a link-local address without its interface, and says what is missing", () => {
  const kind = flag.host("h", { default: "127.0.0.1" });
  for (const address of ["fe80::1", "FE80::1", "febf::1", "[fe80::1]"]) {
    const bare = address.replace(/[[\]]/g, "");
    const why = `a link-local address needs a zone, the interface it is on, such as ${bare}%eth0`;
    assertEquals(refused(kind, address), `Cannot use "${address}": ${why}`);
  }
  for (const other of ["fec0::1", "fe80.example", "2001:db8::fe80"]) assertEquals(kind.read([other]), other);
});

Deno.test("flag.seconds() accepts decimals up to the maximum of a timer (P4)", { permissions }, () => {
  const kind = flag.seconds("t", { default: 0 });
  assertEquals(["0", "2.5", ".5", "5.", "2000000"].map((text) => kind.read([text])), [0, 2.5, 0.5, 5, 2_000_000]);
  refused(kind, "", ".", "-1", "+1", "NaN", "Infinity", "1e3", " 1", "1 ", "1s", "1,5", "2000000.1", "٣");
});

Deno.test("flag.integer() checks its bounds", { permissions }, () => {
  const kind = flag.integer("n", { default: undefined, min: -2, max: 9 });
  assertEquals([[], ["-2"], ["0"], ["-0"], ["9"], ["09"]].map((texts) => kind.read(texts)), [
    undefined,
    -2,
    0,
    -0,
    9,
    9,
  ]);
  assertStringIncludes(refused(kind, "", "10", "-3", "1.0", "1e0", "+1", "0x1", "1".repeat(400)), "from -2 to 9");
});

Deno.test("flag.choice() lists its keywords", { permissions }, () => {
  const kind = flag.choice("mode", ["room", "turns"], { default: "room" });
  assertEquals([kind.read([]), kind.read(["turns"]), kind.placeholder, kind.shown], [
    "room",
    "turns",
    "room|turns",
    "room",
  ]);
  assertEquals(refused(kind, "Turns"), 'Cannot use "Turns": it must be room or turns');
});

Deno.test("flag.ranges() parses each of its values", { permissions }, () => {
  const kind = flag.ranges("a");
  assertEquals(kind.read([]), []);
  assertEquals(kind.read(["10.0.0.0/8", "::1"]).length, 2);
  assertStringIncludes(refused(kind, "", "10.0.0.0/33", "example.com"), "an address or a range such as 192.168.0.0/16");
});

Deno.test("flag.texts() keeps all of its values, and refuses an empty one", { permissions }, () => {
  const kind = flag.texts("a", { placeholder: "NAME" });
  assertEquals([kind.read([]), kind.read(["b", " c"]), kind.repeatable], [[], ["b", " c"], true]);
  assertStringIncludes(refused(kind, ""), "it must not be empty");
});

Deno.test("flag.size() takes bytes with a decimal or a binary prefix", { permissions }, () => {
  const kind = flag.size("a", { default: undefined, min: 10 });
  assertEquals(["10", "500k", "10M", "1.5G", "2MB", "1KiB", "0.5Mi"].map((text) => kind.read([text])), [
    ...[10, 500_000, 10_000_000, 1_500_000_000, 2_000_000, 1024, 524_288],
  ]);
  assertEquals(kind.read([]), undefined);
  assertStringIncludes(
    refused(kind, "", "9", "k", "10 M", "-5", "1e3", "10T", "99999999G"),
    "a size of at least 10 bytes",
  );
});
