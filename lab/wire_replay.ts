/**
 * wire:replay plays one side of a capture again, with its chunks and its pauses, and reports where the other side differs.
 *
 * ```sh
 * deno task wire:replay hello.pcapng localhost 8080
 * deno run --no-prompt --allow-read --allow-env=INIT_CWD,PLAINWIRE,HOME,XDG_CONFIG_HOME,APPDATA --allow-write="$INIT_CWD,/tmp,$HOME/.config/plainwire,$XDG_CONFIG_HOME/plainwire,$APPDATA/plainwire" --allow-net --allow-sys=networkInterfaces,hostname lab/wire_replay.ts hello.pcapng localhost 8080
 * ```
 *
 * Try it with `deno task tcp:server --echo` in another terminal; then start that server without `--echo`, and play it again:
 *
 * ```
 * $ deno task tcp:client --message hello --capture hello.pcapng
 * $ deno task wire:replay hello.pcapng                       # what is in it
 * $ deno task wire:replay hello.pcapng :12345
 * [+] Playing the client's side of 1 connection over 137 ms
 * …
 * [!] Connection 1 differs: answer 1 of 1 at offset 0; 19 instead of 6 bytes
 *       sent     "hello\n"
 *       captured "hello\n"
 *       now      "Hello from server!\n"
 *                 ^
 * …
 * $ deno task wire:replay --as server hello.pcapng 9000      # the captured server serves whoever comes
 * ```
 *
 * A chunk that followed an answer waits for that answer, and then for the captured pause. Silence is played too: `--speed` shortens it,
 * `--no-wait` leaves it out. Of an answer, bytes count and chunks do not; datagrams are compared one by one, and their order is told only.
 * The exit code is 1 where something differs; 4, 5 or 6 where the server refused, only was silent, or reset the connection.
 *
 * @module
 */
import type { Endpoint } from "../lib/addr.ts";
import { checkTransport } from "../lib/faults/plan.ts";
import { announce, BACKLOG, listenTcp, listenUdp } from "../lib/net/listen.ts";
import { listenNode } from "../lib/net/node_listener.ts";
import { connectNode } from "../lib/net/node_socket.ts";
import { callersPath } from "../lib/script/callers_path.ts";
import { commandFor, joinCommand } from "../lib/script/command.ts";
import { serverLayers } from "../lib/script/open.ts";
import { type Run, runScript, type Script } from "../lib/script/script.ts";
import { clientTls } from "../lib/script/tls_flags.ts";
import { STDIN } from "./capture_file.ts";
import { checkOneServer, list, playingLine, readCapture, warn } from "./replay/capture.ts";
import { replayClients } from "./replay/clients.ts";
import { type Conversation, haveResets } from "./replay/conversation.ts";
import { checkRun, flags, targetOf, timeoutOf } from "./replay/flags.ts";
import { ignorePatterns } from "./replay/ignore.ts";
import type { ReplayOptions } from "./replay/perform.ts";
import { replayTcpServer, replayUdpServer } from "./replay/servers.ts";
import type { Tally } from "./replay/tally.ts";

/** Flags and help text of `wire:replay`. */
export const script: Script<typeof flags> = {
  name: "wire:replay",
  role: "server",
  summary: "Plays one side of a capture again and reports where the other side differs",
  example: {
    flags: "--ignore '^Date: .*$' hello.pcapng localhost 8080",
    does:
      "Sends the captured requests again and compares the answers, but for their Date; exits with 1 if they differ.",
  },
  flags,
  operands: {
    placeholder: "FILE [ADDRESS]",
    help:
      "a pcapng or pcap file; HOST PORT, HOST:PORT or :PORT, or with --as server [ADDRESS:]PORT; without it, FILE is listed",
  },
  check: checkRun,
};

/** Plays the clients. */
async function asClient(
  conversations: readonly Conversation[],
  server: Endpoint,
  run: Run<typeof flags>,
  options: ReplayOptions,
): Promise<Tally> {
  return await replayClients(conversations, server, {
    ...options,
    openTcp: haveResets(conversations) ? connectNode : run.opener((at) => Deno.connect(at)),
    openUdp: (at) => run.wrap(Deno.listenDatagram(at)),
    resolve: run.resolve,
    tls: await clientTls(run),
  });
}

/** Plays the server. */
async function asServer(
  conversations: readonly [Conversation, ...Conversation[]],
  { hostname, port }: Endpoint,
  run: Run<typeof flags>,
  options: ReplayOptions,
): Promise<Tally> {
  const { events, options: { once } } = run;
  const [{ transport }] = conversations;
  if (transport === "udp") {
    const at = { transport, hostname, port };
    const socket = run.wrap(listenUdp(() => Deno.listenDatagram(at), at));
    announce(events, socket, (at) => joinCommand("udp:client", at));
    return await replayUdpServer(socket, conversations, { ...options, once });
  }
  const at = { hostname, port, tcpBacklog: BACKLOG };
  using listener = haveResets(conversations)
    ? listenTcp(await listenNode(at), at)
    : await run.listenTcp(() => Deno.listen(at), at);
  const { layers, tls, join } = await serverLayers(run, { anyBytes: true });
  announce(events, listener, (at) => joinCommand("tcp:client", at, join), { tls });
  return await replayTcpServer(listener, conversations, { ...options, once, layers });
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async (run) => {
    const { options: { as, flow, ignore, noWait, speed, tls, once }, events, signal, wire, faults } = run;
    const { file, address } = targetOf(run);
    const ignored = ignorePatterns(ignore);
    const wanted = flow === undefined ? {} : { wanted: flow };
    const path = file === STDIN ? STDIN : callersPath(file);
    const conversations = await readCapture(path, { as, events, ...wanted });
    warn(conversations, { tls }, events);
    if (address === null) {
      list(conversations, as, events);
      return `Done: nothing was played; ${commandFor(script.name)} ${file} HOST PORT plays them`;
    }
    checkOneServer(conversations);
    const { transport } = conversations[0];
    if (faults !== undefined) checkTransport(faults.faults.out, transport);
    const how = {
      ...{ speed: noWait ? Infinity : speed, timeout: timeoutOf(run, transport), ignore: ignored },
      ...{ events, signal, wire, faults: faults?.layer },
    };
    events.emit({ event: "notice", message: playingLine(conversations, as, how) });
    if (as === "client") return (await asClient(conversations, address, run, how)).end();
    const tally = await asServer(conversations, address, run, how);
    return once && !signal.aborted ? tally.end() : tally.stoppedLine();
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
