/** The table in SECURITY.md, row by row: sends a hostile text through each source, and checks that no sink shows it raw. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { lineOf } from "../../chat/room/journal.ts";
import { decodeEntry, encodeEntry } from "../../chat/shared/lines/entry_json.ts";
import { LineClient, TestRoomServer } from "../chat/support.ts";
import { EventPeer, SocketPeer } from "../chat/transport/web/support.ts";
import { eventsIn, POSIX, run, start, startServer, type TaskName } from "../support/script.ts";
import { RawClient, RawPeer, rawServer } from "../support/sockets.ts";
import { atTerminal, TERMINAL } from "../support/terminal.ts";
import { issued, pki, selfSigned, serverTls, tlsListener } from "../support/tls.ts";
import {
  assertHarmless,
  assertHarmlessAtTerminal,
  assertNotRaw,
  FORGED,
  HOSTILE,
  HOSTILE_LINES,
  MARK,
} from "./marked.ts";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** The sources in the table that have a test here. */
const tested = new Set<string>();

const ANYWHERE = { ignore: false };

/** The test for the table row with this source. */
function row(source: string, needed: { readonly ignore: boolean }, test: () => Promise<void>): void {
  tested.add(source);
  Deno.test(`untrusted: ${source}`, needed, test);
}

/** Writes a certificate and its key to files; returns the flags that name them. */
async function files(name: string, pair: { certificate: string; key: string }): Promise<string[]> {
  const [cert, key] = [`${folder}/${name}.pem`, `${folder}/${name}-key.pem`];
  await Deno.writeTextFile(cert, pair.certificate);
  await Deno.writeTextFile(key, pair.key);
  return ["--cert", cert, "--key", key];
}

/** Checks a server's output, as prose and as JSON, while `visit` sends it something, until the marker appears. */
async function told(task: TaskName, args: readonly string[], visit: (port: number) => Promise<unknown>): Promise<void> {
  // One line per answer and JSON exclude each other.
  for (const form of args.includes("common") ? [[]] : [[], ["--json"]]) {
    await using server = await startServer(task, [...args, ...form]);
    await visit(server.port);
    const { script } = server;
    await Promise.race([script.until(new RegExp(MARK)), script.until(new RegExp(MARK), "stderr")]);
    // Some questions stop the server.
    const { stdout, stderr } = await script.stop().catch(() => script.ended());
    assertHarmless(stdout + stderr, [task, ...args, ...form].join(" "));
  }
}

/** Checks a client's output at a terminal. */
async function shown(task: TaskName, args: readonly string[]): Promise<void> {
  await using client = atTerminal(task, args);
  const { stdout } = await client.ended();
  assertHarmlessAtTerminal(stdout, task);
}

const at = (port: number): string[] => ["--port", `${port}`];

row("a message to `tcp:server`", ANYWHERE, async () => {
  await told("tcp:server", [], async (port) => {
    using client = await RawClient.connect(port);
    await client.send(HOSTILE_LINES);
    await client.rest();
  });
  await told("tcp:server", ["--echo"], async (port) => {
    using client = await RawClient.connect(port);
    await client.send(HOSTILE_LINES);
    await client.end();
    await client.rest();
  });
});

row("a datagram to `udp:server`", ANYWHERE, async () => {
  await told("udp:server", [], async (port) => {
    using peer = new RawPeer();
    await peer.send(HOSTILE_LINES, port);
    await peer.receive();
  });
});

row("a reply to `tcp:client`", TERMINAL, async () => {
  await using server = rawServer(async (client) => {
    await client.until(/\n/);
    await client.send(HOSTILE);
  });
  await shown("tcp:client", [...at(server.port), "--message", "x"]);
  await shown("tcp:client", [...at(server.port), "--message", "x", "--json"]);
  await shown("tcp:client", [...at(server.port), "--message", "x", "--interactive"]);
});

row("data for `tcp:server --pipe`", TERMINAL, async () => {
  for (const form of [[], ["--json"]]) {
    await using server = atTerminal("tcp:server", ["--pipe", "--once", "--port", "0", ...form]);
    const [, port] = await server.until(/(?:Listening on \S+:|"port":)(\d+)/);
    using client = await RawClient.connect(Number(port));
    await client.send(HOSTILE);
    await client.end();
    const { stdout } = await server.ended();
    assertHarmlessAtTerminal(stdout, ["tcp:server", "--pipe", ...form].join(" "));
  }
});

