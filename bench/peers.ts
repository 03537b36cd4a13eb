/**
 * The servers that are compared, and how each is started.
 *
 * @module
 */
import type { Bench } from "./context.ts";
import type { Kind } from "./model.ts";
import { nginxConfig } from "./nginx.ts";
import type { Peer } from "./plan.ts";
import { Server, type Target } from "./server.ts";
import { run, type Words } from "./shell.ts";

/** A server that prints where it listens. */
function speaking(name: string, kind: Kind, words: (bench: Bench) => Words, ...needs: string[]): Peer {
  return {
    name,
    kind,
    available: (bench) => allOf(bench, needs),
    start: (bench, signal) => Server.start(words(bench), { signal }),
  };
}

/** A server that is told its port. */
function silent(name: string, words: (port: string, bench: Bench) => Words, ...needs: string[]): Peer {
  return {
    name,
    kind: "peer",
    available: (bench) => allOf(bench, needs),
    start: (bench, signal) => Server.startOnPort((port) => words(port, bench), { signal }),
  };
}

/** Whether all of these programs are installed: each is asked for, so that all that is missing is told. */
async function allOf(bench: Bench, programs: readonly string[]): Promise<boolean> {
  const found = await Promise.all(programs.map((program) => bench.has(program)));
  return found.every(Boolean);
}

/** One of our scripts. */
export function ours(task: string, ...args: string[]): Peer {
  return speaking("plainwire", "ours", (bench) => bench.script(task, "--port", "0", ...args));
}

/** One of our scripts with other flags than those that are compared. */
export function variant(name: string, task: string, args: (bench: Bench) => readonly string[]): Peer {
  return speaking(name, "variant", (bench) => bench.script(task, "--port", "0", ...args(bench)));
}

/** A program of `bench/peers/` for Node. */
export function node(module: string, file: string, ...args: string[]): Peer {
  return speaking(`Node ${module}`, "node", (bench) => bench.peer(file, ...args), "node");
}

/** A loop on Deno's calls. */
export function bare(call: string, file: string, ...args: string[]): Peer {
  return speaking(`bare ${call}`, "bare", (bench) => bench.peer(file, ...args));
}

/** A program of `bench/peers/` for Python. */
function python(name: string, file: string): Peer {
  return speaking(`Python ${name}`, "peer", (bench) => bench.peer(file), "python3");
}

/** A program of `bench/peers/` in C. */
export function inC(name: string, program: string, ...args: string[]): Peer {
  return {
    ...speaking(name, "peer", (bench) => [bench.path(program), ...args]),
    available: (bench) => bench.built(program),
  };
}

/** The most connections that ncat is told to take; on its own it takes 100. */
const MAX_NCAT = "1000";

/** An ncat that listens, with more of its options. */
function ncat(port: string, ...more: string[]): Words {
  return ["ncat", "--listen", "127.0.0.1", port, "--keep-open", "--max-conns", MAX_NCAT, ...more];
}

/** TCP, every byte sent back. */
export const ECHO = {
  ours: ours("tcp:server", "--echo"),
  node: node("net", "node_tcp.mjs", "echo"),
  bare: bare("Deno.listen", "bare_tcp.ts", "echo"),
  c: inC("C epoll", "c_tcp", "mode=echo"),
  asyncio: python("asyncio", "asyncio_tcp.py"),
  threads: python("threads", "threads_tcp.py"),
  ncat: silent("ncat --exec cat", (port) => ncat(port, "--exec", "/bin/cat"), "ncat"),
  socat: silent(
    "socat fork, PIPE",
    (port) => ["socat", `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork,nodelay,backlog=4096`, "PIPE"],
    "socat",
  ),
} as const;

/** TCP, every byte read and forgotten. */
export const DISCARD = {
  ours: ours("tcp:server", "--discard"),
  node: node("net", "node_tcp.mjs", "discard"),
  bare: bare("Deno.listen", "bare_tcp.ts", "discard"),
  c: inC("C epoll", "c_tcp", "mode=discard"),
  ncat: silent("ncat --recv-only", (port) => ncat(port, "--recv-only"), "ncat"),
  socat: silent(
    "socat to /dev/null",
    (port) => ["socat", "-u", `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork`, "OPEN:/dev/null"],
    "socat",
  ),
} as const;

