/**
 * `lib/addr.ts`, `lib/script/endpoint.ts`, `lib/tls/host_name.ts`, `http/request/hosts.ts`: addresses, ranges and names, beside Node's own.
 *
 * @module
 */
import { isIP, isIPv4, isIPv6 } from "node:net";
import {
  type AddressRange,
  canonicalAddress,
  formatEndpoint,
  isAddress,
  isPrivate,
  parseHost,
  parsePort,
  parseRange,
  rangeMatcher,
  readHost,
  unmapped,
  withoutZone,
} from "../../../lib/addr.ts";
import { endpointOf, splitAddress } from "../../../lib/script/endpoint.ts";
import { UsageError } from "../../../lib/errors.ts";
import { parseHostName } from "../../../lib/tls/host_name.ts";
import { Hosts } from "../../../http/request/hosts.ts";
import { isHost } from "../../../http/request/target.ts";
import { decodeText } from "../../../lib/text.ts";
import { fromLatin1, hashOf, utf8 } from "../engine/bytes.ts";
import type { Draw } from "../engine/draw.ts";
import { holds, outcome, same, type Target } from "../engine/target.ts";

function checkAddress(text: string): void {
  same(isAddress(text), isIP(text) !== 0 && !text.includes("%"), "an address is what Node takes for one");
  const canonical = canonicalAddress(text);
  same(canonical !== null, isAddress(text), "an address has a shortest form");
  if (canonical === null) return;
  same(canonicalAddress(canonical), canonical, "the shortest form is the shortest form of itself");
  holds(isIP(canonical) !== 0, "the shortest form is an address", () => canonical);
  const range = parseRange(text);
  holds(range !== null, "an address is a range of one");
  same(unmapped(unmapped(text)), unmapped(text), "what is unmapped stays as it is");
  if (isPrivate(text)) holds(isIPv4(text), "a private address is IPv4's");
}

async function checkRange(text: string, probes: readonly string[]): Promise<void> {
  const range = parseRange(text);
  if (range === null) return;
  const bits = range.family === "ipv4" ? 32 : 128;
  holds(range.prefix >= 0 && range.prefix <= bits, "a prefix fits its family", () => JSON.stringify(range));
  same(isIPv6(range.network), range.family === "ipv6", "a range has the family of its network");
  const isInside = await rangeMatcher([range]);
  holds(isInside(range.network), "a range holds its network", () => text);
  for (const probe of probes) {
    same(isInside(probe), isIn(range, probe), `a range holds the addresses that share its bits (${probe} in ${text})`);
  }
}

/** Whether an address is in a range, bit by bit. */
function isIn({ network, prefix, family }: AddressRange, address: string): boolean {
  const [one, other] = [bitsOf(network), bitsOf(canonicalAddress(withoutZone(address)) ?? "")];
  if (one === null || other === null || one.length !== other.length) return false;
  holds(one.length === (family === "ipv4" ? 32 : 128), "a network has the bits of its family");
  return one.slice(0, prefix) === other.slice(0, prefix);
}

/** The bits of an address in its shortest form; `null` if it is none. */
function bitsOf(address: string): string | null {
  const bits = (numbers: readonly number[], size: number): string =>
    numbers.map((number) => number.toString(2).padStart(size, "0")).join("");
  if (isIPv4(address)) return bits(address.split(".").map(Number), 8);
  if (!isIPv6(address)) return null;
  const [before = "", after] = address.split("::");
  const groups = (text: string): number[] => text === "" ? [] : text.split(":").map((group) => parseInt(group, 16));
  const [head, tail] = [groups(before), groups(after ?? "")];
  const missing = after === undefined ? 0 : 8 - head.length - tail.length;
  return bits([...head, ...Array(missing).fill(0), ...tail], 16);
}

