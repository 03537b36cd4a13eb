/** The text of `sent` and `received` events: without the line end, on both sides, in every script; a pipe's events carry its data. */
import { assert, assertEquals } from "@std/assert";
import { eventsIn, run, type RunningServer, startServer, type TaskName } from "./support/script.ts";

/** The texts of a kind of event in an output. */
function texts(output: string, event: "sent" | "received"): unknown[] {
  return eventsIn(output).flatMap((each) => each.event === event ? [each.text] : []);
}

/** What both sides report of one run: the client's and the server's `sent` and `received` texts. */
async function reported(
  server: RunningServer,
  task: TaskName,
  flags: readonly string[],
  options: { input?: string } = {},
): Promise<unknown[][]> {
  const { stdout } = await run(task, ["--port", `${server.port}`, "--json", ...flags], options);
  const log = (await server.script.stop()).stdout;
  return [texts(stdout, "sent"), texts(log, "received"), texts(log, "sent"), texts(stdout, "received")];
}

Deno.test("tcp: the line end is left out of sent and received, but not of a pipe's data", async () => {
  await using server = await startServer("tcp:server", ["--json", "--reply", "hi"]);
  assertEquals(await reported(server, "tcp:client", ["--message", "hello"]), [["hello"], ["hello"], ["hi"], ["hi"]]);
  await using echo = await startServer("tcp:server", ["--json", "--echo"]);
  const piped = await reported(echo, "tcp:client", [], { input: "one\r\ntwo\r\n" });
  assertEquals(piped, [["one\r\ntwo\r\n"], ["one\r\ntwo"], ["one\r\ntwo"], ["one\r\ntwo\r\n"]]);
});

Deno.test("udp and sum: the line end is left out of sent and received", async () => {
  await using udp = await startServer("udp:server", ["--json", "--echo"]);
  assertEquals(await reported(udp, "udp:client", [], { input: "hello\n" }), Array(4).fill(["hello"]));
  await using sum = await startServer("sum:server", ["--json", "--number", "58"]);
  const [client, server] = ["Plainwire client: 42", "Plainwire server: 58"];
  assertEquals(await reported(sum, "sum:client", ["--number", "42"]), [[client], [client], [server], [server]]);
});

Deno.test("chat: the line end is left out of sent and received, in a room and in turns", async () => {
  for (const mode of ["room", "turns"]) {
    await using server = await startServer("chat:server", ["--bind", "127.0.0.1", "--json", "--mode", mode]);
    const flags = ["--host", "127.0.0.1", "--mode", mode];
    const [sent, received, , answers] = await reported(server, "chat:client", flags, { input: "hello\nexit\n" });
    assertEquals(sent, mode === "room" ? ["hello", "exit"] : ["hello"]);
    if (mode === "room") assertEquals(received, sent);
    assert(answers?.every((text) => typeof text === "string" && !text.endsWith("\n")), JSON.stringify(answers));
  }
});
