/** `lab:check` against servers in other languages: none that is right fails, and the command by hand does what the check did. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { run, startServer } from "../../support/script.ts";
import { needsPrograms, peer } from "../support.ts";

/** An echo with a thread for each client, as Python's documentation shows it. */
const PYTHON = `
import os, socketserver
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(4096):
            self.request.sendall(data)
class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
Server(("127.0.0.1", int(os.environ["PORT"])), Echo).serve_forever()
`;
const NODE =
  `require("net").createServer((socket) => socket.on("error", () => {}).pipe(socket)).listen(process.env.PORT)`;

/** Expects that no check fails but those whose name begins with `but`. */
async function expectPassed(command: string, flags: string[] = [], but = "none"): Promise<void> {
  const { stdout, stderr } = await run("lab:check", ["tcp", "--start", command, ...flags]);
  assertMatch(stdout, /\n# passed \d+ of \d+/, stderr);
  const failed = [...stdout.matchAll(/^not ok \d+ - ([\w-]+)/gm)].map(([, name]) => name ?? "");
  assertEquals(failed.filter((name) => !name.startsWith(but)), [], stdout);
}

Deno.test("lab:check tcp: an echo in Python passes", await needsPrograms("python3"), async () => {
  await expectPassed(`exec python3 -c '${PYTHON}'`);
});

Deno.test("lab:check tcp: an echo in Node passes", await needsPrograms("node"), async () => {
  await expectPassed(`exec node -e '${NODE}'`);
});

Deno.test("lab:check tcp: socat with a cat for each client passes", await needsPrograms("socat"), async () => {
  await expectPassed("exec socat TCP-LISTEN:$PORT,fork,reuseaddr,bind=127.0.0.1 EXEC:cat");
});

Deno.test(
  "lab:check tcp: ncat with a cat fails nothing but the half-close, at which it drops the answer",
  await needsPrograms("ncat"),
  async () => {
    // It reads what cat has said, and cat's end, at once with the client's FIN, and closes: its own users see it too.
    const command = "exec ncat -l -k -m 2000 -c cat 127.0.0.1 $PORT";
    await expectPassed(command, ["--only", "plain*,split*,half-close-a*"], "half-close");
  },
);

Deno.test("lab:check's command by hand shows what the check saw", await needsPrograms("nc"), async () => {
  await using server = await startServer("tcp:basic-server");
  const checked = await run("lab:check", ["tcp", `:${server.port}`, "--only", "split*,cut*"]);
  const commands = [...checked.stdout.matchAll(/^ {2}by_hand: \|2-\n(.*)$/gm)].map(([, text]) => text ?? "");
  assertEquals(commands.length, 2, checked.stdout);
  for (const command of commands) {
    const { stdout } = await peer("sh", ["-c", command]);
    assertEquals(stdout, "Hello from server!");
  }
  await server.script.until(/: h\n[^]*: hello \ufffd\n/);
});

Deno.test("lab:check's command by hand for two clients shows that one waits", await needsPrograms("nc"), async () => {
  await using server = await startServer("tcp:basic-server");
  const args = ["tcp", `:${server.port}`, "--only", "silent-client", "--timeout", "0.3"];
  const { stdout } = await run("lab:check", args);
  const [, command = ""] = /^ {2}by_hand: \|2-\n(.*)$/m.exec(stdout) ?? [];
  assertStringIncludes(command, "printf 'hello\\n' | nc -N -w 3 127.0.0.1");
  const began = performance.now();
  const said = await peer("sh", ["-c", command.replace("sleep 5", "sleep 1")]);
  assertStringIncludes(said.stdout, "Hello from server!");
  assertEquals(performance.now() - began > 700, true, "it waited for the silent one");
});
