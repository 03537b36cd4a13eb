import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { delay } from "@std/async/delay";
import { serveWithGoodbye } from "../../../chat/transport/tcp.ts";
import { MemoryBudget } from "../../../lib/memory.ts";
import { FakeListener, FakeSocket } from "../../lib/fakes.ts";
import { RawClient, sendAndReset } from "../../support/sockets.ts";
import { turn } from "../../support/time.ts";
import { joinAndReset, LineClient, TestRoomServer } from "../support.ts";

Deno.test("a room: all members get each other's lines, the operator's too", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  using bob = await room.join("bob");
  assertEquals(await alice.line(), "* bob joined");
  await alice.say("hello");
  assertEquals(await bob.line(), "alice: hello");
  room.user.input.type("welcome");
  assertEquals(await alice.line(), "server: welcome");
  assertEquals(await bob.line(), "server: welcome");
  await bob.say("thanks");
  assertEquals(await alice.line(), "bob: thanks");
  assertEquals(await room.log(/^bob: /), "bob: thanks");
});

Deno.test("a guest that sends no name is told its own, and is announced with its first line or soon after", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  using guest = await LineClient.connect(room.port);
  const greeting = await guest.until(/you are/);
  assertEquals(greeting, ["* here with you: server, alice", "* you are guest-2; /help lists what you can type"]);
  assertEquals(await alice.line(), "* guest-2 joined");
});

Deno.test("bare text without a newline becomes a line after a pause (S4)", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  using textbook = await LineClient.connect(room.port);
  await textbook.raw.send("hello from a textbook");
  assertEquals(await alice.until(/hello/), ["* guest-2 joined", "guest-2: hello from a textbook"]);
});

Deno.test("one byte at a time is one line; two lines in one segment are two; é split is é (S1, S2, S3)", async () => {
  await using room = new TestRoomServer({ gap: 0 });
  using alice = await room.join("alice");
  using bob = await room.join("bob");
  await alice.until(/bob joined/);
  for (const byte of new TextEncoder().encode("é 漢 😀\n")) await bob.raw.send(Uint8Array.of(byte));
  assertEquals(await alice.line(), "bob: é 漢 😀");
  await bob.raw.send("one\ntwo\nthr");
  assertEquals([await alice.line(), await alice.line()], ["bob: one", "bob: two"]);
  await bob.raw.send("ee\n");
  assertEquals(await alice.line(), "bob: three");
});

Deno.test("a client that has ended a line with a newline may pause within the next one", async () => {
  await using room = new TestRoomServer({ gap: 1 });
  using alice = await room.join("alice");
  using bob = await room.join("bob");
  await alice.until(/bob joined/);
  await bob.raw.send("slo");
  for (let count = 0; count < 30; count++) {
    await alice.say(`${count}`);
    assertEquals((await bob.until(/alice: /)).at(-1), `alice: ${count}`);
  }
  await bob.raw.send("wly\n");
  assertEquals(await alice.line(), "bob: slowly");
});

Deno.test("CR LF and LF end a line, a lone CR is data (S5); telnet's commands are dropped (C5)", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  using telnet = await LineClient.connect(room.port);
  await telnet.raw.send(Uint8Array.of(255, 251, 31, 255, 250, 31, 0, 80, 0, 10, 255, 240));
  await telnet.raw.send("hello\r\na\rb\r\n");
  assertEquals(await alice.until(/a.*b/), ["* guest-2 joined", "guest-2: hello", "guest-2: a\\rb"]);
});

Deno.test("NUL, ESC, U+202E, U+2028, bad UTF-8: none of it reaches another terminal raw (S7, 64)", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  using bob = await room.join("bob");
  await alice.until(/bob joined/);
  await bob.say("a\0b\x1b[2Jc\u202ed\u2028e");
  assertEquals(await alice.line(), "bob: a␀b␛[2Jc\\u202ed\\u2028e");
  await bob.raw.send(Uint8Array.of(0xe2, 0x82, 0x41, 10));
  assertEquals(await alice.line(), "bob: \ufffdA");
});

