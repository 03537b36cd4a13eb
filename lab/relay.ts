/**
 * lab:relay stands between any two programs, forwards what they say, and breaks the network between them on purpose.
 *
 * ```sh
 * deno task lab:relay --listen tcp:9000 --to localhost:8080
 * deno run --no-prompt --allow-env=INIT_CWD,PLAINWIRE --allow-write="$INIT_CWD,/tmp" --allow-net --allow-sys=networkInterfaces lab/relay.ts --listen tcp:9000 --to localhost:8080
 * ```
 *
 * Try it with `deno task udp:server` in another terminal, and type commands:
 *
 * ```
 * $ deno task lab:relay --listen udp:9000 --to :12345 --seed 7
 * [+] Listening on 127.0.0.1:9000 (UDP)
 * …
 * > set up loss 40%                                     $ deno task udp:client :9000 --count 10
 * [+] Faults: --seed 7 --up-loss 40%                    …
 * [!] Fault, #3, up, datagram 1: lost                   [+] 2: no answer within 1.0 s
 * > cut
 * [+] The cable is pulled: datagrams are lost
 * > heal
 * [+] The cable is plugged in. Faults: --seed 7 --up-loss 40%
 * > stats
 * ```
 *
 * The same seed and the same traffic give the same faults. `--explain`, `--capture`, `--diagram` and `--inspect` show both sides, each as
 * it really was. With `--json`, each line of standard input is an object: `{"set":"loss","value":"40%","direction":"up"}` or
 * `{"command":"cut"}` (`lab/relay/command.ts`). To run it in the background of a terminal, add `< /dev/null`.
 *
 * @module
 */
import { StopRequested } from "../lib/console/stop.ts";
import { type Run, runScript, type Script } from "../lib/script/script.ts";
import { connectNode } from "../lib/net/node_socket.ts";
import { listenNode } from "../lib/net/node_listener.ts";
import { openConsole } from "./relay/console.ts";
import { Controls, planNotice, planText } from "./relay/controls.ts";
import { FaultLog } from "./relay/fault_log.ts";
import { addressesOf, checkFlags, flags, networkOf } from "./relay/flags.ts";
import type { Network } from "./relay/network.ts";
import { doneLine, figuresOf, reportOf } from "./relay/report.ts";
import { type RelaySockets, startRelay } from "./relay/start.ts";

/** Flags and help text of `lab:relay`. */
export const script: Script<typeof flags> = {
  name: "lab:relay",
  role: "server",
  summary: "Forwards TCP or UDP between any two programs, and breaks the network between them on purpose",
  example: {
    flags: "--listen udp:9000 --to :12345 --loss 30% --up-delay 100ms --seed 7",
    does:
      "Loses three datagrams of ten in both directions, and delays what goes to the server; the same ones in each run.",
  },
  flags,
  ownFaults: true,
  check: checkFlags,
};

/** Opens its sockets. Over TCP by node:net, because sockets opened by Deno cannot send RST, and a relay passes resets on. */
const sockets: RelaySockets = {
  listen: listenNode,
  connect: connectNode,
  datagrams: (at) => Deno.listenDatagram(at),
};

/** Relays until it is stopped, obeying the commands on standard input; returns the last line. */
export async function relay(network: Network, run: Run<typeof flags>): Promise<string> {
  const { options, events, signal, stop } = run;
  const addresses = addressesOf(options);
  const { transport } = addresses.listen;
  using log = new FaultLog(events, { transport, json: options.json });
  const { relay, done } = await startRelay(addresses, run, { sockets, network, onFault: log.tell });
  events.emit({ event: "notice", message: planNotice(network, transport) });
  const over = new AbortController();
  using input = await openConsole(run, transport);
  const quit = (): void => stop.request(new StopRequested("SIGINT"));
  const controls = new Controls(relay, { network, transport, events, stop: quit });
  const following = controls.follow(input, { json: options.json, signal: AbortSignal.any([signal, over.signal]) });
  try {
    await done;
  } finally {
    over.abort();
    await following;
  }
  const { tally } = relay;
  const plan = planText(network);
  events.emit({ event: "summary", ...figuresOf(tally, transport), plan, prose: reportOf(tally, transport) });
  return doneLine(tally, transport);
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, (run) => relay(networkOf(run.options, run.given), run));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
