import { assert, assertEquals, assertMatch } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { delay } from "@std/async/delay";
import { serveUdpTurns, type UdpTurnsOptions, type UdpTurnsTotals } from "../../../chat/turns/serve_udp.ts";
import { DatagramSocket } from "../../../lib/datagram/socket.ts";
import { RawPeer, RecordedEvents } from "../../support/sockets.ts";
import { TestUser } from "../support.ts";

const BUSY = "Cannot serve you: the line is busy; try again later";

/** A UDP turns server in this process, on a free port. */
class UdpServer implements AsyncDisposable {
  readonly events = new RecordedEvents();
  readonly user = new TestUser();
  readonly port: number;
  readonly serving: Promise<UdpTurnsTotals>;

  constructor(
    options: Partial<UdpTurnsOptions> = {},
    bound = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 }),
  ) {
    const socket = new DatagramSocket(bound);
    this.port = socket.local.port;
    this.serving = serveUdpTurns(socket, {
      events: this.events,
      signal: this.user.stopping.signal,
      idle: 0,
      once: false,
      user: this.user,
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
    this.user.stop();
    await this.serving;
  }
}

/** A client of one server. */
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

Deno.test("over UDP: the first peer to send is the guest, strictly in turn, until exit", async () => {
  await using server = new UdpServer({ once: true });
  using peer = new Peer(server);
  server.user.input.type("hi there", "fine");
  assertEquals(await peer.ask("hello"), "hi there");
  assertEquals(await peer.ask("how are you"), "fine");
  assertEquals(await peer.ask(" Exit "), "Goodbye! Closing session.");
  assertEquals((await server.serving).conversations, 1);
  assertEquals(server.spoken, ["client: hello", "server: hi there", "client: how are you", "server: fine"]);
});

Deno.test("over UDP: a third party can neither take part nor end the session (D6, D10, 60)", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  using stranger = new Peer(server);
  server.user.input.type("hi there");
  assertEquals(await peer.ask("hello"), "hi there");
  assertEquals(await stranger.ask("me too"), BUSY);
  assertEquals(await stranger.ask("exit"), BUSY);
  // The same user on another port is another peer.
  using moved = new Peer(server);
  assertEquals(await moved.ask("it is me"), BUSY);
  server.user.input.type("still here");
  assertEquals(await peer.ask("are you there?"), "still here");
  assertEquals(server.spoken, ["client: hello", "server: hi there", "client: are you there?", "server: still here"]);
  // Many refusals do not flood the log.
  assertEquals(server.events.names.filter((name) => name === "refused").length, 1);
});

Deno.test("over UDP: after the goodbye the line is free for the next one", async () => {
  await using server = new UdpServer();
  using first = new Peer(server);
  using second = new Peer(server);
  server.user.input.type("one", "two");
  assertEquals(await first.ask("hello"), "one");
  assertEquals(await second.ask("hello"), BUSY);
  assertEquals(await first.ask("/quit"), "Goodbye! Closing session.");
  assertEquals(await second.ask("hello"), "two");
});

Deno.test("over UDP: an exit from a peer that is not the guest is answered and starts no conversation", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  assertEquals(await peer.ask("exit"), "Goodbye! Closing session.");
  assertEquals(server.events.names.includes("accepted"), false);
});

Deno.test("over UDP: a message that is repeated before its answer is not accepted twice (D4)", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  await peer.say("hello");
  assertEquals(await peer.ask("hello"), "* already received: the answer is being written");
  server.user.input.type("hello yourself");
  assertEquals((await peer.receive()).text, "hello yourself");
  assertEquals(server.spoken, ["client: hello", "server: hello yourself"]);
});

Deno.test("over UDP: a lost answer does not deadlock: the guest repeats its message, an empty line repeats the answer (D3)", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  server.user.input.type("the answer");
  assertEquals(await peer.ask("question"), "the answer"); // suppose that this was lost
  server.user.input.type("");
  assertEquals(await peer.ask("question"), "the answer");
  assert(server.remarks.includes("The same message again: if your answer was lost, an empty line sends it again"));
});

Deno.test("over UDP: an empty line of the operator out of turn sends the last answer again (D3)", async () => {
  await using server = new UdpServer();
  server.user.input.interactive = true;
  using peer = new Peer(server);
  await peer.say("question");
  await server.events.next("message");
  server.user.input.type("the answer");
  assertEquals((await peer.receive()).text, "the answer");
  server.user.input.type("");
  assertEquals((await peer.receive()).text, "the answer");
  assertEquals(server.remarks, ["Sending your last message again"]);
});