Deno.test("a tab reaches the members, the log, the history and the transcript", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  using bob = await room.join("bob");
  await alice.until(/bob joined/);
  await bob.say("\tif x:\ty");
  assertEquals(await alice.line(), "bob: \tif x:\ty");
  assertEquals(await room.log(/^bob: /), "bob: \tif x:\ty");
  using carol = await room.join("carol");
  await carol.say("/msg alice \ta\tb");
  assertEquals((await alice.until(/to you/)).at(-1), "carol (to you): a\tb");
  using late = await LineClient.connect(room.port);
  assertEquals((await late.until(/^bob: /)).at(-1), "bob: \tif x:\ty");
  room.user.input.type("/save notes");
  await room.log(/saved to/);
  assertStringIncludes(room.saved[0]?.text ?? "", "bob: \tif x:\ty\n");
});

Deno.test("a line that never ends is refused at the limit, its sender disconnected and the reason announced (S6, 35)", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  using bob = await room.join("bob");
  await alice.until(/bob joined/);
  const refused = room.events.next("refused");
  await bob.raw.send("x".repeat(5000));
  assertEquals(await bob.rest(), ["Cannot serve you: your message is longer than 4096 bytes"]);
  assertEquals(await alice.line(), "* bob left (line too long)");
  assertEquals((await refused as { reason?: string }).reason, "your message is longer than 4096 bytes");
});

Deno.test("half-close means leaving, after everything in transit is delivered (S8, 36)", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  using bob = await LineClient.connect(room.port);
  await bob.raw.send("/nick bob\nhello\nno newline");
  await bob.raw.end();
  assertEquals((await bob.rest()).at(-1), "* you are bob; /help lists what you can type");
  assertEquals(await alice.until(/left/), ["* bob joined", "bob: hello", "bob: no newline", "* bob left (quit)"]);
});

Deno.test("a client resets mid-message: that is announced once, and the next one is served (S9, S10, 63)", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  for (let count = 0; count < 5; count++) {
    const reset = room.events.next("reset");
    await joinAndReset(room.port, "bob");
    const lines = await alice.until(/left/);
    assertEquals(lines.filter((line) => line.includes("left")), ["* bob left (reset)"]);
    await reset;
  }
  using carol = await room.join("carol");
  await carol.say("/who");
  assertEquals(await carol.line(), "* 3 here: server, alice, carol");
});

Deno.test("a flood of clients that connect and reset leaves the room unharmed (30, S9)", async () => {
  await using room = new TestRoomServer();
  await Promise.all(Array.from({ length: 50 }, () => sendAndReset(room.port, "")));
  using alice = await room.join("alice");
  await alice.say("/who");
  assertEquals(await alice.line(), "* 2 here: server, alice");
});

Deno.test("a stalled reader is dropped and that is announced; the others get every line (S11, S12, 62, C3)", async () => {
  await using room = new TestRoomServer({ maxMessage: 65536 });
  using stalled = await room.join("stalled");
  using alice = await room.join("alice");
  using bob = await room.join("bob");
  await alice.until(/bob joined/);
  const text = "x".repeat(60_000);
  let said = 0;
  const left = room.events.next("left");
  let gone = false;
  left.then(() => gone = true);
  while (!gone) {
    await alice.say(`${said} ${text}`);
    assertEquals(await bob.line(), `alice: ${said} ${text}`);
    said++;
    assert(said < 1000, "the stalled reader was never dropped");
  }
  assertEquals(await bob.until(/left/), ["* stalled left (too slow)"]);
  assertEquals((await alice.until(/left/)).at(-1), "* stalled left (too slow)");
  assert(stalled.raw.port > 0);
});

/** Sends lines as fast as possible, then reads until the end. */
async function flood(raw: RawClient, line: string, lines: number): Promise<void> {
  const reading = (async () => {
    while (await raw.read() !== null);
  })().catch(() => {});
  const text = `${line}\n`.repeat(100);
  for (let sent = 0; sent < lines; sent += 100) await raw.send(text);
  await reading;
}

