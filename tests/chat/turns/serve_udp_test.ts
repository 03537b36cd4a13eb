import { assert, assertEquals, assertMatch } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { delay } from "@std/async/delay";
import { serveUdpTurns, type UdpTurnsOptions } from "../../../chat/turns/serve_udp.ts";
import { DatagramSocket } from "../../../lib/datagram/socket.ts";
import { RawPeer, RecordedEvents } from "../../support/sockets.ts";
import { TestDesk } from "../support.ts";

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

/** A server of another kind, which answers whatever comes; somebody has forged its first datagram. */
class Machine extends Peer {
  heard: string[] = [];
  #answer: (question: string) => string;
  #answering: Promise<void> = Promise.resolve();

  constructor(server: UdpServer, answer: (question: string) => string) {
    super(server);
    this.#answer = answer;
  }

  async begin(words = "x"): Promise<void> {
    await this.say(words);
    this.#answering = this.#loop().catch(() => {});
  }

  async #loop(): Promise<void> {
    for (;;) {
      const { text } = await this.receive();
      this.heard.push(text);
      await this.say(this.#answer(text));
    }
  }

  /** Stops answering. */
  async stop(): Promise<void> {
    this.close();
    await this.#answering;
  }
}

Deno.test("over UDP: a guest that sends our words back, or always its own, at once, loses the line to a person", async () => {
  for (const answer of [(question: string) => question, () => "fixed"]) {
    await using server = new UdpServer();
    using machine = new Machine(server, answer);
    const left = server.events.next("left");
    server.desk.input.type("hello?", "who is there?", "speak!", "nobody?");
    await machine.begin();
    await deadline(left, 5000);
    await machine.stop();
    assert(
      server.events.all.some((event) =>
        event.event === "error" && /it answers at once and by rule/.test(event.message)
      ),
    );
    using peer = new Peer(server);
    server.desk.input.type("welcome");
    // It is let in, and hears what was typed for the machine.
    assert(!(await peer.ask("I am a person")).startsWith("* "));
  }
});

Deno.test("over UDP: a file of lines fed to a client is no machine, however fast it answers", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  server.desk.input.type(...Array.from({ length: 50 }, (_, index) => `answer ${index}`));
  for (let index = 0; index < 50; index++) assertEquals(await peer.ask(`line ${index}`), `answer ${index}`);
});

Deno.test("over UDP: what a server says by itself begins no conversation, gets no answer, and ends one", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  const words = ["Hello from server!", "Goodbye! Closing session.", "Cannot take the question: it is empty", BUSY];
  for (const word of words) await peer.say(word);
  // The next is heard, and is the first of all.
  server.desk.input.type("hi");
  assertEquals(await peer.ask("hello"), "hi");
  assertEquals(server.spoken[0], "client: hello");
  assertEquals(server.events.names.filter((name) => name === "accepted").length, 1);
  const left = server.events.next("left");
  await peer.say("Hello from server!");
  await deadline(left, 5000);
});

Deno.test("over UDP: a guest who speaks out of turn is told so a few times, not without end", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  await peer.say("hello");
  for (let count = 0; count < 50; count++) await peer.say(`and ${count}`);
  for (let count = 0; count < 5; count++) assertMatch((await peer.receive()).text, /^\* not your turn: kept/);
  // No sixth: the next that it hears is the answer.
  server.desk.input.type("slowly");
  assertEquals((await peer.receive()).text, "slowly");
});

Deno.test("over UDP: one who is turned away is told so a few times, and the screen a number", async () => {
  const server = new UdpServer();
  using guest = new Peer(server);
  const begun = server.events.next("message");
  await guest.say("hello");
  await begun;
  using stranger = new Peer(server);
  for (let count = 0; count < 50; count++) await stranger.say("let me in");
  for (let count = 0; count < 5; count++) assertEquals((await stranger.receive()).text, BUSY);
  // No sixth: the next that the stranger hears comes after it.
  server.desk.stop();
  await server.serving;
  await guest.send("end", stranger.port);
  assertEquals((await stranger.receive()).text, "end");
  assertEquals(server.events.names.filter((name) => name === "refused").length, 1);
  assert(server.remarks.some((text) => /^Refused \d+ more datagrams within/.test(text)), server.remarks.join());
});

Deno.test("over UDP: what a stranger hears is at most three times as long as what it sent, headers included", async () => {
  await using server = new UdpServer();
  using guest = new Peer(server);
  const begun = server.events.next("message");
  await guest.say("hello");
  await begun;
  using stranger = new Peer(server);
  assertEquals(await stranger.ask(""), "* the line is busy");
  assertEquals(await stranger.ask("12345"), BUSY);
});

Deno.test("over UDP: where nobody sits there is one conversation, and not one for each datagram", async () => {
  await using server = new UdpServer();
  server.desk.input.end();
  using peer = new Peer(server);
  assertEquals(await peer.ask("hello"), "* nobody is here to answer any more");
  for (let count = 0; count < 4; count++) assertEquals(await peer.ask("hello"), "* nobody is here to answer");
  assertEquals(server.events.names.filter((name) => name === "accepted").length, 1);
});

Deno.test("over UDP: guests who come and go without end fill no log", async () => {
  const server = new UdpServer();
  using peer = new Peer(server);
  const long = "x".repeat(60_000);
  for (let count = 0; count < 20; count++) {
    await peer.say(long);
    assertEquals(await peer.ask("exit"), "Goodbye! Closing session.");
  }
  server.desk.stop();
  assertEquals(await server.serving, 20);
  assert(server.spoken.length < 15, `${server.spoken.length} told`);
  assert(server.remarks.some((text) => text.startsWith("Suppressed in the last")));
});
