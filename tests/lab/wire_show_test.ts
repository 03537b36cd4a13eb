import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { encodeCapture } from "../support/encode_capture.ts";
import { eventsIn, POSIX, run } from "../support/script.ts";
import { pcap, udp } from "../support/capture_files.ts";
import { Wire } from "../support/wire_events.ts";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** Writes a file; returns its path. */
async function file(name: string, bytes: Uint8Array): Promise<string> {
  const path = `${folder}/${name}`;
  await Deno.writeFile(path, bytes);
  return path;
}

/** Two connections, in the capture of their client. */
const wire = new Wire().call(1, "connect").write(1, "one\n").call(2, "connect").write(2, "two\n").call(
  1,
  "read",
  "ONE\n",
)
  .finish(1).finish(2);
const bytes = encodeCapture(wire.events, { app: "tcp:client" });
const client = await file("client.pcapng", bytes);

Deno.test("wire:show explains a capture on standard output, and says on standard error what it holds", async () => {
  const { code, stdout, stderr } = await run("wire:show", [client]);
  assertEquals(code, 0);
  assertMatch(stdout, /^\[\+\] #1 connect\(2\) to 127\.0\.0\.1:12345: /);
  assertMatch(stdout, /\[\*\] #2 write\(2\): 4 bytes.*“two⏎”/);
  assertStringIncludes(stderr, `${client}: 20 packets, 2 connections, 0 datagram flows\n[+] Done: 1 capture\n`);
});

Deno.test("wire:show --trace dumps it, and --flow picks connections", async () => {
  const { stdout } = await run("wire:show", ["--trace", "--flow", "2", client]);
  assertMatch(stdout, /\[\*\] #2 -> 127\.0\.0\.1:12345 {2}\d\.\d+ s \(\+.*write 4 bytes\n {2}00000000 {2}74 77 6f 0a /);
  assert(!stdout.includes("#1"), stdout);
});

Deno.test("wire:show --json tells the times of the capture", async () => {
  for (const args of [[], ["--trace"]]) {
    const events = eventsIn((await run("wire:show", ["--json", ...args, client])).stdout);
    const [first] = events;
    assertEquals([first?.time, first?.event, first?.id], [
      "2026-11-29T12:00:00.000Z",
      args[0]?.slice(2) ?? "explain",
      1,
    ]);
    const summary = events.find(({ event }) => event === "summary");
    assertEquals([summary?.packets, summary?.connections, summary?.datagramFlows], [20, 2, 0]);
  }
});

Deno.test("wire:show --as server tells the other side's calls", async () => {
  const { stdout } = await run("wire:show", ["--as", "server", client]);
  assertMatch(stdout, /^\[\+\] #1 accept\(2\): 127\.0\.0\.1:40001/);
  assertMatch(stdout, /read\(2\): 4 bytes.*“one⏎”/);
});

Deno.test("wire:show --diagram draws one capture, or those of both sides with both clocks", async () => {
  const late = new Wire();
  late.now += 5;
  for (const flow of [1, 2]) {
    const more = {
      local: { hostname: "127.0.0.1", port: 12_345 },
      peer: { hostname: "127.0.0.1", port: 40_000 + flow },
    };
    late.call(flow, "accept", null, more).call(flow, "read", flow === 1 ? "one\n" : "two\n", more);
    if (flow === 1) late.write(flow, "ONE\n", more);
    late.finish(flow, more);
  }
  const server = await file("server.pcapng", encodeCapture(late.events, { app: "tcp:server" }));
  for (const [name, captures] of [["one.svg", [client]], ["both.html", [client, server]]] as const) {
    const path = `${folder}/${name}`;
    const { code, stdout, stderr } = await run("wire:show", ["--diagram", path, ...captures]);
    assertEquals([code, stdout], [0, ""], stderr);
    assertStringIncludes(stderr, `drawn in ${path}\n`);
    const picture = await Deno.readTextFile(path);
    assertStringIncludes(picture, "<svg");
    assertStringIncludes(picture, "one");
    if (Deno.build.os !== "windows") assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  }
  const both = await Deno.readTextFile(`${folder}/both.html`);
  assertMatch(both, /The clock of the server is about 4\.50 ms fast/);
  assertStringIncludes(both, "<h1>client.pcapng and server.pcapng</h1>");
});

Deno.test("wire:show reads what gzip has packed, and standard input", async () => {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  const expected = (await run("wire:show", [client])).stdout;
  assertEquals((await run("wire:show", [await file("packed.pcapng.gz", packed)])).stdout, expected);
  assertEquals((await run("wire:show", ["-"], { input: bytes })).stdout, expected);
  const { code, stderr } = await run("wire:show", ["-"], { input: packed.slice(0, -20) });
  assertEquals(code, 8);
  assertMatch(stderr, /\[!\] Cannot read standard input: what gzip has packed in it is broken\n$/);
});

Deno.test("wire:show says what it skipped and what is missing, after what it can tell", async () => {
  const question = udp("127.0.0.1:5000", "127.0.0.1:53", "question");
  const icmp = question.slice();
  icmp[9] = 1;
  const path = await file("mixed.pcap", pcap([question, icmp, question]).slice(0, -3));
  const { code, stdout, stderr } = await run("wire:show", [path]);
  assertEquals(code, 0);
  assertMatch(stdout, /sendto\(2\) to 127\.0\.0\.1:53: 8 bytes/);
  assertStringIncludes(stderr, `[!] ${path}: skipped 1 packet of ICMP\n`);
  assertStringIncludes(stderr, `[!] ${path}: the file is cut off in its last packet, as when its writer was killed\n`);
  assertStringIncludes(stderr, `${path}: 2 packets, 0 connections, 1 datagram flow, 1 packet skipped\n`);
});

Deno.test("wire:show names what it cannot use", POSIX, async () => {
  const text = await file("text", new TextEncoder().encode("not a capture"));
  const broken = await file("broken", new Uint8Array([...bytes, ...new Uint8Array(12)]));
  for (
    const [args, code, message] of [
      [[], 2, "Cannot show a capture: name a file, or - for standard input"],
      [[text], 8, `Cannot read ${text}: it is neither pcapng nor pcap`],
      [[broken], 8, `Cannot read ${broken}: a block of 0 bytes, at byte ${bytes.length}`],
      [[`${folder}/none`], 1, `Cannot read ${folder}/none: no such file or directory`],
      [[folder], 1, `Cannot read ${folder}: is a directory`],
      [["--diagram", "x.png", client], 2, "Cannot draw "],
      [["--as", "peer", client], 2, 'Cannot use --as "peer": it must be auto or client or server'],
      [["--flow", "0", client], 2, 'Cannot use --flow "0": it must be numbers or ranges, such as 1,4-7'],
    ] as const
  ) {
    const ended = await run("wire:show", args);
    assertEquals(ended.code, code, ended.stderr);
    assertStringIncludes(ended.stderr, `[!] ${message}`);
  }
  // What comes before the break is told.
  assertMatch((await run("wire:show", [broken])).stdout, /“two⏎”/);
});
