/** The scripts' own captures in tshark, and tcpdump's captures in `wire:show`. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { encodeText } from "../../lib/text.ts";
import { eventsIn, run, startServer } from "../support/script.ts";
import { writePki } from "../support/tls.ts";
import { needsPrograms, peer } from "./support.ts";
import { captured, CLOSED, needsCapturing } from "./tcpdump.ts";
import { capturePath, study } from "./tshark.ts";

const tshark = await needsPrograms("tshark");
const hex = (text: string): string => encodeText(text).toHex();
const [MESSAGE, REPLY] = ["Hello from client!\n", "Hello from server!\n"];

/** What `wire:show` finds in a capture: the bytes of each direction, in hex, and of each call. */
async function shown(path: string, ...args: string[]): Promise<{ in: string; out: string; calls: string[] }> {
  const { code, stdout, stderr } = await run("wire:show", ["--json", "--trace", ...args, path]);
  assertEquals(code, 0, stderr);
  const traced = eventsIn(stdout).filter(({ event }) => event === "trace");
  const bytes = (way: string): string =>
    traced.filter(({ direction }) => direction === way).map((event) => event.hex).join("");
  return { in: bytes("in"), out: bytes("out"), calls: traced.map(({ call }) => String(call)) };
}

for (const [name, bind] of [["IPv4", "127.0.0.1"], ["IPv6", "::1"]] as const) {
  Deno.test(`both sides' captures of an exchange over ${name}`, tshark, async () => {
    const [ours, theirs] = [capturePath(), capturePath()];
    await using server = await startServer("tcp:server", ["--once", "--bind", bind, "--capture", ours]);
    const { code, stderr } = await run("tcp:client", [bind, String(server.port), "--capture", theirs]);
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, `wireshark ${theirs}`);
    await server.script.ended();
    for (const path of [ours, theirs]) {
      const { complaints, streams, rows } = await study(path, {
        streams: [0],
        filter: "frame.comment",
        fields: ["frame.comment"],
      });
      assertEquals([complaints, streams], [[], [[hex(MESSAGE), hex(REPLY)]]]);
      assertMatch(rows.join("\n"), /read\(2\): 19 bytes/);
    }
    const [server_, client] = [await shown(ours), await shown(theirs)];
    assertEquals([server_.in, server_.out], [hex(MESSAGE), hex(REPLY)]);
    assertEquals([client.out, client.in], [hex(MESSAGE), hex(REPLY)]);
    assertEquals([server_.calls[0], client.calls[0]], ["accept", "connect"]);
  });
}

Deno.test("a capture has the plain text of TLS", tshark, async () => {
  const folder = capturePath("d");
  await Deno.mkdir(folder);
  const { cert, key } = (await writePki(folder))("server");
  const ca = (await writePki(folder))("ca").cert;
  const path = capturePath();
  await using server = await startServer("tcp:server", [
    "--once",
    "--tls",
    "--cert",
    cert,
    "--key",
    key,
    "--capture",
    path,
  ]);
  const { code } = await run("tcp:client", ["--port", String(server.port), "--tls", "--ca", ca]);
  assertEquals(code, 0);
  await server.script.ended();
  const { complaints, streams, rows } = await study(path, {
    streams: [0],
    filter: "tcp.len > 0",
    fields: ["frame.interface_name"],
  });
  assertEquals([complaints, streams], [[], [[hex(MESSAGE), hex(REPLY)]]]);
  assertEquals(new Set(rows), new Set(["tcp:server/tls"]));
});

Deno.test("a capture of the HTTP server is HTTP", await needsPrograms("tshark", "curl"), async () => {
  const path = capturePath();
  await using server = await startServer("http:server", ["--capture", path]);
  const url = `http://127.0.0.1:${server.port}`;
  const { code } = await peer("curl", [
    "-sS",
    `${url}/status/204`,
    `${url}/bytes/200000`,
    "-o",
    "/dev/null",
    "-o",
    "/dev/null",
  ]);
  assertEquals(code, 0);
  await server.script.stop();
  const { complaints, rows } = await study(path, {
    filter: "http",
    fields: ["http.request.uri", "http.response.code", "http.content_length"],
  });
  assertEquals(complaints, []);
  assertEquals(rows.map((row) => row.trim()), ["/status/204", "204", "/bytes/200000", "200\t200000"]);
});