/** UDP, every datagram sent back. */
export const DATAGRAMS = {
  // The others have no break against loops between two servers, so ours is off.
  ours: ours("udp:server", "--echo", "--max-rate", "0"),
  node: node("dgram", "node_udp.mjs"),
  bare: bare("Deno.listenDatagram", "bare_udp.ts"),
  c: inC("C recvfrom", "c_udp"),
  asyncio: python("asyncio", "asyncio_udp.py"),
} as const;

/** HTTP: `/status/200` and `/bytes/N`. */
export const WEB = {
  ours: ours("http:server"),
  node: node("http", "node_http.mjs"),
  deno: speaking("Deno.serve", "peer", (bench) => bench.peer("deno_serve.ts")),
} as const;

/** nginx with one worker; it serves the files of a folder of the run. */
export const NGINX: Peer = {
  name: "nginx, one worker",
  kind: "peer",
  available: (bench) => bench.has("nginx"),
  start: async (bench, signal) => {
    const config = bench.path("nginx.conf");
    return await Server.startOnPort((port) => {
      Deno.writeTextFileSync(config, nginxConfig(port, bench.folder));
      return ["nginx", "-e", "stderr", "-p", bench.folder, "-c", config];
    }, { signal });
  },
};

const ROOM = ["--bind", "127.0.0.1", "--rate", "0", "--max-connections", "0", "--no-qr"] as const;

/** Chat rooms. */
export const ROOMS = {
  ours: ours("chat:server", ...ROOM),
  node: node("broker", "node_chat.mjs"),
  ncat: silent("ncat --broker", (port) => ncat(port, "--broker"), "ncat"),
} as const;

/** Two of our servers that share a room over a broker. */
export const SHARED_ROOM: Peer = {
  name: "two over NATS",
  kind: "variant",
  available: (bench) => bench.has("nats-server"),
  start: async (bench, signal): Promise<Target> => {
    await using started = new AsyncDisposableStack();
    const store = bench.path(`nats-${crypto.randomUUID()}`);
    const broker = started.use(
      await Server.startOnPort((port) => ["nats-server", "-a", "127.0.0.1", "-p", port, "-js", "-sd", store], {
        signal,
      }),
    );
    const shared = ["--room", "bench", "--nats", `nats://127.0.0.1:${broker.ports[0]}`];
    const server = async (): Promise<Server> =>
      started.use(await Server.start(bench.script("chat:server", "--port", "0", ...ROOM, ...shared), { signal }));
    const servers = [await server(), await server()];
    const all = started.move();
    return {
      ports: servers.flatMap(({ ports }) => ports),
      startTime: 0,
      get ended(): boolean {
        return broker.ended || servers.some(({ ended }) => ended);
      },
      cpu: async () => (await Promise.all([broker, ...servers].map((server) => server.cpu()))).reduce((a, b) => a + b),
      memory: async () => (await Promise.all(servers.map((server) => server.memory()))).reduce((a, b) => a + b),
      [Symbol.asyncDispose]: () => all.disposeAsync(),
    };
  },
};

/** What was made for a run is made once. */
const certified = new WeakMap<Bench, Promise<unknown>>();

/** TLS, every byte sent back, all with the same certificate. */
export async function secured(bench: Bench): Promise<Record<"ours" | "node" | "bare", Peer>> {
  const folder = bench.path("certs");
  const [cert, key] = [`${folder}/localhost.pem`, `${folder}/localhost-key.pem`];
  const words = bench.script("tls:cert", "--out", folder, "localhost", "127.0.0.1");
  const making = certified.get(bench) ?? run("make a certificate", words);
  certified.set(bench, making);
  await making;
  return {
    ours: ours("tcp:server", "--echo", "--tls", "--cert", cert, "--key", key),
    node: node("tls", "node_tls.mjs", cert, key),
    bare: bare("Deno.listenTls", "bare_tls.ts", cert, key),
  };
}
