/** The project's own chats under the checks of a chat. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { protocol } from "../../../lab/checks/chat/checks.ts";
import { type ChatDialect, USUAL } from "../../../lab/checks/chat/dialect.ts";
import { StartedServer } from "../../../lab/checks/started_server.ts";
import { serveTurns } from "../../../chat/turns/serve.ts";
import { proseOf } from "../../../lib/console/prose.ts";
import { TestRoomServer, TestUser } from "../../chat/support.ts";
import { RecordedEvents } from "../../support/sockets.ts";
import { failures, runningAt } from "../../lab/checks/chat/support.ts";

const ROOT = new URL("../../../", import.meta.url);
const ROOM: ChatDialect = { ...USUAL, join: "/nick {name}", quit: "exit", greets: true, answers: true };
const TURNS: ChatDialect = { ...USUAL, mode: "turns", quit: "exit", operated: true };
const checks = (prefix: RegExp): string[] =>
  protocol.checks.map(({ name }) => name).filter((name) => prefix.test(name));

/** What the textbook's chat fails, and the words by which it admits that. */
const ADMITTED: Readonly<Record<string, string>> = {
  "turns-split-line": "Over TCP it is not a message: half of one may come, or two at once.",
  "turns-two-lines": "Over TCP it is not a message: half of one may come, or two at once.",
  "turns-line-and-a-half": "Over TCP it is not a message: half of one may come, or two at once.",
  "turns-split-characters": "Over TCP it is not a message: half of one may come, or two at once.",
  "turns-long-line": "Over TCP it is not a message: half of one may come, or two at once.",
  "turns-escape-sequences": "as it came, escape sequences too",
  "turns-lone-cr": "as it came, escape sequences too",
  "turns-empty-answer": "an empty line is no bytes at all: both sides then wait for ever",
  "turns-next-client": "The first client is the only one.",
  "turns-second-client": "The first client is the only one.",
  "turns-reset-mid-line": "a client that resets ends the server here",
  "turns-gone-while-typing": "While the operator types, nobody listens",
};

Deno.test("the room of chat:server passes every check, at the rate that it has by default", async () => {
  await using room = new TestRoomServer({ rate: 10 });
  // After it, an address that connects so often waits for five seconds: that is tried in the tests of the room.
  const only = checks(/^(?!turns-|many-connections)/);
  const { failed, skipped } = await failures(runningAt(room.port), { dialect: ROOM, only, patience: 2000 });
  assertEquals([failed, skipped], [{}, []]);
});

Deno.test("the turns of chat:server pass every check", async () => {
  for (const name of checks(/^turns-/)) {
    const [user, events] = [new TestUser(), new RecordedEvents()];
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { signal } = user.stopping;
    const serving = serveTurns(listener, { events, signal, idle: 0, maxMessage: 4096, user });
    const output = (): string => events.all.map((event) => proseOf(event, { role: "server", quiet: false })).join("\n");
    const input = (text: string): Promise<void> => Promise.resolve(user.input.type(text.trimEnd()));
    const server = { ...runningAt(listener.addr.port), output, input };
    const { failed, skipped } = await failures(server, { dialect: TURNS, only: [name] });
    assertEquals([failed, skipped], [{}, []], name);
    user.stop();
    await serving;
  }
});

Deno.test("chat:basic-server fails just what its comments admit", async () => {
  const source = await Deno.readTextFile(new URL("chat/basic_server.ts", ROOT));
  for (const words of Object.values(ADMITTED)) assertStringIncludes(source, words);
  const { signal } = new AbortController();
  const command = `exec '${Deno.execPath()}' run --no-prompt --allow-net=127.0.0.1 chat/basic_server.ts $PORT`;
  const failed: string[] = [];
  const all = checks(/^turns-/);
  await Promise.all([0, 1, 2, 3].map(async (worker) => {
    await using server = await StartedServer.start({
      ...{ command, signal, folder: Deno.cwd(), transport: "tcp", untouched: true },
      ready: () => Promise.resolve(true),
    });
    const only = all.filter((_, index) => index % 4 === worker);
    const result = await failures(server, { dialect: TURNS, only, fresh: true });
    assertEquals(result.skipped, []);
    failed.push(...Object.keys(result.failed));
  }));
  assertEquals(failed.toSorted(), Object.keys(ADMITTED).toSorted());
  assert(all.length > failed.length);
});
