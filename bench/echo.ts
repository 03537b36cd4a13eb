/**
 * Echo exchanges per second: `tcp:server --echo --quiet` against the same service over Node's `net`, in alternation under the same load
 * (`tcp:client --connections`). Timings drift; the ratio of adjacent runs is what matters.
 *
 * ```sh
 * deno task bench [CONNECTIONS] [SECONDS] [ROUNDS]
 * ```
 *
 * @module
 */
import { output, print, Server, taskArgs } from "./servers.ts";

const NODE = `
  const server = require("node:net").createServer({ noDelay: true }, (socket) => {
    socket.on("data", (bytes) => socket.write(bytes));
    socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1", 4096, () => console.log("Listening on 127.0.0.1:" + server.address().port));
`;

const [connections = "64", seconds = "2", rounds = "3"] = Deno.args;

/** The exchanges per second of one server under the load, and their 99th percentile in milliseconds. */
async function measure({ port }: Server): Promise<{ rate: number; p99: number }> {
  const load = ["--port", port, "--connections", connections, "--duration", seconds, "--json"];
  const lines = await output(Deno.execPath(), [...taskArgs("tcp:client"), ...load, "--message", "x".repeat(63)]);
  const events = lines.trim().split("\n").map((line) => JSON.parse(line));
  const measured = events.find(({ event }) => event === "measured");
  if (measured === undefined) throw new Error(`Cannot measure: ${events.at(-1)?.reason}`);
  return measured;
}

await using ours = await Server.task("tcp:server", "--echo");
await using node = await Server.start("node", ["-e", NODE]);
print(`${connections} connections, 64 bytes, ${seconds} s each; exchanges/s (p99 in ms)`);
for (let round = 1; round <= Number(rounds); round++) {
  const [a, b] = [await measure(ours), await measure(node)];
  const show = ({ rate, p99 }: { rate: number; p99: number }): string => `${Math.round(rate)} (${p99.toFixed(1)})`;
  print(`plainwire ${show(a)}   node net ${show(b)}   ratio ${(a.rate / b.rate).toFixed(2)}`);
}
