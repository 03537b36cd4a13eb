import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { Endpoint } from "../../../../lib/addr.ts";
import { DataOutput } from "../../../../lib/console/output.ts";
import { Exit, Failure, RefusedError } from "../../../../lib/errors.ts";
import { Connection } from "../../../../lib/stream/connection.ts";
import {
  type ConnectAttempt,
  joinServers,
  type ServersOptions,
  type Traffic,
} from "../../../../chat/transport/failover/join_servers.ts";
import { GOODBYE, refusalLine, SHUTTING_DOWN } from "../../../../chat/protocol.ts";
import { FakeSink, FakeSocket } from "../../../lib/fakes.ts";
import { RecordedEvents } from "../../../support/sockets.ts";
import { quickTurn, TestTime } from "../../../support/time.ts";
import { TestUser } from "../../support.ts";

const SERVERS = [{ hostname: "north", port: 1 }, { hostname: "south", port: 2 }];

/** An attempt to connect, which the test decides. */
interface Pending {
  readonly server: Endpoint;
  readonly attempt: ConnectAttempt;
  readonly outcome: PromiseWithResolvers<Connection>;
}

/** A client with several servers, all of them played by the test. */
class Rig {
  readonly user = new TestUser();
  readonly sink = new FakeSink();
  readonly events = new RecordedEvents();
  readonly warnings: string[] = [];
  readonly time = new TestTime(quickTurn);
  readonly running: Promise<Traffic>;
  #pending: Pending[] = [];

  constructor(options: Partial<ServersOptions> = {}) {
    this.running = joinServers({
      servers: SERVERS,
      connect: (server, attempt) => {
        const outcome = Promise.withResolvers<Connection>();
        attempt.signal.addEventListener("abort", () => outcome.reject(attempt.signal.reason));
        this.#pending.push({ server, attempt, outcome });
        return outcome.promise;
      },
      user: this.user,
      output: new DataOutput(this.sink, { terminal: false }),
      name: "alice",
      patience: undefined,
      signal: this.user.stopping.signal,
      warn: (text) => this.warnings.push(text),
      events: this.events,
      time: this.time,
      ...options,
    });
    // Each test looks at it when it is over.
    this.running.catch(() => {});
  }

  /** The attempt that is under way. */
  async attempt(): Promise<Pending> {
    await this.time.pass(0);
    const pending = this.#pending.shift();
    if (pending === undefined) throw new Error(`No attempt; told so far: ${this.warnings.join("; ")}`);
    return pending;
  }

  /** Lets the next attempt succeed, and has the server say something. */
  async connect(...lines: string[]): Promise<FakeSocket> {
    const { outcome, attempt, server } = await this.attempt();
    const socket = new FakeSocket(server.hostname, server.port, attempt.id);
    outcome.resolve(new Connection(socket, { report: false }));
    await this.hear(socket, ...lines);
    return socket;
  }

  /** Lets the next attempt fail. */
  async refuse(error: Error = new Failure(Exit.unreachable, "Cannot connect: refused")): Promise<Endpoint> {
    const { outcome, server } = await this.attempt();
    outcome.reject(error);
    await this.time.pass(0);
    return server;
  }

  /** The server says lines. */
  async hear(socket: FakeSocket, ...lines: string[]): Promise<void> {
    if (lines.length > 0) socket.source.feed(lines.map((line) => `${line}\n`).join(""));
    await this.time.pass(0);
  }

  async type(...lines: string[]): Promise<void> {
    this.user.input.type(...lines);
    await this.time.pass(0);
  }
}

/** The lines that a socket was sent, the key left out. */
function sent(socket: FakeSocket): string[] {
  return socket.sent.replace(/(\/session) [\w-]{32}/, "$1 KEY").split("\n").slice(0, -1);
}

