/** The trust prompt at a terminal. */
import { assertEquals, assertMatch } from "@std/assert";
import { CONFIG_HOME, startServer } from "../support/script.ts";
import { atTerminal, TERMINAL } from "../support/terminal.ts";

Deno.test(
  "at a terminal the client asks about an unknown key; only a yes is remembered; Ctrl-C stops",
  TERMINAL,
  async () => {
    await using server = await startServer("tcp:server", ["--tls", "--ephemeral"]);
    const [, key] = await server.script.until(/The server's key is (sha256:\w+)/);
    const args = ["--port", `${server.port}`, "--tls", "--message", "hello"];
    const question = new RegExp(`Its key is ${key}[^]*Trust it from now on\\? \\s*Type y for yes, n for no \\[n\\]:`);
    {
      await using client = atTerminal("tcp:client", args);
      await client.until(question);
      await client.type("\x03");
      assertEquals((await client.ended()).code, 130);
    }
    {
      await using client = atTerminal("tcp:client", args);
      await client.until(question);
      await client.type("maybe\r");
      await client.until(/type y or n/);
      await client.type("n\r");
      const { code, stdout } = await client.ended();
      assertEquals(code, 7);
      assertMatch(stdout, /you did not trust its key/);
    }
    {
      await using client = atTerminal("tcp:client", args);
      await client.until(question);
      await client.type("y\r");
      const { code, stdout } = await client.ended();
      assertEquals(code, 0);
      assertMatch(stdout, /Remembered the key of 127\.0\.0\.1:\d+:\s+sha256:[^]*Hello from server!/);
    }
    assertMatch(
      await Deno.readTextFile(`${CONFIG_HOME}/plainwire/known_hosts`),
      new RegExp(`:${server.port} ${key}\n`),
    );
    await using again = atTerminal("tcp:client", args);
    assertEquals((await again.ended()).code, 0);
  },
);
