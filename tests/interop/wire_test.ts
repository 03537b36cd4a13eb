/** Captures of made-up events, as Wireshark's programs read them. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { openCapture } from "../../lib/wire/capture/capture.ts";
import { CaptureEncoder, encodeCapture } from "../support/encode_capture.ts";
import { bytesOf, type Data, Wire } from "../support/wire_events.ts";
import { needsPrograms, peer } from "./support.ts";
import { captureFile, capturePath, type Study, study } from "./tshark.ts";

const needed = await needsPrograms("tshark");
const hex = (data: Data): string => bytesOf(data).toHex();
const options = { app: "tcp:client", pid: 42, os: "linux" };
const V6 = { local: { hostname: "2001:db8::1", port: 40_000 }, peer: { hostname: "2001:db8::2", port: 8080 } };

/** A connection with a question and an answer. */
const conversation = (flow = 1, wire = new Wire(), more = {}): Wire =>
  wire.call(flow, "connect", null, { duration: 0.125, ...more }).write(flow, "Hello from client!\n", more)
    .call(flow, "read", "Hello from server!\n", more).finish(flow, more);

/** Writes the events to a file. */
const fileOf = ({ events }: Wire): Promise<string> => captureFile(encodeCapture(events, options));

/** What tshark makes of the events' capture. It must find nothing wrong. */
async function studied(wire: Wire, asked?: Parameters<typeof study>[1]): Promise<Study> {
  const found = await study(await fileOf(wire), asked);
  assertEquals(found.complaints, []);
  return found;
}

Deno.test("tshark follows a stream, over IPv4 and IPv6", needed, async () => {
  for (const more of [{}, V6]) {
    const { streams } = await studied(conversation(1, new Wire(), more), { streams: [0] });
    assertEquals(streams, [[hex("Hello from client!\n"), hex("Hello from server!\n")]]);
  }
});

Deno.test("the handshake, FIN and direction are as they were", needed, async () => {
  const fields = ["tcp.flags.str", "frame.packet_flags_direction", "tcp.len"];
  const { rows } = await studied(conversation(), { fields });
  const told = rows.map((row) => row.replace(/·/g, "").replace("0x0000000", "").replaceAll("\t", " "));
  const data = ["AP 2 19", "A 1 0", "AP 1 19", "A 2 0"];
  assertEquals(told, ["S 2 0", "AS 1 0", "A 2 0", ...data, "AF 2 0", "A 1 0", "AF 1 0", "A 2 0"]);
});

Deno.test("a server's connection begins with the client's SYN", needed, async () => {
  const wire = new Wire().call(1, "accept").call(1, "read", "hi\n").write(1, "ho\n").call(1, "close");
  const fields = ["tcp.srcport", "tcp.dstport"];
  const { rows, streams } = await studied(wire, { filter: "tcp.flags.syn==1", fields, streams: [0] });
  assertEquals(rows, ["12345\t40001", "40001\t12345"]);
  assertEquals(streams, [[hex("hi\n"), hex("ho\n")]]);
});

Deno.test("a write of 200 kB, and sequence numbers that wrap", needed, async () => {
  const bytes = Uint8Array.from({ length: 200_000 }, (_, at) => (at * 31) % 251);
  // A connection whose first sequence number is just below 2^32.
  let flow = 0;
  for (let isn = 0; isn < 2 ** 32 - 100_000;) {
    const encoder = new CaptureEncoder(options);
    const [syn = new Uint8Array()] = new Wire().call(++flow, "connect").events.map(({ event }) =>
      encoder.encode(event)
    );
    isn = new DataView(syn.buffer).getUint32(28 + 20 + 4);
  }
  const wire = new Wire().call(flow, "connect").write(flow, bytes).call(flow, "read", bytes).finish(flow);
  const filter = "tcp.len > 0 && tcp.dstport == 12345";
  const { rows, streams } = await studied(wire, { filter, fields: ["tcp.seq_raw"], streams: [0] });
  assert(Number(rows.at(-1)) < Number(rows[0]), `they wrap: ${rows}`);
  assert(streams[0]?.every((side) => side === hex(bytes)));
});

