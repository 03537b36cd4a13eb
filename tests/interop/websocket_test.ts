/** `/websocket` and the WebSocket clients of others. */
import { assertEquals, assertMatch } from "@std/assert";
import { needs, type RunningServer, startServer } from "../support/script.ts";
import { writePki } from "../support/tls.ts";
import { RemotePage } from "./remote_page.ts";
import { needsPrograms, peer } from "./support.ts";
import { capturePath, study } from "./tshark.ts";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const files = await writePki(folder);

/**
 * A function of a URL, for every client with the interface of browsers: it opens a WebSocket, has texts and bytes of many lengths echoed,
 * closes, and then sends one byte too much. Returns what it saw.
 */
const CONVERSATION = `async (url) => {
  const open = (socket) => new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = () => reject(new Error("not open")); });
  const closed = (socket) => new Promise((resolve) => socket.onclose = ({ code, wasClean }) => resolve([code, wasClean]));
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  await open(socket);
  const echo = (data) => new Promise((resolve) => { socket.onmessage = (event) => resolve(event.data); socket.send(data); });
  const seen = [await echo("Grüße 🎉"), await echo(""), JSON.stringify(socket.extensions + socket.protocol)];
  for (const length of [1, 125, 126, 65535, 65536]) {
    const bytes = Uint8Array.from({ length }, (_, at) => at * 31 % 256);
    const back = new Uint8Array(await echo(bytes));
    seen.push(back.length === length && back.every((byte, at) => byte === bytes[at]));
    const text = "é".repeat(length / 2);
    seen.push(await echo(text) === text);
  }
  let end = closed(socket);
  socket.close(3001, "bye");
  seen.push(await end);
  const greedy = new WebSocket(url);
  await open(greedy);
  end = closed(greedy);
  greedy.onerror = () => {};
  greedy.send("x".repeat(65537));
  seen.push((await end)[0]);
  return JSON.stringify(seen);
}`;

const EXPECTED = JSON.stringify(["Grüße 🎉", "", '""', ...Array(10).fill(true), [3001, true], 1009]);

const url = ({ port }: RunningServer, scheme = "ws"): string => `${scheme}://localhost:${port}/websocket`;

/** Whether a program's version has something. */
async function has(program: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

Deno.test("Deno -> http:server and http:threaded --tls: WebSocket", async () => {
  const code = `console.log(await (${CONVERSATION})(Deno.args[0]))`;
  const script = `${folder}/deno.js`;
  await Deno.writeTextFile(script, code);
  await using plain = await startServer("http:server");
  assertEquals((await peer(Deno.execPath(), ["run", "--no-config", "-A", script, url(plain)])).stdout, `${EXPECTED}\n`);
  const { cert, key } = files("server");
  await using secure = await startServer("http:threaded", ["--tls", "--cert", cert, "--key", key]);
  const trusting = ["run", "--no-config", "-A", "--cert", files("ca").cert, script, url(secure, "wss")];
  assertEquals((await peer(Deno.execPath(), trusting)).stdout, `${EXPECTED}\n`);
});

const NODE = ["--experimental-websocket", "-e"];
Deno.test(
  "Node -> http:server: its own WebSocket",
  needs(await has("node", ...NODE, "WebSocket"), "Node 20.10 or later, which has WebSocket"),
  async () => {
    await using server = await startServer("http:server");
    const { stdout, stderr } = await peer("node", [...NODE, `(${CONVERSATION})("${url(server)}").then(console.log)`]);
    assertEquals(stdout, `${EXPECTED}\n`, stderr);
  },
);

/** Debian's Python knows the packages of Debian; another one may come first in the path. */
const PYTHON = await has("python3", "-c", "import websockets") ? "python3" : "/usr/bin/python3";
Deno.test(
  "Python's websockets -> http:server",
  needs(await has(PYTHON, "-c", "import websockets"), "Python's websockets (python3-websockets)"),
  async () => {
    await using server = await startServer("http:server");
    const code = `
import asyncio, sys, websockets
async def main(url):
    async with websockets.connect(url) as socket:
        for message in ["Grüße", "", b"\\x00\\xff", "é" * 32768, ["frag", "men", "ted"]]:
            await socket.send(message)
            back = await socket.recv()
            assert back == (message if type(message) is not list else "".join(message)), back
        await asyncio.wait_for(await socket.ping("still there?"), 5)
    print(socket.close_code, socket.extensions)
    async with websockets.connect(url) as socket:
        await socket.send(iter(["x" * 65536, "y"]))
        try: await socket.recv()
        except websockets.ConnectionClosedError as error: print(error.code, error.reason)
asyncio.run(main(sys.argv[1]))`;
    const { stdout, stderr } = await peer(PYTHON, ["-c", code, url(server)]);
    assertEquals(stdout, "1000 []\n1009 a message has at most 65536 bytes\n", stderr);
  },
);

Deno.test("Python, on a plain socket -> http:server: WebSocket", await needsPrograms("python3"), async () => {
  await using server = await startServer("http:server");
  const args = ["textbook/websocket_client.py", "127.0.0.1", String(server.port), "Grüße"];
  const { stdout, stderr } = await peer("python3", args);
  const answers = ["HTTP/1.1 101 Switching Protocols True", "1 Grüße", "10 b'still there?'", "8 1000 b''"];
  assertEquals(stdout, `${answers.join("\n")}\n`, stderr);
  await server.script.until(/WebSocket: 1 message, 7 B echoed in .*; closed by the client with 1000\n/);
});

Deno.test(
  "Chromium -> http:server: WebSocket, and none for the page of another server",
  await needsPrograms("chromium"),
  async () => {
    await using server = await startServer("http:server");
    await using other = await startServer("http:server");
    await using page = new RemotePage();
    await page.visit(`http://localhost:${server.port}/status/200`);
    assertEquals(await page.value(`(${CONVERSATION})("${url(server)}")`), EXPECTED);
    await page.visit(`http://localhost:${other.port}/status/200`);
    assertEquals(await page.value(`(${CONVERSATION})("${url(server)}").catch((error) => error.message)`), "not open");
    assertMatch((await page.problems()).join(), /WebSocket connection to .* failed: .*403/);
  },
);

Deno.test("tshark reads the frames of a capture", await needsPrograms("tshark", "python3"), async () => {
  const path = capturePath();
  await using server = await startServer("http:server", ["--capture", path]);
  const text = "x".repeat(200);
  await peer("python3", ["textbook/websocket_client.py", "127.0.0.1", String(server.port), text]);
  assertEquals((await server.script.stop()).code, 0);
  const fields = ["websocket.opcode", "websocket.mask", "websocket.payload_length"];
  const { complaints, rows } = await study(path, { filter: "websocket", fields });
  assertEquals(complaints, []);
  assertEquals(rows, ["1\t1\t126", "1\t0\t126", "9\t1\t12", "10\t0\t12", "8\t1\t2", "8\t0\t2"]);
});
