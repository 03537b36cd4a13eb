/**
 * chat:client joins a chat over TCP: with an input line that incoming text never breaks at a terminal, as a plain filter in a pipe.
 *
 * ```sh
 * deno task chat:client
 * deno run --no-prompt --allow-read --allow-env=INIT_CWD,PLAINWIRE,HOME,XDG_CONFIG_HOME,APPDATA --allow-write="$INIT_CWD,/tmp,$HOME/.config/plainwire,$XDG_CONFIG_HOME/plainwire,$APPDATA/plainwire" --allow-net chat/client.ts
 * ```
 *
 * Try it against `deno task chat:server`; Tab completes names and commands, the arrow keys recall what you typed:
 *
 * ```
 * $ deno task chat:client --host 127.0.0.1 --port 23456 --name alice
 * [+] Connected to 127.0.0.1:23456 from 127.0.0.1:50412 in 1.2 ms
 * …
 * * you are alice; /help lists what you can type
 * alice: hello, everybody
 * bob: hello, alice
 * ```
 *
 * Of several servers (`--host north,south:9000`; one may be named twice) it uses the first, and goes on with the next when one dies: with
 * its name and its place in the history, and what was typed meanwhile. `--timeout` is then how long it goes on without any (60 s if not given).
 *
 * @module
 */
import type { Endpoint } from "../lib/addr.ts";
import { type ConnectOptions, connectTcp } from "../lib/stream/connect.ts";
import type { Connection } from "../lib/stream/connection.ts";
import { NO_EVENTS } from "../lib/events.ts";
import type { ClientTls } from "../lib/tls/client.ts";
import { UsageError } from "../lib/errors.ts";
import { SYSTEM_TIME } from "../lib/time.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import { commonFlags, peerFlags } from "../lib/script/shared_flags.ts";
import { type Run, runScript, type Script } from "../lib/script/script.ts";
import { clientTls, tlsClientFlags } from "../lib/script/tls_flags.ts";
import { choosePort, chooseServers, endpointsOf, nameFlag, refuseInTurns, serversFlag } from "./flags.ts";
import { userOf } from "./input.ts";
import { Caller } from "./turns/caller.ts";
import { TcpPartner } from "./turns/partner.ts";
import { connectWithin } from "./transport/connect_within.ts";
import { joinRoom, Roster } from "./transport/join_room.ts";

const flags = {
  ...peerFlags({ port: 23456 }),
  host: serversFlag,
  mode: flag.choice("the server's mode", ["room", "turns"], { default: "room" }),
  name: nameFlag("your name in the room", { default: undefined }),
  ...tlsClientFlags,
  ...commonFlags,
};

/** Flags and help text of `chat:client`. */
export const script: Script<typeof flags> = {
  name: "chat:client",
  role: "client",
  summary: "Chat client over TCP",
  example: {
    flags: "--host 192.168.1.10 --name alice",
    does: "Joins the room on that machine as alice.",
  },
  flags,
};

/** Takes part in a chat over a connection until one side ends it. */
export async function runChat(connection: Connection, run: Run<typeof flags>): Promise<void> {
  const { options, events, output } = run;
  const { open, stop } = await userOf(run);
  const remark = (message: string): void => events.emit({ event: "notice", message });
  const warn = (message: string): void => events.emit({ event: "warning", message });
  if (options.mode === "turns") {
    using partner = new TcpPartner(connection);
    return await new Caller(partner, { open, stop, output, remark, warn, idle: options.timeout * 1000 }).run();
  }
  const roster = new Roster();
  using input = open({ complete: roster.complete, onInterrupt: stop });
  const { name, timeout } = options;
  await joinRoom(connection, { input, output, roster, name, lineTime: timeout * 1000, warn });
}

/** What every connection of a run has in common. */
async function connectOptions(run: Run<typeof flags>): Promise<ConnectOptions & { readonly tls: ClientTls | null }> {
  const { options, events, wire, faults } = run;
  // A room also sends members away later.
  const refusal = options.mode === "room" ? "last" : "only";
  return { events, wire, faults: faults?.layer, report: options.json, refusal, tls: await clientTls(run) };
}

/**
 * Connects within the time limit. In a room the connection also enforces it as an idle timeout. In turns `Caller` does: the connection
 * may be idle while the user writes.
 */
async function connect(server: Endpoint, run: Run<typeof flags>): Promise<Connection> {
  const { options, signal } = run;
  const timeout = options.timeout * 1000;
  const common = await connectOptions(run);
  const open = run.opener((at) => Deno.connect(at));
  if (options.mode === "room" || timeout === 0) {
    return await connectTcp(open, server, { ...common, timeout, messageTime: timeout, signal });
  }
  return await connectWithin(
    server,
    (attempt) => connectTcp(open, server, { ...common, signal: AbortSignal.any([signal, attempt.signal]) }),
    { limit: options.timeout, signal, time: SYSTEM_TIME },
  );
}

/** Takes part in a room that has several servers; returns the last line. */
async function runChatOn(servers: readonly Endpoint[], run: Run<typeof flags>): Promise<string> {
  const { options: { name, timeout, json }, given, events, output, signal } = run;
  // Loaded only for this.
  const { joinServers } = await import("./transport/failover/join_servers.ts");
  const common = await connectOptions(run);
  const openSocket = run.opener((at) => Deno.connect(at));
  const { bytesIn, bytesOut } = await joinServers({
    ...{ servers, output, name, signal, user: await userOf(run), events: json ? events : NO_EVENTS },
    connect: (server, { id, signal, lift, mayAsk }) => {
      const ask = (mayAsk && common.tls?.ask) || null;
      const tls = common.tls && { ...common.tls, ask: ask && ((question: string) => (lift(), ask(question))) };
      return connectTcp(openSocket, server, { ...common, id, signal, tls, report: false });
    },
    patience: given.has("timeout") ? timeout : undefined,
    warn: (message) => events.emit({ event: "warning", message }),
  });
  return `Done: ${bytesOut} bytes sent, ${bytesIn} received`;
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async (run) => {
    const { options, given } = run;
    refuseInTurns(run, "name");
    const names = chooseServers(options.host, "Chat server's name or address", { given });
    if (names.length > 1 && options.mode === "turns") {
      throw new UsageError("Cannot use several servers with --mode turns: no other server knows whose turn it is");
    }
    const needsPort = names.some((name) => name.port === null);
    const port = needsPort ? choosePort(options.port, "Chat server's port", { given }) : options.port;
    const [server, ...more] = endpointsOf(names, port);
    if (server === undefined || more.length > 0) return await runChatOn(endpointsOf(names, port), run);
    await using connection = await connect(server, run);
    await runChat(connection, run);
    return `Done: ${connection.bytesOut} bytes sent, ${connection.bytesIn} received`;
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