Deno.test("200 kB that come back, through a pipe", tshark, async () => {
  const path = capturePath();
  await using server = await startServer("tcp:server", ["--echo", "--once"]);
  const text = "0123456789".repeat(20_000);
  const { stdout } = await run("tcp:client", ["--port", String(server.port), "--capture", path], { input: text });
  assertEquals(stdout, text);
  const { complaints, streams } = await study(path, { streams: [0] });
  assertEquals([complaints, streams], [[], [[hex(text), hex(text)]]]);
});

for (const args of [["--echo"], []]) {
  Deno.test(`the connections of a load are apart in its capture, with tcp:server ${args}`, tshark, async () => {
    const path = capturePath();
    await using server = await startServer("tcp:server", args);
    const load = ["--connections", "50", "--duration", "0.5"];
    const { code, stderr } = await run("tcp:client", ["--port", String(server.port), ...load, "--capture", path]);
    assertEquals(code, 0, stderr);
    const { complaints, rows } = await study(path, { filter: "tcp.flags == 2", fields: ["tcp.srcport"] });
    assertEquals(complaints, []);
    assertEquals(new Set(rows).size >= 50, true);
  });
}

Deno.test("datagrams of client and server", tshark, async () => {
  const [ours, theirs] = [capturePath(), capturePath()];
  await using server = await startServer("udp:server", ["--echo", "--capture", ours]);
  await run("udp:client", [
    "--port",
    String(server.port),
    "--message",
    "",
    "--count",
    "3",
    "--interval",
    "0",
    "--capture",
    theirs,
  ]);
  await server.script.stop();
  for (const path of [ours, theirs]) {
    const { complaints, rows } = await study(path, { filter: "udp", fields: ["udp.dstport", "udp.length"] });
    assertEquals(complaints, []);
    assertEquals(rows.filter((row) => row.startsWith(`${server.port}\t`)).length, 3);
    assertEquals(rows.length, 6);
  }
});

Deno.test("the capture of a server that is killed opens, with all but the last moment", tshark, async () => {
  const path = capturePath();
  await using server = await startServer("tcp:server", ["--capture", path]);
  await run("tcp:client", ["--port", String(server.port)]);
  const size = async (): Promise<number> => (await Deno.stat(path)).size;
  for (let before = -1; before !== await size();) {
    before = await size();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  server.script.signal("SIGKILL");
  await server.script.ended();
  const { complaints, streams } = await study(path, { streams: [0] });
  assertEquals([complaints, streams], [[], [[hex(MESSAGE), hex(REPLY)]]]);
  assertEquals((await shown(path)).in, hex(MESSAGE));
});

for (const on of ["lo", "any"]) {
  Deno.test(
    `wire:show reads what tcpdump -i ${on} has written, as each side`,
    await needsCapturing("editcap"),
    async () => {
      const path = capturePath("pcap");
      await using server = await startServer("tcp:server", ["--once"]);
      await captured(server.port, path, { on, last: CLOSED }, () => run("tcp:client", ["--port", String(server.port)]));
      const formats = [path];
      for (const format of ["pcapng", "nsecpcap"]) {
        const other = capturePath();
        assertEquals((await peer("editcap", ["-F", format, path, other])).code, 0);
        formats.push(other);
      }
      for (const each of formats) {
        const client = await shown(each, "--as", "client");
        assertEquals([client.out, client.in], [hex(MESSAGE), hex(REPLY)]);
        assertEquals(client.calls[0], "connect");
        assertEquals(client.calls.at(-1), "close");
        const server = await shown(each, "--as", "server");
        assertEquals([server.in, server.out], [hex(MESSAGE), hex(REPLY)]);
        assertEquals(server.calls[0], "accept");
      }
    },
  );
}

Deno.test("wire:show reads a datagram of 64 KiB that tcpdump has captured", await needsCapturing(), async () => {
  const path = capturePath("pcap");
  await using server = await startServer("udp:server", ["--echo"]);
  const text = "0123456789".repeat(6550);
  const last = /> 127\.0\.0\.1\.\d+: [^]*> 127\.0\.0\.1\.\d+: [^]*\n/;
  await captured(
    server.port,
    path,
    { last },
    () => run("udp:client", ["--port", String(server.port), "--message", text]),
  );
  const client = await shown(path);
  assertEquals([client.out, client.in], [hex(text), hex(text)]);
});

Deno.test("wire:show tells a connection that is refused, from tcpdump's capture", await needsCapturing(), async () => {
  const path = capturePath("pcap");
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await captured(port, path, { last: /Flags \[R/ }, () => run("tcp:client", ["--port", String(port)]));
  const { stdout } = await run("wire:show", [path]);
  assertMatch(stdout, /connect\(2\) to 127\.0\.0\.1:\d+: refused.*ECONNREFUSED/);
});
