/** Clients that a server turns away: the server's sentence on stderr, nothing on stdout, code 4. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Connection } from "../lib/stream/connection.ts";
import { RefusedError } from "../lib/errors.ts";
import { NO_EVENTS } from "../lib/events.ts";
import { DataOutput } from "../lib/console/output.ts";
import { refusalGuard } from "../lib/stream/refusal.ts";
import { exchange } from "../tcp/client.ts";
import { Input } from "../tcp/input.ts";
import { pipe } from "../tcp/pipe.ts";
import { FakeSink, FakeSocket, FedSource } from "./lib/fakes.ts";
import { everyWay } from "./support/chunks.ts";
import { type Ended, eventsIn, run, start, startServer, type TaskName } from "./support/script.ts";
import { RawClient, RawPeer, rawServer } from "./support/sockets.ts";
import { turn } from "./support/time.ts";
import { writePki } from "./support/tls.ts";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const files = await writePki(folder);
const secured = ["--tls", "--cert", files("server").cert, "--key", files("server").key];
const trusting = ["--tls", "--ca", files("ca").cert];

const FULL = "the server is full (1 connection at most); try again later";
const NOT_ALLOWED = "your address is not allowed here";
const SPEAKS_TLS = "this port speaks TLS; try --tls (with ncat: --ssl)";
const NO_CERTIFICATE = "this server requires a certificate (--cert and --key)";
const BUSY = "the line is busy; try again later";

/** Checks that a run ended with this refusal. */
function assertRefused({ code, stdout, stderr }: Ended, reason: string, data = ""): void {
  assertEquals([code, stdout], [4, data], stderr);
  assertEquals(stderr.trimEnd().split("\n").at(-1), `[!] Cannot serve you: ${reason}`);
}

/** Runs a client of `tcp:server` in each of its modes. */
async function assertAllRefused(port: number, reason: string, flags: readonly string[] = []): Promise<void> {
  const to = ["--port", `${port}`, ...flags];
  assertRefused(await run("tcp:client", to), reason);
  assertRefused(await run("tcp:client", to, { input: "hello\n" }), reason);
  assertRefused(await run("tcp:client", [...to, "--count", "3"]), reason);
  assertRefused(await run("tcp:client", [...to, "--connections", "2", "--duration", "1"]), reason);
}

Deno.test("tcp:client ends with 4 where its address is not allowed, in every mode", async () => {
  await using server = await startServer("tcp:server", ["--allow", "192.0.2.1"]);
  await assertAllRefused(server.port, NOT_ALLOWED);
});

Deno.test("tcp:client ends with 4 where the server is full, in every mode; a long input does not hide it", async () => {
  await using server = await startServer("tcp:server", ["--echo", "--max-connections", "1"]);
  using first = await RawClient.connect(server.port);
  await server.script.until(/Accepted/);
  await assertAllRefused(server.port, FULL);
  assertRefused(await run("tcp:client", ["--port", `${server.port}`], { input: new Uint8Array(8_000_000) }), FULL);
  first.close();
});

Deno.test("tcp:client --connections ends with 4 if only some of them are refused", async () => {
  await using server = await startServer("tcp:server", ["--echo", "--max-connections", "2"]);
  const load = ["--port", `${server.port}`, "--connections", "5", "--duration", "1"];
  const { code, stderr } = await run("tcp:client", load);
  assertEquals(code, 4);
  assert(/Cannot keep 3 of 5 connections open: Cannot serve you: the server is full/.test(stderr), stderr);
});

Deno.test("tcp:client --connections ends with 4 if others of them failed before one was refused", async () => {
  let clients = 0;
  await using server = rawServer(async (client) => {
    await client.until(/\n/);
    if (++clients > 1) await client.send("Cannot serve you: only one\n");
  });
  const { code, stderr } = await run("tcp:client", [
    ...["--port", `${server.port}`, "--connections", "2", "--duration", "2"],
  ]);
  assertEquals([code, stderr], [4, "[!] Cannot serve you: only one\n"]);
});

