/** Every script shows the wire, with the permissions of its task: what it prints, and the files that it writes where it was started. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { WireEvent } from "../lib/wire/event.ts";
import { wireEvents } from "./support/capture_files.ts";
import { decodeText } from "../lib/text.ts";
import { CONFIG_HOME, POSIX, run, start, startServer, type TaskName } from "./support/script.ts";
import { atTerminal, TERMINAL } from "./support/terminal.ts";

/** A conversation between two scripts: their flags, and the words that must cross the wire in each direction. */
interface Conversation {
  readonly name: string;
  readonly server: TaskName;
  readonly serving?: readonly string[];
  readonly client: TaskName;
  readonly asking: readonly string[];
  readonly typed?: string;
  readonly asked: string;
  readonly answered: string;
}

const conversations: readonly Conversation[] = [
  {
    name: "tcp",
    server: "tcp:server",
    client: "tcp:client",
    asking: ["--message", "Grüße"],
    asked: "Grüße\n",
    answered: "Hello from server!\n",
  },
  {
    name: "tls",
    server: "tcp:server",
    serving: ["--tls", "--ephemeral"],
    client: "tcp:client",
    ...{
      asking: ["--tls", "--tls-insecure", "--message", "secret"],
      asked: "secret\n",
      answered: "Hello from server!\n",
    },
  },
  {
    name: "udp",
    server: "udp:server",
    client: "udp:client",
    asking: ["--message", "Grüße"],
    asked: "Grüße",
    answered: "Hello from server!",
  },
  {
    name: "http",
    server: "http:server",
    client: "tcp:client",
    typed: "GET /status/204 HTTP/1.0\r\n\r\n",
    asking: [],
    asked: "GET /status/204",
    answered: "204 No Content",
  },
  {
    name: "http on workers",
    server: "http:threaded",
    serving: ["--workers", "2"],
    client: "tcp:client",
    typed: "GET /status/204 HTTP/1.0\r\n\r\n",
    asking: [],
    asked: "GET /status/204",
    answered: "204 No Content",
  },
  {
    name: "chat",
    server: "chat:server",
    serving: ["--bind", "127.0.0.1"],
    client: "chat:client",
    ...{
      asking: ["--name", "ada"],
      typed: "hello, everybody\n/quit\n",
      asked: "hello, everybody",
      answered: "Goodbye!",
    },
  },
  {
    name: "sum",
    server: "sum:server",
    client: "sum:client",
    asking: ["--number", "42"],
    asked: "Plainwire client: 42\n",
    answered: "Plainwire server: ",
  },
  {
    name: "sum over udp",
    server: "sum:udp-server",
    client: "sum:udp-client",
    asking: ["--number", "42"],
    asked: "Plainwire client: 42",
    answered: "Plainwire server: ",
  },
  {
    name: "chat over udp",
    server: "chat:udp-server",
    client: "chat:udp-client",
    asking: [],
    typed: "hello\n",
    asked: "hello",
    answered: "hi there",
  },
];

/** The flags of all readers that write files, for one side of a conversation. */
function readers(side: string): string[] {
  return ["--explain", "--trace", `${side}.trace`, "--capture", `${side}.pcapng`, "--diagram", `${side}.svg`];
}

async function capturedBy(side: string): Promise<WireEvent[]> {
  const file = await Deno.readFile(`${CONFIG_HOME}/${side}.pcapng`);
  return await Array.fromAsync(wireEvents((async function* () {
    yield await Promise.resolve(file);
  })()));
}

/** All bytes that one side received or sent, as text. */
function textOf(events: readonly WireEvent[], calls: readonly WireEvent["call"][]): string {
  return events.filter(({ call }) => calls.includes(call)).map(({ bytes }) => decodeText(bytes ?? new Uint8Array()))
    .join("");
}

/** Checks what one side's readers wrote: the same words, each in its own form. */
async function checkFiles(side: string, { asked, answered }: Conversation): Promise<void> {
  const events = await capturedBy(side);
  const [inward, outward] = [textOf(events, ["read", "receive"]), textOf(events, ["write", "send"])];
  const [received, sent] = side.includes("server") ? [asked, answered] : [answered, asked];
  assertStringIncludes(inward, received);
  assertStringIncludes(outward, sent);
  const trace = await Deno.readTextFile(`${CONFIG_HOME}/${side}.trace`);
  assertMatch(trace, /^#1 <- .* (read|receive) \d+ bytes?$/m);
  assertMatch(trace, /^#1 -> .* (write|send) \d+ bytes?$/m);
  const diagram = await Deno.readTextFile(`${CONFIG_HOME}/${side}.svg`);
  assertMatch(diagram, /^<svg [^]*<\/svg>\s*$/);
  assertStringIncludes(diagram, asked.trim().slice(0, 5));
}

for (const conversation of conversations) {
  const { name, server: serves, serving = [], client, asking, typed } = conversation;
  Deno.test(`${name}: both sides explain, trace, capture and draw the same conversation`, POSIX, async () => {
    const [here, there] = [`${name} client`, `${name} server`];
    const server = await startServer(serves, [...serving, ...readers(there)], { stdin: true });
    await using _server = server;
    const args = [...asking, "--port", String(server.port), ...readers(here)];
    if (client === "chat:udp-client") {
      await using guest = start(client, args, { stdin: true });
      await guest.type(typed ?? "");
      await server.script.until(/client: hello/);
      await server.script.type("hi there\n");
      await guest.until(/hi there/);
      await guest.type("exit\n");
      assertMatch((await guest.ended()).stderr, /sendto\(2\)/);
    } else {
      const { code, stderr } = await run(client, args, typed === undefined ? {} : { input: typed });
      assertEquals(code, 0, stderr);
      assertMatch(stderr, /^\[\*\] #1 (write|sendto)\(2\)/m);
      assertMatch(stderr, /^\[\*\] #1 (read|recvfrom)\(2\)/m);
    }
    const { stdout, code } = await server.script.stop();
    assertEquals(code, 0);
    assertMatch(stdout, /^\[\+\] (bind\(2\)|#1 accept\(2\))/m);
    // A chat's lines may arrive together: that is true of any run.
    assertEquals(
      [...stdout.matchAll(/^\[!\].*\[mistake (\d+)\]/gm)].filter(([, mistake]) => mistake !== "1"),
      [],
      stdout,
    );
    await checkFiles(here, conversation);
    await checkFiles(there, conversation);
  });
}

Deno.test(
  "at a terminal a client's inspector stays until Ctrl-C, and the run's own code is kept",
  TERMINAL,
  async () => {
    await using server = await startServer("tcp:server");
    await using client = atTerminal("tcp:client", ["--port", String(server.port), "--inspect"]);
    const [, url = ""] = await client.until(/Inspect the wire at (\S+?)\r/);
    await client.until(/The run is over; the inspector stays until Ctrl-C/);
    assertStringIncludes(await (await fetch(url)).text(), "tcp:client");
    await client.type("\x03");
    const { code, stdout } = await client.ended();
    assertEquals(code, 0, stdout);
    assertMatch(stdout, /Done: a reply of 19 bytes/);
  },
);

Deno.test("a run that waits for the reader of a named pipe says so, and still ends with Ctrl-C", POSIX, async () => {
  const pipe = `${CONFIG_HOME}/pipe`;
  assertEquals((await new Deno.Command("mkfifo", { args: [pipe] }).output()).code, 0);
  for (const flag of ["--trace", "--capture"]) {
    await using server = start("tcp:server", [flag, pipe]);
    await server.until(/Waiting until something reads .*pipe/);
    const { code } = await server.stop();
    assertEquals(code, 130);
  }
});
