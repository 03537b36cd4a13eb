import type { Endpoint } from "../../../lib/addr.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { streamSocket } from "../../../lib/net/socket.ts";
import { Connection } from "../../../lib/stream/connection.ts";
import { Failure } from "../../../lib/errors.ts";
import {
  announce,
  likeliestFirst,
  listenTcp,
  listenUdp,
  pageUrls,
  reachableAddresses,
} from "../../../lib/net/listen.ts";
import { RawClient, RecordedEvents } from "../../support/sockets.ts";

function refused(listen: () => Disposable | Deno.DatagramConn): string {
  const failure = assertThrows(listen, Failure);
  assertEquals(failure.code, 9);
  assert(failure.cause instanceof Error);
  return failure.message;
}

const tcp = (at: Endpoint): Deno.TcpListener => listenTcp(() => Deno.listen(at), at);
const udp = (at: Endpoint): Deno.DatagramConn => listenUdp(() => Deno.listenDatagram({ ...at, transport: "udp" }), at);

Deno.test("listenTcp() on port 0 takes any free port, in both families", async () => {
  for (const hostname of ["127.0.0.1", "::1", "0.0.0.0", "::"]) {
    using listener = tcp({ hostname, port: 0 });
    assert(listener.addr.port > 0);
    assertEquals(listener.addr.hostname, hostname);
    using _client = await RawClient.connect(listener.addr.port, hostname === "::1" ? "::1" : "127.0.0.1");
    using _accepted = await listener.accept();
  }
});

Deno.test("listenTcp() on :: accepts IPv4 too, and shows those peers as plain IPv4", async () => {
  using listener = tcp({ hostname: "::", port: 0 });
  for (const [host, peer] of [["127.0.0.1", "127.0.0.1"], ["::1", "[::1]"]] as const) {
    using client = await RawClient.connect(listener.addr.port, host);
    using connection = new Connection(streamSocket(await listener.accept(), 1));
    assertEquals(connection.peer, `${peer}:${client.port}`);
    assertEquals(connection.local, `${peer}:${listener.addr.port}`);
  }
});