Deno.test("tcp:client ends with 4 on a TLS port, and where a certificate is demanded, in every mode", async () => {
  await using server = await startServer("tcp:server", secured);
  await assertAllRefused(server.port, SPEAKS_TLS);
  await using strict = await startServer("tcp:server", [...secured, "--client-ca", files("ca").cert]);
  await assertAllRefused(strict.port, NO_CERTIFICATE, trusting);
});

Deno.test("tcp:client, sum:client and chat:client end with 4 where their message is too long for the server", async () => {
  const long = "x".repeat(2000);
  const clients: [TaskName, TaskName, string[], string[]][] = [
    ["tcp:server", "tcp:client", [], ["--message", long]],
    ["sum:server", "sum:client", [], ["--number", "1".repeat(2000)]],
    ["chat:server", "chat:client", ["--bind", "127.0.0.1", "--mode", "turns"], ["--mode", "turns"]],
  ];
  for (const [server, client, listening, asking] of clients) {
    await using running = await startServer(server, [...listening, "--max-message", "1000"], { stdin: true });
    const ended = await run(client, ["--port", `${running.port}`, ...asking], { input: `${long}\n` });
    assertRefused(ended, "your message is longer than 1000 bytes");
  }
});

Deno.test("with --json a refusal is an event, and the run ends with code 4", async () => {
  await using server = await startServer("tcp:server", ["--allow", "192.0.2.1"]);
  const { code, stdout, stderr } = await run("tcp:client", ["--port", `${server.port}`, "--json"]);
  const events = eventsIn(stdout);
  const refused = events.find(({ event }) => event === "refused");
  assertEquals([refused?.peer, refused?.reason], [`127.0.0.1:${server.port}`, NOT_ALLOWED]);
  const ended = events.at(-1);
  assertEquals([code, ended?.event, ended?.code, stderr], [4, "ended", 4, ""]);
  assertEquals(events.filter(({ event }) => event === "received"), []);
});

const PIPE = { message: "", json: false, events: NO_EVENTS };

/** An input of one line. */
function helloInput(): Input {
  const typed = new FedSource();
  typed.feed("hello\n");
  typed.end();
  return new Input(typed);
}

Deno.test("tcp:client's exchange and pipe recognise a refusal however it is split, and print none of it", {
  permissions: "none",
}, async () => {
  const modes: Record<string, (connection: Connection, output: DataOutput) => Promise<string>> = {
    exchange: (connection, output) => exchange(connection, "hello\n", output),
    pipe: (connection, output) => pipe(connection, helloInput(), output, PIPE),
  };
  for (const [mode, talk] of Object.entries(modes)) {
    for (const { name, pieces } of everyWay(new TextEncoder().encode(`Cannot serve you: ${FULL}\n`))) {
      const [socket, sink] = [new FakeSocket(), new FakeSink()];
      using connection = new Connection(refusalGuard({ place: "only", events: NO_EVENTS })(socket));
      for (const piece of pieces) socket.source.feed(piece);
      socket.source.end();
      const talking = talk(connection, new DataOutput(sink, { terminal: false }));
      await assertRejects(() => talking, RefusedError, FULL, `${mode}, ${name}`);
      assertEquals([mode, name, sink.text], [mode, name, ""]);
    }
  }
});

Deno.test("a pipe whose input is no longer accepted still says why: the server turned it away", {
  permissions: "none",
}, async () => {
  const [socket, sink] = [new FakeSocket(), new FakeSink()];
  using connection = new Connection(refusalGuard({ place: "only", events: NO_EVENTS })(socket));
  socket.writeError = new Deno.errors.BrokenPipe();
  const piping = pipe(connection, helloInput(), new DataOutput(sink, { terminal: false }), PIPE);
  await turn();
  socket.source.feed(`Cannot serve you: ${FULL}\n`);
  socket.source.fail(new Deno.errors.ConnectionReset());
  await assertRejects(() => piping, RefusedError, FULL);
});

