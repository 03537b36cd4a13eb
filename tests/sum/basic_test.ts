/** The textbook number exchanges over TCP and UDP do their work, and make the mistakes that they admit. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { atPort, run, startServer } from "../support/script.ts";
import { RawClient, RawPeer } from "../support/sockets.ts";

const QUESTION = "Enter an integer between 1 and 100: ";

/** The five lines that both sides print. */
function lines(client: string, server: string, [own, theirs]: readonly [number, number]): string {
  return `Client name: ${client}\nServer name: ${server}\nClient's number: ${own}\nServer's number: ${theirs}\nSum: ${
    own + theirs
  }\n`;
}

for (
  const [basicServer, basicClient, fullServer, fullClient] of [
    ["sum:basic-server", "sum:basic-client", "sum:server", "sum:client"],
    ["sum:basic-udp-server", "sum:basic-udp-client", "sum:udp-server", "sum:udp-client"],
  ] as const
) {
  Deno.test(`${basicClient} -> ${basicServer}, which a number outside 1 to 100 stops`, async () => {
    await using server = await startServer(basicServer);
    const { code, stdout, stderr } = await run(basicClient, [String(server.port)], { input: "42\n" });
    const five = lines("Basic client", "Basic server", [42, 58]);
    assertEquals({ code, stdout, stderr }, { code: 0, stdout: QUESTION + five, stderr: "" });

    const last = await run(basicClient, [String(server.port)], { input: "101\n" });
    assertEquals([last.code, last.stdout], [1, `${QUESTION}No number from the server: Basic server: stopping\n`]);
    await server.script.until(/Stopping/);
    const ended = await server.script.ended();
    assertEquals(ended.code, 0);
    assertStringIncludes(ended.stdout, `\n${five}[+] Stopping`);
  });

  Deno.test(`${fullClient} -> ${basicServer}, and ${basicClient} -> ${fullServer}`, async () => {
    await using basic = await startServer(basicServer);
    const asked = await run(fullClient, [...atPort(fullClient, basic.port), "--number", "7", "--name", "Ada"]);
    assertEquals([asked.code, asked.stdout], [0, lines("Ada", "Basic server", [7, 58])]);
    await basic.script.until(/Client name: Ada\n[^]*Sum: 65\n/);
    const stop = await run(fullClient, [...atPort(fullClient, basic.port), "--number", "0"]);
    assertStringIncludes(stop.stdout + stop.stderr, "Basic server is stopping");
    await basic.script.until(/Stopping/);
    assertEquals((await basic.script.ended()).code, 0);

    await using full = await startServer(fullServer, ["--number", "58", "--name", "Bob"]);
    const { code, stdout } = await run(basicClient, [String(full.port)], { input: "42" });
    assertEquals([code, stdout], [0, QUESTION + lines("Basic client", "Bob", [42, 58])]);
    const refused = await run(basicClient, [String(full.port)], { input: "forty" });
    assertEquals(refused.code, 1);
    assertStringIncludes(refused.stdout, "No number from the server: Cannot take the question");
  });
}

/** Asks over TCP and reads to the end. */
async function ask(port: number, question: string): Promise<string> {
  using client = await RawClient.connect(port);
  await client.send(question);
  return await client.rest();
}

Deno.test("sum:basic-server takes half a question for a whole one, 4.5 for an integer, and one client at a time", async () => {
  await using server = await startServer("sum:basic-server");
  using silent = await RawClient.connect(server.port);
  using waiting = await RawClient.connect(server.port);
  await waiting.send("Bob: 4.5");
  // The "2" of this 42 is yet to come.
  await silent.send("Ada: 4");
  assertEquals([await waiting.rest(), await silent.rest()], ["Basic server: 58", "Basic server: 58"]);
  await server.script.until(/Client name: Ada\n[^]*Sum: 62\n[^]*Client name: Bob\n[^]*Sum: 62\.5\n/);
});

Deno.test("sum:basic-server is stopped by text that is no number, and by a client without a word", async () => {
  await using nonsense = await startServer("sum:basic-server");
  assertEquals(await ask(nonsense.port, "hello"), "Basic server: stopping");
  await nonsense.script.until(/Stopping/);
  assertEquals((await nonsense.script.ended()).code, 0);

  await using silence = await startServer("sum:basic-server");
  (await RawClient.connect(silence.port)).close();
  await silence.script.until(/Stopping/);
  assertEquals((await silence.script.ended()).code, 0);
});

Deno.test("sum:basic-udp-server counts a repeated question twice, and is stopped by anybody's nonsense", async () => {
  await using server = await startServer("sum:basic-udp-server");
  using client = new RawPeer();
  using stranger = new RawPeer();
  for (let count = 0; count < 2; count++) {
    await client.send("Ada: 42", server.port);
    assertEquals((await client.receive()).text, "Basic server: 58");
  }
  await stranger.send("hello", server.port);
  assertEquals((await stranger.receive()).text, "Basic server: stopping");
  await server.script.until(/Stopping/);
  const { code, stdout } = await server.script.ended();
  assertEquals([code, stdout.split("Client name: Ada\n").length - 1], [0, 2]);
});
