import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { LineClient, TestRoomServer, TestUser } from "../support.ts";

Deno.test("the room stays open when the operator's input ends (C4)", async () => {
  await using room = new TestRoomServer();
  room.user.input.type("welcome, and good-bye");
  room.user.input.end();
  using alice = await room.join("alice");
  using bob = await room.join("bob");
  await alice.until(/bob joined/);
  await bob.say("/who", "hello");
  assertEquals(await alice.line(), "bob: hello");
  assertEquals(await bob.line(), "* 2 here: alice, bob");
  assert(!room.user.stopping.signal.aborted);
});

Deno.test("at a terminal, Ctrl-D stops the server", async () => {
  const room = new TestRoomServer();
  room.user.input.interactive = true;
  room.user.input.end();
  await room.serving;
  assert(room.user.stopping.signal.aborted);
});

Deno.test("the operator at a terminal is told its name and /help; off a terminal it is not", async () => {
  const hint = "* you are server; /help lists what you can type";
  const user = new TestUser();
  user.input.interactive = true;
  const save = (): Promise<void> => Promise.resolve();
  await using room = new TestRoomServer({ operator: { ...user, name: "server", save } });
  assertEquals(await room.log(/you are/), hint);
  await using piped = new TestRoomServer();
  piped.user.input.type("hello");
  await piped.log(/hello/);
  assert(!piped.events.all.some((event) => "prose" in event && event.prose === hint));
});

Deno.test("the operator's /stop, exit and /quit stop the server", async () => {
  for (const line of ["/stop", "exit", "/quit"]) {
    const room = new TestRoomServer();
    using alice = await room.join("alice");
    room.user.input.type(line);
    assertEquals((await alice.rest()).at(-1), "* the server is shutting down");
    await room.serving;
  }
});

Deno.test("/list shows address, name, traffic, queue and idle time", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  room.user.input.type("/list");
  const table = await room.log(/^NAME/);
  assertEquals(table.split("\n").length, 2);
  assertEquals(table.split(/\s+/).slice(0, 6), ["NAME", "ADDRESS", "IN", "OUT", "QUEUE", "IDLE"]);
  assertStringIncludes(table, `alice  127.0.0.1:${alice.raw.port}  12 B  `);
  const listed = room.events.all.find((event) => event.event === "result" && "members" in event);
  const [member] = (listed as unknown as { members: Record<string, unknown>[] }).members;
  assertEquals([member?.name, member?.bytesIn, member?.queued, member?.muted], ["alice", 12, 0, false]);
});

Deno.test("/say and /msg reach all and one", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  using bob = await room.join("bob");
  await alice.until(/bob joined/);
  room.user.input.type("/msg alice psst", "/say /who is who");
  assertEquals([await alice.line(), await alice.line()], ["server (to you): psst", "server: /who is who"]);
  assertEquals(await bob.line(), "server: /who is who");
  await bob.say("/msg server yes?");
  assertEquals(await room.log(/to you/), "bob (to you): yes?");
});

Deno.test("private messages between members are not in the operator's log", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  using bob = await room.join("bob");
  await alice.say("/msg bob secret", "public");
  assertEquals((await bob.until(/public/)).slice(-2), ["alice (to you): secret", "alice: public"]);
  await room.log(/public/);
  assert(!JSON.stringify(room.events.all).includes("secret"));
});

Deno.test("/kick disconnects a member and tells it; the others are told why", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  using bob = await room.join("bob");
  await alice.until(/bob joined/);
  room.user.input.type("/kick BOB");
  assertEquals(await bob.rest(), ["Cannot serve you: the operator has kicked you out for 1 minute"]);
  assertEquals(await alice.line(), "* bob left (kicked)");
  room.user.input.type("/kick bob", "/kick server", "/kick");
  assertEquals(await room.log(/no such/), "* no such member: bob");
  assertEquals(await room.log(/that is/), "* that is you");
  assertEquals(await room.log(/no name/), "* no name given: /kick NAME [MINUTES]");
});

Deno.test("a kicked client that keeps writing and never closes is ignored, then closed", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  using bob = await room.join("bob");
  await alice.until(/bob joined/);
  const closed = room.events.next("closed");
  room.user.input.type("/kick bob");
  assertEquals(await bob.line(), "Cannot serve you: the operator has kicked you out for 1 minute");
  await bob.say("I am still here");
  await closed;
  await alice.say("/who");
  assertEquals(await alice.until(/here:/), ["* bob left (kicked)", "* 2 here: server, alice"]);
});

Deno.test("a kicked client with a thousand lines still queued is gone at once (C3)", async () => {
  await using room = new TestRoomServer({ rate: 1 });
  using bob = await room.join("bob");
  await bob.say(...Array.from({ length: 1000 }, (_, index) => `${index}`));
  await bob.until(/slowed down/);
  const closed = room.events.next("closed");
  room.user.input.type("/kick bob");
  assertEquals(await bob.rest(), ["Cannot serve you: the operator has kicked you out for 1 minute"]);
  bob[Symbol.dispose]();
  await closed;
});

Deno.test("the operator may change its name, even to a reserved one", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  room.user.input.type("/nick operator", "/nick Teacher", "hello");
  assertEquals(await alice.until(/hello/), ["* server is now operator", "* operator is now Teacher", "Teacher: hello"]);
  assertEquals(room.user.input.prompts, ["server: ", "operator: ", "Teacher: ", "Teacher: "]);
});

