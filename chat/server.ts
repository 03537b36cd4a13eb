/**
 * chat:server is a chat over TCP: one room for all clients or, with `--mode turns`, one guest at a time, strictly in turn.
 *
 * ```sh
 * deno task chat:server
 * deno run --no-prompt --allow-read --allow-env=INIT_CWD,PLAINWIRE,HOME,XDG_CONFIG_HOME,APPDATA --allow-write="$INIT_CWD,/tmp,$HOME/.config/plainwire,$XDG_CONFIG_HOME/plainwire,$APPDATA/plainwire" --allow-env=NATS_USER,NATS_PASSWORD,NATS_TOKEN --allow-net --allow-sys=networkInterfaces,hostname chat/server.ts
 * ```
 *
 * Try it with two more terminals; `nc`, `ncat`, `telnet` and a browser at its URL work as well:
 *
 * ```
 * $ deno task chat:client --host 127.0.0.1 --port 23456 --name alice
 * …                                     $ nc 127.0.0.1 23456            $ deno task chat:server --port 23456
 * * here with you: server               * here with you: server, alice  [+] Listening on 0.0.0.0:23456
 * …                                     …                               …
 * alice: hello, everybody               alice: hello, everybody         alice: hello, everybody
 * guest-2: hi                           hi                              guest-2: hi
 * server: welcome                       server: welcome                 server: welcome
 * ```
 *
 * @module
 */
import { type Endpoint, urlOf } from "../lib/addr.ts";
import { joinCommand } from "../lib/script/command.ts";
import { callersFolder } from "../lib/script/callers_path.ts";
import { linkRateFlag } from "../lib/script/fault_flags.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import { announce, BACKLOG } from "../lib/net/listen.ts";
import {
  admissionFlags,
  bindFlags,
  commonFlags,
  framingFlags,
  pageFlags,
  serveOptions,
} from "../lib/script/shared_flags.ts";
import { pageLink } from "../lib/script/page_link.ts";
import { type Run, runScript, type Script } from "../lib/script/script.ts";
import { type ServeTotals, totalsLine } from "../lib/totals.ts";
import { refuseWith } from "../lib/script/unused_flags.ts";
import type { StreamListener } from "../lib/net/socket.ts";
import { serverLayers } from "../lib/script/open.ts";
import { tlsServerFlags } from "../lib/script/tls_flags.ts";
import { choosePort, nameFlag, refuseInTurns } from "./flags.ts";
import { userOf } from "./input.ts";
import { natsFlags, type NatsOptions, natsOptions, selfOf } from "./nats_flags.ts";
import { MAX_LINE } from "./protocol.ts";
import type { OpenRoom } from "./shared/open.ts";
import type { ConsoleOptions } from "./transport/operator.ts";
import { type RoomServerOptions, serveRoom } from "./transport/serve_room.ts";
import { saveInside } from "./transport/save.ts";
import { webLayers } from "./transport/web/settings.ts";

const flags = {
  ...bindFlags({ bind: "0.0.0.0", port: 23456 }),
  mode: flag.choice("everyone in one room, or one guest at a time", ["room", "turns"], { default: "room" }),
  name: nameFlag("your name in the room", { default: "server" }),
  history: flag.integer("lines of history for a new member", { default: 20, min: 0, max: 1000 }),
  ...admissionFlags,
  ...framingFlags,
  maxMessage: flag.integer("maximum bytes of one line", {
    default: MAX_LINE,
    min: 64,
    max: 65536,
    placeholder: "BYTES",
  }),
  ...natsFlags,
  noWeb: flag.on("no page for browsers on this port; every client is greeted at once"),
  hostName: flag.texts("host that the page answers to besides this machine's own; '*' = every host; repeatable", {
    placeholder: "NAME",
  }),
  ...tlsServerFlags,
  ...pageFlags,
  ...commonFlags,
  // In a room --rate limits lines; the fault of that name is --link-rate here.
  ...linkRateFlag,
  rate: flag.integer("maximum lines per second from one client; a burst passes, then more are delayed; 0 = no limit", {
    default: 10,
    min: 0,
    max: 1_000_000,
  }),
};

/** Flags and help text of `chat:server`. */
export const script: Script<typeof flags> = {
  name: "chat:server",
  role: "server",
  summary: "Chat room over TCP, for browsers, plain nc and telnet too",
  example: {
    flags: "--port 9000 --max-connections 1",
    does: "A conversation of two; the other person runs chat:client on that port, or `nc ADDRESS 9000`.",
  },
  flags,
};

/** Serves the chat on a bound listener until the signal fires. */
export async function serveChat(
  listener: StreamListener,
  { invite, layers, ...room }:
    & Required<Pick<RoomServerOptions, "layers">>
    & Pick<RoomServerOptions, "web" | "shared">
    & Pick<ConsoleOptions, "invite">,
  run: Run<typeof flags>,
): Promise<ServeTotals> {
  const { mode, name, history, rate, json: report } = run.options;
  const { timeout: idle = 0, ...limits } = serveOptions(run);
  const user = await userOf(run);
  const common = { ...limits, layers, report, idle };
  if (mode === "turns") return await (await import("./turns/serve.ts")).serveTurns(listener, { ...common, user });
  const save = (path: string, text: string): Promise<void> => saveInside(callersFolder(), path, text);
  const operator = { ...user, name, save, invite };
  return await serveRoom(listener, { ...common, ...room, history, rate, operator });
}

/** The room as it is shared with other servers. Nothing of that is loaded without `--room`. */
async function shareRoom(nats: NatsOptions, self: string, run: Run<typeof flags>): Promise<OpenRoom> {
  const { options: { name, maxMessage }, given, events, signal } = run;
  const operator = { name, chosen: given.has("name") };
  const { openSharedRoom } = await import("./shared/open.ts");
  return await openSharedRoom(nats, { self, operator, maxMessage, events, signal });
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async (run) => {
    const { options, given, events } = run;
    refuseInTurns(run, "name", "history", "rate", "noWeb", "hostName", "noQr", ...Object.keys(natsFlags));
    for (const pageless of ["noWeb", "once"]) refuseWith(given, pageless, "hostName", "noQr");
    const nats = natsOptions(run);
    const port = choosePort(options.port, "Port to listen on", { given, zero: true });
    const at = { hostname: options.bind, port, tcpBacklog: BACKLOG };
    using listener = await run.listenTcp(() => Deno.listen(at), at);
    // With --once, a page would be all that is served.
    const hasPage = options.mode === "room" && !options.noWeb && !options.once;
    const { web, layers, tls, certificate, join } = hasPage
      ? await webLayers(run)
      : { web: null, ...await serverLayers(run) };
    await using shared = nats === null ? null : await shareRoom(nats, selfOf(listener), run);
    const page = hasPage ? await pageLink(run, listener.addr, certificate) : undefined;
    const mode = options.mode === "turns" ? " --mode turns" : "";
    const command = (at: Endpoint): string => joinCommand("chat:client", at, mode + join);
    const invite = (): void => announce(events, listener, command, { tls, verb: "join", page });
    invite();
    if (page !== undefined) events.emit({ event: "notice", message: `Open ${urlOf(listener.addr, { tls })}` });
    return totalsLine(await serveChat(listener, { layers, web, invite, shared }, run), run.events);
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
