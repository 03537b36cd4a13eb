/** A client with several servers against real rooms, over real sockets. */
import { assertEquals, assertMatch } from "@std/assert";
import { connect as connectNode, createServer, type Socket } from "node:net";
import { DataOutput } from "../../../../lib/console/output.ts";
import { NO_EVENTS } from "../../../../lib/events.ts";
import { connectTcp } from "../../../../lib/stream/connect.ts";
import { joinServers, type Traffic } from "../../../../chat/transport/failover/join_servers.ts";
import { FakeSink } from "../../../lib/fakes.ts";
import { TestRoomServer, TestUser } from "../../support.ts";

/** One more address of a server, whose connections a test can cut. */
class Gateway implements AsyncDisposable {
  readonly port: number;
  #close: () => Promise<void>;
  #sockets: Set<Socket>;

  private constructor(port: number, sockets: Set<Socket>, close: () => Promise<void>) {
    this.port = port;
    this.#sockets = sockets;
    this.#close = close;
  }

  static async to(port: number): Promise<Gateway> {
    const sockets = new Set<Socket>();
    const server = createServer((client: Socket) => {
      const up = connectNode(port, "127.0.0.1");
      for (const [socket, other] of [[client, up], [up, client]] as const) {
        sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => sockets.delete(socket));
        socket.pipe(other);
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
    return new Gateway((server.address() as { port: number }).port, sockets, close);
  }

  /** Resets all connections, on both sides: what is on its way is lost. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await this.#close();
  }
}

/** A client in this process. */
class Client {
  readonly user = new TestUser();
  readonly sink = new FakeSink();
  readonly warnings: string[] = [];
  readonly running: Promise<Traffic>;

  constructor(name: string, ...ports: number[]) {
    this.running = joinServers({
      servers: ports.map((port) => ({ hostname: "127.0.0.1", port })),
      connect: (server, { id, signal }) => {
        return connectTcp((at) => Deno.connect(at), server, { id, signal, report: false, refusal: "last" });
      },
      user: this.user,
      output: new DataOutput(this.sink, { terminal: false }),
      name,
      patience: undefined,
      signal: this.user.stopping.signal,
      warn: (text) => this.warnings.push(text),
      events: NO_EVENTS,
    });
  }

  /** The lines shown so far that match. */
  lines(pattern: RegExp): string[] {
    return this.sink.text.split("\n").filter((line) => pattern.test(line));
  }
}

Deno.test("through connections that are cut again and again every line arrives once and in order, both ways, and nobody is told", async () => {
  await using room = new TestRoomServer();
  await using first = await Gateway.to(room.port);
  await using second = await Gateway.to(room.port);
  using bob = await room.join("bob");
  const alice = new Client("alice", first.port, second.port);
  await bob.until(/alice joined/);
  const LINES = 400;
  alice.user.input.type(...Array.from({ length: LINES }, (_, index) => `a${index}`));
  alice.user.input.end();
  const heard: string[] = [];
  for (let line; (line = await bob.line()) !== null;) {
    heard.push(line);
    if (line === "* alice left (quit)") break;
    const [, number = ""] = /^alice: a(\d+)$/.exec(line) ?? [];
    if (Number(number) % 40 === 7) {
      await bob.say(`b${number}`);
      (Number(number) % 80 === 7 ? first : second).cut();
    }
  }
  assertEquals(heard, [...Array.from({ length: LINES }, (_, index) => `alice: a${index}`), "* alice left (quit)"]);
  await alice.running;
  assertEquals(alice.lines(/^bob: /), Array.from({ length: 10 }, (_, index) => `bob: b${index * 40 + 7}`));
  assertEquals(alice.lines(/^alice: |joined|left|you are/), ["* you are alice; /help lists what you can type"]);
  assertMatch(
    alice.warnings.join("\n"),
    /^Lost 127\.0\.0\.1:\d+: connection reset by the peer; trying 127\.0\.0\.1:\d+$/m,
  );
});

Deno.test("a room on another server is told to be another one, and its history is shown", async () => {
  const first = new TestRoomServer();
  await using second = new TestRoomServer();
  using bob = await first.join("bob");
  using carol = await second.join("carol");
  await carol.say("before you came");
  const alice = new Client("alice", first.port, second.port);
  await bob.until(/alice joined/);
  await bob.say("hello");
  alice.user.input.type("hello, bob");
  await bob.until(/^alice: hello, bob$/);
  await first[Symbol.asyncDispose]();
  assertEquals((await carol.until(/alice joined/)).at(-1), "* alice joined");
  alice.user.input.type("where am I?");
  alice.user.input.end();
  await carol.until(/^alice: where am I\?$/);
  await alice.running;
  assertEquals(alice.sink.text.split("\n"), [
    "* here with you: server, bob",
    "* you are alice; /help lists what you can type",
    "bob: hello",
    "* the server is shutting down",
    "* this room does not know the lines that you have seen",
    "carol: before you came",
    "* here with you: server, carol",
    "",
  ]);
  assertEquals(alice.warnings, [
    `Lost 127.0.0.1:${first.port}: it closed the connection; trying 127.0.0.1:${second.port}`,
  ]);
});

Deno.test("who is kicked does not come back by another server", async () => {
  await using room = new TestRoomServer();
  await using gateway = await Gateway.to(room.port);
  using bob = await room.join("bob");
  const alice = new Client("alice", room.port, gateway.port);
  await bob.until(/alice joined/);
  room.user.input.type("/kick alice");
  await alice.running.then(() => {
    throw new Error("It ended well");
  }, (error) => assertMatch(error.message, /^Cannot serve you: the operator has kicked you out/));
  assertEquals(alice.warnings, []);
});