Deno.test("300 connections, 150 at once, the second half between the same ports as the first", needed, async () => {
  const wire = new Wire();
  const ports = (flow: number) => ({ local: { hostname: "127.0.0.1", port: 40_000 + (flow % 150) } });
  for (const first of [1, 151]) {
    const flows = Array.from({ length: 150 }, (_, at) => first + at);
    for (const flow of flows) wire.call(flow, "connect", null, ports(flow));
    for (const flow of flows) wire.call(flow, "writing", `question ${flow}\n`, ports(flow));
    for (const flow of flows) wire.call(flow, "write", `question ${flow}\n`, ports(flow));
    for (const flow of flows) wire.call(flow, "read", `answer ${flow}\n`, ports(flow));
    for (const flow of flows) wire.finish(flow, ports(flow));
  }
  const { rows, streams } = await studied(wire, { fields: ["tcp.stream"], streams: [299] });
  assertEquals(new Set(rows).size, 300);
  assertEquals(streams, [[hex("question 300\n"), hex("answer 300\n")]]);
});

Deno.test("an answer that is read before its write returns comes after it in the capture", needed, async () => {
  const wire = new Wire().call(1, "connect").call(1, "writing", "ping\n").call(1, "read", "pong\n").call(
    1,
    "write",
    "ping\n",
  );
  const { rows } = await studied(wire.finish(1), { filter: "tcp.len > 0", fields: ["tcp.srcport"] });
  assertEquals(rows, ["40001", "12345"]);
});

Deno.test("bytes that a short write left over, and the next one repeats, are there once", needed, async () => {
  const text = "0123456789";
  // In one case the write is recorded when it returns, in the other before that, since an answer comes first.
  for (const early of [false, true]) {
    const wire = new Wire().call(1, "connect").call(1, "writing", text);
    if (early) wire.call(1, "read", "x");
    wire.call(1, "write", text.slice(0, 3), { offered: 10 }).call(1, "writing", text.slice(3));
    if (early) wire.call(1, "read", "y");
    wire.call(1, "write", text.slice(3, 5), { offered: 7 }).write(1, text.slice(5)).write(1, "ab").finish(1);
    const { streams } = await studied(wire, { streams: [0] });
    assertEquals(streams[0]?.[0], hex(`${text}ab`), `early: ${early}`);
  }
});

Deno.test("resets and connections that fail", needed, async () => {
  const unknown = { local: null, duration: 10 };
  const wire = new Wire().call(1, "connect").call(1, "read", null, { error: "ECONNRESET" }).call(1, "close")
    .call(2, "connect").call(2, "reset")
    .call(3, "connect").call(3, "writing", "x").call(3, "write", null, { error: "EPIPE" }).call(3, "close")
    .call(4, "connect", null, { ...unknown, error: "ECONNREFUSED" })
    .call(5, "connect", null, { ...unknown, error: "ETIMEDOUT", peer: { hostname: "2001:db8::9", port: 9 } });
  const fields = ["tcp.dstport", "frame.packet_flags_direction"];
  const { rows } = await studied(wire, { filter: "tcp.flags.reset == 1 || ipv6", fields });
  const [inward, outward] = ["0x00000001", "0x00000002"];
  assertEquals(rows, [`40001\t${inward}`, `12345\t${outward}`, `40003\t${inward}`, `0\t${inward}`, `9\t${outward}`]);
});

Deno.test("what --explain says is in the packets' comments, and cannot drive a terminal", needed, async () => {
  const wire = new Wire().call(1, "connect");
  wire.says = ["write(2): 3 bytes — “é”", "\x1b[31mred\x07"];
  wire.call(1, "writing", "é\n").call(1, "write", "é\n").finish(1);
  const found = await study(await fileOf(wire), { filter: "frame.comment", fields: ["frame.comment"] });
  assertEquals(found.rows, ["write(2): 3 bytes — “é”,␛[31mred\\x07"]);
});

