/**
 * Echo exchanges per second, side by side: `tcp:server --echo --quiet` and the same service over Node's `net`, driven in turn by the
 * same load (`tcp:client --connections`). Timings drift; the ratio of neighbours is the figure to look at.
 *
 * ```sh
 * deno task bench [CONNECTIONS] [SECONDS] [ROUNDS]
 * ```
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };

const NODE = `
  const server = require("node:net").createServer({ noDelay: true }, (socket) => {
    socket.on("data", (bytes) => socket.write(bytes));
    socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1", 4096, () => console.log("Listening on 127.0.0.1:" + server.address().port));
`;

const [connections = "64", seconds = "2", rounds = "3"] = Deno.args;
const root = new URL("../", import.meta.url);

/** The command line of a task, as arguments of `deno`. */
function taskArgs(task: "tcp:server" | "tcp:client"): string[] {
  return config.tasks[task].command.split(" ").slice(1);
}

/** Starts a server and waits for its banner. */
async function serve(program: string, args: string[]): Promise<{ child: Deno.ChildProcess; port: string }> {
  const child = new Deno.Command(program, { args, cwd: root, stdout: "piped" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = "";;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`Cannot start ${program}: it ended without a banner`);
    text += value;
    const port = /Listening on \S+:(\d+)/.exec(text)?.[1];
    if (port === undefined) continue;
    reader.releaseLock();
    return { child, port };
  }
}

/** Exchanges per second that one server manages under the load. */
async function measure(port: string): Promise<{ rate: number; p99: number }> {
  const load = ["--port", port, "--connections", connections, "--duration", seconds, "--json"];
  const message = ["--message", "x".repeat(63)];
  const args = [...taskArgs("tcp:client"), ...load, ...message];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
  const events = new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
  const measured = events.find(({ event }) => event === "measured");
  if (measured === undefined) throw new Error(`Cannot measure: ${events.at(-1)?.reason}`);
  return measured;
}

const ours = await serve(Deno.execPath(), [...taskArgs("tcp:server"), "--port", "0", "--echo", "--quiet"]);
const node = await serve("node", ["-e", NODE]);
const out = (line: string): number => Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
try {
  out(`${connections} connections, 64 bytes, ${seconds} s each; exchanges/s (p99 in ms)`);
  for (let round = 1; round <= Number(rounds); round++) {
    const [a, b] = [await measure(ours.port), await measure(node.port)];
    const show = ({ rate, p99 }: { rate: number; p99: number }): string => `${Math.round(rate)} (${p99.toFixed(1)})`;
    out(`plainwire ${show(a)}   node net ${show(b)}   ratio ${(a.rate / b.rate).toFixed(2)}`);
  }
} finally {
  for (const { child } of [ours, node]) {
    child.kill("SIGTERM");
    await child.status;
  }
}