Deno.test("a client goes on with the next server where it was: its name, its place, its lines without a receipt", async () => {
  const rig = new Rig();
  const north = await rig.connect("* nobody else is here", "= e 3", "* you are alice; /help");
  await rig.type("one", "two");
  await rig.hear(north, "#4 bob: hi", "+1 5");
  assertEquals(sent(north), ["/session KEY", "/nick alice", "/line 1 one", "/line 2 two"]);
  north.source.fail(new Deno.errors.ConnectionReset());
  const south = await rig.connect("bob: hi", "* here with you: bob", "= e 5");
  assertEquals(rig.warnings, ["Lost north:1: connection reset by the peer; trying south:2"]);
  await rig.hear(south, "#6 bob: and?", "#7 alice: two", "* you are alice; /help", "+2 7");
  assertEquals(sent(south), ["/session KEY e-4", "/nick alice", "/line 2 two"]);
  assertEquals(rig.sink.text, "* nobody else is here\n* you are alice; /help\nbob: hi\nbob: and?\n");
  rig.user.input.end();
  await rig.time.pass(0);
  assertEquals([sent(south).at(-1), south.calls], ["/quit", ["setNoDelay", "closeWrite"]]);
  // It takes leave in the name of the user, who does not see the answer.
  await rig.hear(south, GOODBYE);
  south.source.end();
  const { bytesOut } = await rig.running;
  assertEquals(bytesOut, north.sent.length + south.sent.length);
  assertEquals(north.sent.split("\n")[0], south.sent.split("\n")[0]?.replace(" e-4", ""));
  assertEquals(rig.time.timers, 0);
});

Deno.test("at the end of its input a client stays until every line has its receipt, on another server if it must", async () => {
  const rig = new Rig();
  const north = await rig.connect("= e 0");
  await rig.type("one");
  rig.user.input.end();
  await rig.time.pass(0);
  assertEquals([sent(north).at(-1), north.calls.includes("closeWrite")], ["/line 1 one", false]);
  // An orderly close is a lost server too.
  await rig.hear(north, "* the server is shutting down");
  north.source.end();
  const south = await rig.connect("= e 0", "#1 alice: one", "+1 1");
  assertEquals(sent(south), ["/session KEY e-0", "/nick alice", "/line 1 one", "/quit"]);
  south.source.fail(new Deno.errors.ConnectionReset());
  await rig.running;
  assertEquals(rig.warnings, ["Lost north:1: it closed the connection; trying south:2"]);
  assertEquals(rig.sink.text, "* the server is shutting down\n");
});

Deno.test("a user who leaves between two servers, with nothing on the way, needs none", async () => {
  const rig = new Rig();
  const north = await rig.connect("= e 0");
  await rig.type("one");
  await rig.hear(north, "+1 1", "#1 alice: one");
  north.source.fail(new Deno.errors.ConnectionReset());
  await rig.refuse();
  assertEquals(rig.time.timers, 1);
  rig.user.input.end();
  await rig.running;
  assertEquals(rig.time.timers, 0);
});

Deno.test("an input that is empty still joins, and sees what there is to see", async () => {
  const rig = new Rig();
  rig.user.input.end();
  const north = await rig.connect("* nobody else is here");
  assertEquals(sent(north), ["/session KEY", "/nick alice"]);
  // Lost before the session has begun: that does not count.
  north.source.end();
  const south = await rig.connect("* here with you: bob", "= e 0", "* you are alice; /help");
  assertEquals(sent(south), ["/session KEY", "/nick alice", "/quit"]);
  await rig.hear(south, GOODBYE);
  south.source.end();
  await rig.running;
  assertEquals(rig.sink.text, "* nobody else is here\n* here with you: bob\n* you are alice; /help\n");
});

Deno.test("however the last connection ends after the leave was taken, that is no failure", async () => {
  for (const end of ["silence", "reset", "refusal"]) {
    const rig = new Rig();
    const north = await rig.connect("= e 0");
    rig.user.input.end();
    await rig.time.pass(0);
    if (end === "silence") await rig.time.pass(30_000);
    else if (end === "reset") north.source.fail(new Deno.errors.ConnectionReset());
    else north.source.fail(new RefusedError(refusalLine("the operator has kicked you out"), 1));
    await rig.running;
    assertEquals([sent(north).at(-1), rig.warnings], ["/quit", []]);
  }
});

