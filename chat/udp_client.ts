/**
 * chat:udp-client is the guest in a conversation over UDP: it sends first, then both sides write strictly in turn.
 *
 * ```sh
 * deno task chat:udp-client
 * deno run --no-prompt --allow-env=INIT_CWD,PLAINWIRE --allow-write="$INIT_CWD,/tmp" --allow-net chat/udp_client.ts
 * ```
 *
 * Try it against `deno task chat:udp-server`. A datagram may be lost in either direction, and neither side can tell: while you wait, an
 * empty line sends your last message again. That works with any other program too; at worst it gets your message twice.
 *
 * ```
 * $ deno task chat:udp-client --host 127.0.0.1 --port 23457
 * …
 * your turn: hello
 * (their turn)
 * [+] Sending your last message again
 * * already received: the answer is being written
 * hello yourself
 * your turn: exit
 * Goodbye! Closing session.
 * …
 * ```
 *
 * @module
 */
import { formatEndpoint } from "../lib/addr.ts";
import { DatagramSocket } from "../lib/datagram/socket.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import { commonFlags, peerFlags } from "../lib/script/shared_flags.ts";
import { type Run, runScript, type Script } from "../lib/script/script.ts";
import { chooseHost, choosePort } from "./flags.ts";
import { userOf } from "./input.ts";
import { Caller } from "./turns/caller.ts";
import { UdpServerPartner } from "./turns/udp_partner.ts";

const flags = {
  ...peerFlags({ port: 23457 }),
  mode: flag.choice("UDP supports turns only", ["turns"], { default: "turns" }),
  retry: flag.seconds("seconds until an unanswered message is sent again; 0 = only on an empty line", { default: 0 }),
  ...commonFlags,
  timeout: { ...commonFlags.timeout, help: "seconds to wait for an answer; 0 = for ever" },
};

/** Flags and help text of `chat:udp-client`. */
export const script: Script<typeof flags> = {
  name: "chat:udp-client",
  role: "client",
  summary: "Guest in a chat over UDP, strictly in turn",
  example: { flags: "--host 192.168.1.10", does: "Talks with the operator of the server on that machine." },
  flags,
};

/** Talks with the server at an endpoint until one side ends it. The caller closes the socket. */
export async function runUdpChat(
  socket: DatagramSocket,
  server: { readonly hostname: string; readonly port: number },
  run: Run<typeof flags>,
): Promise<void> {
  const { options, events, signal, output } = run;
  const close = (): void => socket.close();
  signal.addEventListener("abort", close);
  try {
    using partner = new UdpServerPartner(socket, server, { events, report: options.json });
    await new Caller(partner, {
      ...await userOf(run),
      output,
      remark: (message) => events.emit({ event: "notice", message }),
      warn: (message) => events.emit({ event: "warning", message }),
      idle: options.timeout * 1000,
      retry: options.retry * 1000,
      repeats: true,
      peer: formatEndpoint(server),
    }).run();
  } finally {
    signal.removeEventListener("abort", close);
  }
  signal.throwIfAborted();
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async (run) => {
    const { options, given, events, wrap, resolve } = run;
    const host = chooseHost(options.host, "Chat server's name or address", { given });
    const port = choosePort(options.port, "Chat server's port", { given });
    const [hostname = host] = await resolve(host);
    using socket = DatagramSocket.openFor((at) => wrap(Deno.listenDatagram(at)), hostname);
    events.emit({ event: "notice", message: `Talking to ${formatEndpoint({ hostname, port })} (UDP)` });
    await runUdpChat(socket, { hostname, port }, run);
    return "Done: the conversation is over";
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
