/**
 * chat:udp-server is the host of a conversation over UDP, strictly in turn: the first peer to send is the guest until the goodbye.
 *
 * ```sh
 * deno task chat:udp-server
 * deno run --no-prompt --allow-env=INIT_CWD,PLAINWIRE --allow-write="$INIT_CWD,/tmp" --allow-net --allow-sys=networkInterfaces chat/udp_server.ts
 * ```
 *
 * Try it with a second terminal. A lost datagram would leave both sides waiting forever, so an empty line sends your last message again
 * while you wait.
 *
 * ```
 * $ deno task chat:udp-client --host 127.0.0.1 --port 23457
 *                                       $ deno task chat:udp-server --port 23457
 * …                                     [+] Listening on 127.0.0.1:23457 (UDP)
 * your turn: hello                      …
 *                                       * 127.0.0.1:40551 has the line
 *                                       client: hello
 * hello yourself                        your turn: hello yourself
 * your turn: exit                       * 127.0.0.1:40551 left
 * Goodbye! Closing session.             (nobody here)
 * …
 * ```
 *
 * @module
 */
import { DatagramSocket } from "../lib/datagram/socket.ts";
import { joinCommand } from "../lib/script/command.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import { announce, listenUdp } from "../lib/net/listen.ts";
import { bindFlags, commonFlags } from "../lib/script/shared_flags.ts";
import { runScript, type Script } from "../lib/script/script.ts";
import { plural } from "../lib/text.ts";
import { choosePort } from "./flags.ts";
import { userOf } from "./input.ts";
import { serveUdpTurns } from "./turns/serve_udp.ts";

const flags = {
  ...bindFlags({ bind: "127.0.0.1", port: 23457 }),
  mode: flag.choice("UDP supports turns only", ["turns"], { default: "turns" }),
  once: flag.on("serve one conversation, then exit"),
  ...commonFlags,
  timeout: {
    ...commonFlags.timeout,
    help: "seconds a guest may take in its turn before it loses the line; 0 = for ever",
  },
};

/** Flags and help text of `chat:udp-server`. */
export const script: Script<typeof flags> = {
  name: "chat:udp-server",
  role: "server",
  summary: "Host of a chat over UDP, strictly in turn",
  example: {
    flags: "--bind 0.0.0.0 --timeout 300",
    does: "Talks with one guest on the network at a time; a guest that is silent for 5 minutes loses the line.",
  },
  flags,
};

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async (run) => {
    const { options, given, events, signal, wrap } = run;
    const port = choosePort(options.port, "Port to listen on", { given, zero: true });
    const at = { hostname: options.bind, port, transport: "udp" } as const;
    using socket = new DatagramSocket(listenUdp(() => wrap(Deno.listenDatagram(at)), at));
    const addr = { transport: "udp", ...socket.local } as const;
    announce(events, { addr }, (at) => joinCommand("chat:udp-client", at), { verb: "join" });
    const { once, timeout, json: report } = options;
    const serving = { events, signal, once, report, idle: timeout * 1000, user: await userOf(run) };
    const totals = await serveUdpTurns(socket, serving);
    events.emit({ event: "summary", prose: "", ...totals });
    return `Done: ${plural(totals.conversations, "conversation")}`;
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