Deno.test("a server that neither reads nor sends any more is lost when it closes", async () => {
  const rig = new Rig();
  const north = await rig.connect("= e 0");
  north.stalled = true;
  await rig.type("one");
  north.source.end();
  const south = await rig.connect("= e 0");
  assertEquals(sent(south).at(-1), "/line 1 one");
  rig.user.stop();
  await assertRejects(() => rig.running, DOMException);
});

Deno.test("/quit and exit leave too, and show the goodbye; what comes after them is not read", async () => {
  for (const farewell of ["/quit", " EXIT "]) {
    const rig = new Rig({ name: undefined });
    const north = await rig.connect("= e 0");
    await rig.type("one", farewell, "never");
    assertEquals(sent(north), ["/session KEY", "/line 1 one"]);
    await rig.hear(north, "+1 1");
    assertEquals(sent(north).at(-1), "/quit");
    await rig.hear(north, GOODBYE);
    north.source.end();
    await rig.running;
    assertEquals(rig.sink.text, `${GOODBYE}\n`);
  }
});

Deno.test("servers are tried round and round; that is told once for each change, and ends after a minute", async () => {
  const rig = new Rig();
  assertEquals((await rig.refuse()).hostname, "north");
  assertEquals((await rig.refuse()).hostname, "south");
  assertEquals(await rig.attempt().catch(() => null), null);
  const last = new Failure(Exit.nameNotFound, "Cannot connect: no such name");
  let attempts = 0;
  for (; rig.time.now() < 70_000; await rig.time.pass(100)) {
    await rig.refuse(last).then(() => attempts++, () => {});
  }
  assertEquals(rig.warnings, [
    "Cannot connect: refused; trying south:2",
    "None of the 2 servers lets us join; trying them again for 60 s",
  ]);
  const error = await assertRejects(() => rig.running, Failure);
  assertEquals([error.code, error.message], [
    Exit.nameNotFound,
    "Cannot join north:1 or south:2 for 60 s; the last failure: Cannot connect: no such name",
  ]);
  // Twice 200 ms to 5 s, then every 2.5 to 5 s.
  assertEquals(attempts > 20 && attempts < 60, true, `${attempts}`);
});

Deno.test("--timeout is how long to go on without a server; 0 = for ever", async () => {
  const short = new Rig({ patience: 2 });
  const north = await short.connect("= e 0");
  await short.type("one", "two");
  north.source.end();
  for (; short.time.now() < 3000; await short.time.pass(100)) await short.refuse().catch(() => {});
  const message =
    "Cannot join north:1 or south:2 for 2 s; 2 lines not confirmed; the last failure: Cannot connect: refused";
  await assertRejects(() => short.running, Failure, message);

  const endless = new Rig({ patience: 0 });
  for (; endless.time.now() < 100_000; await endless.time.pass(1000)) await endless.refuse().catch(() => {});
  assertEquals(endless.warnings.at(-1), "None of the 2 servers lets us join; trying them again until one does");
  endless.user.stop();
  await assertRejects(() => endless.running, DOMException);
});

Deno.test("an attempt that gets no answer ends after 5 s", async () => {
  const rig = new Rig();
  await rig.attempt();
  await rig.time.pass(5000);
  assertEquals((await rig.attempt()).server.hostname, "south");
  assertEquals(rig.warnings, ["Cannot connect to north:1: no answer for 5 s; trying south:2"]);
  rig.user.stop();
  await assertRejects(() => rig.running, DOMException);
});

Deno.test("the time in which a user is asked whether to trust a server does not count", async () => {
  const rig = new Rig();
  const { attempt, outcome } = await rig.attempt();
  attempt.lift();
  await rig.time.pass(50_000);
  outcome.resolve(new Connection(new FakeSocket()));
  await rig.time.pass(0);
  assertEquals(rig.warnings, []);
  rig.user.stop();
  await assertRejects(() => rig.running, DOMException);
});