Deno.test("a flood waits for a member that still reads, which is not dropped (S12, C3)", async () => {
  await using room = new TestRoomServer();
  using honest = await room.join("honest");
  using one = await RawClient.connect(room.port);
  using other = await RawClient.connect(room.port);
  // Escaping makes each line four times as long: 16 MB in all.
  const floods = [one, other].map((raw) => flood(raw, "\x07".repeat(4000), 500));
  let lines = 0;
  let pace = performance.now();
  while (lines < 1000) {
    const bytes = await honest.raw.read();
    assert(bytes !== null, `the reader was dropped after ${lines} lines`);
    // Count the flood's lines, not the notices before them.
    for (let end = 0; (end = bytes.indexOf(10, end) + 1) > 0;) if (bytes[end - 2] === 0x37) lines++;
    // 8 MB a second.
    pace += bytes.length / 8000;
    await delay(Math.max(0, pace - performance.now()));
  }
  one.close();
  other.close();
  await Promise.all(floods);
});

Deno.test("many speakers at once do not cause readers to be dropped: their lines do not all fit into one turn (S12, C3)", async () => {
  await using room = new TestRoomServer();
  using honest = await room.join("honest");
  const guests = await Promise.all(Array.from({ length: 100 }, () => LineClient.connect(room.port)));
  await Promise.all(guests.map((guest) => guest.until(/you are/)));
  // After escaping, the lines have 1.6 MB in all; an outbox holds 1 MiB.
  await Promise.all(guests.map((guest) => guest.say("\x07".repeat(4000))));
  await Promise.all([honest, ...guests].map(async (member) => {
    for (let lines = 0; lines < 99;) {
      const line = await member.line();
      assert(line !== null, `dropped after ${lines} lines`);
      if (line.endsWith("\\x07")) lines++;
    }
  }));
  for (const guest of guests) guest[Symbol.dispose]();
});

Deno.test("a flood waits only briefly for a stalled member, and light speakers do not wait at all", async () => {
  await using room = new TestRoomServer();
  using stalled = await room.join("stalled");
  using alice = await room.join("alice");
  using bob = await room.join("bob");
  await alice.until(/bob joined/);
  using raw = await RawClient.connect(room.port);
  const flooding = flood(raw, "\x07".repeat(4000), 1000);
  const left = room.events.next("left");
  let slowest = 0;
  let gone = false;
  left.then(() => gone = true);
  const reading = bob.until(/stalled left \(too slow\)/);
  // If the test fails, report that failure, not this one that closing causes.
  reading.catch(() => {});
  while (!gone) {
    const said = performance.now();
    const heard = room.events.next("message");
    await alice.say("hello");
    await heard;
    slowest = Math.max(slowest, performance.now() - said);
    // Without a delay this would exceed the 4 KiB a second of a light speaker.
    await delay(5);
  }
  assert(slowest < 900, `${slowest} ms`);
  raw.close();
  alice.raw.close();
  await reading;
  await flooding;
  assert(stalled.raw.port > 0);
});

Deno.test("a member that sends too fast is throttled and told so; nothing is lost (C3)", async () => {
  await using room = new TestRoomServer({ rate: 100 });
  using alice = await room.join("alice");
  using bob = await room.join("bob");
  await alice.until(/bob joined/);
  const lines = Array.from({ length: 2010 }, (_, index) => `line ${index}`);
  await bob.say(...lines);
  for (const line of lines) assertEquals(await alice.line(), `bob: ${line}`);
  assertEquals(await bob.line(), "* you are sending more than 100 lines a second: slowed down to that rate");
});

Deno.test("long lines count by their bytes after escaping (C3)", async () => {
  await using room = new TestRoomServer({ rate: 100 });
  using alice = await room.join("alice");
  using bob = await room.join("bob");
  await alice.until(/bob joined/);
  await bob.say(...Array.from({ length: 64 }, () => "\x07".repeat(4000)));
  const notice = "you are sending more than 100 lines a second (512 bytes count as a line): slowed down to that rate";
  assertEquals(await bob.line(), `* ${notice}`);
});

Deno.test("a throttled member is not idle: the idle timeout waits (C3, S18)", async () => {
  await using room = new TestRoomServer({ rate: 20, idle: 200 });
  using bob = await room.join("bob");
  // A burst of twenty seconds' worth, and half a second's more.
  await bob.say(...Array.from({ length: 410 }, (_, index) => `line ${index}`), "/quit");
  assertEquals((await bob.rest()).at(-1), "Goodbye! Closing connection.");
  assertEquals(room.events.all.filter(({ event }) => event === "message").length, 410);
});

