/**
 * What it costs to show the wire: echo exchanges per second of `tcp:server --echo --quiet`, without a reader and with each of them, in
 * alternation under the same load. Timings drift; the ratio to the runs without a reader beside it is what matters.
 *
 * ```sh
 * deno task bench:wire [CONNECTIONS] [SECONDS] [ROUNDS]
 * ```
 *
 * @module
 */
import { output, print, Server, taskArgs } from "./servers.ts";

const [connections = "64", seconds = "2", rounds = "3"] = Deno.args;

const folder = await Deno.makeTempDir();
const READERS: Readonly<Record<string, readonly string[]>> = {
  "--trace": ["--trace", `${folder}/echo.trace`],
  "--explain": ["--explain"],
  "--capture": ["--capture", `${folder}/echo.pcapng`],
  "--diagram": ["--diagram", `${folder}/echo.svg`],
  "--inspect": ["--inspect"],
};

/** The exchanges per second with some flags. */
async function measure(...flags: string[]): Promise<number> {
  await using server = await Server.task("tcp:server", "--echo", ...flags);
  const load = ["--port", server.port, "--connections", connections, "--duration", seconds, "--json"];
  const lines = await output(Deno.execPath(), [...taskArgs("tcp:client"), ...load, "--message", "x".repeat(63)]);
  const events = lines.trim().split("\n").map((line) => JSON.parse(line));
  const measured = events.find(({ event }) => event === "measured");
  if (measured === undefined) throw new Error(`Cannot measure: ${events.at(-1)?.reason}`);
  return measured.rate;
}

try {
  print(`${connections} connections, 64 bytes, ${seconds} s each; exchanges/s, and the ratio to no reader`);
  for (let round = 1; round <= Number(rounds); round++) {
    for (const [name, flags] of Object.entries(READERS)) {
      const [off, on] = [await measure(), await measure(...flags)];
      print(`none ${Math.round(off)}   ${name} ${Math.round(on)}   ratio ${(on / off).toFixed(2)}`);
    }
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