Deno.test("sum:client ends with 4 where it is turned away, in either form", async () => {
  await using server = await startServer("sum:server", ["--allow", "192.0.2.1"]);
  for (const form of ["line", "json"]) {
    const flags = ["--port", `${server.port}`, "--number", "42", "--format", form];
    assertRefused(await run("sum:client", flags), NOT_ALLOWED);
  }
});

Deno.test("chat:client ends with 4 where it is turned away, in a room and in turns", async () => {
  for (const mode of ["room", "turns"]) {
    await using server = await startServer("chat:server", ["--bind", "127.0.0.1", "--mode", mode, "--allow", "::1"]);
    const flags = ["--host", "127.0.0.1", "--port", `${server.port}`, "--mode", mode];
    assertRefused(await run("chat:client", flags, { input: "hello\n" }), NOT_ALLOWED);
  }
});

Deno.test("chat:client ends with 4 when the operator kicks or bans it, and while the ban lasts", async () => {
  await using server = await startServer("chat:server", ["--bind", "127.0.0.1"], { stdin: true });
  const to = ["--host", "127.0.0.1", "--port", `${server.port}`];
  for (
    const [command, reason] of [
      ["kick", "the operator has kicked you out for 1 minute"],
      ["ban", "the operator has banned you, 60 minutes left"],
    ] as const
  ) {
    await using bob = start("chat:client", [...to, "--name", "bob"], { stdin: true });
    await bob.until(/you are bob/);
    await server.script.type(`/${command} bob\n`);
    // Its input stays open until then: otherwise it would leave by itself.
    await bob.until(/Cannot serve you/, "stderr");
    const ended = await bob.ended();
    assertEquals([ended.code, ended.stdout.includes("Cannot serve")], [4, false], ended.stderr);
    assert(ended.stderr.endsWith(`[!] Cannot serve you: ${reason}\n`), ended.stderr);
    const again = await run("chat:client", to, { input: "hello\n" });
    assertRefused(again, `the operator has banned you, ${command === "kick" ? "1 minute" : "60 minutes"} left`);
    await server.script.type("/unban bob\n");
    await server.script.until(new RegExp(`(no longer banned[^]*){${command === "kick" ? 1 : 2}}`));
  }
});

Deno.test("no member can make the last line of the room turn another one away", async () => {
  await using server = await startServer("chat:server", ["--bind", "127.0.0.1"]);
  const forged = "Cannot serve you: the server is full";
  const attempts: [string, RegExp][] = [
    [forged, /^guest-\d: Cannot serve you: the server is full\n/m],
    [`/me \r${forged}`, /^~ guest-\d .*Cannot serve you: the server is full\n/m],
    [`/msg bob ${forged}`, /^guest-\d \(to you\): Cannot serve you: the server is full\n/m],
    [`x\r${forged}`, /^guest-\d: x.*Cannot serve you: the server is full\n/m],
    [`/nick Cannot\nserve you: the server is full`, /^Cannot: serve you: the server is full\n/m],
  ];
  for (const [lines, seen] of attempts) {
    await using bob = start("chat:client", ["--port", `${server.port}`, "--name", "bob"], { stdin: true });
    await bob.until(/you are bob/);
    using eve = await RawClient.connect(server.port);
    await eve.send(`${lines}\n`);
    await bob.until(seen);
    // The forged line is the last one: bob's input ends, and the server closes.
    await bob.endInput();
    const { code, stderr } = await bob.ended();
    assertEquals([code, stderr.includes("Cannot")], [0, false], stderr);
  }
});