Deno.test("reconnecting does not refill the rate limit (C3)", async () => {
  await using room = new TestRoomServer({ rate: 5 });
  using first = await room.join("bob");
  await first.say(...Array.from({ length: 98 }, (_, index) => `line ${index}`), "/quit");
  await first.rest();
  const closed = room.events.next("closed");
  first.raw.close();
  await closed;
  const started = performance.now();
  using second = await room.join("bob");
  assert(performance.now() - started > 50, "it has to wait for its first line");
  await second.say("/quit");
  await second.rest();
});

Deno.test("a silent client is told and disconnected at the idle timeout (S18)", async () => {
  await using room = new TestRoomServer({ idle: 300 });
  using silent = await LineClient.connect(room.port);
  assertEquals((await silent.rest()).at(-1), "Cannot serve you: no message from you for 0.3 s");
  assertEquals(await room.log(/left/), "* guest-1 left (idle)");
});

Deno.test("bytes that never complete a line do not reset the idle timeout (S18)", async () => {
  await using room = new TestRoomServer({ idle: 300 });
  for (const junk of ["x", Uint8Array.of(255, 241)]) {
    using dripping = await room.join("drip");
    const reading = dripping.rest();
    let over = false;
    reading.then(() => over = true);
    let sent = 0;
    for (; !over; sent++) {
      await dripping.raw.send(junk).catch(() => over = true);
      await delay(50);
    }
    assertEquals((await reading).at(-1), "Cannot serve you: no message from you for 0.3 s");
    // The timeout, and once more for the started line.
    assert(sent < 30, `${sent}`);
  }
});

Deno.test("a line and the start of one reset the idle timeout, however slow (S18)", async () => {
  await using room = new TestRoomServer({ idle: 600 });
  using alice = await room.join("alice");
  for (const piece of ["s", "low\n", "s", "low\n", "whole\n", "whole\n"]) {
    await delay(400);
    await alice.raw.send(piece);
  }
  await alice.say("/who");
  assertEquals(await alice.line(), "* 2 here: server, alice");
  assertEquals(await alice.rest(), ["Cannot serve you: no message from you for 0.6 s"]);
});

Deno.test("a telnet subnegotiation that never ends is refused with the reason (C5)", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  using eve = await room.join("eve");
  await alice.until(/eve joined/);
  await eve.raw.send(Uint8Array.of(255, 250));
  await eve.raw.send(new Uint8Array(10_000).fill(65));
  assertEquals(await eve.rest(), ["* Cannot accept the telnet subnegotiation: it is longer than 1024 bytes"]);
  assertEquals(await alice.line(), "* eve left (bad telnet)");
});

Deno.test("Ctrl-C of a telnet client is answered, in its place between the lines (RFC 860)", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  using telnet = await RawClient.connect(room.port);
  await telnet.until(/you are guest-2.*\n/);
  await telnet.send(Uint8Array.of(255, 244, 255, 253, 6));
  assertEquals(await telnet.read(), Uint8Array.of(255, 252, 6));
  await alice.say("hello");
  await telnet.until(/alice: hello\n/);
});

Deno.test("telnet requests from a client that does not read wait in its own socket", async () => {
  const socket = new FakeSocket();
  socket.stalled = true;
  const over = new AbortController();
  const serving = serveWithGoodbye(new FakeListener([socket]), async (connection) => {
    const reading = connection.read().catch(() => null);
    for (let round = 0; round < 100; round++) {
      socket.source.feed(Uint8Array.of(255, 253, 6));
      await turn();
    }
    assertEquals(socket.source.reads, 1);
    connection.close();
    await reading;
    over.abort();
  }, { signal: over.signal, goodbye: () => {} });
  await deadline(serving, 5000);
});

/** Telnet commands without effect (NOP, RFC 854), `length` bytes of them. */
function telnetNoise(length: number): Uint8Array {
  const noise = new Uint8Array(length);
  for (let at = 0; at < length; at += 2) noise.set([255, 241], at);
  return noise;
}

