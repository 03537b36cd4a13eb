/**
 * chat:nats shows a room that two servers share: it starts `nats-server` on loopback, with its store in a temporary folder, and two
 * chat servers on it.
 *
 * ```sh
 * deno task chat:nats
 * deno run --no-prompt --allow-env=INIT_CWD,PLAINWIRE --allow-net=127.0.0.1 --allow-run=sh chat/nats.ts
 * ```
 *
 * Try it with a client on each of the servers, whose ports it prints; `nc` works as well:
 *
 * ```
 * $ deno task chat:nats --port 9000
 * [+] nats-server listens on 127.0.0.1:40123; another server joins with:
 *   deno task chat:server --port 0 --room demo --nats nats://127.0.0.1:40123
 * north | [+] Sharing the room "demo" over NATS at 127.0.0.1:40123
 * north | [+] Listening on 127.0.0.1:9000
 * …
 * south | [+] Listening on 127.0.0.1:9001
 * …                          $ nc 127.0.0.1 9000     $ nc 127.0.0.1 9001
 * …                          …                       …
 * north | * guest-1 joined   hello, south            * guest-1 joined
 * …                                                  …
 * north | guest-1: hello, south                      guest-1: hello, south
 * ```
 *
 * @module
 */
import { stripAnsiCode } from "@std/fmt/colors";
import { UsageError } from "../lib/errors.ts";
import type { Events, NetEvent } from "../lib/events.ts";
import { proseOf } from "../lib/console/prose.ts";
import type { LineInput } from "../lib/console/line_input.ts";
import { announce, BACKLOG, listenTcp } from "../lib/net/listen.ts";
import { commandFor, joinCommand } from "../lib/script/command.ts";
import { flag } from "../lib/script/flag_kinds.ts";
import { runScript, type Script } from "../lib/script/script.ts";
import { basicFlags } from "../lib/script/shared_flags.ts";
import { plural } from "../lib/text.ts";
import { selfOf } from "./nats_flags.ts";
import { MAX_LINE } from "./protocol.ts";
import { LocalBroker } from "./shared/broker/local_broker.ts";
import { openSharedRoom } from "./shared/open.ts";
import { serveRoom } from "./transport/serve_room.ts";

const ROOM = "demo";

const flags = {
  port: flag.port("port of the first server, the second has the next one; 0 = any free ones", {
    default: 0,
    short: "p",
    zero: true,
  }),
  ...basicFlags,
};

/** Flags and help text of `chat:nats`. */
export const script: Script<typeof flags> = {
  name: "chat:nats",
  role: "server",
  summary: "Two chat servers that share a room, on a nats-server of their own; for trying it out",
  example: { flags: "--port 9000", does: "Join at port 9000 and at port 9001, and talk to yourself." },
  flags,
  check: ({ values: { port } }) => {
    if (port === 65535) throw new UsageError("Cannot use --port 65535: the second server needs the port after it");
  },
};

/** What others type who are not at this machine. */
const ELSEWHERE = { anyPort: "--port 0", everywhere: "chat:server with --bind 0.0.0.0" };

/** Nobody sits at the terminal of these servers. */
const NOBODY: LineInput = {
  interactive: false,
  ended: true,
  read: () => Promise.resolve(null),
  write: (bytes) => Promise.resolve(bytes.length),
  prompt: () => {},
  discard: () => 0,
  close: () => {},
  [Symbol.dispose]: () => {},
};

/** The events of one server among several: its name stands before each line. */
function labelled(events: Events, server: string, json: boolean): Events {
  return {
    get detailed() {
      return events.detailed;
    },
    emit(event: NetEvent) {
      if (json) return events.emit({ ...event, server } as NetEvent);
      const text = stripAnsiCode(proseOf(event, { role: "server", quiet: false }));
      if (text === "") return;
      const prose = text.split("\n").map((line) => `${server} | ${line}`);
      events.emit({ event: event.event === "listening" ? "result" : "message", prose });
    },
  };
}

/** Runs the script; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  return await runScript(script, args, async (run) => {
    const { events, options: { port, json, timeout } } = run;
    await using broker = await LocalBroker.start(run.signal);
    const url = `nats://${broker.address}`;
    const command = `${commandFor("chat:server")} --port 0 --room ${ROOM} --nats ${url}`;
    const message = `nats-server listens on ${broker.address}; another server joins with:`;
    events.emit({ event: "result", nats: broker.address, prose: [{ mark: "state", text: message }, `  ${command}`] });
    const signal = AbortSignal.any([run.signal, broker.signal]);
    const nats = { room: ROOM, servers: [broker.address], tls: false, creds: undefined, ca: undefined };
    await using opened = new AsyncDisposableStack();
    const servers: Parameters<typeof serveRoom>[] = [];
    for (const [index, name] of ["north", "south"].entries()) {
      const at = { hostname: "127.0.0.1", port: port === 0 ? 0 : port + index, tcpBacklog: BACKLOG };
      const listener = opened.use(listenTcp(() => Deno.listen(at), at));
      const own = labelled(events, name, json);
      const about = {
        ...{ events: own, signal, self: selfOf(listener), maxMessage: MAX_LINE },
        operator: { name, chosen: true },
      };
      const shared = opened.use(await openSharedRoom(nats, about));
      announce(own, listener, (at) => joinCommand("chat:client", at), { verb: "join", flags: ELSEWHERE });
      const save = (): Promise<void> => Promise.reject(new Error("nobody is there to save it"));
      const operator = { name, save, stop: () => {}, open: () => NOBODY };
      servers.push([listener, { events: own, signal, shared, operator, rate: 10, history: 20, idle: timeout * 1000 }]);
    }
    const served = await Promise.all(servers.map((server) => serveRoom(...server)));
    if (broker.signal.aborted) throw broker.signal.reason;
    const connections = served.reduce((sum, { connections }) => sum + connections, 0);
    return `Done: ${plural(connections, "connection")} served`;
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