Deno.test("/mute silences a member until /unmute", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  using bob = await room.join("bob");
  await alice.until(/bob joined/);
  room.user.input.type("/mute bob");
  assertEquals(await bob.line(), "* the operator has muted you: your lines are not sent");
  await bob.say("hello");
  assertEquals(await bob.line(), "* you are muted: that was not sent");
  room.user.input.type("/unmute bob");
  assertEquals(await bob.line(), "* you are no longer muted");
  await bob.say("hello again");
  assertEquals(await alice.line(), "bob: hello again");
});

Deno.test("a kicked or banned client is refused with the time left, and admitted again after /unban", async () => {
  await using room = new TestRoomServer();
  for (const command of ["/kick bob", "/ban bob 30", "/ban 127.0.0.1 30"]) {
    using bob = await room.join("bob");
    const refused = room.events.next("refused");
    room.user.input.type(command);
    await bob.rest();
    using again = await LineClient.connect(room.port);
    const time = command === "/kick bob" ? "1 minute" : "30 minutes";
    assertEquals(await again.rest(), [`Cannot serve you: the operator has banned you, ${time} left`]);
    assertEquals((await refused).event, "refused");
    room.user.input.type("/unban 127.0.0.1");
    await room.log(/is no longer banned/);
  }
  using bob = await room.join("bob");
  await bob.say("/who");
  assertEquals(await bob.line(), "* 2 here: server, bob");
});

Deno.test("a mute survives a reconnect", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  {
    using bob = await room.join("bob");
    room.user.input.type("/mute bob");
    await bob.until(/has muted you/);
    await bob.say("/quit");
    await bob.rest();
  }
  using again = await LineClient.connect(room.port);
  await again.until(/the operator has muted you: your lines are not sent/);
  await again.say("hello");
  await again.until(/you are muted: that was not sent/);
  room.user.input.type("/unmute guest-3");
  await again.until(/you are no longer muted/);
  await again.say("hello again");
  assertEquals((await alice.until(/hello/)).at(-1), "guest-3: hello again");
});

Deno.test("a mute expires", async () => {
  let now = 0;
  await using room = new TestRoomServer({ clock: () => now });
  using alice = await room.join("alice");
  using bob = await room.join("bob");
  await alice.until(/bob joined/);
  room.user.input.type("/mute bob 5");
  await bob.until(/has muted you/);
  now = 5 * 60_000 - 1;
  await bob.say("still muted");
  await bob.until(/that was not sent/);
  now++;
  await bob.say("hello again");
  assertEquals(await alice.line(), "bob: hello again");
  assertEquals(await bob.line(), "* you are no longer muted");
});

Deno.test("a muted member cannot change its name", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  using bob = await room.join("bob");
  await alice.until(/bob joined/);
  room.user.input.type("/mute bob");
  await bob.until(/has muted you/);
  await bob.say("/nick buy-my-stuff", "/quit");
  assertEquals(await bob.line(), "* you are muted: that was not sent");
  assertEquals(await alice.until(/left/), ["* bob left (quit)"]);
});

Deno.test("the operator's name stays reserved after the operator has left", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  room.user.input.type("/nick Teacher");
  room.user.input.end();
  await alice.until(/server is now Teacher/);
  await alice.say("/nick teacher");
  assertEquals(await alice.line(), "* you are still alice: the name teacher is reserved");
});

Deno.test("/save writes the public lines with their times to a new file, and reports failures", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  await alice.say("for the record");
  await room.log(/for the record/);
  room.user.input.type("/save", "/save my notes.txt", "/save taken");
  await room.log(/Cannot save/);
  assertEquals(await room.log(/no file/), "* no file given: /save FILE");
  assertEquals(await room.log(/saved/), "* saved to my notes.txt");
  assertEquals(await room.log(/Cannot save/), "* Cannot save to taken: the file exists; choose another name");
  const [file] = room.saved;
  assertEquals(file?.path, "my notes.txt");
  assertEquals(file?.text.replaceAll(/^\S+Z /gm, ""), "* alice joined\nalice: for the record\n");
});

Deno.test("the operator's /help lists the operator's commands too", async () => {
  await using room = new TestRoomServer();
  room.user.input.type("/help");
  for (const command of ["list", "say", "msg", "kick", "mute", "unmute", "ban", "unban", "bans", "save", "stop"]) {
    await room.log(new RegExp(`^\\* /${command}\\b`));
  }
});

Deno.test("the operator's /help says what /quit does, and that exit does the same", async () => {
  await using room = new TestRoomServer();
  room.user.input.type("/help");
  assertEquals(await room.log(/\/quit/), `* /${"quit".padEnd(26)} stop the server, as /stop and the word exit do`);
});

Deno.test("a client that connects and leaves without a byte is not announced", async () => {
  await using room = new TestRoomServer();
  using alice = await room.join("alice");
  const closed = room.events.next("closed");
  (await LineClient.connect(room.port))[Symbol.dispose]();
  await closed;
  await alice.say("/who");
  assertEquals(await alice.line(), "* 2 here: server, alice");
});

Deno.test("/invite tells again how to join, where the room knows it", async () => {
  let invited = 0;
  const user = new TestUser();
  const operator = {
    ...user,
    open: user.open,
    stop: user.stop,
    name: "server",
    invite: () => void invited++,
    save: () => Promise.resolve(),
  };
  await using room = new TestRoomServer({ operator });
  user.input.type("/invite");
  user.input.type("/help");
  assertEquals(await room.log(/invite/), "* /invite                     how to join, as at the start");
  assertEquals(invited, 1);
});
