/**
 * pictures draws real runs as the README's sequence diagrams, and a comparison as its plot.
 *
 * ```sh
 * deno task make:pictures
 * ```
 *
 * Anyone can make the like: `--diagram FILE` draws a run as one side sees it; `--capture` on both sides gives two files that together show
 * both clocks.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { NO_FAULTS } from "../lib/faults/plan.ts";
import type { WireEvent } from "../lib/wire/event.ts";
import { drawDiagram } from "../lib/wire/diagram/draw.ts";
import { linesOf } from "./actor.ts";
import { stepsOf } from "./capture_file.ts";
import { scriptCommand } from "./child.ts";
import { Network } from "./relay/network.ts";
import { UdpRelay } from "./relay/udp.ts";

/** A seed with which both lose as much as they are to, and not all of it at once. */
const SEED = "7";
const PICTURES = `${import.meta.dirname}/pictures`;
/** A script that runs in the current folder. */
class Run implements AsyncDisposable {
  #child: Deno.ChildProcess;
  #lines: AsyncGenerator<string>;

  constructor(task: keyof typeof config.tasks, ...args: string[]) {
    this.#child = scriptCommand(task, args, "piped").spawn();
    this.#lines = linesOf(this.#child.stdout);
  }

  /** The port from a server's ready line. */
  async port(): Promise<number> {
    for (;;) {
      const { done, value = "" } = await this.#lines.next();
      if (done) throw new Error("Cannot draw a picture: the server has ended");
      const [, port] = /Listening on \S+:(\d+)/.exec(value) ?? [];
      if (port !== undefined) return Number(port);
    }
  }

  /** Waits until it ends by itself. */
  async end(): Promise<void> {
    for await (const _ of this.#lines);
    await this.#child.status;
  }

  /** Stops it as Ctrl-C does. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGINT");
    } catch {
      // It has ended.
    }
    await this.end();
  }
}

/** The textbook's exchange over TCP, with both clocks. */
async function hello(): Promise<string> {
  {
    await using server = new Run("tcp:server", "--port", "0", "--capture", "server.pcapng");
    const port = await server.port();
    await new Run("tcp:client", "--port", String(port), "--capture", "client.pcapng").end();
  }
  return await drawBoth("tcp:client and tcp:server");
}

/**
 * The seed at which these faults lose one request and one answer, double another request, and hold up one answer more, for 143 ms: found
 * among two million.
 */
const LOSS = new Network({
  seed: 603_072,
  up: { ...NO_FAULTS, loss: 0.2, duplicate: 0.2 },
  down: { ...NO_FAULTS, loss: 0.2, jitter: 160 },
});

/** Requests over UDP, of which some are lost, doubled or held up, with both clocks. */
async function loss(): Promise<string> {
  {
    await using server = new Run("udp:server", "--port", "0", "--capture", "server.pcapng");
    const stop = new AbortController();
    const relay = new UdpRelay({ hostname: "127.0.0.1", port: await server.port() }, {
      network: LOSS,
      signal: stop.signal,
    });
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const relaying = relay.run(socket);
    const { port } = socket.addr as Deno.NetAddr;
    const flags = ["--count", "6", "--interval", "0.1", "--timeout", "0.4", "--capture", "client.pcapng"];
    await new Run("udp:client", "--port", String(port), ...flags).end();
    stop.abort();
    await relaying;
  }
  return await drawBoth("udp:client --count 6, through a relay that loses some");
}

/** A request over HTTP, as the server sees it. */
async function http(): Promise<string> {
  {
    await using server = new Run("http:server", "--port", "0", "--diagram", "http.svg");
    await new Run("http:basic-client", String(await server.port())).end();
  }
  return await Deno.readTextFile("http.svg");
}

/** One stream of messages by TCP and by UDP, with the same losses. */
async function compare(): Promise<string> {
  await new Run("lab:compare", "--loss", "5%", "--delay", "20ms", "--seed", SEED, "--plot", "compare.svg").end();
  return await Deno.readTextFile("compare.svg");
}

async function drawBoth(title: string): Promise<string> {
  const sides: WireEvent[][] = [];
  for (const side of ["client", "server"] as const) {
    const events: WireEvent[] = [];
    for await (const { event } of stepsOf(`${side}.pcapng`, { as: side })) events.push(event);
    sides.push(events);
  }
  return drawDiagram(sides, { title });
}

/**
 * Runs the scripts in a folder of their own, and writes the pictures.
 *
 * @param args Another folder for the pictures, which exists.
 */
export async function main([given]: string[]): Promise<number> {
  const target = given === undefined ? PICTURES : await Deno.realPath(given);
  const folder = await Deno.makeTempDir({ prefix: "plainwire-pictures-" });
  const before = Deno.cwd();
  try {
    // A script may write where its user is.
    Deno.chdir(folder);
    for (const [name, scene] of Object.entries({ hello, loss, http, compare })) {
      await Deno.writeTextFile(`${target}/${name}.svg`, await scene());
    }
    return 0;
  } finally {
    Deno.chdir(before);
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