Deno.test("a server that accepts and never answers is lost after 10 s; one that owes a receipt after 30 s", async () => {
  const rig = new Rig();
  await rig.connect();
  await rig.time.pass(10_000);
  assertEquals(rig.warnings, ["Lost north:1: no data for 10 s; trying south:2"]);
  const south = await rig.connect("= e 0");
  // It owes nothing.
  await rig.time.pass(60_000);
  await rig.type("one");
  await rig.time.pass(20_000);
  // An empty line finds out whether it is there.
  assertEquals(sent(south).slice(-2), ["/line 1 one", "/line 2 "]);
  await rig.hear(south, "+2 0");
  await rig.time.pass(29_000);
  assertEquals(rig.warnings.length, 1);
  await rig.time.pass(2000);
  assertEquals(rig.warnings.at(-1), "Lost south:2: no data for 30 s; trying north:1");
  rig.user.stop();
  await assertRejects(() => rig.running, DOMException);
});

Deno.test("with --timeout a server may be silent only for so long, even if it owes nothing", async () => {
  for (const patience of [4, 0.4]) {
    const rig = new Rig({ patience });
    const most = patience * 750;
    const north = await rig.connect("= e 0");
    await rig.time.pass(most);
    assertEquals(sent(north).at(-1), "/line 1 ");
    await rig.hear(north, "+1 0");
    await rig.time.pass(most);
    assertEquals(sent(north).at(-1), "/line 2 ");
    // Part of a line is no answer.
    north.source.feed("half");
    await rig.time.pass(patience * 250);
    assertEquals(rig.warnings, [`Lost north:1: no data for ${patience} s; trying south:2`]);
    rig.user.stop();
    await assertRejects(() => rig.running, DOMException);
  }
});

Deno.test("a full server is passed over; one that has sent us away ends the run, and so does one that is not trusted", async () => {
  const refused = (reason: string): RefusedError => new RefusedError(refusalLine(reason), 1);
  for (const reason of ["the server is full (1 connection at most); try again later", SHUTTING_DOWN]) {
    const rig = new Rig();
    await rig.refuse(refused(reason));
    assertEquals((await rig.attempt()).server.hostname, "south");
    rig.user.stop();
    await assertRejects(() => rig.running, DOMException);
  }
  const untrusted = new Failure(Exit.untrusted, "Cannot trust south:2: its key has changed");
  for (
    const error of [refused("the operator has kicked you"), untrusted, new Failure(Exit.failed, "Cannot connect: no")]
  ) {
    const rig = new Rig();
    const north = await rig.connect("= e 0");
    if (error instanceof RefusedError) north.source.fail(error);
    else {
      north.source.end();
      await rig.refuse(error);
    }
    assertEquals(await assertRejects(() => rig.running, Failure), error);
  }
});

Deno.test("a server without sessions ends the run with 8", async () => {
  const rig = new Rig();
  await rig.connect("* nobody else is here", "* no such command: /session; /help lists them");
  const error = await assertRejects(() => rig.running, Failure);
  assertEquals(error.code, Exit.protocol);
});

Deno.test("Ctrl-C ends at once: the server is told, as far as it reads", async () => {
  const rig = new Rig();
  const north = await rig.connect("= e 0");
  await rig.type("one");
  rig.user.stop();
  await assertRejects(() => rig.running, DOMException);
  assertEquals(sent(north).slice(-2), ["/line 1 one", "/quit"]);
  assertEquals(rig.time.timers, 0);

  const stuck = new Rig();
  const south = await stuck.connect("= e 0");
  south.stalled = true;
  await stuck.type("one");
  stuck.user.stop();
  await stuck.time.pass(200);
  await assertRejects(() => stuck.running, DOMException);
});

Deno.test("a line that cannot be sent ends the input of a pipe with 1, after the lines before it", async () => {
  const rig = new Rig();
  const north = await rig.connect("= e 0");
  await rig.type("one", "x".repeat(4096), "three");
  await rig.hear(north, "+1 1");
  assertEquals(sent(north).slice(-2), ["/line 1 one", "/quit"]);
  north.source.end();
  await assertRejects(() => rig.running, Failure, "Cannot send line 2: it is longer");
});