Deno.test(
  "HTTP is dissected as HTTP, on any port and inside TLS, which has an interface of its own",
  needed,
  async () => {
    for (const tls of [true, false]) {
      const wire = new Wire(tls ? { ...V6, tls } : V6).call(1, "connect").write(1, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
        .call(1, "read", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").finish(1);
      const fields = ["http.request.method", "http.response.code", "frame.interface_name"];
      const { rows } = await studied(wire, { filter: "http", fields });
      const name = tls ? "tcp:client/tls" : "tcp:client";
      assertEquals(rows, [`GET\t\t${name}`, `\t200\t${name}`]);
    }
  },
);

Deno.test("datagrams of every size, over IPv4 and IPv6, from a socket bound to all addresses", needed, async () => {
  const v4 = { local: { hostname: "0.0.0.0", port: 12_345 }, peer: { hostname: "127.0.0.1", port: 5000 } };
  const mapped = { local: { hostname: "::", port: 12_345 }, peer: { hostname: "::ffff:192.0.2.9", port: 5000 } };
  const v6 = { local: { hostname: "::", port: 12_345 }, peer: { hostname: "fe80::2%eth0", port: 5000 } };
  const wire = new Wire();
  for (const [at, more] of [v4, mapped, v6].entries()) {
    for (const size of [0, 1, 65_507]) {
      wire.receive(at + 1, new Uint8Array(size), more).send(at + 1, new Uint8Array(size), more);
    }
  }
  const { rows } = await studied(wire, { filter: "udp.srcport == 5000", fields: ["udp.length", "ip.dst", "ipv6.dst"] });
  // Without the machine's own addresses, those for documentation stand for them.
  const ends = ["127.0.0.1\t", "192.0.2.1\t", "\t2001:db8::1"];
  assertEquals(rows, ends.flatMap((end) => [8, 9, 65_515].map((length) => `${length}\t${end}`)));
});

Deno.test("names that were looked up have their addresses", needed, async () => {
  const more = { peer: { hostname: "192.0.2.7", port: 80 } };
  const found = { name: "host.example", addresses: ["192.0.2.7", "2001:db8::7"] };
  const path = await fileOf(new Wire(more).call(0, "resolve", null, found).call(1, "connect").finish(1));
  const { stdout } = await peer("tshark", ["-N", "n", "-r", path, "-T", "fields", "-e", "ip.dst_host", "-c", "1"]);
  assertEquals(stdout, "host.example\n");
});

Deno.test("a capture that fills several files leaves two, and each opens on its own", needed, async () => {
  const path = capturePath();
  const troubles: string[] = [];
  const capture = openCapture(path, { app: "tcp:server", max: 20_000, onTrouble: (message) => troubles.push(message) });
  const wire = new Wire().call(1, "accept").call(2, "accept", null, V6);
  for (let count = 0; count < 100; count++) {
    wire.call(1, "read", new Uint8Array(700)).write(1, new Uint8Array(500));
    if (count % 10 === 0) wire.write(2, "tls\n", { ...V6, tls: true });
  }
  wire.finish(1).finish(2, V6);
  for (const { event, remarks } of wire.events) capture.event(event, remarks);
  await capture.end?.();
  const other = path.replace(".pcapng", ".1.pcapng");
  for (const file of [path, other]) {
    const { complaints, rows } = await study(file, { filter: "ipv6", fields: ["frame.interface_name"] });
    assertEquals(complaints, [], file);
    assertEquals(new Set(rows), new Set(["tcp:server/tls"]));
    assert((await Deno.stat(file)).size <= 20_000, file);
  }
  const merged = capturePath();
  await peer("mergecap", ["-w", merged, other, path]);
  const { complaints, rows } = await study(merged, { filter: "tcp.stream == 0 && tcp.len > 0" });
  assertEquals(complaints, [], "no segment is lost between the files");
  assert(rows.length > 30);
  assertEquals(troubles, []);
});

Deno.test("capinfos and tcpdump read a capture too", await needsPrograms("capinfos", "tcpdump"), async () => {
  const path = await fileOf(conversation());
  const { stdout } = await peer("capinfos", [path]);
  for (
    const part of [
      /Capture application: Plainwire \S+ \(tcp:client\)/,
      /Capture oper-sys: +linux/,
      /Number of packets: +11\n/,
      /Description = tcp:client, process 42/,
      /Strict time order: +True/,
      /nanoseconds \(9\)/,
    ]
  ) assertMatch(stdout, part);
  const dumped = await peer("tcpdump", ["-n", "-r", path]);
  assertEquals(dumped.code, 0);
  assertMatch(dumped.stdout, /IP 127\.0\.0\.1\.40001 > 127\.0\.0\.1\.12345: Flags \[P\.\].* length 19/);
});

Deno.test("tshark opens a capture that was cut anywhere", needed, async () => {
  const whole = encodeCapture(conversation().events, options);
  for (const length of [whole.length - 1, Math.floor(whole.length / 2)]) {
    const { stdout } = await peer("tshark", ["-r", await captureFile(whole.subarray(0, length))]);
    assertMatch(stdout, /SYN, ACK/);
  }
});
