import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { serveUdpTurns, type UdpTurnsOptions } from "../../chat/udp_turns_server.ts";
import { DatagramSocket } from "../../lib/datagram.ts";
import { RawPeer, RecordedEvents } from "../support/sockets.ts";
import { TestDesk } from "./support.ts";

const BUSY = "* the line is busy: somebody else is talking; try again later";

/** A UDP server in turns in this process on a free port. */
class UdpServer implements AsyncDisposable {
  readonly events = new RecordedEvents();
  readonly desk = new TestDesk();
  readonly port: number;
  readonly serving: Promise<number>;

  constructor(
    options: Partial<UdpTurnsOptions> = {},
    bound = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 }),
  ) {
    const socket = new DatagramSocket(bound);
    this.port = socket.local.port;
    this.serving = serveUdpTurns(socket, {
      events: this.events,
      signal: this.desk.stopping.signal,
      idle: 0,
      once: false,
      desk: this.desk,
      ...options,
    });
  }

  get remarks(): string[] {
    return this.events.all.flatMap((event) => event.event === "notice" ? [event.message] : []);
  }

  get spoken(): unknown[] {
    return this.events.all.flatMap((event) => event.event === "message" ? [event.prose] : []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.desk.stop();
    await this.serving;
  }
}

/** A client that knows one server. */
class Peer extends RawPeer {
  constructor(readonly server: UdpServer) {
    super();
  }

  async say(words: string | Uint8Array): Promise<void> {
    await this.send(words, this.server.port);
  }

  async ask(words: string | Uint8Array): Promise<string> {
    await this.say(words);
    return (await this.receive()).text;
  }
}

Deno.test("over UDP: the first who sends is the guest, strictly in turn, until exit", async () => {
  await using server = new UdpServer({ once: true });
  using peer = new Peer(server);
  server.desk.input.type("hi there", "fine");
  assertEquals(await peer.ask("hello"), "hi there");
  assertEquals(await peer.ask("how are you"), "fine");
  assertEquals(await peer.ask(" Exit "), "Goodbye! Closing session.");
  assertEquals(await server.serving, 1);
  assertEquals(server.spoken, ["client: hello", "server: hi there", "client: how are you", "server: fine"]);
});

Deno.test("over UDP: a third party can neither speak nor end the session (D6, D10, 60)", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  using stranger = new Peer(server);
  server.desk.input.type("hi there");
  assertEquals(await peer.ask("hello"), "hi there");
  assertEquals(await stranger.ask("me too"), BUSY);
  assertEquals(await stranger.ask("exit"), BUSY);
  // The same person from another port is somebody else.
  using moved = new Peer(server);
  assertEquals(await moved.ask("it is me"), BUSY);
  server.desk.input.type("still here");
  assertEquals(await peer.ask("are you there?"), "still here");
  assertEquals(server.spoken, ["client: hello", "server: hi there", "client: are you there?", "server: still here"]);
  // Who floods the line does not flood the screen.
  assertEquals(server.events.names.filter((name) => name === "refused").length, 1);
});

Deno.test("over UDP: after the goodbye the line is free for the next one", async () => {
  await using server = new UdpServer();
  using first = new Peer(server);
  using second = new Peer(server);
  server.desk.input.type("one", "two");
  assertEquals(await first.ask("hello"), "one");
  assertEquals(await second.ask("hello"), BUSY);
  assertEquals(await first.ask("/quit"), "Goodbye! Closing session.");
  assertEquals(await second.ask("hello"), "two");
});

Deno.test("over UDP: an exit from nobody in particular is answered and begins nothing", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  assertEquals(await peer.ask("exit"), "Goodbye! Closing session.");
  assertEquals(server.events.names.includes("accepted"), false);
});

Deno.test("over UDP: a message that comes again before it is answered is not taken twice (D4)", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  await peer.say("hello");
  assertEquals(await peer.ask("hello"), "* received already: the answer is being written");
  server.desk.input.type("hello yourself");
  assertEquals((await peer.receive()).text, "hello yourself");
  assertEquals(server.spoken, ["client: hello", "server: hello yourself"]);
});

Deno.test("over UDP: a lost answer does not deadlock: the guest says it again, an empty line answers again (D3)", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  server.desk.input.type("the answer");
  assertEquals(await peer.ask("question"), "the answer"); // say that this was lost on its way
  server.desk.input.type("");
  assertEquals(await peer.ask("question"), "the answer");
  assert(server.remarks.includes("The same words again: if your answer was lost, an empty line sends it again"));
});

