import { assertEquals, assertNotEquals } from "@std/assert";
import { type Address, checksum, packetLength, writePacket } from "../../../../lib/wire/capture/packets.ts";
import { endsOf, ipBytes } from "../../../../lib/wire/capture/addresses.ts";

const permissions = "none";
const address = (ip: string, port: number): Address => ({ ip: ipBytes(ip) ?? new Uint8Array(), port });

Deno.test("a UDP checksum is never 0, which would mean that there is none", { permissions }, () => {
  // The payload makes up for the rest of the sum.
  const [from, to] = [address("127.0.0.1", 1), address("127.0.0.1", 2)];
  const build = (payload: Uint8Array): DataView => {
    const packet = { from, to, tcp: null, payload };
    const bytes = new Uint8Array(packetLength(packet) + 1);
    const view = new DataView(bytes.buffer);
    writePacket(bytes, view, 0, packet, 0);
    return view;
  };
  const first = build(new Uint8Array(2)).getUint16(26);
  assertNotEquals(first, 0xffff);
  assertEquals(build(Uint8Array.of(first >> 8, first & 255)).getUint16(26), 0xffff);
});

Deno.test("a checksum over an odd length takes a zero after it", { permissions }, () => {
  const view = new DataView(Uint8Array.of(0x12, 0x34, 0x56, 0).buffer);
  assertEquals(checksum(view, 0, 3, 0), 0xffff - (0x1234 + 0x5600));
});

Deno.test("both ends of a flow are of one family, and neither is unspecified", { permissions }, () => {
  const own = [
    { address: "127.0.0.1", netmask: "255.0.0.0" },
    { address: "10.1.2.3", netmask: "255.0.0.0" },
    { address: "192.168.7.1", netmask: "255.255.255.0" },
    { address: "fd00::5", netmask: "ffff:ffff::" },
  ];
  const ends = (local: string | null, peer: string): string[] => {
    const found = endsOf(local === null ? null : { hostname: local, port: 1 }, { hostname: peer, port: 2 }, () => own);
    return [found.local, found.peer].map(({ ip }) => ip.join());
  };
  const v6 = (text: string): string => (ipBytes(text) ?? []).join();
  assertEquals(ends("0.0.0.0", "192.168.7.9"), ["192,168,7,1", "192,168,7,9"]);
  assertEquals(ends("0.0.0.0", "8.8.8.8"), ["10,1,2,3", "8,8,8,8"], "the first that is not loopback");
  assertEquals(ends("::", "::ffff:127.0.0.9"), ["127,0,0,1", "127,0,0,9"]);
  assertEquals(ends("::1", "127.0.0.1"), ["127,0,0,1", "127,0,0,1"], "of the other family");
  assertEquals(ends("::", "fd00::9"), [v6("fd00::5"), v6("fd00::9")]);
  assertEquals(ends(null, "::1"), [v6("::1"), v6("::1")]);
  assertEquals(ends(null, "0.0.0.0"), ["127,0,0,1", "127,0,0,1"], "who connects to it reaches this machine");
});
