import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import type { Endpoint } from "../../../lib/addr.ts";
import { Failure } from "../../../lib/errors.ts";
import { acceptingOf } from "../../../lab/checks/target.ts";
import { StartedServer, type StartOptions } from "../../../lab/checks/started_server.ts";
import { POSIX } from "../../support/script.ts";

const signal = new AbortController().signal;
const ready = (endpoint: Endpoint): Promise<boolean> =>
  acceptingOf([endpoint], 500, signal).then(() => true, () => false);

/** A server in one line of Deno. */
const SERVER =
  `Deno.serve({ hostname: Deno.env.get("HOST"), port: Number(Deno.env.get("PORT")), onListen() {} }, () => ` +
  `Deno.exit(7)); console.log("ready\\x1b[2J")`;
const deno = `${JSON.stringify(Deno.execPath())} eval '${SERVER}'`;

function start(command: string, changes: Partial<StartOptions> = {}): Promise<StartedServer> {
  return StartedServer.start({ command, folder: ".", transport: "tcp", ready, signal, ...changes });
}

Deno.test(
  "StartedServer waits until the server serves, tells how it ended, and starts it again elsewhere",
  POSIX,
  async () => {
    await using server = await start(deno);
    const { endpoint } = server;
    assertEquals(await server.ending(), null);
    assertStringIncludes(server.output(), "ready");
    await fetch(`http://127.0.0.1:${endpoint.port}/`).catch(() => {});
    assertEquals(await server.ending(), "the server has exited with code 7");
    assertEquals(server.lastWords(), "ready\x1b[2J");
    await server.restart();
    assertEquals(await server.ending(), null);
    assert(await ready(server.endpoint));
  },
);

Deno.test(
  "StartedServer tells the errors printed since they were asked for, and what a signal of the shell's means",
  POSIX,
  async () => {
    const script = "echo out; echo one >&2; read line; echo two $line >&2; read line; kill -s PIPE $$";
    await using server = await start(`sh -c '${script}'; exit $?`, { ready: () => Promise.resolve(true) });
    const until = async (words: string): Promise<void> => {
      while (!server.output().includes(words)) await delay(5);
    };
    await until("one");
    assertEquals(server.newErrors(), "one");
    await server.input("a\n");
    await until("two");
    assertEquals([server.newErrors(), server.newErrors()], ["two a", ""]);
    await server.input("b\n");
    while (await server.ending() === null);
    assertEquals(
      await server.ending(),
      "the server has exited with code 141: SIGPIPE, it has written to a connection that is gone",
    );
  },
);

Deno.test("StartedServer ends what the command has started too, also where the shell is gone", POSIX, async () => {
  const server = await start(`(${deno}; echo never) & wait`);
  const { endpoint } = server;
  await server[Symbol.asyncDispose]();
  assertEquals(await ready(endpoint), false);
  await assertRejects(() => start(`${deno} & sleep 0.1; exit 3`, { ready: () => Promise.resolve(false) }), Failure);
});

Deno.test("StartedServer looks for the server at ::1 too", POSIX, async () => {
  await using server = await start("exec sleep 60", { ready: ({ hostname }) => Promise.resolve(hostname === "::1") });
  assertEquals(server.endpoint.hostname, "::1");
});

Deno.test("StartedServer kills one that does not end by SIGTERM", POSIX, async () => {
  const folder = await Deno.makeTempDir();
  try {
    const server = await start(`trap '' TERM; touch deaf; while :; do sleep 0.1; done`, {
      folder,
      ready: () => Deno.stat(`${folder}/deaf`).then(() => true, () => false),
      stopTime: 100,
    });
    await server[Symbol.asyncDispose]();
    assertEquals(await server.ending(), "the server was ended by SIGKILL");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("StartedServer says why a server did not start: it ended, or does not serve at $PORT", POSIX, async () => {
  const ended = await assertRejects(() => start("echo cannot import flask >&2; exit 3"), Failure);
  assertEquals(
    ended.message,
    'Cannot start "echo cannot import flask >&2; exit 3": the server has exited with code 3 before it served; ' +
      "it printed: cannot import flask",
  );
  const elsewhere = await assertRejects(() => start("exec sleep 60", { limit: 200 }), Failure);
  assertStringIncludes(elsewhere.message, "within 0.2 s; the command has to use $PORT; it printed nothing");
});
