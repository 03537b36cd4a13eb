// deno-lint-ignore-file no-control-regex
/** What a terminal shows while a script waits. */
import { assertEquals, assertMatch } from "@std/assert";
import { blackHole, RawPeer } from "../support/sockets.ts";
import { atTerminal, TERMINAL } from "../support/terminal.ts";

for (const task of ["tcp:client", "chat:client", "sum:client"] as const) {
  Deno.test(`at a terminal ${task} shows that it is still connecting`, TERMINAL, async () => {
    using hole = await blackHole();
    const number = task === "sum:client" ? ["--number", "1"] : [];
    await using client = atTerminal(task, ["--host", "127.0.0.1", "--port", `${hole.port}`, ...number]);
    await client.until(/Connecting to 127\.0\.0\.1:\d+ … 1 s[^\n]*\r[^\n]*\[K[^\n]*Connecting to \S+ … 2 s/);
    await client.type("\x03");
    assertEquals((await client.ended()).code, 130);
  });
}

Deno.test(
  "at a terminal tcp:client --count shows that it is connecting, not that nothing has been exchanged",
  TERMINAL,
  async () => {
    using hole = await blackHole();
    await using client = atTerminal("tcp:client", ["--port", `${hole.port}`, "--count", "3"]);
    await client.until(/… 1 s[^]*… 2 s[^]*… 3 s/);
    await client.type("\x03");
    const { code, stdout } = await client.ended();
    assertEquals([code, stdout.includes("exchanges")], [130, false]);
  },
);

for (const task of ["udp:client", "sum:udp-client"] as const) {
  Deno.test(
    `at a terminal ${task} shows that no answer has come yet, and then the answer alone`,
    TERMINAL,
    async () => {
      using peer = new RawPeer();
      const ask = task === "udp:client" ? ["--message", "x"] : ["--number", "1"];
      await using client = atTerminal(task, ["--port", `${peer.port}`, ...ask]);
      await client.until(/No answer yet, sent \d of 4 … 1 s/);
      // The answer to the first try counts, however late it is.
      await peer.send("Late: 1", (await peer.receive()).port);
      const { code, stdout } = await client.ended();
      assertEquals(code, 0);
      // The line is cleared for what follows, and is not drawn again.
      assertMatch(stdout, task === "udp:client" ? /\r\x1b\[KLate: 1\r\n[^]*Done/ : /\r\x1b\[K[^]*Sum: 2\r\n[^]*Done/);
      assertEquals(/(Late|Sum): [^]*No answer yet/.test(stdout), false);
    },
  );
}
