/** The room of `chat:server` and the WebSocket and HTTP clients of others, beside `nc`. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { needs, type RunningServer, startServer } from "../support/script.ts";
import { launch, needsPrograms, peer } from "./support.ts";

const KEY = "k".repeat(32);
const LOOPBACK = ["--bind", "127.0.0.1"];

/** Whether a program's version has something. */
async function has(program: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

/** What a client does with its WebSocket in the room, in the words of browsers: it says a line and leaves after two of others. */
const CONVERSATION = `(url) => new Promise((resolve) => {
  const seen = [];
  const socket = new WebSocket(url);
  socket.onopen = () => { socket.send("/nick node"); socket.send("Grüße 🎉"); };
  socket.onmessage = ({ data }) => {
    seen.push(data);
    if (data.startsWith("alice: ")) socket.send("/quit");
  };
  socket.onclose = ({ code, wasClean }) => resolve(JSON.stringify([...seen.slice(-2), code, wasClean]));
})`;
const SEEN = JSON.stringify(["alice: willkommen", "Goodbye! Closing connection.", 1000, true]);

const NODE = ["--experimental-websocket", "-e"];
Deno.test(
  "Node's own WebSocket and nc talk in a room",
  needs(await has("node", ...NODE, "WebSocket") && await has("nc", "-h"), "nc, and Node 20.10 or later"),
  async () => {
    await using server = await startServer("chat:server", LOOPBACK);
    await using alice = launch("nc", ["127.0.0.1", `${server.port}`]);
    await alice.type("/nick alice\n");
    await alice.until(/you are alice/);
    const url = `ws://127.0.0.1:${server.port}/room`;
    await using node = launch("node", [...NODE, `(${CONVERSATION})("${url}").then(console.log)`]);
    await alice.until(/\* node joined\nnode: Grüße 🎉\n/);
    await alice.type("willkommen\n");
    const { stdout, stderr } = await node.ended();
    assertEquals(stdout, `${SEEN}\n`, stderr);
    await alice.until(/\* node left \(quit\)\n/);
  },
);

/** Debian's Python knows the packages of Debian; another one may come first in the path. */
const PYTHON = await has("python3", "-c", "import websockets") ? "python3" : "/usr/bin/python3";
Deno.test(
  "Python's websockets and nc talk in a room; a message in fragments is one line",
  needs(await has(PYTHON, "-c", "import websockets"), "Python's websockets (python3-websockets)"),
  async () => {
    await using server = await startServer("chat:server", LOOPBACK);
    await using alice = launch("nc", ["127.0.0.1", `${server.port}`]);
    await alice.type("/nick alice\n");
    await alice.until(/you are alice/);
    const code = `
import asyncio, sys, websockets
async def main(url):
    async with websockets.connect(url) as socket:
        await socket.send(["in ", "frag", "ments"])
        await asyncio.wait_for(await socket.ping(), 5)
        async for line in socket:
            if line.startswith("alice: "): break
        print(line)
        await socket.send(b"binary")
        try:
            while True: print(await socket.recv())
        except websockets.ConnectionClosedError as error: print(error.code, error.reason)
asyncio.run(main(sys.argv[1]))`;
    await using python = launch(PYTHON, ["-c", code, `ws://127.0.0.1:${server.port}/room?name=python`]);
    await alice.until(/\* python joined\npython: in fragments\n/);
    await alice.type("willkommen\n");
    const { stdout, stderr } = await python.ended();
    const reason = "a binary message is no line of text";
    assertEquals(stdout, `alice: willkommen\nCannot serve you: ${reason}\n1003 ${reason}\n`, stderr);
    await alice.until(/\* python left \(bad frame\)\n/);
  },
);

Deno.test("curl has the page, reads events and posts lines", await needsPrograms("curl", "nc"), async () => {
  await using server = await startServer("chat:server", LOOPBACK);
  await using alice = launch("nc", ["127.0.0.1", `${server.port}`]);
  await alice.type("/nick alice\n");
  await alice.until(/you are alice/);
  const at = `http://127.0.0.1:${server.port}`;
  const page = await peer("curl", ["-si", `${at}/`]);
  assertMatch(page.stdout, /^HTTP\/1\.1 200 OK\r\n[^]*<!doctype html>/i);
  await using events = launch("curl", ["-sN", `${at}/events?session=${KEY}&name=curl`]);
  await events.until(/data: \* you are curl;/);
  const posted = await peer("curl", [
    "-si",
    "--data-binary",
    "/line a1 Grüße\n/me waves\n",
    `${at}/say?session=${KEY}`,
  ]);
  assertStringIncludes(posted.stdout, "HTTP/1.1 204 No Content");
  await alice.until(/\* curl joined\ncurl: Grüße\n~ curl waves\n/);
  await alice.type("willkommen\n");
  await events.until(/id: \w+-\d+\ndata: #\d+ alice: willkommen\n\n/);
  assertMatch(events.stdout, /data: \+a1 [1-9]\d*\n\n/);
});

Deno.test("curl by http to a room with TLS is told the right URL", await needsPrograms("curl"), async () => {
  await using server = await startServer("chat:server", [...LOOPBACK, "--tls", "--ephemeral"]);
  const plain = await peer("curl", ["-s", `http://127.0.0.1:${server.port}/`]);
  assertStringIncludes(plain.stdout, `https://127.0.0.1:${server.port}/`);
  const secure = await peer("curl", [
    "-sk",
    "-o",
    "/dev/null",
    "-w",
    "%{http_code}",
    `https://127.0.0.1:${server.port}/`,
  ]);
  assertEquals(secure.stdout, "200");
});

Deno.test(
  "a user of nc who says nothing is greeted, and --no-web leaves HTTP to nobody",
  await needsPrograms("nc", "curl"),
  async () => {
    await using server = await startServer("chat:server", LOOPBACK);
    await using silent = launch("nc", ["127.0.0.1", `${server.port}`]);
    await silent.until(/\* nobody else is here\n\* you are guest-1;/);
    await using plain = await startServer("chat:server", [...LOOPBACK, "--no-web"]);
    await using alice = launch("nc", ["127.0.0.1", `${plain.port}`]);
    await alice.type("GET / HTTP/1.1\n");
    await plain.script.until(/guest-1: GET \/ HTTP\/1\.1\n/);
  },
);

/** A crowd that counts what it gets. */
const SPEAKERS = 20, LINES = 100, CROWD = 500;

/** A member, joined as a line client or as a WebSocket. */
class CrowdMember {
  /** How many lines it got, once it has all or its connection has ended. */
  readonly all: Promise<number>;
  readonly joined: Promise<void>;
  #joined = Promise.withResolvers<void>();

  private constructor(readonly conn: Deno.TcpConn) {
    this.joined = this.#joined.promise;
    this.all = this.#count();
  }

  static async join({ port }: RunningServer, kind: "TCP" | "WebSocket"): Promise<CrowdMember> {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
    const upgrade = `Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n`;
    const hello = kind === "TCP" ? "/help\n" : `GET /room HTTP/1.1\r\n${upgrade}`;
    await conn.write(new TextEncoder().encode(hello));
    const member = new CrowdMember(conn);
    await member.joined;
    return member;
  }

  /** Counts lines, however they are framed. */
  async #count(): Promise<number> {
    const buffer = new Uint8Array(64 * 1024);
    let rest = "";
    let count = 0;
    for (let length; count < SPEAKERS * LINES && (length = await this.conn.read(buffer)) !== null;) {
      const text = rest + new TextDecoder("latin1").decode(buffer.subarray(0, length));
      if (text.includes("you are guest-")) this.#joined.resolve();
      const end = text.lastIndexOf(";") + 1;
      count += text.slice(0, end).match(/: say \d+\.\d+;/g)?.length ?? 0;
      rest = text.slice(end);
    }
    return count;
  }
}

Deno.test(
  `a room of ${CROWD} WebSockets and ${CROWD} line clients: every line arrives everywhere, in bounded memory`,
  needs(Deno.build.os === "linux" && await has("nc", "-h"), "nc, and Linux, which tells the memory of a process"),
  async () => {
    await using server = await startServer("chat:server", [...LOOPBACK, "--rate", "0", "--quiet"]);
    const members = await Promise.all(
      Array.from({ length: 2 * CROWD }, (_, index) => CrowdMember.join(server, index % 2 === 0 ? "TCP" : "WebSocket")),
    );
    await using watcher = launch("nc", ["127.0.0.1", `${server.port}`]);
    await watcher.type("/who\n");
    await watcher.until(new RegExp(`${2 * CROWD + 1} here`));
    const before = await memoryOf(server.script.pid);
    const speakers = [];
    for (let index = 0; index < SPEAKERS; index++) {
      speakers.push(await Deno.connect({ hostname: "127.0.0.1", port: server.port }));
    }
    for (let line = 0; line < LINES; line++) {
      await Promise.all(
        speakers.map((conn, speaker) => conn.write(new TextEncoder().encode(`say ${speaker}.${line};\n`))),
      );
    }
    const counts = await Promise.all(members.map(({ all }) => all));
    assertEquals(counts.filter((count) => count !== SPEAKERS * LINES), []);
    const after = await memoryOf(server.script.pid);
    assert(after - before < 150, `${before} MiB before, ${after} MiB after`);
    for (const { conn } of members) conn.close();
    for (const conn of speakers) conn.close();
    for (let tries = 1;; tries++) {
      const { stdout } = await peer("nc", ["127.0.0.1", `${server.port}`], "/who\n/quit\n");
      if (stdout.includes("* 2 here: ")) break;
      assert(tries < 100, "the crowd has left");
    }
    assertEquals((await server.script.stop()).code, 0);
  },
);

/** The memory of a process, in MiB. */
async function memoryOf(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "rss=", "-p", `${pid}`] }).output();
  return Number(new TextDecoder().decode(stdout)) / 1024;
}