Deno.test("a line that the room does not take is told, and ends a pipe with 1", async () => {
  const rig = new Rig();
  const north = await rig.connect("= e 0");
  await rig.type("one", "two");
  rig.user.input.end();
  await rig.hear(north, "-1 you are muted", "+2 1");
  north.source.end();
  const error = await assertRejects(() => rig.running, Failure);
  assertEquals([error.code, error.message], [Exit.failed, "Cannot send 1 line: the room did not take them"]);
  assertEquals(rig.warnings, ['Cannot send "one": you are muted']);
});

Deno.test("without a connection lines wait, up to 200; then the input is not read on", async () => {
  const rig = new Rig();
  const { input } = rig.user;
  const readOn = input.read.bind(input);
  let taken = 0;
  input.read = async (signal) => {
    const line = await readOn(signal);
    taken++;
    return line;
  };
  const north = await rig.connect("= e 0");
  north.source.end();
  await rig.time.pass(0);
  await rig.type(...Array.from({ length: 300 }, (_, index) => `${index}`));
  rig.user.input.end();
  const south = await rig.connect("= e 0");
  assertEquals(taken, 200);
  // No more are sent than a server remembers.
  assertEquals([sent(south).length, sent(south).at(-1)], [102, "/line 100 99"]);
  await rig.hear(south, "+1 1", "+2 2");
  assertEquals(sent(south).at(-1), "/line 102 101");
  for (let id = 3; id <= 300; id++) await rig.hear(south, `+${id} ${id}`);
  assertEquals(sent(south).at(-1), "/quit");
  south.source.end();
  await rig.running;
});

Deno.test("at a terminal the prompt is the name; who leaves without receipts is told so after 2 s", async () => {
  const user = new TestUser();
  user.input.interactive = true;
  const rig = new Rig({ user });
  const north = await rig.connect("= e 0", "* you are alice; /help");
  assertEquals(user.input.prompts.at(-1), "alice: ");
  user.input.type("x".repeat(5000));
  await rig.time.pass(0);
  assertMatch(rig.warnings.at(-1) ?? "", /^Cannot send the line: it is longer/);
  user.input.type("one", "/quit");
  await rig.time.pass(1999);
  assertEquals(sent(north).at(-1), "/line 1 one");
  await rig.time.pass(1);
  const error = await assertRejects(() => rig.running, Failure);
  assertEquals([error.code, error.message], [Exit.timedOut, "Cannot send 1 line: no receipt"]);
  assertEquals(user.input.closed, true);
});

Deno.test("the user is asked to trust a key only before the input line is open", async () => {
  const rig = new Rig();
  const first = await rig.attempt();
  assertEquals([first.attempt.mayAsk, rig.user.input.prompts.length], [true, 0]);
  first.outcome.reject(new Failure(Exit.cutOff, "Cannot connect: gone"));
  const second = await rig.attempt();
  assertEquals(second.attempt.mayAsk, true);
  const socket = new FakeSocket();
  second.outcome.resolve(new Connection(socket));
  await rig.hear(socket, "= e 0");
  socket.source.end();
  await rig.time.pass(200);
  assertEquals((await rig.attempt()).attempt.mayAsk, false);
  rig.user.stop();
  await assertRejects(() => rig.running, DOMException);
});

Deno.test("lines that are held back for a second are shown without their receipt", async () => {
  const rig = new Rig();
  const north = await rig.connect("= e 0");
  await rig.type("one");
  await rig.hear(north, "#1 bob: hi");
  await rig.time.pass(1000);
  assertEquals(rig.sink.text, "");
  await rig.time.pass(1000);
  assertEquals(rig.sink.text, "bob: hi\n");
  rig.user.stop();
  await assertRejects(() => rig.running, DOMException);
});

Deno.test("events tell each line as the user sees it", async () => {
  const rig = new Rig();
  const north = await rig.connect("= e 0");
  await rig.type("one");
  await rig.hear(north, "+1 1", "#1 alice: one", "#2 bob: grüß dich");
  const of = { id: 1, peer: "north:1" };
  assertEquals(rig.events.all, [
    { event: "sent", ...of, bytes: 4, text: "one" },
    { event: "received", ...of, bytes: 17, text: "bob: grüß dich" },
  ]);
  rig.user.stop();
  await assertRejects(() => rig.running, DOMException);
});