Deno.test("over UDP: an empty line of the operator out of turn sends the last answer again (D3)", async () => {
  await using server = new UdpServer();
  server.desk.input.interactive = true;
  using peer = new Peer(server);
  await peer.say("question");
  await server.events.next("message");
  server.desk.input.type("the answer");
  assertEquals((await peer.receive()).text, "the answer");
  server.desk.input.type("");
  assertEquals((await peer.receive()).text, "the answer");
  assertEquals(server.remarks, ["Sending your last message again"]);
});

Deno.test("over UDP: an empty datagram is a message too, and so is an empty answer (45)", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  server.desk.input.type("", "more");
  assertEquals(await peer.ask(""), "");
  assertEquals(await peer.ask("hello"), "more");
  assertEquals(server.spoken, ["client: ", "server: ", "client: hello", "server: more"]);
});

Deno.test("over UDP: bad UTF-8, NUL and ESC are shown escaped (D7)", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  server.desk.input.type("ok");
  assertEquals(await peer.ask(Uint8Array.of(0xff, 0, 0x1b, 0x41)), "ok");
  assertEquals(server.spoken[0], "client: \ufffd␀␛A");
});

Deno.test("over UDP: speaking out of turn is answered, not lost (61)", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  await peer.say("one");
  assertEquals(await peer.ask("two"), "* not your turn: kept until you have been answered");
  server.desk.input.type("first", "second");
  assertEquals([(await peer.receive()).text, (await peer.receive()).text], ["first", "second"]);
});

Deno.test("over UDP: notices are never answered, so that two servers cannot talk each other to death", async () => {
  await using one = new UdpServer();
  await using other = new UdpServer();
  using guestOfOne = new Peer(one);
  using guestOfOther = new Peer(other);
  one.desk.input.type("a");
  other.desk.input.type("b");
  await guestOfOne.ask("hello");
  await guestOfOther.ask("hello");
  using stranger = new Peer(one);
  await stranger.say(BUSY);
  assertEquals(await stranger.ask("speak"), BUSY);
  assertEquals(one.events.names.filter((name) => name === "refused").length, 1);
});

Deno.test("over UDP: a guest who keeps silent in its turn loses the line (S18)", async () => {
  await using server = new UdpServer({ idle: 50, once: true });
  using peer = new Peer(server);
  server.desk.input.type("hi");
  assertEquals(await peer.ask("hello"), "hi");
  assertEquals((await peer.receive()).text, "* no word from you for 0.05 s: closing");
  assertEquals(await server.serving, 1);
});

Deno.test("over UDP: when the server stops, the guest is told (P1)", async () => {
  const server = new UdpServer();
  using peer = new Peer(server);
  const message = server.events.next("message");
  await peer.say("hello");
  await message;
  server.desk.stop();
  assertEquals((await peer.receive()).text, "* the server stops");
  await server.serving;
});

Deno.test("over UDP: a guest whom nothing reaches any more ends its own conversation only (S9)", async () => {
  const real = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  let unreachable = 0;
  const socket = {
    addr: real.addr,
    receive: (into: Uint8Array) => real.receive(into),
    close: () => real.close(),
    send: (bytes: Uint8Array, to: Deno.NetAddr) => {
      return to.port === unreachable ? Promise.reject(new Deno.errors.NetworkUnreachable()) : real.send(bytes, to);
    },
  } as unknown as Deno.DatagramConn;
  await using server = new UdpServer({}, socket);
  using lost = new Peer(server);
  unreachable = lost.port;
  const trouble = server.events.next("left");
  await lost.say("one");
  await lost.say("two");
  await trouble;
  assert(server.events.names.includes("error"));
  using peer = new Peer(server);
  server.desk.input.type("hi");
  assertEquals(await peer.ask("hello"), "hi");
});

Deno.test("over UDP: a flood does not hurt; the guest goes on when it is over (D8, 51)", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  server.desk.input.type("hi");
  assertEquals(await peer.ask("hello"), "hi");
  using flood = new Peer(server);
  for (let count = 0; count < 2000; count++) await flood.say("x".repeat(1000));
  server.desk.input.type("again");
  // Datagrams may be lost in a flood, this one too: as a person would, say it until it is answered.
  const answered = new AbortController();
  const answer = peer.receive().finally(() => answered.abort());
  while (!answered.signal.aborted) {
    await peer.say("still there?");
    await delay(20, answered).catch(() => {});
  }
  const { text } = await answer;
  assert(text === "again" || text.startsWith("* received already"), text);
});
