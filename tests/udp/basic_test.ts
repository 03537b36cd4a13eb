/** The textbook pair over UDP does its work, and makes the mistakes that it admits. */
import { assertEquals } from "@std/assert";
import { atPort, run, start, startServer } from "../support/script.ts";
import { RawPeer } from "../support/sockets.ts";

const REPLY = "Hello from server!";

Deno.test("udp:basic-client -> udp:basic-server", async () => {
  await using server = await startServer("udp:basic-server");
  for (let count = 0; count < 2; count++) {
    const { code, stdout, stderr } = await run("udp:basic-client", [String(server.port)]);
    assertEquals({ code, stdout, stderr }, { code: 0, stdout: `Server says: ${REPLY}\n`, stderr: "" });
  }
  const received = "\\[\\*\\] Received from 127\\.0\\.0\\.1:\\d+: Hello from client!\n";
  await server.script.until(new RegExp(`^\\[\\+\\] Listening on 127\\.0\\.0\\.1:\\d+ \\(UDP\\)\n(${received}){2}$`));
});

Deno.test("udp:client -> udp:basic-server, and udp:basic-client -> udp:server", async () => {
  await using basic = await startServer("udp:basic-server");
  const asked = await run("udp:client", atPort("udp:client", basic.port));
  assertEquals([asked.code, asked.stdout], [0, REPLY]);
  await using full = await startServer("udp:server");
  const { code, stdout } = await run("udp:basic-client", [String(full.port)]);
  assertEquals([code, stdout], [0, `Server says: ${REPLY}\n`]);
});

Deno.test("udp:basic-server cuts a long datagram without a word, and answers an empty one", async () => {
  await using server = await startServer("udp:basic-server");
  using peer = new RawPeer();
  await peer.send("x".repeat(1025), server.port);
  assertEquals((await peer.receive()).text, REPLY);
  await peer.send("", server.port);
  assertEquals((await peer.receive()).text, REPLY);
  await server.script.until(/: x{1024}\n.*: \n/);
});

Deno.test("udp:basic-client takes the first to answer for the server, and cuts a long answer", async () => {
  using server = new RawPeer();
  using stranger = new RawPeer();
  await using client = start("udp:basic-client", [String(server.port)]);
  const { text, port } = await server.receive();
  assertEquals(text, "Hello from client!");
  await stranger.send("y".repeat(1025), port);
  await client.until(/\n/);
  const { code, stdout } = await client.ended();
  assertEquals([code, stdout], [0, `Server says: ${"y".repeat(1024)}\n`]);
});
