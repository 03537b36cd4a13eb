import { assert, assertEquals, assertMatch } from "@std/assert";
import { eventsIn, POSIX, run, RunningScript, start, startServer } from "../support/script.ts";
import { RawPeer } from "../support/sockets.ts";
import { LineClient } from "./support.ts";

const HERE = ["--bind", "127.0.0.1"];

Deno.test("chat:server says how to join, in turns too", async () => {
  for (const [mode, flag] of [["room", ""], ["turns", " --mode turns"]] as const) {
    await using server = await startServer("chat:server", ["--bind", "127.0.0.1", "--mode", mode]);
    await server.script.until(
      new RegExp(
        `to join, type:\n\\[\\+\\] {3}deno task chat:client --host 127\\.0\\.0\\.1 --port ${server.port}${flag}\n`,
      ),
    );
    // The page is the room's.
    const { stdout } = await server.script.stop();
    assertEquals(stdout.includes(`\n[+] Open http://127.0.0.1:${server.port}/\n`), mode === "room");
  }
});

Deno.test("chat:server: an operator at a pipe takes part, and the end of the pipe does not stop the room (C4, 73)", async () => {
  await using server = await startServer("chat:server", [...HERE, "--name", "Ada"], { stdin: true });
  using bob = await LineClient.connect(server.port);
  await bob.say("/nick bob");
  await bob.until(/you are bob/);
  await server.script.type("welcome\nlast line without newline");
  await server.script.endInput();
  assertEquals(await bob.until(/last line/), ["Ada: welcome", "Ada: last line without newline"]);
  await bob.say("/msg Ada are you there?", "hello");
  assertEquals((await bob.until(/no such/)).at(-1), "* no such member: Ada");
  await server.script.until(/^bob: hello$/m);
  assertMatch(server.script.stdout, /^\* bob joined\nAda: welcome\nAda: last line without newline\n/m);
});

for (const [name, stdin] of [["/dev/null", "null"], ["a file", "/etc/hosts"]] as const) {
  Deno.test(`chat:server: input from ${name} does not stop the room (C4, P2)`, async () => {
    if (stdin === "null") {
      await using server = await startServer("chat:server", HERE);
      using bob = await LineClient.connect(server.port);
      await bob.say("/who");
      await bob.until(/^\* 1 here: guest-1$/);
      const { code, stdout } = await server.script.stop();
      assertEquals(code, 0);
      assertMatch(stdout, /\[!\] Exiting\.\.\.\n/);
      return;
    }
    await using server = await startServer("chat:server", [...HERE, "--json"], { stdin: true });
    await server.script.type(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
    await server.script.endInput();
    await server.script.until(/"event":"left"/);
    using bob = await LineClient.connect(server.port);
    await bob.say("/who");
    await bob.until(/^\* 1 here: guest-1$/);
  });
}

Deno.test("chat:server stops at SIGINT, SIGTERM and SIGHUP with 0, and tells all members (P1)", {
  ignore: Deno.build.os === "windows",
}, async () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    await using server = await startServer("chat:server", HERE, { stdin: true });
    using bob = await LineClient.connect(server.port);
    await bob.until(/you are/);
    const { code, stderr } = await server.script.stop(signal);
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertEquals(await bob.rest(), ["* the server is shutting down"]);
    assertMatch(server.script.stdout, /\[!\] Exiting\.\.\.\n[^]*\[\+\] Done: 1 connection served, /);
  }
});

Deno.test("chat:server ends quietly when its stdout is closed (P3)", POSIX, async () => {
  const pipeline =
    `"${Deno.execPath()}" run --no-prompt -A chat/server.ts --port 0 --bind 127.0.0.1 </dev/null | head -1`;
  const script = `{ ${pipeline}; } & sleep 0; wait`;
  const child = new Deno.Command("sh", {
    args: ["-c", script],
    cwd: new URL("../../", import.meta.url),
    stdout: "piped",
    stderr: "piped",
  })
    .spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const port = Number(/:(\d+)/.exec(new TextDecoder().decode(value))?.[1]);
  // The next lines of the log go into a closed pipe.
  using bob = await LineClient.connect(port);
  await bob.say("hello");
  // It may not have been a member yet.
  assertMatch((await bob.rest()).at(-1) ?? "", /^(\*|Cannot serve you:) the server is shutting down$/);
  await reader.cancel();
  await child.stderr.cancel();
  await child.status;
});

