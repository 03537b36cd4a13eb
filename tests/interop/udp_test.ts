import { assertEquals } from "@std/assert";
import { run, startServer } from "../support/script.ts";
import { launch, needsPrograms, peer, textbook } from "./support.ts";

Deno.test("textbook client -> udp:server", await needsPrograms("python3"), async () => {
  await using server = await startServer("udp:server");
  const { code, stdout } = await peer("python3", ["textbook/udp_client.py", "127.0.0.1", `${server.port}`, "Grüße"]);
  assertEquals({ code, stdout }, { code: 0, stdout: "Server says: Hello from server!\n" });
  await server.script.until(/Received from \S+: Grüße\n/);
});

Deno.test("udp:client -> textbook server", await needsPrograms("python3"), async () => {
  await using server = await textbook("udp_server", "0");
  const { code, stdout } = await run("udp:client", ["--port", `${server.port}`]);
  assertEquals({ code, stdout }, { code: 0, stdout: "Hello from server!" });
  await server.script.until(/Client says: Hello from client!\n/);
});

Deno.test("nc -u, ncat -u and socat -> udp:server --echo", await needsPrograms("nc", "ncat", "socat"), async () => {
  await using server = await startServer("udp:server", ["--echo"]);
  for (
    const [program, args] of [
      ["nc", ["-u", "127.0.0.1", `${server.port}`]],
      ["ncat", ["-u", "127.0.0.1", `${server.port}`]],
      ["socat", ["-", `UDP:127.0.0.1:${server.port}`]],
    ] as const
  ) {
    await using client = launch(program, args);
    await client.type(`from ${program}: é\n`);
    await client.until(new RegExp(`from ${program}: é\n`));
  }
});

Deno.test("udp:client -> socat as an echo server, up to its 8 KiB blocks", await needsPrograms("socat"), async () => {
  const probe = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = probe.addr as Deno.NetAddr;
  probe.close();
  await using _server = launch("socat", [`UDP-RECVFROM:${port},bind=127.0.0.1,fork`, "EXEC:cat"]);
  // socat takes a moment to start; the client's retries cover that.
  const { code, stdout } = await run("udp:client", ["--port", `${port}`, "--message", "é".repeat(4000)]);
  assertEquals({ code, stdout }, { code: 0, stdout: "é".repeat(4000) });
});
