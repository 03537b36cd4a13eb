/** The textbook pair over TCP does its work, and makes the mistakes that it admits. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { atPort, run, startServer } from "../support/script.ts";
import { RawClient, rawServer, sendAndReset } from "../support/sockets.ts";

const REPLY = "Hello from server!";

Deno.test("tcp:basic-client -> tcp:basic-server", async () => {
  await using server = await startServer("tcp:basic-server");
  for (let count = 0; count < 2; count++) {
    const { code, stdout, stderr } = await run("tcp:basic-client", [String(server.port)]);
    assertEquals({ code, stdout, stderr }, { code: 0, stdout: `Server says: ${REPLY}\n`, stderr: "" });
  }
  const served = "\\[\\+\\] Accepted connection from (\\S+)\n\\[\\*\\] Received from \\S+: Hello from client!\n";
  await server.script.until(new RegExp(`^\\[\\+\\] Listening on 127\\.0\\.0\\.1:\\d+\n(${served}){2}$`));
});

Deno.test("tcp:client -> tcp:basic-server, and tcp:basic-client -> tcp:server", async () => {
  await using basic = await startServer("tcp:basic-server");
  const asked = await run("tcp:client", atPort("tcp:client", basic.port));
  assertEquals([asked.code, asked.stdout], [0, REPLY]);
  await using full = await startServer("tcp:server");
  const { code, stdout } = await run("tcp:basic-client", [String(full.port)]);
  assertEquals([code, stdout], [0, `Server says: ${REPLY}\n\n`]);
});

Deno.test("tcp:basic-server serves one client at a time, and goes on when one leaves without a word", async () => {
  await using server = await startServer("tcp:basic-server");
  using silent = await RawClient.connect(server.port);
  using waiting = await RawClient.connect(server.port);
  await waiting.send("first to speak");
  await silent.send("first to be heard");
  assertEquals([await waiting.rest(), await silent.rest()], [REPLY, REPLY]);
  await server.script.until(/: first to be heard\n.*\n.*: first to speak\n/);
  (await RawClient.connect(server.port)).close();
  using next = await RawClient.connect(server.port);
  await next.send("still there?");
  assertEquals(await next.rest(), REPLY);
});

Deno.test("tcp:basic-server takes one read for one message: half of it, two at once, or the first 1024 bytes", async () => {
  await using server = await startServer("tcp:basic-server");
  using half = await RawClient.connect(server.port);
  await half.send("Hel");
  assertEquals(await half.rest(), REPLY);
  using double = await RawClient.connect(server.port);
  await double.send("one\ntwo\n");
  assertEquals(await double.rest(), REPLY);
  using long = await RawClient.connect(server.port);
  await long.send("x".repeat(1025));
  await server.script.until(/: Hel\n.*\n.*: one\ntwo\n\n.*\n.*: x{1024}\n/);
});

Deno.test("tcp:basic-server ends when a client resets", async () => {
  await using server = await startServer("tcp:basic-server");
  await sendAndReset(server.port, "", { before: () => server.script.until(/Accepted/) });
  await server.script.until(/ConnectionReset/, "stderr");
  assertEquals((await server.script.ended()).code, 1);
});

Deno.test("tcp:basic-client takes one read for one reply, silence for an empty one, and a refusal hard", async () => {
  await using halves = rawServer(async (client) => {
    await client.send("Hel");
    // The client has left by then.
    while (await client.read() !== null);
    await client.send("lo");
  });
  assertEquals((await run("tcp:basic-client", [String(halves.port)])).stdout, "Server says: Hel\n");
  const mute = rawServer(async (client) => void await client.read());
  assertEquals((await run("tcp:basic-client", [String(mute.port)])).stdout, "Server says: \n");
  await mute[Symbol.asyncDispose]();
  const { code, stderr } = await run("tcp:basic-client", [String(mute.port)]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "ConnectionRefused");
});