Deno.test("telnet commands count as input: a flood of them is throttled, and the text after it gets through (C5, C3)", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  using eve = await room.join("eve");
  await alice.until(/eve joined/);
  const noise = telnetNoise(512 * 225);
  const started = performance.now();
  const sending = eve.raw.send(noise).then(() => eve.say("after all")).catch(() => {});
  assertEquals(await alice.line(), "eve: after all");
  // 225 tokens, of which the bucket has 200 at first.
  assert(performance.now() - started > 1500, `${performance.now() - started} ms`);
  await sending;
});

Deno.test("a client that is throttled for its telnet commands is gone at once when it is closed", async () => {
  const socket = new FakeSocket();
  // 1000 tokens; the bucket has 200, and a read of 8 more waits for 0.8 s.
  socket.source.feed(telnetNoise(512 * 1000));
  const over = new AbortController();
  let waited = Infinity;
  const serving = serveWithGoodbye(new FakeListener([socket]), async (connection) => {
    const reading = connection.read().catch(() => null);
    for (let before = -1; before !== socket.source.reads;) {
      before = socket.source.reads;
      await turn();
    }
    assertEquals(socket.source.isReading, false, "it is throttled");
    connection.close();
    const started = performance.now();
    await reading;
    waited = performance.now() - started;
    over.abort();
  }, { signal: over.signal, goodbye: () => {} });
  await deadline(serving, 5000);
  assert(waited < 400, `${waited} ms`);
});

Deno.test("exit ends the session in any case and with spaces around it, not inside a sentence (C6)", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  for (const word of ["exit", "  EXIT  ", "/quit"]) {
    using bob = await room.join("bob");
    await bob.say("exit is a word", word, "never heard");
    assertEquals(await bob.rest(), ["Goodbye! Closing connection."]);
    assertEquals(await alice.until(/left/), ["* bob joined", "bob: exit is a word", "* bob left (quit)"]);
  }
});

Deno.test("a name can be taken once, and cannot forge a line (C1, C2, 64)", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  using bob = await room.join("bob");
  await alice.until(/bob joined/);
  for (const name of ["ALICE", "Ａlice", "server", "operator", "", "x".repeat(1000), "a\x1bb", "* x", "a:b"]) {
    await bob.say(`/nick ${name}`);
    assertStringIncludes((await bob.line()) ?? "", "* you are still bob: ");
  }
  await bob.say("* alice left (quit)");
  assertEquals(await alice.line(), "bob: * alice left (quit)");
});

Deno.test("a client beyond the limit is told why and closed; a slot is free again when a member leaves (65)", async () => {
  await using room = new TestRoomServer({ maxConnections: 1 });
  const alice = await room.join("alice");
  using bob = await LineClient.connect(room.port);
  assertEquals(await bob.rest(), ["Cannot serve you: the server is full (1 connection at most); try again later"]);
  const closed = room.events.next("closed");
  await alice.say("exit");
  await alice.rest();
  alice[Symbol.dispose]();
  await closed;
  using carol = await room.join("carol");
  await carol.say("hello");
  assertEquals(await room.log(/carol: /), "carol: hello");
});

Deno.test("when the server stops, all members are told and closed at once (P1)", async () => {
  const room = new TestRoomServer();
  using alice = await room.join("alice");
  using bob = await LineClient.connect(room.port);
  await bob.until(/you are/);
  room.user.stop();
  assertEquals((await alice.rest()).at(-1), "* the server is shutting down");
  assertEquals((await bob.rest()).at(-1), "* the server is shutting down");
  assertEquals((await room.serving).connections, 2);
  assert(room.user.input.closed);
});

Deno.test("the room stops despite a stalled reader (P1, S11)", async () => {
  await using room = new TestRoomServer({ maxMessage: 65536 });
  using stalled = await room.join("stalled");
  using alice = await room.join("alice");
  const queued = async (): Promise<number> => {
    const listed = room.events.next("result");
    room.user.input.type("/list");
    const { members = [] } = (await listed) as unknown as { members?: { queued: number }[] };
    return members[0]?.queued ?? 0;
  };
  while (await queued() === 0) {
    const heard = room.events.next("message");
    await alice.say("x".repeat(60_000));
    await heard;
  }
  room.user.stop();
  assertEquals((await room.serving).connections, 2);
  assert(stalled.raw.port > 0);
});

