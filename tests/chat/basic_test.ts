/** The textbook chats over TCP and UDP do their work, and make the mistakes that they admit. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { atPort, type RunningScript, start, startServer } from "../support/script.ts";
import { RawClient, RawPeer } from "../support/sockets.ts";

/** Types a line when the script asks for its `turn`th one. */
async function answer(script: RunningScript, line: string, turn = 1): Promise<void> {
  await script.until(new RegExp(`(You \\(\\w+\\): [^]*){${turn}}`));
  await script.type(`${line}\n`);
}

for (
  const [server, client, goodbye] of [
    ["chat:basic-server", "chat:basic-client", "Goodbye! Closing connection."],
    ["chat:basic-udp-server", "chat:basic-udp-client", "Goodbye! Closing session."],
  ] as const
) {
  Deno.test(`${client} -> ${server}: in turns, until the client's exit`, async () => {
    await using host = await startServer(server, [], { stdin: true });
    await using guest = start(client, [String(host.port)], { stdin: true });
    await answer(guest, "Grüße");
    await answer(host.script, "Danke");
    await answer(guest, "EXIT", 2);
    await guest.until(/Client closed\.\n/);
    assertEquals(await guest.ended(), {
      code: 0,
      stdout: `You (client): Server: Danke\nYou (client): Server: ${goodbye}\nClient closed.\n`,
      stderr: "",
    });
    await host.script.until(/Server closed\.\n/);
    const { code, stdout } = await host.script.ended();
    assertEquals(code, 0);
    assertStringIncludes(stdout, "Client: Grüße\nYou (server): Client: EXIT\nServer closed.\n");
  });

  Deno.test(`${client} -> ${server}: the end of the input is an exit, on either side`, async () => {
    await using host = await startServer(server, [], { stdin: true });
    await using guest = start(client, [String(host.port)], { stdin: true });
    await answer(guest, "hello");
    await host.script.until(/You \(server\): /);
    await host.script.endInput();
    await guest.until(/Server: exit\n/);
    assertEquals((await host.script.ended()).code, 0);

    await using again = await startServer(server);
    await using silent = start(client, [String(again.port)]);
    assertEquals((await silent.ended()).stdout, `You (client): Server: ${goodbye}\nClient closed.\n`);
  });
}

for (
  const [server, client, flags] of [
    ["chat:server", "chat:basic-client", ["--mode", "turns", "--bind", "127.0.0.1"]],
    ["chat:udp-server", "chat:basic-udp-client", []],
  ] as const
) {
  Deno.test(`${client} -> ${server}`, async () => {
    await using host = await startServer(server, flags, { stdin: true });
    await using guest = start(client, [String(host.port)], { stdin: true });
    await answer(guest, "Grüße");
    await host.script.until(/Grüße\n/);
    await host.script.type("Danke\n");
    await guest.until(/Server: Danke\n/);
    await answer(guest, "exit", 2);
    await guest.until(/Server: Goodbye! Closing (connection|session)\.\nClient closed\.\n/);
    assertEquals((await guest.ended()).code, 0);
  });
}

for (
  const [client, server, flags] of [
    ["chat:client", "chat:basic-server", ["--mode", "turns"]],
    ["chat:udp-client", "chat:basic-udp-server", []],
  ] as const
) {
  Deno.test(`${client} -> ${server}`, async () => {
    await using host = await startServer(server, [], { stdin: true });
    await using guest = start(client, [...atPort(client, host.port), ...flags], { stdin: true });
    await guest.type("Grüße\n");
    await host.script.until(/Client: Grüße\n/);
    await answer(host.script, "Danke");
    await guest.until(/Danke/);
    await guest.type("exit\n");
    await guest.until(/Goodbye! Closing (connection|session)\./);
    assertEquals([(await guest.ended()).code, (await host.script.ended()).code], [0, 0]);
  });
}

Deno.test("chat:basic-server has one client only: a second one is connected, and never heard", async () => {
  await using host = await startServer("chat:basic-server", [], { stdin: true });
  using first = await RawClient.connect(host.port);
  using second = await RawClient.connect(host.port);
  await second.send("is anybody there?");
  await first.send("exit");
  assertEquals(await first.rest(), "Goodbye! Closing connection.");
  await host.script.until(/Server closed\.\n/);
  const { code, stdout } = await host.script.ended();
  assertEquals([code, stdout.includes("anybody")], [0, false]);
});

Deno.test("chat:basic-server sends nothing for an empty line, and says when the client leaves", async () => {
  await using host = await startServer("chat:basic-server", [], { stdin: true });
  using client = await RawClient.connect(host.port);
  await client.send("hello");
  await answer(host.script, "");
  // A client that waits for its turn would not do this, and wait for ever.
  await client.send("are you there?");
  await host.script.until(/Client: are you there\?\n/);
  await answer(host.script, "yes", 2);
  assertEquals(new TextDecoder().decode(await client.read() ?? undefined), "yes");
  client.close();
  await host.script.until(/Client disconnected\nServer closed\.\n/);
  assertEquals((await host.script.ended()).code, 0);
});

Deno.test("chat:basic-client says when the server has closed the connection", async () => {
  await using host = await startServer("chat:basic-server", [], { stdin: true });
  await using guest = start("chat:basic-client", [String(host.port)], { stdin: true });
  await answer(guest, "hello");
  await answer(host.script, "exit");
  await guest.until(/Server: exit\n/);
  await host.script.ended();
  await answer(guest, "are you there?", 2);
  const { code, stdout } = await guest.ended();
  assertEquals(code, 0);
  assertStringIncludes(stdout, "Server closed the connection.\nClient closed.\n");
});

Deno.test("chat:basic-udp-server takes a stranger's words for the client's, and sends an empty line", async () => {
  await using host = await startServer("chat:basic-udp-server", [], { stdin: true });
  using client = new RawPeer();
  using stranger = new RawPeer();
  await client.send("hello", host.port);
  await answer(host.script, "");
  assertEquals((await client.receive()).text, "");
  await stranger.send("it is me", host.port);
  await host.script.until(/Client: hello\n[^]*Client: it is me\n/);
  await answer(host.script, "who?", 2);
  assertEquals((await stranger.receive()).text, "who?");
});
