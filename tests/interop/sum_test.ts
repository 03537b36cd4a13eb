import { assertEquals, assertMatch } from "@std/assert";
import { run, startServer } from "../support/script.ts";
import { needsPrograms, peer, textbook } from "./support.ts";

Deno.test("textbook client -> sum:server", await needsPrograms("python3"), async () => {
  await using server = await startServer("sum:server", ["--number", "58", "--name", "Server of Plainwire"]);
  const { code, stdout } = await peer("python3", ["textbook/sum_client.py", `${server.port}`, "42"]);
  assertEquals({ code, stdout }, {
    code: 0,
    stdout: [
      "Client name: Client of the textbook",
      "Server name: Server of Plainwire",
      "Client's number: 42",
      "Server's number: 58",
      "Sum: 100\n",
    ].join("\n"),
  });
  await server.script.until(/Client name: Client of the textbook\n[^]*Sum: 100\n/);
  // A number outside 1 to 100 stops the server, as in the textbook.
  await peer("python3", ["textbook/sum_client.py", `${server.port}`, "0"]);
  assertEquals((await server.script.ended()).code, 0);
});

Deno.test(
  "sum:client -> textbook server, which stops at a number outside 1 to 100",
  await needsPrograms("python3"),
  async () => {
    await using server = await textbook("sum_server", "0");
    const { code, stdout } = await run("sum:client", ["--port", `${server.port}`, "--number", "42", "--name", "Ada"]);
    assertEquals(code, 0);
    assertMatch(
      stdout,
      /Client name: Ada\nServer name: Server of the textbook\nClient's number: 42\nServer's number: 58\nSum: 100\n/,
    );
    await server.script.until(/Client name: Ada\nSum: 100\n/);
    await run("sum:client", ["--port", `${server.port}`, "--number", "101"]);
    assertEquals((await server.script.ended()).code, 0);
  },
);

Deno.test(
  "nc, ncat and socat -> sum:server and sum:udp-server, as a line and as JSON",
  await needsPrograms("nc", "ncat", "socat"),
  async () => {
    await using tcp = await startServer("sum:server", ["--number", "1", "--name", "S"]);
    await using udp = await startServer("sum:udp-server", ["--number", "1", "--name", "S"]);
    assertEquals((await peer("nc", ["-N", "127.0.0.1", `${tcp.port}`], "Ada: 41\n")).stdout, "S: 1\n");
    assertEquals((await peer("nc", ["-u", "-w1", "127.0.0.1", `${udp.port}`], "Ada: 41\n")).stdout, "S: 1\n");
    const json = '{"name":"Ada","number":41}';
    assertEquals((await peer("ncat", ["127.0.0.1", `${tcp.port}`], json)).stdout, '{"name":"S","number":1}\n');
    assertEquals(
      (await peer("socat", ["-t5", "-", `TCP:127.0.0.1:${tcp.port}`], "x: y\n")).stdout.includes("Cannot"),
      true,
    );
  },
);
