import { assertEquals } from "@std/assert";
import { start, startServer } from "../support/script.ts";
import { launch, needsPrograms, textbook } from "./support.ts";

for (
  const [task, transport, goodbye] of [
    ["chat:server", "tcp", "Goodbye! Closing connection."],
    ["chat:udp-server", "udp", "Goodbye! Closing session."],
  ] as const
) {
  Deno.test(`textbook client -> ${task} --mode turns`, await needsPrograms("python3"), async () => {
    await using server = await startServer(task, ["--mode", "turns", "--bind", "127.0.0.1"], { stdin: true });
    await using client = launch("python3", ["textbook/chat_client.py", "127.0.0.1", `${server.port}`, transport]);
    await client.type("Grüße\n");
    await server.script.until(/Grüße\n/);
    await server.script.type("Danke\n");
    await client.until(/Server: Danke\n/);
    await client.type("EXIT\n");
    await client.until(new RegExp(`Server: ${goodbye}\n`));
    assertEquals((await client.ended()).code, 0);
    assertEquals((await server.script.stop()).code, 0);
  });
}

for (const [task, transport] of [["chat:client", "tcp"], ["chat:udp-client", "udp"]] as const) {
  Deno.test(`${task} -> textbook server`, await needsPrograms("python3"), async () => {
    await using server = await textbook("chat_server", "0", transport);
    const args = ["--port", `${server.port}`, ...(transport === "tcp" ? ["--mode", "turns"] : [])];
    await using client = start(task, args, { stdin: true });
    await client.type("Grüße\n");
    await server.script.until(/Client: Grüße\n/);
    await server.script.type("Danke\n");
    await client.until(/Danke/);
    await client.type("exit\n");
    await server.script.until(/Client: exit\n/);
    await client.until(/Goodbye! Closing (connection|session)\./);
    assertEquals((await client.ended()).code, 0);
    assertEquals((await server.script.ended()).code, 0);
  });
}

Deno.test(
  "textbook talk <-> chat:server --max-connections 1: a plain conversation between two",
  await needsPrograms("python3"),
  async () => {
    const args = ["--bind", "127.0.0.1", "--max-connections", "1"];
    await using server = await startServer("chat:server", args, { stdin: true });
    await using talk = launch("python3", ["textbook/talk.py", "client", `${server.port}`]);
    await talk.type("first\nsecond\n");
    await server.script.until(/first\n[^]*second\n/);
    await server.script.type("two lines from the operator\nat once\n");
    await talk.until(/received: .*two lines from the operator\nreceived: .*at once\n/);
  },
);

Deno.test("chat:client <-> textbook talk as the host", await needsPrograms("python3"), async () => {
  await using host = launch("python3", ["textbook/talk.py", "host", "0"]);
  const [, port = ""] = await host.until(/listening on port (\d+)/);
  await using client = start("chat:client", ["--port", port], { stdin: true });
  await client.type("Grüße\n");
  await host.until(/received: Grüße\n/);
  await host.type("Danke\n");
  await client.until(/Danke\n/);
  await client.endInput();
  await host.until(/peer closed\n/);
});

Deno.test("nc, ncat and socat in one room with chat:client", await needsPrograms("nc", "ncat", "socat"), async () => {
  await using server = await startServer("chat:server", ["--bind", "127.0.0.1"]);
  await using client = start("chat:client", ["--port", `${server.port}`, "--name", "Ada"], { stdin: true });
  await server.script.until(/Ada/);
  for (
    const [program, args] of [
      ["nc", ["127.0.0.1", `${server.port}`]],
      ["ncat", ["127.0.0.1", `${server.port}`]],
      ["socat", ["-", `TCP:127.0.0.1:${server.port}`]],
    ] as const
  ) {
    await using guest = launch(program, args);
    await guest.type(`/nick ${program}\nGrüße 漢😀\n`);
    await client.until(new RegExp(`^${program}: Grüße 漢😀$`, "m"));
    await client.type(`welcome, ${program}\n`);
    await guest.until(new RegExp(`^Ada: welcome, ${program}$`, "m"));
  }
});