Deno.test("chat:client ends with 4 where the line is busy, and where nobody answers", async () => {
  const local = ["--bind", "127.0.0.1", "--mode", "turns"];
  await using server = await startServer("chat:server", local, { stdin: true });
  using first = await RawClient.connect(server.port);
  await first.send("hello\n");
  await server.script.until(/client: hello/);
  const flags = ["--host", "127.0.0.1", "--port", `${server.port}`, "--mode", "turns"];
  assertRefused(await run("chat:client", flags, { input: "me too\n" }), BUSY);
  await using unattended = await startServer("chat:server", local);
  const other = ["--host", "127.0.0.1", "--port", `${unattended.port}`, "--mode", "turns"];
  assertRefused(await run("chat:client", other, { input: "hello\n" }), "there is no one to answer");
});

Deno.test("every UDP client ends with 4 where the line is busy", async () => {
  await using server = await startServer("chat:udp-server", [], { stdin: true });
  using first = new RawPeer();
  await first.send("hello", server.port);
  await server.script.until(/client: hello/);
  const to = ["--port", `${server.port}`];
  const clients: [TaskName, string[]][] = [
    ["chat:udp-client", []],
    ["udp:client", ["--message", "x"]],
    ["udp:client", ["--message", "x", "--count", "3"]],
    ["sum:udp-client", ["--number", "1"]],
  ];
  for (const [task, flags] of clients) {
    const input = task === "chat:udp-client" ? { input: "me too\n" } : {};
    assertRefused(await run(task, [...to, ...flags], input), BUSY);
  }
  const { stdout } = await run("udp:client", [...to, "--message", "x", "--json"]);
  const events = eventsIn(stdout);
  assertEquals(events.find(({ event }) => event === "refused")?.reason, BUSY);
  assertEquals([events.at(-1)?.event, events.at(-1)?.code], ["ended", 4]);
});

Deno.test("over UDP only the server can turn a client away", async () => {
  using other = new RawPeer();
  for (const task of ["chat:udp-client", "udp:client", "sum:udp-client"] as const) {
    using server = new RawPeer();
    const number = task === "sum:udp-client" ? ["--number", "1"] : [];
    const running = run(task, ["--port", `${server.port}`, ...number], { input: "hello\n" });
    const { port } = await server.receive();
    await other.send("Cannot serve you: forged\n", port);
    await server.send("Server: 2", port);
    if (task === "chat:udp-client") await server.send("exit", port);
    const { code, stdout, stderr } = await running;
    assertEquals([code, (stdout + stderr).includes("forged")], [0, false], `${task}: ${stdout}${stderr}`);
  }
});

Deno.test("in turns over TCP, too, only the first answer turns a guest away", async () => {
  await using server = await startServer("chat:server", ["--bind", "127.0.0.1", "--mode", "turns"], { stdin: true });
  const flags = ["--host", "127.0.0.1", "--port", `${server.port}`, "--mode", "turns"];
  await using guest = start("chat:client", flags, { stdin: true });
  await guest.type("one\n");
  await server.script.until(/client: one/);
  await server.script.type("hello\n");
  await guest.until(/hello/);
  await guest.type("two\n");
  await server.script.until(/client: two/);
  await server.script.endInput();
  const { code, stdout } = await guest.ended();
  assertEquals([code, stdout], [0, "hello\nCannot serve you: there is no one to answer\n"]);
});

Deno.test("over UDP only the first answer turns a guest away: later the operator may say so", async () => {
  await using server = await startServer("chat:udp-server", [], { stdin: true });
  await using guest = start("chat:udp-client", ["--port", `${server.port}`], { stdin: true });
  await guest.type("one\n");
  await server.script.until(/client: one/);
  await server.script.type("hello\n");
  await guest.until(/hello/);
  await guest.type("two\n");
  await server.script.until(/client: two/);
  await server.script.type("Cannot serve you: lunch\n");
  await guest.until(/Cannot serve you: lunch/);
  await guest.type("exit\n");
  assertEquals((await guest.ended()).code, 0);
});