row("an answer to `udp:client`", TERMINAL, async () => {
  using peer = new RawPeer();
  const answering = (async () => {
    const { port } = await peer.receive();
    await peer.send(HOSTILE, port);
  })();
  await shown("udp:client", [...at(peer.port), "--message", "x"]);
  await answering;
});

row("a question to the `sum` servers", ANYWHERE, async () => {
  const questions = [`${HOSTILE}: 42`, JSON.stringify({ name: HOSTILE_LINES, number: 42 }), `${MARK}: ${HOSTILE}`];
  for (const question of questions) {
    await told("sum:server", ["--keep-running"], async (port) => {
      using client = await RawClient.connect(port);
      await client.send(`${question}\n`);
      const answer = await client.rest();
      if (answer.includes(MARK)) assertHarmless(answer, "the answer");
    });
    await told("sum:udp-server", ["--keep-running"], async (port) => {
      using peer = new RawPeer();
      await peer.send(question, port);
      await peer.receive();
    });
  }
  await told("sum:server", [], async (port) => {
    using client = await RawClient.connect(port);
    await client.send(`${HOSTILE}: 101\n`);
    await client.rest();
  });
});

row("an answer to the `sum` clients", ANYWHERE, async () => {
  const answers = [`${HOSTILE}: 7`, `${HOSTILE}: stopping`, `Cannot ${HOSTILE}`, `nonsense ${HOSTILE}`];
  for (const answer of answers) {
    await using server = rawServer(async (client) => {
      await client.until(/\n/);
      await client.send(`${answer}\n`);
      await client.rest();
    });
    const { stdout, stderr } = await run("sum:client", at(server.port));
    assertHarmless(stdout + stderr, `sum:client, ${JSON.stringify(answer)}`);
    using peer = new RawPeer();
    const answering = peer.receive().then(({ port }) => peer.send(answer, port));
    const udp = await run("sum:udp-client", at(peer.port));
    await answering;
    assertHarmless(udp.stdout + udp.stderr, `sum:udp-client, ${JSON.stringify(answer)}`);
  }
});

const NAMED = [{ CN: [{ utf8String: HOSTILE_LINES }] }, { O: [{ utf8String: HOSTILE_LINES }] }];
const LISTENERS = ["tcp:server", "chat:server", "http:server", "sum:server"] as const;

row("a client's certificate", ANYWHERE, async () => {
  const ca = `${folder}/ca.pem`;
  await Deno.writeTextFile(ca, pki.ca.certificate);
  const trusted = await files("trusted", await issued(pki.ca, NAMED));
  const strange = await files("strange", await selfSigned("x", { named: false, subject: NAMED }));
  const server = await files("server", pki.server);
  for (const task of LISTENERS) {
    const args = ["--tls", ...server, "--client-ca", ca, "--bind", "127.0.0.1"];
    for (const identity of [trusted, strange]) {
      await told(task, args, async (port) => {
        const client = ["--tls", "--tls-insecure", ...identity, ...at(port), "--timeout", "5"];
        const input = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        const { stdout, stderr } = await run("tcp:client", client, { input });
        // The server's answer, refusal or not, reaches the peer's terminal unchanged.
        if (stdout.includes(MARK)) assertHarmless(stdout.replaceAll("\r\n", "\n"), `the answer of ${task}`);
        assertMatch(stderr, /Secured/);
      });
    }
  }
});

row("a server's certificate", TERMINAL, async () => {
  const identity = await selfSigned("localhost", { subject: NAMED });
  const listener = tlsListener(serverTls(identity));
  const accepting = (async () => {
    try {
      for (;;) {
        const socket = await listener.accept();
        socket.read(new Uint8Array(1)).catch(() => {}).finally(() => socket.close());
      }
    } catch {
      // The test closed the listener.
    }
  })();
  for (const form of [[], ["--json"]]) {
    const { code, stdout, stderr } = await run("tcp:client", [
      ...at(listener.port),
      "--tls",
      "--tls-insecure",
      ...form,
    ]);
    assertEquals(code, 6);
    assertHarmless(stdout + stderr, "tcp:client");
  }
  await using client = atTerminal("tcp:client", [...at(listener.port), "--tls", "--message", "x"]);
  await client.until(/Trust it from now on/);
  await client.type("no\r");
  assertHarmlessAtTerminal((await client.ended()).stdout, "the question");
  listener.close();
  await accepting;
});