Deno.test("chat:server --json reports who said what", async () => {
  await using server = await startServer("chat:server", [...HERE, "--json"], { stdin: true });
  using bob = await LineClient.connect(server.port);
  await bob.say("/nick bob", "Grüße");
  await server.script.until(/"event":"message"/);
  await bob.say("exit");
  await bob.rest();
  const { code, stdout } = await server.script.stop();
  assertEquals(code, 0);
  const events = eventsIn(stdout);
  const said = events.find(({ event }) => event === "message");
  assertEquals([said?.name, said?.text, said?.id], ["bob", "Grüße", 1]);
  const received = events.filter(({ event }) => event === "received");
  assertEquals(received.map(({ text, bytes }) => [text, bytes]), [["/nick bob", 10], ["Grüße", 8], ["exit", 5]]);
  assertEquals(events.find(({ event }) => event === "closed")?.bytesIn, 23);
  const names = events.map(({ event }) => event);
  for (const name of ["listening", "accepted", "joined", "message", "left", "closed", "ended"]) {
    assert(names.includes(name), name);
  }
  assertEquals(events.find(({ event }) => event === "left")?.why, "quit");
});

const SERVER = new URL("../../chat/server.ts", import.meta.url).pathname;

Deno.test("chat:server: /save writes a new file, and says why it cannot", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-read", "--allow-write=.", "--allow-net", SERVER, "--port", "0", ...HERE],
      cwd: folder,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    }).spawn();
    await using server = new RunningScript(process, true);
    await server.until(/Listening/);
    const path = `${folder}/what was said.txt`;
    await server.type(`for the record\n/save ${path}\n`);
    await server.until(/saved to/);
    assertMatch(await Deno.readTextFile(path), /^\d{4}-\d\d-\d\dT\S+Z server: for the record\n$/);
    await server.type(`/save ${path}\n/save ${folder}/none/x\n/save /elsewhere\n`);
    await server.until(/what was said\.txt: the file exists; choose another name/);
    for (const outside of ["none/x", "elsewhere"]) {
      await server.until(new RegExp(`${outside}: it can only be a file in ${folder}; give a name without a folder`));
    }
    await server.type("/stop\n");
    assertEquals((await server.ended()).code, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("chat:server --quiet prints only the ready line", async () => {
  await using server = await startServer("chat:server", [...HERE, "-q"], { stdin: true });
  using bob = await LineClient.connect(server.port);
  await bob.say("hello", "exit");
  assertEquals((await bob.rest()).at(-1), "Goodbye! Closing connection.");
  assertEquals(await server.script.stop(), {
    code: 0,
    stdout: `[+] Listening on 127.0.0.1:${server.port}\n`,
    stderr: "",
  });
});

Deno.test("chat:server --once serves one guest and exits 0; in turns as well", async () => {
  for (const mode of ["room", "turns"]) {
    await using server = await startServer("chat:server", [...HERE, "--once", "--mode", mode], { stdin: true });
    using bob = await LineClient.connect(server.port);
    await bob.say("exit");
    assertEquals((await bob.rest()).at(-1), "Goodbye! Closing connection.");
    const { code, stdout } = await server.script.ended();
    assertEquals([code, /http:|browser/.test(stdout)], [0, false], "it serves no page");
  }
});

Deno.test("chat:server --allow refuses others with the reason", async () => {
  await using server = await startServer("chat:server", [...HERE, "--allow", "192.0.2.0/24"]);
  using bob = await LineClient.connect(server.port);
  assertEquals(await bob.rest(), ["Cannot serve you: your address is not allowed here"]);
});

Deno.test("chat:server listens on every address unless told otherwise, and says how to join", async () => {
  await using server = await startServer("chat:server");
  assertEquals(server.hostname, "0.0.0.0");
  await server.script.until(/to join, type on another machine:|this machine only/);
});

Deno.test("the chat scripts say what is wrong with their flags (P4)", async () => {
  const cases = [
    ["chat:server", ["--mode", "solo"], 'Cannot use --mode "solo": it must be room or turns'],
    ["chat:server", ["--history", "-1"], "Cannot use --history"],
    ["chat:server", ["--rate", "1.5"], "Cannot use --rate"],
    ["chat:server", ["--name", "a b"], "Cannot use --name"],
    ["chat:server", ["--history", "5", "--mode", "turns"], "Cannot use --history with --mode turns: it is for a room"],
    ["chat:server", ["--rate", "5", "--mode", "turns"], "Cannot use --rate with --mode turns"],
    ["chat:server", ["--no-qr", "--mode", "turns"], "Cannot use --no-qr with --mode turns"],
    ["chat:server", ["--no-qr", "--no-web"], "Cannot use --no-web and --no-qr together"],
    ["chat:server", ["--host-name", "x", "--once"], "Cannot use --once and --host-name together"],
    ["chat:server", ["--name", "bob", "--mode", "turns"], "Cannot use --name with --mode turns"],
    ["chat:udp-server", ["--mode", "room"], 'Cannot use --mode "room": it must be turns'],
    ["chat:udp-client", ["--mode", "room"], 'Cannot use --mode "room": it must be turns'],
    ["chat:client", ["--name", "a:b"], "Cannot use --name"],
    ["chat:client", ["--name", "bob", "--mode", "turns"], "Cannot use --name with --mode turns"],
  ] as const;
  await Promise.all(cases.map(async ([task, args, said]) => {
    const { code, stdout, stderr } = await run(task, args);
    assertEquals({ code, stdout, said: stderr.includes(said) }, { code: 2, stdout: "", said: true }, stderr);
  }));
});

Deno.test("chat:server ends with 9 when the port is in use (S15)", async () => {
  await using server = await startServer("chat:server", HERE);
  const { code, stderr } = await run("chat:server", [...HERE, "--port", String(server.port)]);
  assertEquals(code, 9);
  assertMatch(stderr, /^\[!\] Cannot listen on 127\.0\.0\.1:\d+: another program holds the port/);
});

Deno.test("chat:udp-server: an operator at a pipe talks with a guest; SIGINT ends it with 0", async () => {
  await using server = await startServer("chat:udp-server", [], { stdin: true });
  await using client = start("chat:udp-client", ["--port", String(server.port)], { stdin: true });
  await client.type("hello\n");
  await server.script.until(/^client: hello$/m);
  await server.script.type("hi there\n");
  await client.until(/hi there/);
  const { code, stdout } = await server.script.stop();
  assertEquals(code, 0);
  assertMatch(stdout, /\[!\] Exiting\.\.\.\n[^]*\[\+\] Done: 1 conversation\n$/);
  await client.until(/\* the server is shutting down/);
});

Deno.test("chat:udp-server --json tells the conversation, datagram by datagram, and sums it up", async () => {
  await using server = await startServer("chat:udp-server", ["--json", "--once"], { stdin: true });
  await server.script.type("hi there\n");
  using guest = new RawPeer();
  using stranger = new RawPeer();
  await guest.send("hello\n", server.port);
  assertEquals((await guest.receive()).text, "hi there");
  await stranger.send("me too", server.port);
  await stranger.receive();
  await guest.send("exit", server.port);
  await guest.receive();
  const { code, stdout } = await server.script.ended();
  const events = eventsIn(stdout);
  const of = { id: 1, peer: `127.0.0.1:${guest.port}` };
  const passed = events.filter(({ event }) => event === "sent" || event === "received");
  assertEquals(code, 0);
  assertEquals(passed.map(({ time: _, ...event }) => event), [
    { event: "received", ...of, bytes: 6, text: "hello" },
    { event: "sent", ...of, bytes: 8, text: "hi there" },
    { event: "received", ...of, bytes: 4, text: "exit" },
    { event: "sent", ...of, bytes: 25, text: "Goodbye! Closing session." },
  ]);
  const { conversations, refused, bytesIn, bytesOut } = events.find(({ event }) => event === "summary") ?? {};
  assertEquals({ conversations, refused, bytesIn, bytesOut }, {
    conversations: 1,
    refused: 1,
    bytesIn: 10,
    bytesOut: 33,
  });
});
