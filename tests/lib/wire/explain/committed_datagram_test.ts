/** The mistakes with datagrams, committed against a script with `--explain` by a basic program or a raw socket. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { encodeText } from "../../../../lib/text.ts";
import { atPort, run, start, startServer } from "../../../support/script.ts";
import { RawPeer } from "../../../support/sockets.ts";

/** Receives and answers datagrams until the peer is closed. */
async function serve(peer: RawPeer, answer: (datagram: { bytes: Uint8Array; port: number }, count: number) => unknown) {
  try {
    for (let count = 1;; count++) await answer(await peer.receive(), count);
  } catch {
    // Closed by the test.
  }
}

Deno.test("an exchange of our own scripts, one with tcp's basic client, and a series name no mistake", async () => {
  await using server = await startServer("udp:server", ["--explain"]);
  const one = await run("udp:client", [...atPort("udp:client", server.port), "--explain"]);
  const series = await run("udp:client", [...atPort("udp:client", server.port), "--count", "5", "--explain"]);
  await run("udp:basic-client", [String(server.port)]);
  const log = (await server.script.stop()).stdout;
  for (const text of [one.stderr, series.stderr, log]) assertEquals(text.match(/^\[!\].*\[mistake.*/gm), null);
  assertStringIncludes(log, "recvfrom(2) from 127.0.0.1:");
  assertStringIncludes(one.stderr, "sendto(2) to 127.0.0.1:");
});

Deno.test("7: by a server with a buffer of 1,024 bytes, as udp:basic-server has", async () => {
  using peer = new RawPeer();
  const serving = serve(peer, ({ bytes, port }) => peer.send(bytes.subarray(0, 1024), port));
  const message = "0123456789".repeat(200);
  const client = await run("udp:client", [...atPort("udp:client", peer.port), "--message", message, "--explain"]);
  assertStringIncludes(client.stderr, "[mistake 7] The answer is our datagram, cut off: 1,024 of 2,000 bytes");
  peer.close();
  await serving;
});

Deno.test("8: by a raw server that loses some datagrams and doubles others", async () => {
  using peer = new RawPeer();
  const serving = serve(peer, async ({ bytes, port }, count) => {
    if (count === 2) return;
    await peer.send(bytes, port);
    if (count === 4) await peer.send(bytes, port);
  });
  const flags = ["--count", "6", "--interval", "0.3", "--explain"];
  const { stderr } = await run("udp:client", [...atPort("udp:client", peer.port), ...flags]);
  assertStringIncludes(stderr, "#2 [mistake 8] No answer for 1.");
  assertStringIncludes(stderr, "#4 [mistake 8] The same answer again, ");
  peer.close();
  await serving;
});

Deno.test("8: by a raw socket whose numbers have gaps and run backwards", async () => {
  await using server = await startServer("udp:server", ["--explain"]);
  using peer = new RawPeer();
  for (const number of [1, 2, 3, 4, 7, 6]) {
    await peer.send(`ping ${number}`, server.port);
    await peer.receive();
  }
  await server.script.until(/\[mistake 8\] Numbers 5 to 6 have not come: lost, or late/);
  await server.script.until(/\[mistake 8\] Number 6 comes after 7: out of order/);
});

Deno.test("9: by udp:client with nobody there", async () => {
  using peer = new RawPeer();
  const { port } = peer;
  peer.close();
  const { stderr, code } = await run("udp:client", [...atPort("udp:client", port), "--timeout", "2.6", "--explain"]);
  assertEquals(code, 5);
  assertEquals(stderr.match(/\[mistake 9\].*/g)?.length, 1);
});

Deno.test("10: by a stranger who answers before the server does", async () => {
  using peer = new RawPeer();
  using stranger = new RawPeer();
  await using client = start("udp:client", [...atPort("udp:client", peer.port), "--explain"]);
  const { port } = await peer.receive();
  await stranger.send("I am the server", port);
  await client.until(
    new RegExp(`\\[mistake 10\\] This comes from 127.0.0.1:${stranger.port}, not from 127.0.0.1:${peer.port}`),
    "stderr",
  );
  await peer.send("no, I am", port);
  assertEquals((await client.ended()).stdout, "no, I am");
});

Deno.test("13: by a second server on the port", async () => {
  await using basic = await startServer("udp:basic-server");
  const { code, stdout } = await run("udp:server", [...atPort("udp:server", basic.port), "--explain"]);
  assertEquals(code, 9);
  assertStringIncludes(stdout, "[mistake 13] bind(2): ");
});

Deno.test("2 and 20: by a raw socket that sends its whole buffer, and an integer in little-endian", async () => {
  await using server = await startServer("udp:server", ["--explain"]);
  using peer = new RawPeer();
  const buffer = new Uint8Array(512);
  buffer.set(encodeText("ping"));
  await peer.send(buffer, server.port);
  await peer.receive();
  await peer.send(Uint8Array.of(42, 0, 0, 0), server.port);
  await server.script.until(/\[mistake 2\] 4 bytes of text, then 508 NUL bytes/);
  await server.script.until(/\[mistake 20\] 2a 00 00 00 is 704,643,072 in network order/);
});

Deno.test("two people may take their time over UDP", async () => {
  await using server = await startServer("chat:udp-server", ["--explain"], { stdin: true });
  const client = start("chat:udp-client", [...atPort("chat:udp-client", server.port), "--explain"], { stdin: true });
  await client.type("hello\n");
  await server.script.until(/hello/);
  const waited = new Promise((resolve) => setTimeout(resolve, 2600));
  await waited;
  await server.script.type("hello yourself\n");
  await client.until(/hello yourself/);
  await client.type("exit\n");
  const { stderr } = await client.ended();
  assertEquals([stderr, server.script.stdout].map((log) => log.match(/^\[!\].*\[mistake.*/gm)), [null, null]);
});