/** Stops a room; it must not wait for throttled clients, some of which would take many seconds. */
async function stopAtOnce(room: TestRoomServer): Promise<void> {
  const started = performance.now();
  room.user.stop();
  await room.serving;
  // If a goodbye had to wait, it would take two seconds.
  assert(performance.now() - started < 1800, `${performance.now() - started} ms`);
}

Deno.test("the room stops at once although it throttles a member (P1, C3)", async () => {
  await using room = new TestRoomServer({ rate: 1 });
  using bob = await room.join("bob");
  await bob.say("\x07".repeat(4000));
  await bob.until(/slowed down to that rate/);
  await stopAtOnce(room);
});

Deno.test("the room stops at once although it throttles a client's telnet (P1, C5)", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  using eve = await room.join("eve");
  await alice.until(/eve joined/);
  const sent = telnetNoise(512 * 400);
  // At a place where the server does not wait yet.
  sent.set(new TextEncoder().encode("so far\n!"), 512 * 190);
  const sending = eve.raw.send(sent).catch(() => {});
  assertEquals(await alice.line(), "eve: so far");
  await stopAtOnce(room);
  await sending;
});

Deno.test("the room stops at once although clients wait for admission (P1, C3)", async () => {
  await using room = new TestRoomServer({ rate: 1 });
  const clients = await Promise.all(Array.from({ length: 24 }, () => LineClient.connect(room.port)));
  try {
    while (room.events.all.filter(({ event }) => event === "accepted").length < 24) await room.events.change;
    const leaving = clients.map(async (client) => {
      const lines = await client.rest();
      client[Symbol.dispose]();
      return lines.at(-1);
    });
    await stopAtOnce(room);
    const told = await Promise.all(leaving);
    const held = told.filter((line) => line === "Cannot serve you: the server is shutting down").length;
    assert(held > 0, "a client was still waiting");
    assertEquals(told.filter((line) => line === "* the server is shutting down").length, 24 - held);
  } finally {
    for (const client of clients) client[Symbol.dispose]();
  }
});

Deno.test("bytes queued for members count against the memory of all connections, until they are gone", async () => {
  const memory = new MemoryBudget(0);
  await using room = new TestRoomServer({ maxMessage: 65536, memory });
  using stalled = await room.join("stalled");
  {
    using alice = await room.join("alice");
    while (memory.used < 300_000) {
      const heard = room.events.next("message");
      await alice.say("x".repeat(60_000));
      await heard;
    }
  }
  // Its writer is stuck when it is removed; only the end of the connection frees the queued bytes.
  const left = room.events.next("left");
  room.user.input.type("/kick stalled");
  await left;
  stalled.raw.close();
  for (let look = 0; memory.used > 0; look++) {
    assert(look < 500, `${memory.used} bytes are still held`);
    await delay(10);
  }
});

Deno.test("incomplete long lines count against the memory of all connections", async () => {
  const memory = new MemoryBudget(620_000);
  await using room = new TestRoomServer({ maxMessage: 65536, memory });
  using alice = await room.join("alice");
  const greedy = await Promise.all(["one", "two", "three", "four", "five", "six"].map((name) => room.join(name)));
  for (const client of greedy) await client.raw.send("x".repeat(40_000));
  assertStringIncludes((await alice.until(/left/)).at(-1) ?? "", "left (line too long)");
  // The others keep theirs as long as they are connected.
  await alice.say("/who");
  assertStringIncludes((await alice.until(/here:/)).at(-1) ?? "", "alice, ");
  for (const client of greedy) client[Symbol.dispose]();
  for (let look = 0; memory.used > 0; look++) {
    assert(look < 500, `${memory.used} bytes are still held`);
    await delay(10);
  }
});

Deno.test("clients that reconnect in a loop from one address are not announced in a loop", async () => {
  await using room = new TestRoomServer({ rate: 1 });
  const clients = await Promise.all(Array.from({ length: 40 }, () => LineClient.connect(room.port)));
  try {
    const lines = await Promise.all(clients.slice(26).map((client) => client.line()));
    const reason = "too many connections from your address; try again later";
    assertEquals(new Set(lines), new Set([`Cannot serve you: ${reason}`]));
    assertEquals(new Set(room.events.refusals), new Set([reason]));
  } finally {
    for (const client of clients) client[Symbol.dispose]();
  }
});