Deno.test("over UDP: an empty datagram is a message too, and so is an empty answer (45)", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  server.user.input.type("", "more");
  assertEquals(await peer.ask(""), "");
  assertEquals(await peer.ask("hello"), "more");
  assertEquals(server.spoken, ["client: ", "server: ", "client: hello", "server: more"]);
});

Deno.test("over UDP: bad UTF-8, NUL and ESC are shown escaped (D7)", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  server.user.input.type("ok");
  assertEquals(await peer.ask(Uint8Array.of(0xff, 0, 0x1b, 0x41)), "ok");
  assertEquals(server.spoken[0], "client: \ufffd␀␛A");
});

Deno.test("over UDP: a message out of turn is queued, not lost (61)", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  await peer.say("one");
  assertEquals(await peer.ask("two"), "* not your turn: queued until you are answered");
  server.user.input.type("first", "second");
  assertEquals([(await peer.receive()).text, (await peer.receive()).text], ["first", "second"]);
});

Deno.test("over UDP: notices are never answered, so that two servers cannot answer each other forever", async () => {
  await using one = new UdpServer();
  await using other = new UdpServer();
  using guestOfOne = new Peer(one);
  using guestOfOther = new Peer(other);
  one.user.input.type("a");
  other.user.input.type("b");
  await guestOfOne.ask("hello");
  await guestOfOther.ask("hello");
  using stranger = new Peer(one);
  await stranger.say(BUSY);
  assertEquals(await stranger.ask("speak"), BUSY);
  assertEquals(one.events.names.filter((name) => name === "refused").length, 1);
});

Deno.test("over UDP: a guest that is silent in its turn loses the line (S18)", async () => {
  await using server = new UdpServer({ idle: 50, once: true });
  using peer = new Peer(server);
  server.user.input.type("hi");
  assertEquals(await peer.ask("hello"), "hi");
  assertEquals((await peer.receive()).text, "* no message from you for 0.05 s: closing");
  assertEquals((await server.serving).conversations, 1);
});

Deno.test("over UDP: when the server stops, the guest is told (P1)", async () => {
  const server = new UdpServer();
  using peer = new Peer(server);
  const message = server.events.next("message");
  await peer.say("hello");
  await message;
  server.user.stop();
  assertEquals((await peer.receive()).text, "* the server is shutting down");
  await server.serving;
});

Deno.test("over UDP: a guest that becomes unreachable ends only its own conversation (S9)", async () => {
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
  server.user.input.type("hi");
  assertEquals(await peer.ask("hello"), "hi");
});

Deno.test("over UDP: the conversation survives a flood (D8, 51)", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  server.user.input.type("hi");
  assertEquals(await peer.ask("hello"), "hi");
  using flood = new Peer(server);
  for (let count = 0; count < 2000; count++) await flood.say("x".repeat(1000));
  server.user.input.type("again");
  // This datagram may be lost in the flood too: repeat it until it is answered, as a user would.
  const answered = new AbortController();
  const answer = peer.receive().finally(() => answered.abort());
  while (!answered.signal.aborted) {
    await peer.say("still there?");
    await delay(20, answered).catch(() => {});
  }
  const { text } = await answer;
  assert(text === "again" || text.startsWith("* received already"), text);
});

/** A server of another protocol, which answers every datagram; its first one was forged. */
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

Deno.test("over UDP: a guest that instantly echoes or repeats itself loses the line to a user", async () => {
  for (const answer of [(question: string) => question, () => "fixed"]) {
    await using server = new UdpServer();
    using machine = new Machine(server, answer);
    const left = server.events.next("left");
    server.user.input.type("hello?", "who is there?", "speak!", "nobody?");
    await machine.begin();
    await deadline(left, 5000);
    await machine.stop();
    assert(
      server.events.all.some((event) =>
        event.event === "error" && /it answers instantly and automatically/.test(event.message)
      ),
    );
    using peer = new Peer(server);
    server.user.input.type("welcome");
    // It gets the line, and the lines typed for the machine.
    assert(!(await peer.ask("I am a person")).startsWith("* "));
  }
});

Deno.test("over UDP: a client that reads its lines from a file is not taken for a server, however fast it answers", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  server.user.input.type(...Array.from({ length: 50 }, (_, index) => `answer ${index}`));
  for (let index = 0; index < 50; index++) assertEquals(await peer.ask(`line ${index}`), `answer ${index}`);
});