Deno.test("listenTcp() on a port in use fails with code 9 and says how to find the program that holds it (S15)", () => {
  using listener = tcp({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const message = refused(() => tcp({ hostname: "127.0.0.1", port }));
  assertStringIncludes(message, `Cannot listen on 127.0.0.1:${port}: another program holds the port (\``);
  assertStringIncludes(message, "shows which); try --port 0 for a free one");
  if (Deno.build.os === "linux") assertStringIncludes(message, `ss -tlnp 'sport = ${port}'`);
});

Deno.test("listenUdp() reports a port in use too (S15)", () => {
  const socket = udp({ hostname: "127.0.0.1", port: 0 });
  const { port } = socket.addr as Deno.NetAddr;
  try {
    const message = refused(() => udp({ hostname: "127.0.0.1", port }));
    assertStringIncludes(message, `Cannot listen on 127.0.0.1:${port} (UDP): another program holds the port`);
    if (Deno.build.os === "linux") assertStringIncludes(message, `ss -ulnp 'sport = ${port}'`);
  } finally {
    socket.close();
  }
});

Deno.test("listenTcp() on an address of another machine fails with code 9 (S15)", () => {
  for (const [hostname, shown] of [["192.0.2.199", "192.0.2.199:0"], ["2001:db8::99", "[2001:db8::99]:0"]] as const) {
    assertEquals(
      refused(() => tcp({ hostname, port: 0 })),
      `Cannot listen on ${shown}: ${hostname} is not an address of this machine; try --bind 0.0.0.0`,
    );
  }
});

Deno.test("listenTcp() on a name that does not exist fails with code 9", () => {
  assertStringIncludes(
    refused(() => tcp({ hostname: "nosuch.invalid", port: 0 })),
    "Cannot listen on nosuch.invalid:0: no such name",
  );
});

Deno.test("listenTcp() names the missing permission (P5)", { permissions: "none" }, () => {
  assertStringIncludes(
    refused(() => tcp({ hostname: "127.0.0.1", port: 9 })),
    'Cannot listen on 127.0.0.1:9: Deno has no permission for "127.0.0.1:9"; add --allow-net',
  );
});

Deno.test("reachableAddresses() is empty for loopback, and the address itself for a single address", {
  permissions: "none",
}, () => {
  assertEquals(reachableAddresses("127.0.0.1"), []);
  assertEquals(reachableAddresses("::1"), []);
  assertEquals(reachableAddresses("192.0.2.1"), ["192.0.2.1"]);
});

Deno.test("reachableAddresses() of a wildcard are the machine's addresses other than loopback", () => {
  const own = Deno.networkInterfaces().map(({ address }) => address);
  for (const wildcard of ["0.0.0.0", "::"]) {
    for (const address of reachableAddresses(wildcard)) {
      assert(own.includes(address) && !/^(127\.|::1$|fe80:)/i.test(address), address);
      assert(wildcard === "::" || !address.includes(":"), address);
    }
  }
  assert(reachableAddresses("::").length >= reachableAddresses("0.0.0.0").length);
});

Deno.test("reachableAddresses() without the permission returns a placeholder (P5)", { permissions: "none" }, () => {
  assertEquals(reachableAddresses("0.0.0.0"), ["ADDRESS-OF-THIS-MACHINE"]);
});

Deno.test("announce() reports where a socket listens and how others join", { permissions: "none" }, () => {
  const events = new RecordedEvents();
  const join = ({ hostname, port }: { hostname: string; port: number }): string => `join ${hostname} ${port}`;
  announce(events, { addr: { transport: "udp", hostname: "192.0.2.1", port: 9 } }, join);
  announce(events, { addr: { transport: "tcp", hostname: "::1", port: 8 } }, join);
  announce(events, { addr: { transport: "tcp", hostname: "::", port: 7 } }, join, { verb: "join" });
  const udp = { event: "listening", transport: "udp", tls: false } as const;
  const tcp = { event: "listening", transport: "tcp", tls: false } as const;
  assertEquals(events.all, [
    { ...udp, hostname: "192.0.2.1", port: 9, join: ["join 192.0.2.1 9"], here: "join 192.0.2.1 9", verb: "connect" },
    { ...tcp, hostname: "::1", port: 8, join: [], here: "join ::1 8", verb: "connect" },
    {
      ...tcp,
      hostname: "::",
      port: 7,
      join: ["join ADDRESS-OF-THIS-MACHINE 7"],
      here: "join 127.0.0.1 7",
      verb: "join",
    },
  ]);
});

Deno.test("likeliestFirst() begins with a LAN's address; containers, virtual machines and VPNs come last", {
  permissions: "none",
}, () => {
  const [lan, public4, unique, inside, vpn, bridge] = [
    { name: "wlan0", address: "192.168.1.7" },
    { name: "eth0", address: "203.0.113.9" },
    { name: "eth0", address: "fd00::2" },
    { name: "docker0", address: "172.17.0.1" },
    { name: "tailscale0", address: "100.101.102.103" },
    { name: "br-0123456789ab", address: "fd01::1" },
  ];
  const local = [{ name: "lo", address: "127.0.0.1" }, { name: "eth0", address: "fe80::1" }];
  assertEquals(
    likeliestFirst([...local, bridge, inside, vpn, unique, public4, lan]),
    [lan, public4, unique, inside, vpn, bridge].map(({ address }) => address),
  );
  // A machine's own bridge, and what network adapters are called.
  for (const name of ["br0", "enp3s0", "wlp2s0", "Wi-Fi", "Ethernet 2", "en0"]) {
    assertEquals(likeliestFirst([unique, { name, address: "10.0.0.1" }]), ["10.0.0.1", "fd00::2"], name);
  }
  for (const name of ["vEthernet (WSL)", "VirtualBox Host-Only Network", "bridge100", "utun3", "virbr0", "wg0"]) {
    assertEquals(likeliestFirst([{ name, address: "10.0.0.1" }, unique]), ["fd00::2", "10.0.0.1"], name);
  }
});

Deno.test("pageUrls() are for other machines, or else for this one", { permissions: "none" }, () => {
  const urls = (hostname: string, tls = false): string[] => pageUrls({ hostname, port: 8080 }, { tls });
  assertEquals(urls("192.168.1.7"), ["http://192.168.1.7:8080/"]);
  assertEquals(urls("2001:db8::1", true), ["https://[2001:db8::1]:8080/"]);
  assertEquals([urls("127.0.0.1"), urls("::1")], [["http://127.0.0.1:8080/"], ["http://[::1]:8080/"]]);
  assertEquals(urls("0.0.0.0"), ["http://ADDRESS-OF-THIS-MACHINE:8080/"]);
  assertEquals(urls("fe80::1%eth0"), [], "browsers know no zones");
});
