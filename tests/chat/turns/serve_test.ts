import { assertEquals } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { streamSocket } from "../../../lib/net/socket.ts";
import { serveTurns, type TurnsServerOptions } from "../../../chat/turns/serve.ts";
import type { NetEvent } from "../../../lib/events.ts";
import type { ServeTotals } from "../../../lib/totals.ts";
import { TestTime } from "../../support/time.ts";
import { RawClient, RecordedEvents, sendAndReset } from "../../support/sockets.ts";
import { readAll, tlsListener, writeText } from "../../support/tls.ts";
import { TlsSocket } from "../../../lib/tls/socket.ts";
import { LineClient, TestUser } from "../support.ts";

/** A turns server in this process, on a free port. */
class TurnsServer implements AsyncDisposable {
  readonly events = new RecordedEvents();
  readonly user = new TestUser();
  readonly port: number;
  readonly serving: Promise<ServeTotals>;

  constructor(options: Partial<TurnsServerOptions> = {}) {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = listener.addr.port;
    this.serving = serveTurns(listener, {
      events: this.events,
      signal: this.user.stopping.signal,
      idle: 0,
      maxMessage: 4096,
      user: this.user,
      ...options,
    });
  }

  /** The log so far as prose, without connections. */
  get log(): string[] {
    const text = (event: NetEvent): string =>
      event.event === "notice" ? `[${event.message}]` : "prose" in event ? String(event.prose) : "";
    return this.events.all.map(text).filter((line) => line !== "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.user.stop();
    await this.serving;
  }
}

/** Sends text without a newline and waits for the answer, as the textbook client does. */
async function ask(client: RawClient, words: string): Promise<string | null> {
  await client.send(words);
  const bytes = await client.read();
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

/** A guest that has sent a line and half-closed; the server has seen both. */
async function halfClosed(server: TurnsServer, line: string): Promise<LineClient> {
  const eof = server.events.next("eof");
  const client = await LineClient.connect(server.port);
  await client.say(line);
  await client.raw.end();
  await deadline(eof, 5000);
  return client;
}

/** Waits for a line in the log. */
async function logged(server: TurnsServer, line: string): Promise<void> {
  while (!server.log.includes(line)) await deadline(server.events.change, 5000);
}

/** What a half-closed guest receives when another client connects. */
const ASKED = ["* another client is waiting for the line", "* already received: the answer is being written"];

Deno.test("in turns: the name that a room's client sends first is no message; the client is told once", async () => {
  await using server = new TurnsServer();
  using client = await LineClient.connect(server.port);
  server.user.input.type("hi there", "no names here");
  await client.say("/nick alice", "hello", "/nick bob");
  assertEquals(await client.line(), "* this server takes turns (--mode turns): write a line, then wait for the answer");
  assertEquals((await client.until(/no names/)).filter((line) => !line.startsWith("* ")), [
    "hi there",
    "no names here",
  ]);
  assertEquals(server.log.filter((line) => line.startsWith("client: ")), ["client: hello", "client: /nick bob"]);
});

Deno.test("in turns: the textbook client writes, the operator answers, exit ends it (S4)", async () => {
  await using server = new TurnsServer({ once: true });
  using client = await RawClient.connect(server.port);
  server.user.input.type("hi there", "fine");
  assertEquals(await ask(client, "hello"), "hi there\n");
  assertEquals(await ask(client, "how are you"), "fine\n");
  assertEquals(await ask(client, "EXIT"), "Goodbye! Closing connection.\n");
  assertEquals(await client.read(), null);
  client.close();
  await server.serving;
  assertEquals(server.log, [
    "[The client's turn]",
    "client: hello",
    "[Your turn]",
    "server: hi there",
    "[The client's turn]",
    "client: how are you",
    "[Your turn]",
    "server: fine",
    "[The client's turn]",
  ]);
});

Deno.test("in turns: a message out of turn is queued, and the client told so (61)", async () => {
  await using server = new TurnsServer();
  using client = await LineClient.connect(server.port);
  await client.say("one", "two", "");
  assertEquals(await client.line(), "* not your turn: queued until you are answered");
  assertEquals(await client.line(), "* not your turn: queued until you are answered");
  server.user.input.type("first answer", "second answer", "third answer");
  assertEquals([await client.line(), await client.line(), await client.line()], [
    "first answer",
    "second answer",
    "third answer",
  ]);
  const spoken = server.log.filter((line) => !line.startsWith("["));
  assertEquals(spoken, [
    "client: one",
    "server: first answer",
    "client: two",
    "server: second answer",
    "client: ",
    "server: third answer",
  ]);
});

Deno.test("in turns: messages beyond the queue's limit are dropped, so that memory is bounded (S12)", async () => {
  await using server = new TurnsServer();
  using client = await LineClient.connect(server.port);
  await client.say(...Array.from({ length: 30 }, (_, index) => `line ${index}`));
  const answers: (string | null)[] = [];
  for (let count = 0; count < 29; count++) answers.push(await client.line());
  assertEquals(answers.filter((line) => line?.includes("queued until")).length, 16);
  assertEquals(answers.filter((line) => line?.includes("dropped, too many")).length, 13);
});

Deno.test("in turns: a client that connects while another is served is told in one line that the line is busy (44)", async () => {
  await using server = new TurnsServer();
  using first = await LineClient.connect(server.port);
  await first.say("hello");
  server.user.input.type("hello yourself");
  assertEquals(await first.line(), "hello yourself");
  const refused = server.events.next("closed");
  using second = await LineClient.connect(server.port);
  assertEquals(await second.rest(), ["Cannot serve you: the line is busy; try again later"]);
  second[Symbol.dispose]();
  await refused;
  assertEquals(server.events.refusals, ["the line is busy; try again later"]);
  const closed = server.events.next("closed");
  await first.say("exit");
  assertEquals(await first.rest(), ["Goodbye! Closing connection."]);
  first[Symbol.dispose]();
  await closed;
  using third = await LineClient.connect(server.port);
  await third.say("is it free?");
  server.user.input.type("it is");
  assertEquals(await third.line(), "it is");
});

Deno.test("in turns: the operator's exit ends the session, in turn and out of turn, and the next guest is served", async () => {
  await using server = new TurnsServer();
  server.user.input.interactive = true;
  using client = await LineClient.connect(server.port);
  const message = server.events.next("message");
  await client.say("hello");
  await message;
  const closed = server.events.next("closed");
  server.user.input.type("EXIT");
  assertEquals(await client.rest(), ["exit"]);
  client[Symbol.dispose]();
  await closed;
  using next = await LineClient.connect(server.port);
  await next.say("hello");
  server.user.input.type("yes?");
  assertEquals(await next.line(), "yes?");
  server.user.input.type("/quit");
  assertEquals(await next.rest(), ["exit"]);
});

Deno.test("in turns at a terminal: the prompt says whose turn it is, and an early line is kept, or discarded with its guest", async () => {
  await using server = new TurnsServer();
  const { input } = server.user;
  input.interactive = true;
  input.type("typed before anybody came");
  using client = await LineClient.connect(server.port);
  await client.say("hello");
  assertEquals(await client.line(), "typed before anybody came");
  input.type("out of turn", "");
  const closed = server.events.next("closed");
  await client.say("exit");
  assertEquals(await client.rest(), ["Goodbye! Closing connection."]);
  client[Symbol.dispose]();
  await closed;
  assertEquals(input.prompts, ["(nobody here) ", "(their turn) ", "your turn: ", "(their turn) ", "(nobody here) "]);
  assertEquals(server.log, [
    "[No guest yet: kept for the next one]",
    "client: hello",
    "[Not your turn: kept until it is]",
    "[1 line typed ahead and not sent]",
  ]);
});

Deno.test("in turns: a half-closed guest keeps the line for a while, and longer if no other client connects (S8)", async () => {
  const time = new TestTime();
  await using server = new TurnsServer({ yieldAfter: 200, time });
  using guest = await halfClosed(server, "a question");
  using early = await LineClient.connect(server.port);
  const refused = early.rest();
  assertEquals(await guest.line(), ASKED[0]);
  await time.pass(199);
  await time.pass(1);
  assertEquals(await refused, ["Cannot serve you: the line is busy; try again later"]);
  // No other client connects meanwhile.
  await time.pass(60_000);
  server.user.input.type("an answer");
  assertEquals(await guest.rest(), [ASKED[1], "an answer"]);
  assertEquals(server.log, [
    "[The client's turn]",
    "client: a question",
    "[Your turn]",
    "server: an answer",
    "[The client's turn]",
  ]);
});

Deno.test("in turns: a guest that sent a line and left loses the line to the next one (S8)", async () => {
  const time = new TestTime();
  await using server = new TurnsServer({ yieldAfter: 100, time });
  for (let count = 0; count < 3; count++) {
    const eof = server.events.next("eof");
    const gone = await RawClient.connect(server.port);
    await gone.send(`line ${count}\n`);
    await gone.end();
    await deadline(eof, 5000);
    gone.close();
    await time.pass(150);
  }
  // Two clients connect at once: one gets the line.
  const both = await Promise.all([LineClient.connect(server.port), LineClient.connect(server.port)]);
  for (const client of both) await client.say("hello");
  server.user.input.type("hello to you");
  let over = false;
  const receiving = Promise.all(both.map((client) => client.line())).finally(() => over = true);
  while (!over) await time.pass(20);
  const received = await receiving;
  const busy = "Cannot serve you: the line is busy; try again later";
  assertEquals(received.toSorted(), [busy, "hello to you"]);
  for (const client of both) client[Symbol.dispose]();
});

Deno.test("in turns: a guest that has left loses the line at once; one that still reads keeps it (S8)", async () => {
  await using server = new TurnsServer();
  for (let count = 0; count < 3; count++) {
    const eof = server.events.next("eof");
    const gone = await RawClient.connect(server.port);
    await gone.send(`line ${count}\n`);
    await gone.end();
    gone.close();
    await deadline(eof, 5000);
  }
  using listening = await halfClosed(server, "are you there?");
  const others = await Promise.all([LineClient.connect(server.port), LineClient.connect(server.port)]);
  const busy = "Cannot serve you: the line is busy; try again later";
  for (const other of others) {
    assertEquals(await other.line(), busy);
    other[Symbol.dispose]();
  }
  server.user.input.type("yes");
  assertEquals(await listening.rest(), [...ASKED, "yes"]);
});

Deno.test("in turns: guests that have left lose the line to a live one, with --max-connections 1 too (S8)", async () => {
  for (const [maxConnections, leave] of [[0, 2], [1, 1]] as const) {
    await using server = new TurnsServer({ maxConnections });
    for (let count = 0; count < leave; count++) {
      const event = server.events.next(count === 0 ? "eof" : "accepted");
      using gone = await RawClient.connect(server.port);
      await gone.send(`line ${count}\n`);
      gone.close();
      await deadline(event, 5000);
    }
    using here = await LineClient.connect(server.port);
    await here.say("hello");
    await logged(server, "client: hello");
    server.user.input.type("hello to you");
    assertEquals(await here.line(), "hello to you");
  }
});

Deno.test("in turns: with --max-connections one more client may wait for the line, but no third", async () => {
  await using server = new TurnsServer({ maxConnections: 1 });
  using listening = await halfClosed(server, "one");
  using waits = await LineClient.connect(server.port);
  assertEquals(await listening.line(), ASKED[0]);
  using third = await LineClient.connect(server.port);
  assertEquals(await third.rest(), ["Cannot serve you: the server is full (1 connection at most); try again later"]);
  assertEquals(await waits.rest(), ["Cannot serve you: the line is busy; try again later"]);
});

Deno.test("in turns: a client that connects while another leaves over TLS causes no error", async () => {
  const [events, user, listener] = [new RecordedEvents(), new TestUser(), tlsListener()];
  const serving = serveTurns(listener, { events, signal: user.stopping.signal, idle: 0, maxMessage: 4096, user });
  const client = async (): Promise<TlsSocket> =>
    new TlsSocket(streamSocket(await Deno.connect({ port: listener.port }), 1), { kind: "client", options: {} });
  const leaving = await client();
  await writeText(leaving, "hello\nexit\n");
  assertEquals(await readAll(leaving), "Goodbye! Closing connection.\n");
  const next = await client();
  const message = events.next("message");
  await writeText(next, "hello\n");
  await deadline(message, 5000);
  leaving.close();
  next.close();
  user.stop();
  await serving;
  await Promise.all([leaving.gone, next.gone]);
  assertEquals(events.names.filter((name) => name === "error" || name === "reset"), []);
});

Deno.test("in turns: a client that waits for the line when the server stops is told so, and does not get it (P1)", async () => {
  await using server = new TurnsServer();
  using listening = await halfClosed(server, "are you there?");
  using next = await LineClient.connect(server.port);
  await next.say("hello");
  // The next one waits while the server checks whether the guest still reads.
  assertEquals(await listening.line(), ASKED[0]);
  server.user.stop();
  assertEquals(await next.rest(), ["Cannot serve you: the server is shutting down"]);
  assertEquals(await listening.rest(), ["* the server is shutting down"]);
  await server.serving;
  assertEquals(server.log.some((line) => line.includes("hello")), false);
});

Deno.test("in turns: a guest that half-closes still gets the answer (S8)", async () => {
  await using server = new TurnsServer();
  using client = await LineClient.connect(server.port);
  await client.raw.send("one\ntwo");
  await client.raw.end();
  assertEquals(await client.line(), "* not your turn: queued until you are answered");
  server.user.input.type("first", "second");
  assertEquals(await client.rest(), ["first", "second"]);
});

Deno.test("in turns: a guest resets mid-message and the next one is served (S9)", async () => {
  await using server = new TurnsServer();
  const [accepted, closed] = [server.events.next("accepted"), server.events.next("closed")];
  await sendAndReset(server.port, "half a mess", { before: () => accepted });
  await closed;
  using client = await LineClient.connect(server.port);
  server.user.input.type("hello");
  await client.say("hello");
  assertEquals(await client.line(), "hello");
});

Deno.test("in turns: a guest resets while the operator writes; the operator is free for the next one (S9, 61)", async () => {
  await using server = new TurnsServer();
  const [message, closed] = [server.events.next("message"), server.events.next("closed")];
  await sendAndReset(server.port, "hello\n", { before: () => message });
  await closed;
  using client = await LineClient.connect(server.port);
  await client.say("are you there?");
  server.user.input.type("yes");
  assertEquals(await client.line(), "yes");
});

Deno.test("in turns: when the operator's input has ended, guests are told so; the server continues (C4, 73)", async () => {
  await using server = new TurnsServer();
  server.user.input.type("only answer");
  server.user.input.end();
  using client = await LineClient.connect(server.port);
  await client.say("one");
  assertEquals(await client.line(), "only answer");
  server.user.input.close();
  const closed = server.events.next("closed");
  await client.say("two");
  assertEquals(await client.rest(), ["Cannot serve you: there is no one to answer"]);
  client[Symbol.dispose]();
  await closed;
  using next = await LineClient.connect(server.port);
  await next.say("hello");
  assertEquals(await next.rest(), ["Cannot serve you: there is no one to answer"]);
});

Deno.test("in turns: bytes that never complete a message do not reset the idle timeout (S18)", async () => {
  const time = new TestTime();
  await using server = new TurnsServer({ idle: 200, time });
  const accepted = server.events.next("accepted");
  using client = await LineClient.connect(server.port);
  await deadline(accepted, 5000);
  for (let sent = 0; sent < 7; sent++) {
    await client.raw.send("x");
    await time.pass(30);
  }
  assertEquals(await client.rest(), ["* no message from you for 0.2 s: closing"]);
});

Deno.test("in turns: a guest that is silent in its turn is disconnected at the limit; the operator has no limit (S18)", async () => {
  const time = new TestTime();
  await using server = new TurnsServer({ idle: 150, time });
  using client = await LineClient.connect(server.port);
  await client.say("hello");
  await logged(server, "client: hello");
  // Longer than the limit, but it is the operator's turn.
  await time.pass(250);
  server.user.input.type("sorry, I was away");
  assertEquals(await client.line(), "sorry, I was away");
  await time.pass(150);
  assertEquals(await client.rest(), ["* no message from you for 0.15 s: closing"]);
});

Deno.test("in turns: a message that never ends is refused (S6)", async () => {
  await using server = new TurnsServer();
  using client = await LineClient.connect(server.port);
  await client.raw.send("x".repeat(10_000));
  assertEquals(await client.rest(), ["Cannot serve you: your message is longer than 4096 bytes"]);
});

Deno.test("in turns: an answer that is too long is not sent, and it is still our turn", async () => {
  await using server = new TurnsServer();
  using client = await LineClient.connect(server.port);
  server.user.input.type("x".repeat(5000), "in short");
  await client.say("hello");
  assertEquals(await client.line(), "in short");
  const warned = server.events.all.find(({ event }) => event === "warning") as { message?: string } | undefined;
  assertEquals(warned?.message, "Cannot send the message: it is longer than this program's own limit, 4096 bytes");
});

Deno.test("in turns: when the server stops, the guest is told and closed (P1)", async () => {
  const server = new TurnsServer();
  using client = await LineClient.connect(server.port);
  const message = server.events.next("message");
  await client.say("hello");
  await message;
  server.user.stop();
  assertEquals(await client.rest(), ["* the server is shutting down"]);
  await server.serving;
});