Deno.test("over UDP: a server's automatic message starts no conversation, gets no answer, and ends a conversation", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  const words = ["Hello from server!", "Goodbye! Closing session.", "Cannot take the question: it is empty", BUSY];
  for (const word of words) await peer.say(word);
  // The next message is the first in the log.
  server.user.input.type("hi");
  assertEquals(await peer.ask("hello"), "hi");
  assertEquals(server.spoken[0], "client: hello");
  assertEquals(server.events.names.filter((name) => name === "joined").length, 1);
  const left = server.events.next("left");
  await peer.say("Hello from server!");
  await deadline(left, 5000);
});

Deno.test("over UDP: the log says who has the line, and accepts no connection, for there is none", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  server.user.input.type("hi");
  await peer.ask("hello");
  const lines = server.events.all.flatMap((event) => event.event === "joined" ? [event.prose] : []);
  assertEquals([lines, server.events.names.includes("accepted")], [[`* 127.0.0.1:${peer.port} has the line`], false]);
});

Deno.test("over UDP: a guest that sends out of turn is told so a few times, not endlessly", async () => {
  await using server = new UdpServer();
  using peer = new Peer(server);
  await peer.say("hello");
  for (let count = 0; count < 50; count++) await peer.say(`and ${count}`);
  for (let count = 0; count < 5; count++) assertMatch((await peer.receive()).text, /^\* not your turn: queued/);
  // There is no sixth notice: the next message is the answer.
  server.user.input.type("slowly");
  assertEquals((await peer.receive()).text, "slowly");
});

Deno.test("over UDP: a refused peer is told so a few times, and the log counts the rest", async () => {
  const server = new UdpServer();
  using guest = new Peer(server);
  const begun = server.events.next("message");
  await guest.say("hello");
  await begun;
  using stranger = new Peer(server);
  for (let count = 0; count < 50; count++) await stranger.say("let me in");
  for (let count = 0; count < 5; count++) assertEquals((await stranger.receive()).text, BUSY);
  // There is no sixth notice: the next message is the guest's.
  server.user.stop();
  await server.serving;
  await guest.send("end", stranger.port);
  assertEquals((await stranger.receive()).text, "end");
  assertEquals(server.events.names.filter((name) => name === "refused").length, 1);
  assert(server.remarks.some((text) => /^Refused \d+ more datagrams within/.test(text)), server.remarks.join());
});

Deno.test("over UDP: the log counts one more refused datagram, not datagrams", async () => {
  const server = new UdpServer();
  using guest = new Peer(server);
  const begun = server.events.next("message");
  await guest.say("hello");
  await begun;
  using stranger = new Peer(server);
  for (let count = 0; count < 2; count++) {
    await stranger.say("let me in");
    await stranger.receive();
  }
  server.user.stop();
  await server.serving;
  assertMatch(server.remarks.join("\n"), /^Refused 1 more datagram within/m);
});

Deno.test("over UDP: the answer to a stranger is at most three times as long as its message, headers included", async () => {
  await using server = new UdpServer();
  using guest = new Peer(server);
  const begun = server.events.next("message");
  await guest.say("hello");
  await begun;
  using stranger = new Peer(server);
  assertEquals(await stranger.ask(""), BUSY);
  assertEquals(await stranger.ask("12345"), BUSY);
});

Deno.test("over UDP: without an operator there is one conversation, not one per datagram", async () => {
  await using server = new UdpServer();
  server.user.input.end();
  using peer = new Peer(server);
  assertEquals(await peer.ask("hello"), "Cannot serve you: there is no one to answer");
  for (let count = 0; count < 4; count++) {
    assertEquals(await peer.ask("hello"), "Cannot serve you: there is no one to answer");
  }
  assertEquals(server.events.names.filter((name) => name === "joined").length, 1);
});

Deno.test("over UDP: an endless series of guests does not fill the log", async () => {
  const server = new UdpServer();
  using peer = new Peer(server);
  const long = "x".repeat(60_000);
  for (let count = 0; count < 20; count++) {
    await peer.say(long);
    assertEquals(await peer.ask("exit"), "Goodbye! Closing session.");
  }
  server.user.stop();
  assertEquals((await server.serving).conversations, 20);
  assert(server.spoken.length < 15, `${server.spoken.length} told`);
  assert(server.remarks.some((text) => text.startsWith("Suppressed in the last")));
});
