/**
 * HTTP requests per second: `http:server --quiet` against `Deno.serve` and Node's `http`, all with the same few bytes as answer, in
 * alternation under load from wrk (Debian: `apt-get install wrk`): with keep-alive, with `Connection: close`, and with 16 requests per
 * write. Timings drift; the ratio of adjacent runs is what matters.
 *
 * ```sh
 * deno task bench:http [CONNECTIONS] [SECONDS] [ROUNDS]
 * ```
 *
 * @module
 */
import { output, print, Server } from "./servers.ts";

const DENO = `
  const headers = { "content-type": "text/plain; charset=utf-8" };
  const onListen = ({ port }) => console.log("Listening on 127.0.0.1:" + port);
  Deno.serve({ hostname: "127.0.0.1", port: 0, onListen }, () => new Response("200 OK\\n", { headers }));
`;
const NODE = `
  const server = require("node:http").createServer((request, response) => {
    response.setHeader("Content-Type", "text/plain; charset=utf-8");
    response.end("200 OK\\n");
  });
  server.listen(0, "127.0.0.1", 4096, () => console.log("Listening on 127.0.0.1:" + server.address().port));
`;
/** A wrk script that sends 16 requests in one write. */
const PIPELINE = `
  init = function() batch = string.rep(wrk.format(nil), 16) end
  request = function() return batch end
`;

const [connections = "64", seconds = "2", rounds = "3"] = Deno.args;

/** The requests per second of one server under the load. */
async function measure({ port }: Server, args: string[]): Promise<number> {
  const load = ["-t1", `-c${connections}`, `-d${seconds}s`, ...args];
  const text = await output("wrk", [...load, `http://127.0.0.1:${port}/status/200`]);
  const [, rate] = /Requests\/sec:\s+([\d.]+)/.exec(text) ?? [];
  if (rate === undefined || text.includes("Non-2xx")) throw new Error(`Cannot measure: ${text}`);
  return Number(rate);
}

const script = await Deno.makeTempFile({ suffix: ".lua" });
try {
  await Deno.writeTextFile(script, PIPELINE);
  await using ours = await Server.task("http:server");
  await using deno = await Server.start(Deno.execPath(), ["eval", DENO]);
  await using node = await Server.start("node", ["-e", NODE]);
  print(`${connections} connections, ${seconds} s each; requests/s (ours to theirs)`);
  for (
    const [name, args] of [["keep-alive", []], ["close", ["-H", "Connection: close"]], ["16 at once", [
      "-s",
      script,
    ]]] as const
  ) {
    for (let round = 1; round <= Number(rounds); round++) {
      const [a, b, c] = [
        await measure(ours, [...args]),
        await measure(deno, [...args]),
        await measure(node, [...args]),
      ];
      const show = (rate: number): string => `${Math.round(rate)} (${(a / rate).toFixed(2)})`;
      print(`${name.padEnd(10)}  plainwire ${Math.round(a)}   Deno.serve ${show(b)}   node http ${show(c)}`);
    }
  }
} finally {
  await Deno.remove(script);
}