/** A request with the text wherever the grammar allows it, and a malformed one. */
const REQUESTS = [
  `POST /?${MARK} HTTP/1.1\r\nHost: localhost\r\nX-Text: ${MARK}\u202e\x9b31m\r\nContent-Length: ${
    new TextEncoder().encode(HOSTILE_LINES).length
  }\r\nConnection: close\r\n\r\n${HOSTILE_LINES}`,
  `${HOSTILE_LINES}\r\n\r\n`,
];

row("a request to the HTTP servers", ANYWHERE, async () => {
  for (const task of ["http:server", "http:threaded"] as const) {
    for (const args of [[], ["--log", "common"]]) {
      for (const request of REQUESTS) {
        await told(task, args, async (port) => {
          using client = await RawClient.connect(port);
          await client.send(request);
          await client.rest();
        });
      }
    }
  }
});

row("a request that the page shows", ANYWHERE, async () => {
  await using server = await startServer("http:server");
  using client = await RawClient.connect(server.port);
  const field = `X-Text: ${MARK}<b>"\u202e\u2028\x9b31m`;
  await client.send(`GET /?${MARK} HTTP/1.1\r\nHost: localhost\r\n${field}\r\nConnection: close\r\n\r\n`);
  const page = (await client.rest()).replaceAll("\r\n", "\n");
  assertHarmless(page, "the page");
  assert(/^[\x20-\x7e\n]*$/.test(page), "the page is ASCII");
  assert(!/&#(155|8232|8238);/.test(page), "a control as a character reference works like the control");
  assert(!page.includes("<b>PWNED") && !page.includes('<b>"'), "markup from the visitor");
  // These echo the request to its sender unchanged, in a form that a browser does not execute.
  for (const target of ["/echo", "/anything", "/cookie"]) {
    using other = await RawClient.connect(server.port);
    await other.send(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n${field}\r\nConnection: close\r\n\r\n`);
    const [head = ""] = (await other.rest()).split("\r\n\r\n");
    assertNotRaw(head.replaceAll("\r\n", "\n"), `the head of ${target}`);
    assertMatch(head, /Content-Security-Policy: sandbox; default-src 'none'\r\n/);
  }
});

row("a cookie in `/cookie/set`", ANYWHERE, async () => {
  await using server = await startServer("http:server");
  for (const query of [`a=${encodeURIComponent(HOSTILE_LINES)}`, `${encodeURIComponent(HOSTILE_LINES)}=b`]) {
    using client = await RawClient.connect(server.port);
    await client.send(`GET /cookie/set?${query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    const answer = (await client.rest()).replaceAll("\r\n", "\n");
    assertNotRaw(answer, query);
    assert(answer.startsWith("HTTP/1.1 400 ") && !answer.includes("Set-Cookie"), answer);
  }
});

row("a file name under `--dir`", POSIX, async () => {
  const name = `${MARK}\u202e\x9b31m<b>"&`;
  await Deno.mkdir(`${folder}/dir/${name}`, { recursive: true });
  await Deno.writeTextFile(`${folder}/dir/${name}.txt`, "");
  await Deno.writeTextFile(`${folder}/dir/${HOSTILE.replaceAll("/", "")}`, "");
  await using server = await startServer("http:server", ["--dir", `${folder}/dir`]);
  for (const target of ["/", `/${encodeURIComponent(name)}`, `/${encodeURIComponent(name)}/`]) {
    using client = await RawClient.connect(server.port);
    await client.send(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    const answer = (await client.rest()).replaceAll("\r\n", "\n");
    assertHarmless(answer, target);
    assert(!/<b>|&#(155|8238);/.test(answer), "markup or a control character from the file name");
  }
});

row("a line in the chat", ANYWHERE, async () => {
  await told("chat:server", ["--bind", "127.0.0.1"], async (port) => {
    using bob = await LineClient.connect(port);
    await bob.until(/\* you are guest-1;/);
    using eve = await LineClient.connect(port);
    await eve.say("/nick eve", HOSTILE, `/me ${HOSTILE}`, `/msg guest-1 ${HOSTILE}`, `/nosuch${HOSTILE}`);
    assertHarmless((await bob.until(/^eve \(to you\): /)).join("\n"), "another member");
    assertNotRaw((await eve.until(/no such command/)).join("\n"), "the speaker");
  });
  await using room = new TestRoomServer();
  using eve = await room.join("eve");
  await eve.say(HOSTILE, "/msg server seen?");
  await room.log(/seen\?/);
  room.user.input.type("/save lines.txt");
  await room.log(/saved/);
  assertHarmless(room.saved[0]?.text ?? "", "the transcript");
});

row("a request or a WebSocket message to the chat", ANYWHERE, async () => {
  await told("chat:server", ["--bind", "127.0.0.1"], async (port) => {
    using bob = await LineClient.connect(port);
    await bob.until(/\* you are guest-1;/);
    using events = await EventPeer.open(port);
    using eve = await SocketPeer.open(port, { path: `/room?name=${encodeURIComponent(HOSTILE)}` });
    await eve.say("/nick eve", HOSTILE, `/session ${HOSTILE}`, `/line ${HOSTILE}`);
    assertHarmless((await bob.until(/^eve: /)).join("\n"), "a member by TCP");
    assertHarmless((await events.until(/^(?:#\d+ )?eve: /)).join("\n"), "a member by events");
    assertNotRaw((await eve.until(/an id is/)).join("\n"), "the speaker");
    using asker = await RawClient.connect(port);
    await asker.send(`GET /?${MARK} HTTP/1.1\r\nHost: ${HOSTILE.replace("\r", "")}\r\n\r\n`);
    assertNotRaw((await asker.rest()).replaceAll("\r\n", "\n"), "the answer");
  });
});

row("a broker's words, and what is in a shared room's stream", POSIX, async () => {
  await using broker = rawServer(async (client) => {
    await client.send(`INFO {"server_id":"${MARK}","version":"2.9.10","max_payload":1048576}\r\n-ERR '${HOSTILE}'\r\n`);
    await client.rest();
  });
  for (const form of [[], ["--json"]]) {
    const args = ["--bind", "127.0.0.1", "--port", "0", "--room", "x", "--nats", `nats://127.0.0.1:${broker.port}`];
    const { code, stdout, stderr } = await run("chat:server", [...args, ...form]);
    assertEquals(code === 0, false);
    assertNotRaw(stdout + stderr, "chat:server");
  }
  // What is said in the stream is checked and escaped as a member's line is: tests/chat/shared/.
  const entry = { kind: "said", name: "eve", text: HOSTILE } as const;
  assertHarmless(lineOf(decodeEntry(encodeEntry({ entry, server: "there:1" }))?.entry ?? entry), "a member");
  assertEquals(decodeEntry(encodeEntry({ entry: { ...entry, name: HOSTILE }, server: "there:1" })), null);
});

row("a name in the chat", ANYWHERE, async () => {
  await using room = new TestRoomServer();
  using bob = await room.join("bob");
  using eve = await LineClient.connect(room.port);
  await eve.say(`/nick ${HOSTILE}`, `/nick ${MARK}\u202e`, `/msg ${HOSTILE} psst`, `/nick ${MARK}`);
  assertNotRaw((await eve.until(/you are PWNED;/)).join("\n"), "the client that wants the name");
  assertHarmless((await bob.until(/PWNED/)).join("\n"), "another member");
});

row("a server's refusal", TERMINAL, async () => {
  const sentence = `Cannot serve you: ${HOSTILE}\n`;
  await using server = rawServer(async (client) => {
    await client.send(sentence);
    await client.end();
    await client.rest();
  });
  using peer = new RawPeer();
  const answering = (async () => {
    for (let count = 0; count < 2; count++) await peer.send(sentence, (await peer.receive()).port);
  })();
  for (const form of [[], ["--json"]]) {
    for (const [task, port] of [["tcp:client", server.port], ["udp:client", peer.port]] as const) {
      const { code, stdout, stderr } = await run(task, [...at(port), "--message", "x", ...form]);
      assertEquals([task, code], [task, 4]);
      assertHarmless(stdout + stderr, task);
    }
  }
  await answering;
  await shown("tcp:client", [...at(server.port), "--message", "x"]);
});

row("a line from a chat server", TERMINAL, async () => {
  await using server = rawServer(async (client) => {
    await client.send(`* you are ${HOSTILE}; /help lists what you can type\n* ${HOSTILE} joined\n${HOSTILE}: hi\n`);
    await client.send(`* 2 here: ${MARK}\x1b]52;c;x\x07, eve\n* you are eve; /help\n* the end\n`);
    // The Tab completion arrives here.
    await client.until(/\n/);
  });
  await using client = atTerminal("chat:client", ["--host", "127.0.0.1", ...at(server.port)]);
  await client.until(/\* the end[^]*eve: /);
  await client.type(`/msg ${MARK}`);
  await client.until(new RegExp(`/msg ${MARK}`));
  await client.type("\t");
  await client.type("\r");
  assertHarmlessAtTerminal((await client.ended()).stdout, "chat:client");
});

row("a message in turns", TERMINAL, async () => {
  await told("chat:server", ["--mode", "turns", "--bind", "127.0.0.1"], async (port) => {
    using guest = await RawClient.connect(port);
    await guest.send(`${HOSTILE}\n`);
    await guest.until(/\n/);
  });
  await told("chat:udp-server", [], async (port) => {
    using guest = new RawPeer();
    await guest.send(HOSTILE_LINES, port);
    await guest.receive();
  });
  await using server = rawServer(async (client) => {
    await client.send(`${HOSTILE}\n`);
    await client.until(/\n/);
  });
  await using client = atTerminal("chat:client", ["--mode", "turns", "--host", "127.0.0.1", ...at(server.port)]);
  await client.until(new RegExp(MARK));
  await client.type("bye\r");
  assertHarmlessAtTerminal((await client.ended()).stdout, "chat:client in turns");
  using peer = new RawPeer();
  await using udp = atTerminal("chat:udp-client", ["--host", "127.0.0.1", ...at(peer.port)]);
  await udp.until(/your turn: /);
  await udp.type("hello\r");
  const { port } = await peer.receive();
  await peer.send(HOSTILE, port);
  await udp.until(new RegExp(MARK));
  await udp.type("exit\r");
  await peer.receive();
  await peer.send("Goodbye! Closing session.", port);
  assertHarmlessAtTerminal((await udp.ended()).stdout, "chat:udp-client");
});

row("bytes that pass, with `--explain`, `--trace`, `--diagram` or `--inspect`", POSIX, async () => {
  const send = async (port: number): Promise<void> => {
    using client = await RawClient.connect(port);
    await client.send(HOSTILE_LINES);
    await client.rest();
  };
  await told("tcp:server", ["--explain", "--trace", "-q"], send);
  for (const diagram of [`${folder}/hostile.svg`, `${folder}/hostile.html`]) {
    const files = ["--diagram", diagram, "--trace", `${folder}/hostile.trace`];
    await using server = await startServer("tcp:server", [...files, "--inspect"]);
    const [, url = ""] = await server.script.until(/Inspect the wire at (\S+)/);
    await send(server.port);
    assertNotRaw(await (await fetch(url)).text(), "the inspector's page");
    await server.script.stop();
    assertNotRaw(await Deno.readTextFile(files[3] ?? ""), "the trace");
    assertHarmless(await Deno.readTextFile(diagram), diagram);
  }
});

row("a capture read by `wire:show` or `wire:replay`", POSIX, async () => {
  const capture = `${folder}/hostile.pcapng`;
  {
    await using server = await startServer("tcp:server", ["--capture", capture, "--once", "-q"]);
    using client = await RawClient.connect(server.port);
    await client.send(HOSTILE_LINES);
    await client.rest();
    client.close();
    await server.script.ended();
  }
  for (const form of [[], ["--trace"], ["--json"], ["--diagram", `${folder}/shown.svg`]]) {
    const { code, stdout, stderr } = await run("wire:show", [...form, capture]);
    assertEquals(code, 0, stderr);
    assertNotRaw(stdout + stderr, `wire:show ${form.join(" ")}`);
  }
  assertHarmless((await run("wire:show", [capture])).stdout, "wire:show");
  assertHarmless(await Deno.readTextFile(`${folder}/shown.svg`), "the drawing");
});

/** Runs one check on a server, with each form of the report; all of them must show the text, and none of it raw. */
async function checked(...args: string[]): Promise<void> {
  const junit = `${folder}/report.xml`;
  for (const form of [["--junit", junit], ["--json"]]) {
    const { stdout, stderr } = await run("lab:check", ["tcp", "--only", "plain-exchange", ...args, ...form]);
    assertHarmless(stdout, `lab:check ${form.join(" ")}`);
    assertNotRaw(stderr, "lab:check");
  }
  assertHarmless(await Deno.readTextFile(junit), "JUnit");
}

row("an answer of a server under `lab:check`", ANYWHERE, async () => {
  let answers = 0;
  await using server = rawServer(async (client) => {
    await client.until(/\n/);
    // Always another one, so that the check fails and shows it.
    await client.send(`${HOSTILE_LINES}${++answers}`);
  });
  await checked("--timeout", "0.3", "--expect-reply", "other", `:${server.port}`);
});

row("the output of a server under `lab:check --start`", POSIX, async () => {
  const program = `${folder}/dies.ts`;
  await Deno.writeTextFile(
    program,
    `const listener = Deno.listen({ hostname: "127.0.0.1", port: Number(Deno.args[0]) });
for (let count = 0;; count++) {
  const conn = await listener.accept();
  if (await conn.read(new Uint8Array(99)) === null) continue;
  await conn.write(new TextEncoder().encode("first\\n"));
  conn.close();
  if (count > 1) break;
}
await Deno.stdout.write(new TextEncoder().encode(${JSON.stringify(HOSTILE_LINES)}));
Deno.exit(3);`,
  );
  await checked("--start", `'${Deno.execPath()}' run --no-prompt --allow-net ${program} $PORT`);
});

row("a command for `lab:relay`", ANYWHERE, async () => {
  for (const [form, line] of [[[], HOSTILE], [["--json"], JSON.stringify({ command: HOSTILE })]] as const) {
    await using relay = start("lab:relay", ["--listen", "0", "--to", ":9", ...form], { stdin: true });
    await relay.until(/Listening|listening/);
    await relay.type(`${line}\n`);
    await Promise.race([relay.until(new RegExp(MARK)), relay.until(new RegExp(MARK), "stderr")]);
    const { stdout, stderr } = await relay.stop();
    assertHarmless(stdout + stderr, ["lab:relay", ...form].join(" "));
  }
});

row("a flag or an argument", ANYWHERE, async () => {
  for (const args of [["--port", HOSTILE], [`--${HOSTILE}`], [HOSTILE], ["--allow", HOSTILE]]) {
    const { code, stdout, stderr } = await run("tcp:server", args);
    assertEquals(code, 2);
    assertHarmless(stdout + stderr, `tcp:server ${JSON.stringify(args)}`);
  }
  await using client = start("tcp:client", ["--host", "127.0.0.1", "--port", "1", "--message", HOSTILE, "--json"]);
  const { stdout } = await client.ended();
  assertEquals(eventsIn(stdout).at(-1)?.code, 4);
});

Deno.test("at a terminal no row of a long message can be taken for a line of the log", TERMINAL, async () => {
  await using server = atTerminal("tcp:server", ["--port", "0"]);
  const [, port = ""] = await server.until(/Listening on 127\.0\.0\.1:(\d+)/);
  using client = await RawClient.connect(Number(port));
  const [, peer = ""] = await server.until(/Accepted connection from (\S+)\r\n/);
  // The terminal has 80 columns; the log's prefix takes some of the first row, and 2 of the next.
  const first = 80 - `[*] Received from ${peer}: `.length;
  await client.send(`${"a".repeat(first + 78)}${FORGED}\n`);
  await client.rest();
  await server.until(/Closed/);
  assertStringIncludes(server.stdout, `a\r\n  ${FORGED}\r\n`);
});

Deno.test("every row of the table in SECURITY.md has a test here", async () => {
  const text = await Deno.readTextFile(new URL("../../SECURITY.md", import.meta.url));
  const table = text.slice(text.indexOf("| source"), text.indexOf("\n\n", text.indexOf("| source")));
  const sources = table.split("\n").slice(2).map((line) => line.split("|")[1]?.trim() ?? "");
  assertEquals(new Set(sources), tested);
});
