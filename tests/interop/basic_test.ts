/** The basic programs beside the textbook's own in Python, and the usual tools. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { run, start, startServer } from "../support/script.ts";
import { launch, needsPrograms, peer, textbook } from "./support.ts";

const REPLY = "Hello from server!";

for (const transport of ["tcp", "udp"] as const) {
  Deno.test(`textbook client -> ${transport}:basic-server`, await needsPrograms("python3"), async () => {
    await using server = await startServer(`${transport}:basic-server`);
    const args = [`textbook/${transport}_client.py`, "127.0.0.1", `${server.port}`, "Grüße"];
    const { code, stdout } = await peer("python3", args);
    assertEquals({ code, stdout }, { code: 0, stdout: `Server says: ${REPLY}\n` });
    await server.script.until(/Received from \S+: Grüße\n/);
  });

  Deno.test(`${transport}:basic-client -> textbook server`, await needsPrograms("python3"), async () => {
    await using server = await textbook(`${transport}_server`, "0");
    const { code, stdout } = await run(`${transport}:basic-client`, [`${server.port}`]);
    const reply = transport === "tcp" ? "Hey there, from TCP server." : REPLY;
    assertEquals({ code, stdout }, { code: 0, stdout: `Server says: ${reply}\n` });
    await server.script.until(/Client says: Hello from client!\n/);
  });
}

Deno.test("textbook client -> sum:basic-server", await needsPrograms("python3"), async () => {
  await using server = await startServer("sum:basic-server");
  const { code, stdout } = await peer("python3", ["textbook/sum_client.py", `${server.port}`, "42"]);
  const lines = "Client name: Client of the textbook\nServer name: Basic server\n" +
    "Client's number: 42\nServer's number: 58\nSum: 100\n";
  assertEquals({ code, stdout }, { code: 0, stdout: lines });
  await server.script.until(/Client name: Client of the textbook\n[^]*Sum: 100\n/);
  await peer("python3", ["textbook/sum_client.py", `${server.port}`, "0"]);
  assertEquals((await server.script.ended()).code, 0);
});

Deno.test("sum:basic-client -> textbook server", await needsPrograms("python3"), async () => {
  await using server = await textbook("sum_server", "0");
  const { code, stdout } = await run("sum:basic-client", [`${server.port}`], { input: "42\n" });
  assertEquals(code, 0);
  assertStringIncludes(
    stdout,
    "Server name: Server of the textbook\nClient's number: 42\nServer's number: 58\nSum: 100",
  );
  assertEquals((await run("sum:basic-client", [`${server.port}`], { input: "101\n" })).code, 1);
  assertEquals((await server.script.ended()).code, 0);
});

for (
  const [server, client, transport, goodbye] of [
    ["chat:basic-server", "chat:basic-client", "tcp", "Goodbye! Closing connection."],
    ["chat:basic-udp-server", "chat:basic-udp-client", "udp", "Goodbye! Closing session."],
  ] as const
) {
  Deno.test(`textbook client -> ${server}`, await needsPrograms("python3"), async () => {
    await using host = await startServer(server, [], { stdin: true });
    await using guest = launch("python3", ["textbook/chat_client.py", "127.0.0.1", `${host.port}`, transport]);
    await guest.type("Grüße\n");
    await host.script.until(/Client: Grüße\nYou \(server\): /);
    await host.script.type("Danke\n");
    await guest.until(/Server: Danke\n/);
    await guest.type("exit\n");
    await guest.until(new RegExp(`Server: ${goodbye}\n`));
    assertEquals([(await guest.ended()).code, (await host.script.ended()).code], [0, 0]);
  });

  Deno.test(`${client} -> textbook server`, await needsPrograms("python3"), async () => {
    await using host = await textbook("chat_server", "0", transport);
    await using guest = start(client, [`${host.port}`], { stdin: true });
    await guest.type("Grüße\n");
    await host.script.until(/Client: Grüße\n/);
    await host.script.type("Danke\n");
    await guest.until(/Server: Danke\nYou \(client\): /);
    await guest.type("exit\n");
    await guest.until(new RegExp(`Server: ${goodbye}\nClient closed\\.\n`));
    assertEquals([(await guest.ended()).code, (await host.script.ended()).code], [0, 0]);
  });
}

Deno.test("nc, ncat and socat -> the basic servers", await needsPrograms("nc", "ncat", "socat"), async () => {
  await using tcp = await startServer("tcp:basic-server");
  assertEquals((await peer("nc", ["-N", "127.0.0.1", `${tcp.port}`], "hello\n")).stdout, REPLY);
  assertEquals((await peer("ncat", ["127.0.0.1", `${tcp.port}`], "hello\n")).stdout, REPLY);
  assertEquals((await peer("socat", ["-t5", "-", `TCP:127.0.0.1:${tcp.port}`], "hello\n")).stdout, REPLY);
  await using udp = await startServer("udp:basic-server");
  await using nc = launch("nc", ["-u", "127.0.0.1", `${udp.port}`]);
  await nc.type("hello\n");
  await nc.until(/Hello from server!/);
  await using sum = await startServer("sum:basic-server");
  assertEquals((await peer("nc", ["-N", "127.0.0.1", `${sum.port}`], "Ada: 42\n")).stdout, "Basic server: 58");
});

for (const task of ["http:basic-server", "http:basic-threaded"] as const) {
  Deno.test(`curl -> ${task}`, await needsPrograms("curl"), async () => {
    await using server = await startServer(task);
    const { code, stdout } = await peer("curl", ["-sS", "-i", `http://127.0.0.1:${server.port}/any/path`]);
    assertEquals(code, 0);
    assertStringIncludes(stdout, "HTTP/1.1 200 OK\r\n");
    assertStringIncludes(stdout, "\r\n\r\n<!doctype html>\n<title>Mini Server</title>\n<h1>Hello!</h1>\n");
    await server.script.until(/----- HTTP REQUEST from 127\.0\.0\.1:\d+ -----\nGET \/any\/path HTTP\/1\.1\r\n/);
  });
}