function checkHost(text: string): void {
  const host = parseHost(text);
  if (host !== null) {
    holds(!/[\s/[\]@?#\\\p{Cc}]/u.test(host), "a host has no character that would end it", () => JSON.stringify(host));
    same(parseHost(host), host, "a host that was read is a host");
    if (!host.includes("%")) {
      same(
        splitAddress(formatEndpoint({ hostname: host, port: 80 }))?.port,
        "80",
        "an endpoint that is written can be read",
      );
    }
  }
  outcome(() => readHost(text), UsageError);
  const port = parsePort(text, { zero: true });
  if (port !== null) {
    holds(Number.isInteger(port) && port >= 0 && port <= 65_535 && /^\d+$/.test(text), "a port has its digits");
  }
  const name = parseHostName(text);
  if (name === null) return;
  holds(
    name.text.length <= 253 && /^(\*\.)?[a-z\d_.:-]+$/.test(name.text),
    "a certificate's name is plain",
    () => name.text,
  );
  same(parseHostName(name.text), name, "a certificate's name that was read is one");
  same(name.kind === "ip", isIP(name.text) !== 0, "a name is no address");
}

/** What a `Host` field may hold, and whether the server takes it for its own. */
function checkHosts(input: Uint8Array): void {
  const text = fromLatin1(input);
  if (!isHost(input, 0, input.length)) return;
  holds(
    /^[!-~]+$/.test(text) && !/[\s,/?#@\\"<>^`{|}]/.test(text),
    "a Host is visible and without separators",
    () => text,
  );
  const hosts = new Hosts({ names: ["wiki.example", "*.example.org"], anyAddress: false });
  const accepted = hosts.accepts(text, "192.0.2.7:8080");
  // Deno's URL says which host a browser would ask.
  const url = URL.canParse(`http://${text}/`) ? new URL(`http://${text}/`).hostname.replace(/^\[|\]$|\.$/g, "") : null;
  if (!accepted || url === null) return;
  const known =
    /^(localhost|.*\.localhost|127\..*|::1|192\.0\.2\.7|wiki\.example|[^.]+\.example\.org|::ffff:7f.*|::ffff:c000:207)$/
      .test(url);
  holds(known, "no other host is taken for this server's", () => `${text} is ${url}`);
}

const PARTS = [
  "127.0.0.1",
  "0.0.0.0",
  "::1",
  "::",
  "fe80::1%eth0",
  "::ffff:192.0.2.1",
  "::ffff:c000:201",
  "2001:DB8:0:0::1",
  "localhost",
  "a.example",
  "10.0.0.0/8",
  "fd00::/8",
  "::ffff:0:0/96",
  "::ffff:10.0.0.0/100",
  "192.168.7.9/33",
  "[::1]:80",
  "[::1]",
  "h:80",
  "*.example.org",
  "wiki.example.",
  "xn--a",
  "grüße.example",
  "010.0.0.1",
  "1.2.3",
  "0x7f.1",
  "%31",
  "a_b",
  "1:2:3:4:5:6:7:8",
  "1::8",
  "::1.2.3.4",
  "80",
  "080",
  "0",
  "65535",
  "65536",
  "99999",
];

function make(draw: Draw): Uint8Array {
  if (draw.happens(0.5)) {
    return utf8(
      draw.pick(PARTS) +
        (draw.happens(0.4) ? draw.pick(["/0", "/8", "/32", "/96", "/128", ":80", ".", "]", "%1", "/"]) : ""),
    );
  }
  if (draw.happens(0.5)) {
    return utf8(
      Array.from(
        { length: draw.pick([4, 4, 4, 3, 5]) },
        () => draw.pick(["0", "1", "255", "256", "01", String(draw.below(300))]),
      ).join("."),
    );
  }
  const groups = Array.from(
    { length: draw.between(1, 9) },
    () => draw.pick(["", "0", "1", "ffff", "abcd", "12345", draw.below(65_536).toString(16)]),
  );
  return utf8(
    groups.join(":") + (draw.happens(0.2) ? ":1.2.3.4" : "") + (draw.happens(0.3) ? `/${draw.below(140)}` : ""),
  );
}

const PROBES = ["127.0.0.1", "10.1.2.3", "192.168.7.9", "::1", "fe80::1%eth0", "::ffff:10.1.2.3", "2001:db8::1", "x"];

export const addr: Target = {
  name: "addr",
  what: "addresses, ranges, endpoints, host names and Host fields; beside Node's own",
  max: 300,
  seeds: PARTS.map(utf8),
  words: [
    ".",
    ":",
    "::",
    "/",
    "%",
    "[",
    "]",
    "0",
    "255",
    "256",
    "ffff",
    "::ffff:",
    "\0",
    " ",
    "\t",
    "\n",
    "\xc2\xb2",
    "\xef\xbc\x91",
    "xn--",
    "*.",
  ],
  make,
  async check(input) {
    const text = decodeText(input);
    checkAddress(text);
    checkHost(text);
    checkHosts(input);
    const random = hashOf(input);
    const near = `10.${random >>> 24}.${random >>> 16 & 255}.${random & 255}`;
    await checkRange(text, [...PROBES, near, withoutZone(text.split("/")[0] ?? "")]);
    for (const side of ["client", "server"] as const) {
      const args = text.split(" ");
      const split = outcome(() => endpointOf(side, args), UsageError);
      if ("value" in split && split.value.port !== undefined) holds(/^\d+$/.test(split.value.port), "a port is digits");
    }
  },
};
