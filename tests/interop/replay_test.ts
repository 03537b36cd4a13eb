/** `wire:replay` with captures of other programs, servers in another language, and clients that are not ours. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { run, start } from "../support/script.ts";
import { launch, needsPrograms, peer, textbook } from "./support.ts";
import { captured, CLOSED, needsCapturing } from "./tcpdump.ts";

const programs = await needsPrograms("tcpdump", "text2pcap", "editcap", "curl", "nc", "python3");

const capturing = programs.ignore ? programs : await needsCapturing();

/** A web server in Python over a folder. */
async function pythonServer(folder: string): Promise<{ port: number } & AsyncDisposable> {
  const server = launch("python3", ["-m", "http.server", "--bind", "127.0.0.1", "--directory", folder, "0"]);
  const [, port] = await server.until(/port (\d+)/);
  return { port: Number(port), [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const DATE = ["--ignore", "^(Date|Last-Modified): .*$"];

Deno.test(
  "tcpdump's capture of curl is the same to the server that it asked, and differs in another",
  capturing,
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.mkdir(`${folder}/site`);
      await Deno.writeTextFile(`${folder}/site/page.txt`, "what it says\n");
      const path = `${folder}/web.pcap`;
      await using server = await pythonServer(`${folder}/site`);
      await captured(
        server.port,
        path,
        { last: CLOSED },
        () => peer("curl", ["-s", `http://127.0.0.1:${server.port}/page.txt`]),
      );

      const same = await run("wire:replay", [...DATE, path, `:${server.port}`]);
      assertEquals([same.code, same.stderr], [0, ""], same.stdout);
      assertMatch(same.stdout, /Connection 1: the same: 1 answer, \d+ bytes, 2 parts of them ignored/);

      await Deno.writeTextFile(`${folder}/site/page.txt`, "what it SAYS\n");
      const { code, stdout } = await run("wire:replay", [...DATE, path, `:${server.port}`]);
      assertEquals(code, 1);
      assertStringIncludes(
        stdout,
        'captured "what it says\\n"\n      now      "what it SAYS\\n"\n                        ^',
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

/** An exchange as `text2pcap -D` takes it: a packet a line, our way out (O) and in (I). */
const EXCHANGE = [
  ["O", "0.000", "Hello from client!\n"],
  ["I", "0.004", "Hey there, from TCP server."],
] as const;

/** Makes a capture from text: Ethernet frames without a handshake, as when tcpdump was started too late. */
async function fromText(folder: string, protocol: "-T" | "-u"): Promise<string> {
  const lines = EXCHANGE.map(([way, time, text]) =>
    `${way} ${time}\n0000 ${new TextEncoder().encode(text).toHex().replace(/../g, "$& ")}\n`
  );
  const path = `${folder}/text${protocol}.pcapng`;
  await Deno.writeTextFile(`${folder}/text`, lines.join("\n"));
  // Without its own name for the format, an older one writes pcap and loses the directions.
  const args = ["-q", "-D", "-t", "%S.%f", protocol, "12345,50000", `${folder}/text`, path];
  const made = await peer("text2pcap", args);
  assertEquals(made.code, 0, made.stderr);
  return path;
}

Deno.test("a capture without a handshake plays against textbook servers in Python", programs, async () => {
  const folder = await Deno.makeTempDir();
  try {
    const tcp = await fromText(folder, "-T");
    await using server = await textbook("tcp_server", "0");
    const same = await run("wire:replay", [tcp, `127.0.0.1:${server.port}`]);
    assertEquals([same.code, same.stderr], [0, ""], same.stdout);
    assertStringIncludes(same.stdout, "Connection 1: the same: 1 answer, 27 bytes\n");

    const udp = await fromText(folder, "-u");
    await using datagrams = await textbook("udp_server", "0");
    const other = await run("wire:replay", [udp, `127.0.0.1:${datagrams.port}`]);
    assertEquals(other.code, 1);
    assertStringIncludes(other.stdout, "Flow 1 differs: datagram 1 of 1 at offset 2; 18 instead of 27 bytes");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the captured server serves curl and nc, and tells them apart", capturing, async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/index.html`, "<h1>captured</h1>\n");
    const [path, pcapng] = [`${folder}/web.pcap`, `${folder}/web.pcapng`];
    {
      await using server = await pythonServer(folder);
      await captured(
        server.port,
        path,
        { last: CLOSED },
        () => peer("curl", ["-s", `http://127.0.0.1:${server.port}/`]),
      );
    }
    assertEquals((await peer("editcap", ["-F", "pcapng", path, pcapng])).code, 0);
    await using script = start("wire:replay", [
      ...["--as", "server", "--no-wait", "--ignore", "^Host: .*$", pcapng, "0"],
    ]);
    const [, port] = await script.until(/Listening on 127\.0\.0\.1:(\d+)/);
    const page = await peer("curl", ["-s", `http://127.0.0.1:${port}/`]);
    assertEquals(page.stdout, "<h1>captured</h1>\n");
    await script.until(/the same: 1 request/);
    const { stdout } = await peer("nc", ["-N", "127.0.0.1", port ?? ""], "GET / HTTP/1.0\r\n\r\n");
    assertMatch(stdout, /^HTTP\/1\.0 200 OK\r\n[^]*<h1>captured<\/h1>\n$/);
    await script.until(/differs: request 1 of 1 at offset 13/);
    assertEquals((await script.stop()).code, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
